//! Messages between two WebSockets, both ways at once, in one task. Nothing is read from one side while the other does not take
//! what came before, so each side's pace reaches the other through TCP.

mod lane;

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::StreamExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use lane::Lane;
pub(super) use lane::Treatment;

use crate::{
    connection::Connected,
    keep_alive::{KeepAlive, PingTimes, Verdict},
    session::FrameLayer,
    shared::{Shared, going_away, keep_alive_timeout},
};

pub(super) type Socket<S> = WebSocketStream<FrameLayer<S>>;

/// Which of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The client of this server.
    Near,
    /// The server that the relay is a client of.
    Far,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Near => Self::Far,
            Self::Far => Self::Near,
        }
    }
}

/// Why messages no longer go both ways.
#[derive(Debug)]
pub(super) enum End {
    /// Both sides have closed.
    Closed,
    /// A side has ended without a close frame.
    Cut(Side),
    /// A side is given up, and gets that close frame.
    Fault(Side, CloseFrame),
    /// The server shuts down.
    Drained,
    /// As many messages have passed as were to pass.
    Spent,
}

/// What becomes of a message on its way.
pub(super) trait Translate {
    /// What the far side gets for it, if anything.
    fn to_far(&mut self, message: Message) -> Result<Option<Message>, CloseFrame>;
    /// What the near side gets for it, if anything.
    fn to_near(&mut self, message: Message) -> Option<Message>;
}

/// Two WebSockets that are relayed.
pub(super) struct Pair<N, F> {
    pub(super) near: Socket<N>,
    pub(super) far: Socket<F>,
}

/// How the two are treated.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Treatments {
    pub(super) to_far: Treatment,
    pub(super) to_near: Treatment,
    /// Time between pings to the far side.
    pub(super) ping: Option<Duration>,
}

/// Both directions, and which of them are at their end.
struct Lanes {
    out: Lane,
    back: Lane,
    is_out_done: bool,
    is_back_done: bool,
}

/// What is known of both peers' life.
struct Lives {
    near: KeepAlive,
    near_times: PingTimes,
    far: KeepAlive,
    far_times: PingTimes,
}

impl<N, F> Pair<N, F>
where
    N: AsyncRead + AsyncWrite + Unpin,
    F: AsyncRead + AsyncWrite + Unpin,
{
    /// Moves messages both ways until that ends. After the first close frame the rest has the time for a close.
    pub(super) async fn run(&mut self, treatments: Treatments, translate: &mut impl Translate, shared: &Shared) -> End {
        let mut lanes = Lanes {
            out: Lane::new(Side::Near, treatments.to_far),
            back: Lane::new(Side::Far, treatments.to_near),
            is_out_done: false,
            is_back_done: false,
        };
        let (now, near_times) = (Instant::now().into_std(), shared.ping_times());
        let far_times = PingTimes { interval: treatments.ping.unwrap_or_default(), ..near_times };
        let (near, far) = (KeepAlive::new(now, near_times), KeepAlive::new(now, far_times));
        let mut lives = Lives { near, near_times, far, far_times };
        let end = self.move_messages(&mut lanes, &mut lives, translate, shared).await;
        lanes.out.fault.map_or(end, |frame| End::Fault(Side::Near, frame))
    }

    async fn move_messages(
        &mut self,
        lanes: &mut Lanes,
        lives: &mut Lives,
        translate: &mut impl Translate,
        shared: &Shared,
    ) -> End {
        let mut closing: Option<Instant> = None;
        loop {
            if closing.is_none() && lanes.is_closing() {
                closing = Some(Instant::now() + *shared.config.limits.close_timeout);
            }
            tokio::select! {
                biased;
                () = shared.shutdown.draining() => return End::Drained,
                moved = poll_fn(|cx| self.poll(lanes, translate, closing.is_some(), cx)) => {
                    if let Err(end) = moved { return end }
                }
                () = sleep_until(lives.near.deadline().min(lives.far.deadline()).into()) => {
                    if let Err(end) = self.check(lives, lanes) { return end }
                }
                () = until(closing) => return End::Closed,
            }
        }
    }

    /// Moves messages both ways. It is ready when both are at their end, or when the time for the rest begins.
    fn poll(
        &mut self,
        lanes: &mut Lanes,
        translate: &mut impl Translate,
        was_closing: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), End>> {
        let Self { near, far } = self;
        let Lanes { out, back, is_out_done, is_back_done } = lanes;
        if !*is_out_done && let Poll::Ready(done) = out.poll(near, far, &mut |message| translate.to_far(message), cx) {
            done?;
            *is_out_done = true;
        }
        back.is_last = out.fault.is_some();
        if !*is_back_done
            && let Poll::Ready(done) = back.poll(far, near, &mut |message| Ok(translate.to_near(message)), cx)
        {
            done?;
            *is_back_done = true;
        }
        if *is_out_done && *is_back_done {
            return Poll::Ready(Err(End::Closed));
        }
        if !was_closing && lanes.is_closing() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Pings the peers that have been silent, and gives up one that has not answered. What is not read from is not judged.
    fn check(&mut self, lives: &mut Lives, lanes: &mut Lanes) -> Result<(), End> {
        let now = Instant::now().into_std();
        let of_near = lanes.out.is_reading().then(|| self.near.get_ref().received().bytes);
        match lives.near.check(now, of_near, lives.near_times) {
            Verdict::Ping => lanes.back.ping(),
            Verdict::Wait => {}
            Verdict::Gone => return Err(End::Fault(Side::Near, keep_alive_timeout())),
        }
        let of_far = lanes.back.is_reading().then(|| self.far.get_ref().received().bytes);
        match lives.far.check(now, of_far, lives.far_times) {
            Verdict::Ping => lanes.out.ping(),
            Verdict::Wait => {}
            Verdict::Gone => return Err(End::Fault(Side::Far, keep_alive_timeout())),
        }
        Ok(())
    }

    /// Counts what the client has sent and received.
    pub(super) fn count(&mut self, connected: &mut Connected) {
        connected.received = self.near.get_ref().received().messages();
        connected.count(self.near.get_mut().protocol());
    }

    /// Tells both sides how it ended, and gives the near side's stream back.
    pub(super) async fn finish(mut self, end: &End, time: Duration) -> N {
        let (near, far) = match end {
            End::Closed | End::Spent | End::Cut(_) => (None, None),
            End::Fault(Side::Near, frame) => (Some(frame.clone()), Some(lost(Side::Near))),
            End::Fault(Side::Far, frame) => (Some(lost(Side::Far)), Some(frame.clone())),
            End::Drained => (Some(going_away()), Some(going_away())),
        };
        // Whatever becomes of this, both connections end.
        let _ = timeout(time, async { tokio::join!(close(&mut self.near, near), close(&mut self.far, far)) }).await;
        self.near.into_inner().into_inner()
    }
}

impl Lanes {
    /// Whether one of the peers has closed.
    fn is_closing(&self) -> bool {
        self.out.has_closed || self.back.has_closed
    }
}

/// What one side gets when the other is given up.
fn lost(side: Side) -> CloseFrame {
    match side {
        Side::Near => CloseFrame { code: CloseCode::Away, reason: "the client was lost".into() },
        Side::Far => CloseFrame { code: CloseCode::Error, reason: "the other server was given up".into() },
    }
}

/// Sends a close frame, if there is one, and reads until the peer has ended.
async fn close<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut Socket<S>, frame: Option<CloseFrame>) {
    let Some(frame) = frame else { return };
    if socket.close(Some(frame)).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
