//! From listening sockets to connections: who is let in, and what becomes of the server when one of them goes wrong.
//! Never looks into what a connection carries.

use std::{collections::VecDeque, future::poll_fn, io, sync::Arc, task::Poll, time::Duration};

use futures_util::FutureExt;
use hyper::StatusCode;
use socket2::{Domain, Type};
use tokio::{
    sync::{Semaphore, oneshot},
    time::{Instant, sleep, timeout},
};

use crate::{
    budget::Charge,
    connection::Guards,
    http::{self, admission::Permit, no_room::NoRoom},
    listen::ListeningSocket,
    peer::Peer,
    shared::Shared,
    socket::Socket,
    tls::Tls,
    workers::{Place, Worker, Workers},
};

/// How long accepting pauses when the system is out of memory, and how often it is logged that it has no room.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the request of a client is awaited for which the system has no file descriptor.
const PASSING: Duration = Duration::from_millis(20);
/// How many clients for which there is no room are there at the most; more are refused without being listened to.
const REFUSALS: usize = 64;
/// How many of them are waited for at the most: the oldest makes way.
const AWAITED_REFUSALS: usize = 32;

/// What HTTP takes of memory for a connection beside the head of a request, in bytes.
const HTTP: u64 = 8 << 10;

/// The size of each connection's send buffer in the system, in bytes; Linux doubles it.
///
/// The system's own choice grows to megabytes: so much memory a peer that does not read would hold, and so much it would
/// have to read before a write could show that it reads at all.
const SEND_BUFFER: usize = 256 << 10;

/// A listening socket, and TLS if that is spoken on its connections.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: ListeningSocket,
    pub(crate) tls: Option<Arc<Tls>>,
}

/// Accepts connections for as long as it is polled, and serves each in a task of its own on the same runtime. The `reserve`
/// is given up when there is no descriptor for a connection, so that its client gets a 503.
pub(crate) async fn run<Serve, Served>(
    listeners: &[Listener],
    mut reserve: Option<socket2::Socket>,
    server: &Arc<Shared>,
    workers: &Workers,
    serve: Serve,
) where
    Serve: Fn(Socket, Option<Arc<Tls>>, Peer, Arc<Shared>, Guards, Arc<Worker>) -> Served + Copy + Send + 'static,
    Served: Future<Output = ()> + Send + 'static,
{
    for Listener { socket, .. } in listeners {
        // Connections inherit it.
        socket.set_send_buffer(SEND_BUFFER);
    }
    let mut refusals = Refusals::new();
    let mut turn = 0;
    let mut complained: Option<Instant> = None;
    loop {
        match next(listeners, &mut turn).await {
            Ok((stream, peer, tls)) => match admit(server, peer, workers) {
                Ok((permit, charge, place)) => {
                    let guards = Guards::new(permit, charge, place.load, place.tracked, Arc::clone(server));
                    let served = serve(stream, tls, peer, Arc::clone(server), guards, place.worker);
                    tokio::spawn(server.shutdown.until_closed(served));
                }
                Err(no_room) => {
                    server.totals.count_refusal(StatusCode::SERVICE_UNAVAILABLE, no_room.name());
                    refusals.refuse(stream, peer, tls, no_room, server, workers);
                }
            },
            // The client gave up before it was accepted; the next one may be there already.
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if complained.is_none_or(|time| time.elapsed() >= PAUSE) {
                    complained = Some(Instant::now());
                    tracing::error!(%error, "cannot accept connections, refusing them: {error}");
                }
                drop(reserve.take());
                refuse_next(listeners, &mut turn).await;
                reserve = descriptor();
            }
        }
    }
}

/// A place and memory for a connection, as much as its first request may take.
fn admit(server: &Arc<Shared>, peer: Peer, workers: &Workers) -> Result<(Permit, Charge, Place), NoRoom> {
    let proxies = &server.config.proxies;
    let is_named_later = proxies.expects_header(peer) || proxies.forwards(peer);
    let permit = if is_named_later { server.admission.admit_unnamed() } else { server.admission.admit(peer) }?;
    let first = server.config.limits.max_head_size.as_u64() + HTTP;
    let charge = Charge::for_newcomer(&server.budget, permit.memory(), first)?;
    let place = workers.place().ok_or(NoRoom::Connections)?;
    Ok((permit, charge, place))
}

/// The clients that are being refused because there is no room.
struct Refusals {
    permits: Arc<Semaphore>,
    /// From the oldest to the newest; one that is dropped has to hurry.
    awaited: VecDeque<oneshot::Sender<()>>,
}

impl Refusals {
    fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(REFUSALS)), awaited: VecDeque::new() }
    }

    fn refuse(
        &mut self,
        stream: Socket,
        peer: Peer,
        tls: Option<Arc<Tls>>,
        no_room: NoRoom,
        server: &Arc<Shared>,
        workers: &Workers,
    ) {
        if no_room == NoRoom::Memory {
            server.budget.count_refused();
        }
        self.awaited.retain(|awaited| !awaited.is_closed());
        if self.awaited.len() >= AWAITED_REFUSALS {
            self.awaited.pop_front();
        }
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            return http::refuse_at_once(&stream, tls.as_deref(), no_room);
        };
        let (awaited, is_evicted) = oneshot::channel();
        self.awaited.push_back(awaited);
        // The drain waits for it as for a connection.
        let place = workers.place();
        let shared = Arc::clone(server);
        tokio::spawn(server.shutdown.until_closed(async move {
            http::refuse_connection(stream, peer, tls, &shared, no_room, is_evicted).await;
            drop((permit, place));
        }));
    }
}

/// The next connection of any listener; `turn` makes them take turns when all are busy.
async fn next(listeners: &[Listener], turn: &mut usize) -> io::Result<(Socket, Peer, Option<Arc<Tls>>)> {
    poll_fn(|cx| {
        for _ in listeners {
            *turn = (*turn + 1) % listeners.len();
            let Listener { socket, tls } = &listeners[*turn];
            if let Poll::Ready(accepted) = socket.poll_accept(cx) {
                return Poll::Ready(accepted.map(|(stream, peer)| (stream, peer, tls.clone())));
            }
        }
        Poll::Pending
    })
    .await
}

pub(crate) fn descriptor() -> Option<socket2::Socket> {
    socket2::Socket::new(Domain::IPV4, Type::STREAM, None).ok()
}

/// Refuses the next client, if it is there, with the one descriptor that is free; if that is gone, too, waits.
async fn refuse_next(listeners: &[Listener], turn: &mut usize) {
    match next(listeners, turn).now_or_never() {
        Some(Ok((stream, _, tls))) => refuse_in_passing(stream, tls.as_deref()).await,
        Some(Err(_)) => sleep(PAUSE).await,
        None => {}
    }
}

/// Refuses a client while no other is accepted. If its request comes at once it is read, because a socket that is closed
/// before that is reset, which can take the answer from the client.
async fn refuse_in_passing(stream: Socket, tls: Option<&Tls>) {
    let _ = timeout(PASSING, stream.readable()).await;
    http::refuse_at_once(&stream, tls, NoRoom::Connections);
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use futures_util::{SinkExt, StreamExt};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        time::timeout,
    };
    use tokio_tungstenite::tungstenite::Message;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::Config;

    /// Returns each byte; one of them makes it panic.
    async fn fragile_echo(mut stream: Socket, _guards: Guards) {
        while let Ok(byte) = stream.read_u8().await {
            assert_ne!(byte, b'!', "the fault that the test wants");
            stream.write_u8(byte).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_panic_in_one_connection_is_counted_and_hurts_no_other() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Arc::new(Shared::new(Config { workers: Some(NonZeroUsize::MIN), ..Config::default() }));
        let workers = Workers::start(&server, &TaskTracker::new());
        let clients = async {
            let mut witness = TcpStream::connect(address).await.unwrap();
            for count in 1..=3 {
                let mut victim = TcpStream::connect(address).await.unwrap();
                victim.write_u8(b'!').await.unwrap();
                assert_eq!(victim.read(&mut [0]).await.unwrap(), 0, "the connection is closed");
                assert_eq!(server.totals.panics.total(), count);
                witness.write_u8(b'a').await.unwrap();
                assert_eq!(witness.read_u8().await.unwrap(), b'a');
            }
            assert_eq!(server.admission.total(), 1, "only the witness is left");
        };
        let listeners = [Listener { socket: listener.into(), tls: None }];
        tokio::select! {
            () = run(&listeners, None, &server, &workers, |stream, _, _, _, guards, _| fragile_echo(stream, guards)) => {}
            result = timeout(Duration::from_secs(60), clients) => result.unwrap(),
        }
    }

    #[tokio::test]
    async fn http_and_plain_echoes_wait_for_no_session() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Arc::new(Shared::new(Config { workers: Some(NonZeroUsize::MIN), ..Config::default() }));
        let workers = Workers::start(&server, &TaskTracker::new());
        // A session that never yields, until the end of the test.
        let (release, released) = std::sync::mpsc::channel::<()>();
        workers.place().unwrap().worker.runtime().spawn(async move { released.recv() });
        let client = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
            let mut answer = [0; 15];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, *b"HTTP/1.1 200 OK");
            let (mut client, _) = tokio_tungstenite::client_async(
                format!("ws://{address}/echo"),
                TcpStream::connect(address).await.unwrap(),
            )
            .await
            .unwrap();
            client.send(Message::text("now")).await.unwrap();
            assert_eq!(client.next().await.unwrap().unwrap(), Message::text("now"));
        };
        let listeners = [Listener { socket: listener.into(), tls: None }];
        tokio::select! {
            () = run(&listeners, None, &server, &workers, crate::engine::serve) => {}
            result = timeout(Duration::from_secs(60), client) => result.unwrap(),
        }
        drop(release);
    }
}
