//! One WebSocket from its handshake to its end. As long as only plain messages come it stays on the fast path, and
//! everything else is a [`Conversation`]. Never reads on while an answer waits to be sent, so that TCP carries a slow
//! reader's pace back to the sender.

mod conversation;

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    task::Poll,
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
        let reply = self.reply;
        poll_fn(|cx| {
            let turned = frames.poll_turn(cx, reply, &mut |data, payload| self.heard(data, payload))?;
            // The task is woken when the phase changes.
            if turned.is_ready() || self.server.phase.is_at_least(Phase::Draining) {
                return Poll::Ready(Ok(()));
            }
            check.as_mut().poll(cx).map(Ok)
        })
        .await
    }

    fn heard(&mut self, data: Data, payload: &[u8]) {
        self.answered += 1;
        self.server.log.received(data, payload);
    }
}
