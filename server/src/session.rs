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
    time::{Instant, Sleep, sleep_until},
};
use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;

use crate::{
    behaviour::Behaviour,
    frames::{Frames, Reply},
    keep_alive::KeepAlive,
    phase::Phase,
    server::Server,
};
use conversation::{Conversation, Outcome};

/// What an open WebSocket is beside its stream.
pub(crate) struct Session<'server> {
    behaviour: Behaviour,
    /// The same as far as the fast path can do it.
    reply: Option<Reply>,
    server: &'server Server,
    /// How many messages were answered.
    answered: u64,
    keep_alive: KeepAlive,
}

impl<'server> Session<'server> {
    pub(crate) fn new(behaviour: Behaviour, server: &'server Server) -> Self {
        let limits = &server.config.limits;
        let keep_alive = KeepAlive::new(*limits.ping_interval, *limits.ping_timeout);
        Self { reply: behaviour.reply(), behaviour, server, answered: 0, keep_alive }
    }

    /// Runs the session to its end, and gives the stream back to be closed.
    pub(crate) async fn run<S: AsyncRead + AsyncWrite + Unpin>(mut self, mut frames: Frames<S>) -> Frames<S> {
        if frames.is_compressing() {
            self.reply = None;
        }
        let mut check = pin!(sleep_until(Instant::now() + self.keep_alive.step()));
        let frames = loop {
            if let Err(error) = self.turn(&mut frames, check.as_mut()).await {
                tracing::debug!(%error, "lost: {error}");
                break frames;
            }
            frames.turn_back();
            // In a box, so that no session holds the room that only a conversation needs.
            let conversation = Box::pin(Conversation::hold(frames, &mut self, check.as_mut()));
            let outcome;
            (frames, outcome) = conversation.await;
            if let Outcome::Over = outcome {
                break frames;
            }
        };
        self.server.totals.received.add(self.answered);
        self.server.totals.sent.add(frames.sent().messages);
        frames
    }

    /// Stays on the fast path until something comes that is not for it: from the peer, the keep-alive or the server.
    async fn turn<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        frames: &mut Frames<S>,
        mut check: Pin<&mut Sleep>,
    ) -> io::Result<()> {
        // Whom the clock wakes. While that stays the same, a look at it is enough, which is all that a busy peer pays.
        let mut woken = Waker::noop().clone();
        poll_fn(|cx| {
            let turned = self.poll_turn(cx, frames)?;
            // The task is woken when the phase changes.
            if turned.is_ready() || self.server.phase.is_at_least(Phase::Draining) {
                return Poll::Ready(Ok(()));
            }
            if woken.will_wake(cx.waker()) && !check.is_elapsed() {
                return Poll::Pending;
            }
            woken.clone_from(cx.waker());
            check.as_mut().poll(cx).map(Ok)
        })
        .await
    }

    /// Answers what is there; one look at the log and one word to it is all that its messages cost when there are many.
    fn poll_turn<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        frames: &mut Frames<S>,
    ) -> Poll<io::Result<()>> {
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
