//! One WebSocket from its handshake to its end. As long as only plain messages come it is on the fast path, and
//! everything else is a [`Conversation`]. Never reads on while an answer waits to be sent, so that TCP carries a slow
//! reader's pace back to the sender.

mod conversation;
mod fragment;

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;

use crate::{
    behaviour::Behaviour,
    event_loop::EventLoopHandle,
    event_loop::socket::Socket,
    keep_alive::{KeepAlive, Verdict},
    protocol::{FrameLayer, Leave, Reply},
    shared::Shared,
    task::count_panic,
};
use conversation::Conversation;

/// An open WebSocket.
pub(crate) struct Session {
    frames: FrameLayer<Socket>,
    context: SessionContext,
}

/// What a session is beside its stream.
struct SessionContext {
    behaviour: Behaviour,
    /// The same as far as the fast path can do it.
    reply: Option<Reply>,
    server: Arc<Shared>,
    /// Where it may go when it is quiet.
    event_loop: EventLoopHandle,
    /// How many messages were answered.
    answered: u64,
    keep_alive: KeepAlive,
    /// When the keep-alive is to be asked.
    check: Instant,
    /// When the last conversation ended that the peer wanted.
    rested: Option<Instant>,
}

/// What a look at a session came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// It waits for its socket.
    Waits,
    /// It has had its share, and there is more.
    HasMore,
    /// It cannot go on like that.
    Leaves(Next),
}

/// How a session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing is under way.
    Rest,
    /// There is something that is not for the fast path.
    Converse,
    /// It is over.
    Close,
    /// It failed, and there is nothing more to be said.
    Drop,
}

impl Session {
    pub(crate) fn new(
        frames: FrameLayer<Socket>,
        behaviour: Behaviour,
        server: Arc<Shared>,
        event_loop: EventLoopHandle,
    ) -> Self {
        let limits = &server.config.limits;
        let keep_alive = KeepAlive::new(*limits.ping_interval, *limits.ping_timeout);
        let check = Instant::now() + keep_alive.step();
        let reply = behaviour.reply();
        Self {
            frames,
            context: SessionContext {
                behaviour,
                reply,
                server,
                event_loop,
                answered: 0,
                keep_alive,
                check,
                rested: None,
            },
        }
    }

    /// How it begins.
    pub(crate) fn begin(&self) -> Next {
        if self.context.may_rest() { Next::Rest } else { Next::Converse }
    }

    /// Asks the keep-alive, whose time has come; `false` where that takes a conversation. What is to be sent goes out with
    /// the next look.
    pub(crate) fn check_alive(&mut self) -> bool {
        if !self.frames.is_quiet() {
            return false;
        }
        match self.context.keep_alive.check(Some(self.frames.received().bytes)) {
            Verdict::Ping => self.frames.ping(),
            Verdict::Wait => {}
            Verdict::Gone => return false,
        }
        self.context.check = Instant::now() + self.context.keep_alive.step();
        true
    }

    /// When the keep-alive is to be asked.
    pub(crate) fn check(&self) -> Instant {
        self.context.check
    }

    /// Whether any message has been answered.
    pub(crate) fn has_answered(&self) -> bool {
        self.context.answered > 0
    }

    pub(crate) fn frames(&self) -> &FrameLayer<Socket> {
        &self.frames
    }

    /// The socket below, not to be read or written.
    pub(crate) fn socket(&mut self) -> &mut Socket {
        self.frames.get_mut()
    }

    /// Ends the session, and gives the socket back to be closed.
    pub(crate) fn end(mut self) -> Socket {
        mem::replace(self.socket(), Socket::Lost)
    }

    /// Answers what has come, as far as it is plain. Messages for which the log has no room are only counted, for the
    /// caller to [tell it](crate::message_log::MessageLog::leave_out). A panic ends this session alone.
    pub(crate) fn turn(&mut self, waker: &Waker, left_out: &mut u64) -> Look {
        let mut cx = Context::from_waker(waker);
        catch_unwind(AssertUnwindSafe(|| self.look(&mut cx, left_out))).unwrap_or_else(|_| {
            count_panic(&self.context.server);
            Look::Leaves(Next::Drop)
        })
    }

    fn look(&mut self, cx: &mut Context<'_>, left_out: &mut u64) -> Look {
        let log = &self.context.server.log;
        // One look at the log is all that messages cost there when they are many.
        let has_room = log.has_room();
        let mut count = 0;
        let turned = self.frames.poll_echo(cx, self.context.reply, &mut |data, payload| {
            count += 1;
            if has_room {
                log.received(data, payload);
            }
        });
        self.context.answered += count;
        if !has_room {
            *left_out += count;
        }
        match turned {
            Poll::Pending => Look::Waits,
            Poll::Ready(Ok(Leave::Again)) => Look::HasMore,
            Poll::Ready(Ok(Leave::Other)) => Look::Leaves(Next::Converse),
            Poll::Ready(Ok(Leave::Ended)) => Look::Leaves(Next::Close),
            Poll::Ready(Err(error)) => {
                tracing::debug!(%error, "lost: {error}");
                Look::Leaves(Next::Close)
            }
        }
    }

    /// Does what is not for the fast path, until the session can rest or is over.
    pub(crate) async fn converse(&mut self) -> Next {
        self.frames.return_unfinished();
        Conversation::hold(&mut self.frames, &mut self.context).await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let totals = &self.context.server.totals;
        totals.received.add(self.context.answered);
        totals.sent.add(self.frames.sent().messages);
    }
}

impl SessionContext {
    fn heard(&mut self, data: Data, payload: &[u8]) {
        self.answered += 1;
        self.server.log.received(data, payload);
    }

    /// Whether it may rest when it is quiet. Pings of the behaviour's own are a conversation's, which then lasts.
    fn may_rest(&self) -> bool {
        self.behaviour.answer().ping.is_none() && self.event_loop.is_open()
    }
}
