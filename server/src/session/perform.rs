//! What a session does for its behaviour beside sending messages: bytes beneath the protocol, and ends of its own choice.

use bytes::Bytes;
use futures_util::SinkExt;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, interval, sleep, timeout},
};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{
    FRAGMENT, Farewell, HANG_UP_CHECK, Session, Wait,
    fragment::{fragments, into_frame},
    goodbye::End,
    waiting_size,
};
use crate::{
    behaviour::{Action, Ending, OnClose},
    http::opening::LONGEST_HOLD,
};

/// How many bytes are discarded at a time while the client's close frame is awaited.
const DISCARDED: usize = 4096;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Performs actions until there are none, or one is to wait.
    pub(super) async fn perform_actions(&mut self) -> Result<(), End> {
        while self.wait.is_none() {
            let Some(action) = self.actions.pop_front() else {
                self.take_published()?;
                if self.actions.is_empty() {
                    break;
                }
                continue;
            };
            self.waiting = self.waiting.saturating_sub(waiting_size(&action));
            match action {
                Action::Wait(time) => self.wait = Some(Wait { until: Instant::now() + time, is_pause: false }),
                Action::Pause(time) => self.wait = Some(Wait { until: Instant::now() + time, is_pause: true }),
                Action::Send(message) => {
                    self.socket.get_mut().meter().waits(self.waiting)?;
                    self.send(message).await?;
                }
                Action::Publish(message) => self.publish(message)?,
                Action::Write(bytes) => self.write(&bytes).await?,
                Action::End(ending) => return Err(self.end(ending).await),
            }
        }
        Ok(())
    }

    /// Queues a message, compressed if that was negotiated and pays, in as many frames as the behaviour asks for.
    pub(super) async fn send(&mut self, message: Message) -> Result<(), Error> {
        let message = self.socket.get_mut().compress(message);
        let Some(size) = self.context.behaviour.answer().fragment else { return self.socket.feed(message).await };
        for frame in fragments(into_frame(message), size) {
            self.left = self.left.saturating_sub(FRAGMENT + frame.payload().len());
            self.socket.feed(Message::Frame(frame)).await?;
            self.yield_if_spent().await;
        }
        Ok(())
    }

    /// Writes bytes as they are, behind what was sent before.
    pub(super) async fn write(&mut self, bytes: &Bytes) -> Result<(), Error> {
        self.socket.flush().await?;
        let frames = self.socket.get_mut();
        frames.stream_mut().write_all(bytes).await?;
        frames.tell_written(bytes);
        Ok(frames.stream_mut().flush().await?)
    }

    /// Ends the connection in this way.
    pub(super) async fn end(&mut self, ending: Ending) -> End {
        // Whatever becomes of this, the connection ends.
        let _ = self.socket.flush().await;
        match ending {
            Ending::Fin => {}
            Ending::Rst => self.context.farewell = Farewell::Reset,
            Ending::Silent => drop(timeout(LONGEST_HOLD, self.hung_up()).await),
            Ending::Closed => self.await_end().await,
            Ending::HalfClosed => {
                if self.socket.get_mut().stream_mut().shutdown().await.is_ok() {
                    self.await_end().await;
                }
            }
        }
        End::Done
    }

    /// Reads until the client has closed, for as long as it has for that.
    async fn await_end(&mut self) {
        let time = *self.context.shared.config.limits.close_timeout;
        // Beneath tungstenite, which would answer pings. A read fails when the client has closed.
        let frames = self.socket.get_mut();
        let mut discarded = [0; DISCARDED];
        let _ = timeout(time, async { while frames.read(&mut discarded).await.is_ok_and(|count| count > 0) {} }).await;
    }

    /// Waits until the peer has gone, and reads nothing.
    async fn hung_up(&mut self) {
        let mut check = interval(HANG_UP_CHECK);
        loop {
            check.tick().await;
            if self.socket.get_ref().has_hung_up() {
                return;
            }
        }
    }

    /// What the behaviour has for a client's close frame: waits before the answer, or says that there is none.
    pub(super) async fn is_close_answered(&mut self) -> bool {
        match self.context.behaviour.on_close() {
            OnClose::Answer(delay) => {
                if !delay.is_zero() {
                    let shared = &self.context.shared;
                    tokio::select! {
                        () = sleep(delay) => {}
                        () = shared.shutdown.draining() => {}
                    }
                }
                true
            }
            OnClose::End(ending) => {
                if ending == Ending::Rst {
                    self.context.farewell = Farewell::Reset;
                }
                false
            }
        }
    }

    /// Gives a message to the room.
    fn publish(&self, message: Message) -> Result<(), End> {
        self.context.feed.as_ref().map_or(Ok(()), |feed| Ok(feed.publish(message)?))
    }

    /// Takes what has come from other connections, as far as it is there.
    pub(super) fn take_published(&mut self) -> Result<(), End> {
        let Some(feed) = &mut self.context.feed else { return Ok(()) };
        let messages = feed.try_recv().map_err(End::Fault)?;
        for message in messages {
            self.context.behaviour.on_published(message, &mut self.actions);
        }
        Ok(())
    }
}
