//! Threads that fail or are stuck: what `/healthz` says, what becomes of their connections, and that they are replaced.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

use super::*;
use crate::{Config, Server, faults::Fault, http::accept::Listener};

/// Serves with one worker while the test runs, with a heartbeat each 10 ms.
async fn serve_during<Test: Future<Output = ()>>(test: impl FnOnce(Running) -> Test) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let server = Arc::new(Shared::new(Config { workers: Some(NonZeroUsize::MIN), ..Config::default() }));
    let workers = Arc::new(Workers::start(&server, &TaskTracker::new()));
    let running = Running { address, server: Arc::clone(&server), workers: Arc::clone(&workers) };
    let listeners = [Listener { socket: socket.into(), tls: None }];
    tokio::select! {
        () = crate::http::accept::run(&listeners, None, &server, &workers, crate::engine::serve) => {}
        () = workers.supervise(&server, Duration::from_millis(10)) => {}
        result = timeout(Duration::from_secs(60), test(running)) => result.unwrap(),
    }
}

struct Running {
    address: SocketAddr,
    server: Arc<Shared>,
    workers: Arc<Workers>,
}

impl Running {
    /// Waits until `/healthz` has that status.
    async fn health(&self, status: &str) {
        loop {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            if answer.starts_with(&format!("HTTP/1.1 {status} ")) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn connect(&self, path: &str) -> WebSocketStream<TcpStream> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        tokio_tungstenite::client_async(format!("ws://{}{path}", self.address), stream).await.unwrap().0
    }

    async fn assert_echoes(&self, path: &str) {
        let mut client = self.connect(path).await;
        client.send(Message::text("now")).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text("now"));
    }

    fn want(&self, faults: &[Fault]) {
        *self.server.faults.wanted.lock().unwrap() = faults.to_vec();
        self.workers.wake();
    }
}

async fn assert_closed_with_1011(client: &mut WebSocketStream<TcpStream>) {
    let Message::Close(Some(frame)) = client.next().await.unwrap().unwrap() else { panic!("no close frame") };
    assert_eq!(frame.code, CloseCode::Error);
}

#[tokio::test]
async fn a_session_thread_that_is_stuck_is_told_until_it_answers_again() {
    serve_during(async |running: Running| {
        running.health("200").await;
        let (release, released) = mpsc::channel::<()>();
        running.workers.place().unwrap().worker.runtime().spawn(async move { released.recv() });
        running.health("503").await;
        assert!(running.workers.place().is_none(), "new connections go elsewhere");
        drop(release);
        running.health("200").await;
        running.assert_echoes("/echo?delay=1ms").await;
        assert_eq!(running.server.totals.restarts.total(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_session_thread_that_has_ended_is_started_again() {
    serve_during(async |running: Running| {
        // It ends as if its runtime had failed.
        let (end, _) = oneshot::channel();
        running.workers.workers[0].engines().sessions.thread.as_mut().unwrap()._end = end;
        while running.server.totals.restarts.total() == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        running.health("200").await;
        running.assert_echoes("/echo?delay=1ms").await;
    })
    .await;
}

#[tokio::test]
async fn an_event_loop_that_fails_says_1011_and_is_started_again() {
    for fault in [Fault::Poll, Fault::Panic] {
        serve_during(async |running: Running| {
            let mut client = running.connect("/echo").await;
            running.want(&[fault]);
            assert_closed_with_1011(&mut client).await;
            running.health("503").await;
            running.want(&[]);
            running.health("200").await;
            assert!(running.server.totals.restarts.total() > 0);
            running.assert_echoes("/echo").await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_connection_that_cannot_be_polled_is_told_so_and_so_is_who_asks_for_the_health() {
    serve_during(async |running: Running| {
        running.want(&[Fault::Register]);
        let mut client = running.connect("/echo").await;
        assert_closed_with_1011(&mut client).await;
        running.health("503").await;
        running.want(&[]);
        running.health("200").await;
        running.assert_echoes("/echo").await;
    })
    .await;
}

#[tokio::test]
async fn a_stuck_thread_does_not_hold_up_the_end() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let mut config = Config { workers: Some(NonZeroUsize::MIN), ..Config::default() };
    config.limits.drain_timeout = "100ms".parse().unwrap();
    let server = Server::start(vec![socket], config);
    let runtime = server.workers.workers[0].runtime();
    let (stop, stopped) = oneshot::channel::<()>();
    let (release, released) = mpsc::channel::<()>();
    let client = async {
        let stream = TcpStream::connect(address).await.unwrap();
        let client = tokio_tungstenite::client_async(format!("ws://{address}/echo?delay=1ms"), stream).await.unwrap().0;
        runtime.spawn(async move { released.recv() });
        drop(stop);
        client
    };
    let end = async { drop(stopped.await) };
    let (ended, _client) = tokio::join!(timeout(Duration::from_secs(30), server.run(end)), client);
    ended.unwrap();
    drop(release);
}
