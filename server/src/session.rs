//! One WebSocket from its handshake to its end. As long as only plain messages come it stays on the fast path, and
//! everything else is a [`Conversation`]. Never reads on while an answer waits to be sent, so that TCP carries a slow
//! reader's pace back to the sender.

mod conversation;

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::coop::unconstrained,
    time::{Instant, Sleep, sleep_until},
};
use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;

use crate::{
    behaviour::Behaviour,
    frames::{Frames, Leave, Reply},
    keep_alive::KeepAlive,
    phase::Phase,
    server::Server,
};
use conversation::{Conversation, Outcome};

/// An open WebSocket.
pub(crate) struct Session<'server, S> {
    frames: Frames<S>,
    conduct: Conduct<'server>,
}

/// What a session is beside its stream.
struct Conduct<'server> {
    behaviour: Behaviour,
    /// The same as far as the fast path can do it.
    reply: Option<Reply>,
    server: &'server Server,
    /// How many messages were answered.
    answered: u64,
    keep_alive: KeepAlive,
}

impl<'server, S: AsyncRead + AsyncWrite + Unpin> Session<'server, S> {
    pub(crate) fn new(frames: Frames<S>, behaviour: Behaviour, server: &'server Server) -> Self {
        let limits = &server.config.limits;
        let keep_alive = KeepAlive::new(*limits.ping_interval, *limits.ping_timeout);
        let reply = behaviour.reply().filter(|_| !frames.is_compressing());
        Self { frames, conduct: Conduct { behaviour, reply, server, answered: 0, keep_alive } }
    }

    /// Gives the stream back to be closed.
    pub(crate) fn into_stream(self) -> S {
        self.frames.into_inner()
    }

    /// Runs the session to its end.
    pub(crate) async fn run(&mut self) {
        let Self { frames, conduct } = self;
        let mut check = pin!(sleep_until(Instant::now() + conduct.keep_alive.step()));
        loop {
            // Pings of the behaviour's own are a conversation's, which then lasts.
            if conduct.behaviour.answer().ping.is_none() {
                match turn(frames, conduct, check.as_mut()).await {
                    Ok(Leave::Other) => frames.turn_back(),
                    Ok(Leave::Ended) => break,
                    Err(error) => {
                        tracing::debug!(%error, "lost: {error}");
                        break;
                    }
                }
            }
            // In a box, so that no session holds the room that only a conversation needs.
            let conversation = Box::pin(Conversation::hold(frames, conduct, check.as_mut()));
            if let Outcome::Over = conversation.await {
                break;
            }
        }
        conduct.server.totals.received.add(conduct.answered);
        conduct.server.totals.sent.add(frames.sent().messages);
    }
}

/// Stays on the fast path until something comes that is not for it: from the peer, the keep-alive or the server.
async fn turn<S: AsyncRead + AsyncWrite + Unpin>(
    frames: &mut Frames<S>,
    conduct: &mut Conduct<'_>,
    mut check: Pin<&mut Sleep>,
) -> io::Result<Leave> {
    // Whom the clock wakes. While that stays the same, a look at it is enough, which is all that a busy peer pays.
    let mut woken = Waker::noop().clone();
    poll_fn(|cx| {
        if let Poll::Ready(leave) = conduct.poll_turn(cx, frames) {
            return Poll::Ready(leave);
        }
        // The task is woken when the phase changes.
        if conduct.server.phase.is_at_least(Phase::Draining) {
            return Poll::Ready(Ok(Leave::Other));
        }
        if woken.will_wake(cx.waker()) && !check.is_elapsed() {
            return Poll::Pending;
        }
        woken.clone_from(cx.waker());
        // Whatever budget the messages have used up: a clock that is not asked wakes nobody.
        pin!(unconstrained(check.as_mut())).poll(cx).map(|()| Ok(Leave::Other))
    })
    .await
}

impl Conduct<'_> {
    /// Answers what is there. One look at the log and one word to it is all that messages cost there when they are many.
    fn poll_turn<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        frames: &mut Frames<S>,
    ) -> Poll<io::Result<Leave>> {
        let log = &self.server.log;
        let has_room = log.has_room();
        let mut count = 0;
        let turned = frames.poll_turn(cx, self.reply, &mut |data, payload| {
            count += 1;
            if has_room {
                log.received(data, payload);
            }
        });
        self.answered += count;
        if count > 0 && !has_room {
            log.leave_out(count);
        }
        turned
    }

    fn heard(&mut self, data: Data, payload: &[u8]) {
        self.answered += 1;
        self.server.log.received(data, payload);
    }
}
