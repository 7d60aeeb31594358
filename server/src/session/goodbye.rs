//! How a session ends, and what is said then.

use std::{io, mem, num::NonZeroUsize, sync::Arc};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::tungstenite::{Error, error::ProtocolError, protocol::CloseFrame};

use super::{
    Session,
    fragment::{fragments, into_frame},
    frame_layer::ReadEnd,
};
use crate::{
    behaviour::Action,
    budget::Overdrawn,
    limit::Limit,
    message_timeout::too_slow,
    rooms::TooSlow,
    shared::{Shared, going_away, keep_alive_timeout},
};

/// Why a session ends.
#[derive(Debug)]
pub(super) enum End {
    /// The closing handshake is done.
    Over,
    /// The behaviour has ended the connection, and nothing more is written.
    Done,
    /// The peer has ended its side without one.
    Ended,
    /// A read or a write failed.
    Failed(Error),
    /// The peer is given up: it gets a close frame, and is not read from any more.
    Fault(CloseFrame),
    /// There is no memory for what the peer asks; it gets a close frame.
    Overdrawn(Overdrawn),
    /// The server shuts down; the peer gets a close frame, and its own is awaited.
    Drained,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    pub(super) async fn say_goodbye(&mut self, end: End) -> Result<(), Error> {
        if let Some(limit) = self.limit(&end) {
            self.context.shared.totals.limits.count(limit);
        }
        let shared = Arc::clone(&self.context.shared);
        match end {
            End::Over => self.socket.flush().await,
            End::Done => Ok(()),
            End::Ended => {
                // Pongs that wait, if tungstenite still sends them; what lies below it goes out with what is written.
                let _ = self.socket.flush().await;
                let rest = self.rest()?;
                let frames = self.socket.get_mut();
                frames.write_all(&rest).await?;
                Ok(frames.flush().await?)
            }
            End::Failed(error) => match self.socket.get_ref().end().cloned() {
                Some(ReadEnd::Closed(frame)) => {
                    self.socket.flush().await?;
                    if !self.is_close_answered().await {
                        return Ok(());
                    }
                    within(&shared, self.socket.close(frame)).await
                }
                Some(ReadEnd::Violation(violation)) => self.fail(violation.into()).await,
                Some(ReadEnd::TooSlow) => self.fail(too_slow()).await,
                Some(ReadEnd::NoMemory(frame)) => self.shed(frame).await,
                None => Err(error),
            },
            End::Fault(frame) => self.fail(frame).await,
            End::Overdrawn(overdrawn) => self.shed(overdrawn.into()).await,
            End::Drained => {
                self.send_rest().await?;
                within(&shared, async {
                    self.socket.close(Some(going_away())).await?;
                    while let Some(Ok(_)) = self.socket.next().await {}
                    Ok(())
                })
                .await
            }
        }
    }

    /// The limit that ends the session, if one does.
    fn limit(&self, end: &End) -> Option<Limit> {
        match end {
            End::Overdrawn(overdrawn) => Some((*overdrawn).into()),
            End::Failed(_) => match self.socket.get_ref().end()? {
                ReadEnd::Violation(violation) => Limit::of(*violation),
                ReadEnd::TooSlow => Some(Limit::MessageTimeout),
                ReadEnd::NoMemory(frame) if *frame == Overdrawn::Address.into() => Some(Limit::MaxShareByAddress),
                ReadEnd::NoMemory(_) => Some(Limit::MaxMemory),
                ReadEnd::Closed(_) => None,
            },
            End::Fault(frame) if *frame == keep_alive_timeout() => Some(Limit::PingTimeout),
            End::Fault(frame) if *frame == TooSlow.into() => Some(Limit::MaxWriteBuffer),
            End::Over | End::Done | End::Ended | End::Fault(_) | End::Drained => None,
        }
    }

    /// Sends what is still to be sent, and that frame.
    async fn fail(&mut self, frame: CloseFrame) -> Result<(), Error> {
        let connection = self.context.connected.connection;
        tracing::debug!(connection, code = %frame.code, reason = %frame.reason, "failed: {}", frame.reason);
        let shared = Arc::clone(&self.context.shared);
        within(&shared, async {
            self.send_rest().await?;
            self.socket.close(Some(frame)).await
        })
        .await
    }

    /// Sends that frame, and not what is still to be sent, so that its memory is free.
    async fn shed(&mut self, frame: CloseFrame) -> Result<(), Error> {
        let connection = self.context.connected.connection;
        tracing::debug!(connection, code = %frame.code, reason = %frame.reason, "closed: {}", frame.reason);
        self.actions.clear();
        let shared = Arc::clone(&self.context.shared);
        within(&shared, self.socket.close(Some(frame))).await
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
        match error {
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Ended,
            Error::ConnectionClosed | Error::AlreadyClosed => Self::Over,
            error => Self::Failed(error),
        }
    }
}

impl From<Overdrawn> for End {
    fn from(overdrawn: Overdrawn) -> Self {
        Self::Overdrawn(overdrawn)
    }
}

/// Ends a goodbye that takes longer than the close timeout.
async fn within(shared: &Shared, goodbye: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let time = *shared.config.limits.close_timeout;
    timeout(time, goodbye).await.unwrap_or_else(|_| {
        shared.totals.limits.count(Limit::CloseTimeout);
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("the goodbye took longer than {time:?}")).into())
    })
}
