//! Plain echoes over TCP: one thread per worker that polls the sockets of all its connections, answers what has come, and
//! never waits for one of them. A connection stays here from its handshake to its end, without a task.

mod registration;
mod socket;
mod timer;

use std::{
    collections::{BTreeSet, VecDeque},
    io, mem,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, TryRecvError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use mio::{Events, Token};
use slab::Slab;
use tokio::{net::TcpStream, task::yield_now};

use self::{registration::Registration, timer::Timer};
use crate::{
    connection::{Connected, Guards},
    protocol::{Protocol, Reply, Status},
    shared::Shared,
};

/// How many events one poll returns at the most.
const EVENTS: usize = 1024;
/// How long connections that have yielded are served between two polls.
const BUSY_SLICE: Duration = Duration::from_millis(2);
/// The event of the waker: connections have come, or the server shuts down.
const WAKER: Token = Token(usize::MAX);
/// The event of the timer.
const TIMER: Token = Token(usize::MAX - 1);

/// The way to an event loop; the loop ends when this is dropped.
#[derive(Debug)]
pub(crate) struct EventLoopHandle {
    /// `None` only while this is dropped.
    incoming: Option<Sender<Registration>>,
    waker: Arc<mio::Waker>,
    /// Whether a connection that was handed over is about to wake the loop.
    wakes_soon: AtomicBool,
}

impl EventLoopHandle {
    /// Starts an event loop on a thread of its own.
    pub(crate) fn start(shared: &Arc<Shared>) -> io::Result<Self> {
        let (event_loop, handle) = Self::with_event_loop(shared)?;
        thread::Builder::new().name("canyon-loop".to_owned()).spawn(move || event_loop.run())?;
        Ok(handle)
    }

    /// An event loop that does not run yet.
    fn with_event_loop(shared: &Arc<Shared>) -> io::Result<(EventLoop, Self)> {
        let poll = mio::Poll::new()?;
        let waker = Arc::new(mio::Waker::new(poll.registry(), WAKER)?);
        let (sender, incoming) = channel();
        let event_loop = EventLoop {
            shared: Arc::clone(shared),
            incoming,
            _waker: Arc::clone(&waker),
            timer: Timer::new(poll.registry(), TIMER)?,
            poll,
            registrations: Slab::new(),
            deadlines: BTreeSet::new(),
            busy: VecDeque::new(),
            unlogged: 0,
        };
        Ok((event_loop, Self { incoming: Some(sender), waker, wakes_soon: AtomicBool::new(false) }))
    }

    /// Hands a connection over. It is dropped if the loop has ended.
    ///
    /// Those that come at the same time wake the loop together, when the worker's other tasks have run: each wake-up costs
    /// two switches between threads, a tenth of a handshake.
    pub(crate) async fn register(
        &self,
        stream: TcpStream,
        protocol: Protocol,
        reply: Reply,
        connected: Connected,
        guards: Guards,
    ) {
        let registration = match Registration::new(stream, protocol, reply, connected, guards) {
            Ok(registration) => registration,
            Err(error) => return tracing::debug!(%error, "lost: {error}"),
        };
        let is_sent = self.incoming.as_ref().is_some_and(|incoming| incoming.send(registration).is_ok());
        if is_sent && !self.wakes_soon.swap(true, Ordering::AcqRel) {
            let _wakes = WakesOnDrop(self);
            yield_now().await;
        }
    }

    /// Makes the loop look at what has come, and at how far the shutdown is.
    pub(crate) fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "cannot wake the event loop: {error}");
        }
    }
}

/// Wakes the loop at the end of a wait, also if the task that waits is dropped, as it is when the server closes.
struct WakesOnDrop<'handle>(&'handle EventLoopHandle);

impl Drop for WakesOnDrop<'_> {
    fn drop(&mut self) {
        self.0.wakes_soon.store(false, Ordering::Release);
        self.0.wake();
    }
}

impl Drop for EventLoopHandle {
    fn drop(&mut self) {
        self.incoming = None;
        self.wake();
    }
}

/// One thread's connections.
struct EventLoop {
    shared: Arc<Shared>,
    incoming: Receiver<Registration>,
    /// Kept alive here: dropping the last `mio::Waker` loses a pending wake-up.
    _waker: Arc<mio::Waker>,
    timer: Timer,
    poll: mio::Poll,
    registrations: Slab<Registration>,
    /// When each connection wants attention even if its socket is silent. One queue for all: keep-alive, write timeout and
    /// close timeout never run at the same time.
    deadlines: BTreeSet<(Instant, usize)>,
    /// Connections that have yielded.
    busy: VecDeque<usize>,
    /// Messages that the log has no room for and has not counted yet. It counts them once a poll, because all loops share
    /// its counter.
    unlogged: u64,
}

/// Whether the loop goes on.
#[derive(PartialEq, Eq)]
enum Incoming {
    Open,
    Closed,
}

impl EventLoop {
    /// 1. Serves the connections whose deadline has passed, and sets the timer to the next.
    /// 2. Polls: waits for the timer, for the waker, or for sockets.
    /// 3. Notes what each socket has, then serves each connection once; those that yielded before come last, for a while.
    /// 4. Registers new connections.
    fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let wait = self.serve_due();
            if let Err(error) = self.poll.poll(&mut events, wait) {
                tracing::debug!(%error, "cannot poll the sockets: {error}");
                continue;
            }
            // All of them before any is served: so the processor loads many connections from memory at the same time.
            for event in &events {
                if let Some(registration) = self.registrations.get_mut(event.token().0) {
                    registration.socket.notice(event);
                }
            }
            let waiting = self.busy.len();
            let mut is_woken = false;
            for event in &events {
                is_woken |= event.token() == WAKER;
                self.serve(event.token().0);
            }
            self.serve_busy(waiting);
            let incoming = if is_woken { self.wake_up() } else { Incoming::Open };
            self.shared.log.leave_out(mem::take(&mut self.unlogged));
            if incoming == Incoming::Closed {
                return;
            }
        }
    }

    /// Serves the connections whose deadline has passed; tells how long the poll may wait by itself.
    fn serve_due(&mut self) -> Option<Duration> {
        let now = Instant::now();
        loop {
            let (deadline, index) = *self.deadlines.first()?;
            if deadline > now {
                return if self.busy.is_empty() { self.timer.set(deadline, now) } else { Some(Duration::ZERO) };
            }
            let Some(registration) = self.registrations.get_mut(index) else { return Some(Duration::ZERO) };
            match registration.expire(&self.shared, now) {
                Status::Done => self.remove(index),
                _ => self.serve(index),
            }
        }
    }

    /// Serves the first `waiting` connections that have yielded, the longest waiting first, and goes back to the poll after a while: who sends
    /// little waits for a slice of those who send much, however many they are.
    fn serve_busy(&mut self, waiting: usize) {
        let Some(end) = (waiting > 0).then(|| Instant::now() + BUSY_SLICE) else { return };
        for _ in 0..waiting {
            let Some(index) = self.busy.pop_front() else { return };
            if let Some(registration) = self.registrations.get_mut(index) {
                registration.is_busy = false;
            }
            self.serve(index);
            if Instant::now() >= end {
                return;
            }
        }
    }

    /// Takes in new connections, and follows the shutdown.
    fn wake_up(&mut self) -> Incoming {
        let incoming = loop {
            match self.incoming.try_recv() {
                Ok(registration) => self.register(registration),
                Err(TryRecvError::Empty) => break Incoming::Open,
                Err(TryRecvError::Disconnected) => break Incoming::Closed,
            }
        };
        if self.shared.shutdown.is_closed() {
            self.registrations.clear();
            self.deadlines.clear();
            self.busy.clear();
        } else if self.shared.shutdown.is_draining() {
            let all: Vec<_> = self.registrations.iter().map(|(index, _)| index).collect();
            for index in all {
                self.registrations[index].drain(&self.shared);
                self.serve(index);
            }
        }
        incoming
    }

    fn register(&mut self, mut registration: Registration) {
        let entry = self.registrations.vacant_entry();
        let index = entry.key();
        if let Err(error) = registration.socket.register(self.poll.registry(), Token(index)) {
            return tracing::debug!(%error, "lost: {error}");
        }
        self.deadlines.insert((registration.deadline, index));
        registration.queued = registration.deadline;
        let has_input = registration.has_input();
        entry.insert(registration);
        if has_input {
            self.serve(index);
        }
    }

    /// Reads, answers and writes on one connection, unless its turn is still to come.
    fn serve(&mut self, index: usize) {
        let Some(registration) = self.registrations.get_mut(index) else { return };
        let status = match registration.is_busy {
            true => Status::NeedInput,
            false => registration.serve(&self.shared, &mut self.unlogged),
        };
        if registration.deadline != registration.queued {
            self.deadlines.remove(&(registration.queued, index));
            self.deadlines.insert((registration.deadline, index));
            registration.queued = registration.deadline;
        }
        match status {
            Status::NeedInput => {}
            Status::OutputFull => {
                if let Err(error) = registration.socket.watch_room(self.poll.registry(), Token(index)) {
                    tracing::debug!(%error, "lost: {error}");
                    self.remove(index);
                }
            }
            Status::Yield => {
                registration.is_busy = true;
                self.busy.push_back(index);
            }
            Status::Done => self.remove(index),
        }
    }

    fn remove(&mut self, index: usize) {
        let Some(registration) = self.registrations.try_remove(index) else { return };
        if registration.is_busy {
            self.busy.retain(|busy| *busy != index);
        }
        self.deadlines.remove(&(registration.queued, index));
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use futures_util::FutureExt;
    use tokio::net::TcpListener;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::{Config, connection::Load};

    /// An event loop that does not run, its handle, and a connection for it, which has `read_ahead` to answer.
    async fn loop_and_connection(
        read_ahead: &[u8],
    ) -> (EventLoop, EventLoopHandle, (TcpStream, Protocol, Reply, Connected, Guards)) {
        let shared = Arc::new(Shared::new(Config::default()));
        let (event_loop, handle) = EventLoopHandle::with_event_loop(&shared).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let protocol = Protocol::new(BytesMut::from(read_ahead), shared.frame_limits(), None);
        let permit = shared.admission.admit(peer.ip()).unwrap();
        let guards = Guards::new(permit, Load::add(&Arc::default()), TaskTracker::new().token(), Arc::clone(&shared));
        let connected = Connected::new(peer, shared);
        (event_loop, handle, (stream, protocol, Reply::Echo { prefix: "" }, connected, guards))
    }

    #[tokio::test]
    async fn a_connection_whose_task_is_dropped_wakes_the_loop_all_the_same() {
        let (mut event_loop, handle, (stream, protocol, reply, connected, guards)) = loop_and_connection(b"").await;
        assert!(handle.register(stream, protocol, reply, connected, guards).now_or_never().is_none());
        let mut events = Events::with_capacity(1);
        event_loop.poll.poll(&mut events, Some(Duration::from_secs(10))).unwrap();
        assert!(events.iter().any(|event| event.token() == WAKER));
        assert!(!handle.wakes_soon.load(Ordering::Acquire), "the next one would not wake it");
    }

    #[tokio::test]
    async fn a_connection_that_yielded_has_one_turn_whatever_else_wants_it_served() {
        // Four turns' worth of what needs no answer: pongs.
        let pongs = testkit::frame::frame(0x8a, b"").repeat((1 << 20) / 6);
        let (mut event_loop, _handle, (stream, protocol, reply, connected, guards)) = loop_and_connection(&pongs).await;
        event_loop.register(Registration::new(stream, protocol, reply, connected, guards).unwrap());
        assert_eq!(event_loop.busy, [0]);
        // Events and deadlines, and one turn of its own.
        for _ in 0..8 {
            event_loop.serve(0);
        }
        event_loop.serve_busy(1);
        assert_eq!(event_loop.busy, [0]);
        assert!(event_loop.registrations[0].has_input(), "it had more turns than two");
        while !event_loop.busy.is_empty() {
            event_loop.serve_busy(1);
        }
        assert!(!event_loop.registrations[0].has_input());
    }
}
