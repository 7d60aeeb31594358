//! How a session ends, and what is said then.

use std::{io, mem, num::NonZeroUsize, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::tungstenite::{
    Error,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{Session, fragment::fragments, into_frame};
use crate::{
    behaviour::Action,
    protocol::{ProtocolViolation, ReadEnd},
    shared::going_away,
};

/// The longest reason of a close frame, in bytes ([RFC 6455, 5.5](https://www.rfc-editor.org/rfc/rfc6455#section-5.5)).
const REASON_SIZE: usize = 123;

/// Why a session ends.
#[derive(Debug)]
pub(super) enum End {
    /// The closing handshake is done.
    Over,
    /// The peer has closed in a way that tungstenite would not answer with the same.
    Closed(CloseFrame),
    /// The peer has ended its side without one.
    Ended,
    /// The connection failed: nothing more can be said.
    Failed(Error),
    /// The peer did wrong; it is told so, and not read from any more.
    Fault(CloseFrame),
    /// The server shuts down; the peer is told so, and its own close frame is awaited.
    Drained,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    pub(super) async fn say_goodbye(&mut self, end: End) -> Result<(), Error> {
        let time = *self.context.shared.config.limits.close_timeout;
        match end {
            End::Over => self.socket.flush().await,
            End::Closed(frame) => within(time, self.socket.close(Some(frame))).await,
            End::Ended => {
                // Pongs that wait, if tungstenite still sends them; what lies below it goes out with what is written.
                let _ = self.socket.flush().await;
                let rest = self.rest()?;
                let frames = self.socket.get_mut();
                frames.write_all(&rest).await?;
                Ok(frames.flush().await?)
            }
            End::Failed(error) => Err(error),
            End::Fault(frame) => {
                tracing::debug!(code = %frame.code, reason = %frame.reason, "failed: {}", frame.reason);
                within(time, async {
                    self.send_rest().await?;
                    self.socket.close(Some(frame)).await
                })
                .await
            }
            End::Drained => {
                self.send_rest().await?;
                within(time, async {
                    self.socket.close(Some(going_away())).await?;
                    while let Some(Ok(_)) = self.socket.next().await {}
                    Ok(())
                })
                .await
            }
        }
    }

    /// What is still to be sent, in frames, to a peer that has ended its side: tungstenite sends nothing more to it, but
    /// it can still read.
    fn rest(&mut self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let size = self.context.behaviour.answer().fragment.unwrap_or(NonZeroUsize::MAX);
        for action in mem::take(&mut self.actions) {
            if let Action::Send(message) = action {
                let message = self.socket.get_mut().compress(message);
                fragments(into_frame(message), size).try_for_each(|frame| frame.format(&mut bytes))?;
            }
        }
        Ok(bytes)
    }

    /// Sends what is still to be sent, without any waiting.
    async fn send_rest(&mut self) -> Result<(), Error> {
        while let Some(action) = self.actions.pop_front() {
            if let Action::Send(message) = action {
                self.send(message).await?;
            }
        }
        Ok(())
    }
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Io(io) => {
                return match ReadEnd::from_error(io).cloned() {
                    Some(ReadEnd::Violation(violation)) => Self::Fault(violation.into()),
                    Some(ReadEnd::Closed(frame)) => Self::Closed(frame),
                    None => Self::Failed(error),
                };
            }
            Error::Utf8(_) => return Self::Fault(ProtocolViolation::InvalidUtf8.into()),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return Self::Ended,
            Error::ConnectionClosed | Error::AlreadyClosed => return Self::Over,
            Error::Protocol(_) => CloseCode::Protocol,
            Error::Capacity(_) => CloseCode::Size,
            _ => return Self::Failed(error),
        };
        let reason = error.to_string();
        Self::Fault(CloseFrame { code, reason: reason[..reason.floor_char_boundary(REASON_SIZE)].into() })
    }
}

async fn within(time: Duration, goodbye: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("the goodbye took longer than {time:?}"));
    timeout(time, goodbye).await.unwrap_or_else(|_| Err(late().into()))
}
