//! What a session does although nothing comes: pings, judging a silent peer, and what its behaviour sends by itself.

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::yield_now,
    time::Instant,
};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{BATCH, HANG_UP_CHECK, Session, SessionContext, goodbye::End};
use crate::{keep_alive::Verdict, shared::keep_alive_timeout};

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// When there is something to do even if nothing comes.
    pub(super) fn next_time(&self) -> Instant {
        let SessionContext { keep_alive, next_ping, behaviour, opened, .. } = &*self.context;
        let due = if self.is_free() { behaviour.due().map(|due| *opened + due) } else { None };
        let check = (!self.may_read()).then(|| Instant::now() + HANG_UP_CHECK);
        let wait = self.wait.as_ref().map(|wait| wait.until);
        [*next_ping, wait, due, check].into_iter().flatten().fold(keep_alive.deadline().into(), Instant::min)
    }

    /// Does the first thing whose time has come; returns whether there was one.
    pub(super) async fn do_due(&mut self, may_read: bool) -> Result<bool, End> {
        let now = Instant::now();
        if self.context.keep_alive.deadline() <= now.into_std() {
            self.check_alive(may_read).await?;
        } else if self.context.next_ping.is_some_and(|at| at <= now) {
            self.context.next_ping = self.context.behaviour.answer().ping.map(|period| now + period);
            self.ping().await?;
        } else if self.wait.take_if(|wait| wait.until <= now).is_none() {
            if !self.is_free() || !self.take_due() {
                return Ok(false);
            }
            self.left = BATCH;
            yield_now().await;
        }
        Ok(true)
    }

    /// Judges whether the peer is alive. If this process did not run for a while, that is not the peer's fault: the runtime
    /// looks at its sockets first, and what has come by then counts.
    async fn check_alive(&mut self, may_read: bool) -> Result<(), End> {
        yield_now().await;
        if may_read && let Some(message) = self.socket.next().now_or_never() {
            self.take(message)?;
        }
        self.quiet_checks += 1;
        let received = may_read.then(|| self.socket.get_ref().received().bytes);
        let now = Instant::now().into_std();
        match self.context.keep_alive.check(now, received, self.context.shared.ping_times()) {
            Verdict::Ping => Ok(self.ping().await?),
            Verdict::Wait => Ok(()),
            Verdict::Gone => Err(End::Fault(keep_alive_timeout())),
        }
    }

    async fn ping(&mut self) -> Result<(), Error> {
        self.socket.feed(Message::Ping(Bytes::new())).await
    }

    /// Sends what is due by itself, if it is.
    fn take_due(&mut self) -> bool {
        let since_open = self.context.opened.elapsed();
        let is_due = self.context.behaviour.due().is_some_and(|due| due <= since_open);
        if is_due {
            self.context.behaviour.on_time(since_open, self.context.opened_unix, &mut self.actions);
        }
        is_due
    }
}
