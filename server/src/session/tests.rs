//! A session beside others.

use std::{
    io,
    pin::Pin,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Poll},
    thread,
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncWriteExt, ReadBuf},
    task::{unconstrained, yield_now},
};

use super::*;
use crate::Config;

/// How much a turn may read and write, in bytes.
const TURN: usize = 1 << 20;

/// A client that always has the same to send, and takes all that it gets.
struct Endless {
    bytes: Vec<u8>,
    position: usize,
    /// What was read and written, in bytes.
    moved: Arc<AtomicUsize>,
}

impl AsyncRead for Endless {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while buf.remaining() > 0 {
            let count = buf.remaining().min(self.bytes.len() - self.position);
            buf.put_slice(&self.bytes[self.position..][..count]);
            self.position = (self.position + count) % self.bytes.len();
            self.moved.fetch_add(count, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.moved.fetch_add(bytes.len(), Ordering::Relaxed);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Serves such a client until another task has had 20 turns.
async fn serve_beside_another(url: &'static str, bytes: Vec<u8>) {
    let shared = Arc::new(Shared::new(Config::default()));
    let moved = Arc::new(AtomicUsize::new(0));
    let client = Endless { bytes, position: 0, moved: Arc::clone(&moved) };
    let frames = FrameLayer::new(client, BytesMut::new(), shared.frame_limits(), None);
    let connected = Connected::new(crate::peer::Peer::Tcp(([127, 0, 0, 1], 1).into()), 1, Arc::clone(&shared));
    let behaviour = Behaviour::new(&url.parse().unwrap(), 1);
    let session = run(frames, Opening { behaviour, request: None, feed: None }, connected, shared);
    let other = async {
        for _ in 0..20 {
            yield_now().await;
            let moved = moved.swap(0, Ordering::Relaxed);
            assert!(moved <= TURN, "{url}: {moved} bytes in a turn");
        }
    };
    tokio::select! {
        biased;
        _ = session => panic!("the client stays"),
        () = other => {}
    }
}

/// Both roles of the frame layer, one at either end of a pipe.
#[tokio::test]
async fn a_clients_frame_layer_understands_a_servers() {
    use crate::protocol::{Role, deflate};

    let offer = "permessage-deflate; client_max_window_bits=10";
    let agreed = deflate::negotiate([offer.as_bytes()], Some(&deflate::DeflateConfig::default())).unwrap().unwrap();
    let turned = deflate::Agreed::for_client(offer, [agreed.to_string().as_bytes()], 0).unwrap();
    let limits = Shared::new(Config::default()).frame_limits();
    for deflate in [None, Some((agreed, turned.unwrap()))] {
        let (near, far) = tokio::io::duplex(1000);
        let server = FrameLayer::new(near, BytesMut::new(), limits, deflate.map(|(agreed, _)| agreed));
        let client =
            FrameLayer::with_role(Role::Client, far, BytesMut::new(), limits, deflate.map(|(_, turned)| turned));
        let settings = settings(&crate::Limits::default());
        let mut server = WebSocketStream::from_raw_socket(
            server,
            tokio_tungstenite::tungstenite::protocol::Role::Server,
            Some(settings),
        )
        .await;
        let mut client =
            WebSocketStream::from_raw_socket(client, tokio_tungstenite::tungstenite::protocol::Role::Client, None)
                .await;
        let messages = [
            Message::text("Grüße ".repeat(50)),
            Message::binary(vec![7; 70_000]),
            Message::text(""),
            Message::Ping(Bytes::from_static(b"ping")),
            Message::Pong(Bytes::from_static(b"pong")),
            Message::text("last"),
        ];
        for message in messages {
            let (to_client, to_server) =
                (server.get_mut().compress(message.clone()), client.get_mut().compress(message.clone()));
            let (sent, got) = tokio::join!(server.send(to_client), client.next());
            sent.unwrap();
            assert_eq!(got.unwrap().unwrap(), message);
            if !message.is_pong() {
                let (sent, got) = tokio::join!(client.send(to_server), server.next());
                sent.unwrap();
                assert_eq!(got.unwrap().unwrap(), message);
            }
            if message.is_ping() {
                // Each answers the other's.
                let (flushed, pong) = tokio::join!(server.flush(), client.next());
                flushed.unwrap();
                assert_eq!(pong.unwrap().unwrap(), Message::Pong(Bytes::from_static(b"ping")));
            }
        }
        assert_eq!(client.get_ref().received().compressed, if deflate.is_some() { 2 } else { 0 });
        server.get_mut().stream_mut().write_all(&testkit::frame::frame(0x81, b"masked")).await.unwrap();
        assert!(client.next().await.unwrap().is_err());
        assert_eq!(client.get_ref().end(), Some(&ReadEnd::Violation(crate::protocol::ProtocolViolation::Masked)));
    }
}

/// tokio makes a task yield that has done much, but only where it reads or writes. Without that, a session has to yield by
/// itself.
#[test]
fn a_session_whose_client_never_pauses_yields_by_itself() {
    let frame = testkit::frame::frame;
    let floods = [
        ("/echo?fragment=1", frame(0x82, &vec![0; 1 << 20])),
        ("/echo?delay=1h", frame(0x81, b"x")),
        ("/echo", frame(0x81, b"x")),
        ("/echo", frame(0x89, b"ping")),
        ("/echo", frame(0x8a, b"")),
        ("/echo", [frame(0x02, b""), frame(0x00, b"").repeat(4000), frame(0x80, b"")].concat()),
    ];
    for (url, bytes) in floods {
        let first = bytes[0];
        let (done, is_done) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(unconstrained(serve_beside_another(url, bytes)));
            done.send(()).unwrap();
        });
        is_done.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("{url}: {first:#x} holds its thread"));
    }
}
