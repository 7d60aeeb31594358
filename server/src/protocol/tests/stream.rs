//! The adapter under a `WebSocketStream`: what comes before a fault is answered, and the close frame comes after it.

use bytes::BytesMut;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{Role, WebSocketConfig},
    },
};

use super::*;
use crate::{FrameLayer, ReadEnd};

/// A server's WebSocket, and the client's end of its connection.
async fn connection(
    read_ahead: &[u8],
    agreed: Option<Agreed>,
) -> (WebSocketStream<FrameLayer<DuplexStream>>, DuplexStream) {
    let (server, client) = duplex(1 << 16);
    let frames = FrameLayer::new(server, BytesMut::from(read_ahead), LIMITS, agreed);
    let config = WebSocketConfig::default().accept_unmasked_frames(true);
    (WebSocketStream::from_raw_socket(frames, Role::Server, Some(config)).await, client)
}

#[tokio::test]
async fn everything_before_a_fault_is_answered_and_then_the_connection_is_closed() {
    let (mut server, mut client) = connection(b"", None).await;
    let good = [frame(0x81, b"first"), frame(0x89, b"ping"), frame(0x82, b"second")].concat();
    client.write_all(&[&good[..], b"\x83\x80"].concat()).await.unwrap();
    client.write_all(b"\0\0\0\0").await.unwrap();
    while let Ok(message) = server.next().await.unwrap() {
        if !message.is_ping() {
            server.send(message).await.unwrap();
        }
    }
    let Some(&ReadEnd::Violation(violation)) = server.get_ref().end() else { panic!("no violation") };
    server.close(Some(violation.into())).await.unwrap();
    drop(server);
    let mut answers = Vec::new();
    client.read_to_end(&mut answers).await.unwrap();
    assert_eq!(answers, b"\x81\x05first\x8a\x04ping\x82\x06second\x88\x16\x03\xeaopcode 3 is reserved");
}

#[tokio::test]
async fn all_reads_after_a_fault_fail_with_it() {
    let (server, mut client) = connection(b"", Some(agreed("permessage-deflate"))).await;
    let mut frames = server.into_inner();
    // Data and no end of its block, so that the fault shows when nothing is left to be read.
    client.write_all(&frame(0xc2, b"\0\x02\0\xfd\xffa")).await.unwrap();
    for _ in 0..3 {
        frames.read(&mut [0; 64]).await.unwrap_err();
        assert_eq!(frames.end(), Some(&ReadEnd::Violation(ProtocolViolation::InvalidData)));
    }
}

#[tokio::test]
async fn bytes_that_came_with_the_handshake_pass_the_gate_too() {
    let whole = [frame(0x81, b"plain"), frame(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00")].concat();
    let (ahead, rest) = whole.split_at(14);
    let (mut server, mut client) = connection(ahead, Some(agreed("permessage-deflate"))).await;
    client.write_all(rest).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), Message::text("plain"));
    assert_eq!(server.next().await.unwrap().unwrap(), Message::text("Hello"));
}

#[tokio::test]
async fn a_compressed_echo_is_counted_both_ways() {
    let (mut server, mut client) = connection(b"", Some(agreed("permessage-deflate"))).await;
    let text = "echo ".repeat(100);
    let Message::Frame(compressed) = FrameLayer::new((), BytesMut::new(), LIMITS, Some(agreed("permessage-deflate")))
        .compress(Message::text(text.clone()))
    else {
        panic!("not compressed")
    };
    let sent = frame(0xc1, compressed.payload());
    client.write_all(&sent).await.unwrap();
    let message = server.next().await.unwrap().unwrap();
    assert_eq!(message, Message::text(text));
    let message = server.get_mut().compress(message);
    server.send(message).await.unwrap();
    let mut echo = vec![0; sent.len() - 4];
    client.read_exact(&mut echo).await.unwrap();
    assert_eq!((echo[0], &echo[2..]), (0xc1, compressed.payload()));
    let counted =
        |counters: super::super::Counters| (counters.bytes, counters.frames, counters.messages(), counters.compressed);
    assert_eq!(counted(server.get_ref().received()), (sent.len() as u64, 1, 1, 1));
    assert_eq!(counted(server.get_mut().protocol().sent()), (echo.len() as u64, 1, 1, 1));
}

#[tokio::test]
async fn a_client_that_goes_away_within_a_header_is_gone() {
    let (server, mut client) = connection(b"", None).await;
    client.write_all(&[0x81]).await.unwrap();
    drop(client);
    let mut frames = server.into_inner();
    assert_eq!(frames.read(&mut [0; 64]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_message_comes_through_however_little_is_read_at_a_time() {
    let (server, mut client) = connection(b"", None).await;
    client.write_all(&[frame(0x81, b"Hello"), frame(0x89, b"ping")].concat()).await.unwrap();
    drop(client);
    let mut frames = server.into_inner();
    let mut bytes = Vec::new();
    let mut byte = [0];
    while frames.read(&mut byte).await.unwrap() > 0 {
        bytes.extend(byte);
    }
    assert_eq!(bytes, b"\x81\x05Hello\x89\x04ping");
}
