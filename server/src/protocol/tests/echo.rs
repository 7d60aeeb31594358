//! What a connection keeps and for how long, and what it sends on its own.

use bytes::BytesMut;
use flate2::{Compress, Compression};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

use super::{deflate::deflated, *};

const AWAY: CloseFrame =
    CloseFrame { code: CloseCode::Away, reason: tokio_tungstenite::tungstenite::Utf8Bytes::from_static("bye") };

/// A connection, and the client's end of its stream.
struct Echo {
    protocol: Protocol,
    stream: DuplexStream,
    client: DuplexStream,
}

impl Echo {
    fn new(agreed: Option<Agreed>) -> Self {
        let (stream, client) = duplex(1 << 20);
        Self { protocol: Protocol::new(ECHO, BytesMut::new(), LIMITS, agreed), stream, client }
    }

    fn transfer(&mut self) -> Status {
        loop {
            match self.protocol.transfer(&mut self.stream, &mut |_, _| {}).unwrap() {
                Status::Yield => {}
                status => return status,
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Status {
        self.client.write_all(bytes).await.unwrap();
        self.transfer()
    }

    async fn receive(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.client.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    fn is_idle(&self) -> bool {
        self.protocol.leftovers.is_none()
    }
}

#[tokio::test]
async fn a_connection_keeps_no_buffer_when_all_is_answered() {
    let message = frame(0x82, &vec![7; 300 << 10]);
    // Whole, in halves, and so many that the client's side does not take the answers.
    let cases = [vec![&message[..]], message.chunks(150 << 10).collect(), vec![&message[..]; 3]];
    for agreed in [None, Some(agreed("permessage-deflate; server_max_window_bits=15"))] {
        for pieces in &cases {
            let mut echo = Echo::new(agreed);
            for piece in pieces {
                echo.send(piece).await;
            }
            if agreed.is_none() {
                let mut answers = pieces.concat().len() / message.len() * (message.len() - 4);
                while answers > 0 {
                    let count = answers.min(100 << 10);
                    echo.receive(count).await;
                    answers -= count;
                    echo.transfer();
                }
            }
            assert!(echo.is_idle(), "{:?}", echo.protocol.leftovers);
        }
    }
}

#[tokio::test]
async fn what_is_begun_keeps_no_more_than_it_may_need() {
    let mut echo = Echo::new(None);
    // The thread's buffer is large from now on.
    echo.send(&frame(0x82, &vec![7; 500 << 10])).await;
    echo.receive(10 + (500 << 10)).await;
    echo.send(&frame(0x82, &vec![7; 500 << 10])[..100]).await;
    let size = echo.protocol.leftovers.map_or(0, |leftovers| leftovers.assembly.buffer.size());
    assert!((86..1000).contains(&size), "{size}");
}

#[tokio::test]
async fn a_fragment_is_kept_in_a_buffer_that_fits_it() {
    let mut echo = Echo::new(None);
    echo.send(&[frame(0x02, &vec![7; 500 << 10]), frame(0x80, b"")].concat()).await;
    echo.receive(10 + (500 << 10)).await;
    echo.send(&frame(0x02, &[7; 100])).await;
    let size = echo.protocol.leftovers.map_or(0, |leftovers| leftovers.assembly.buffer.size());
    assert!((100..1000).contains(&size), "{size}");
}

#[tokio::test]
async fn an_inflated_message_takes_hardly_more_than_its_limit_while_it_is_incomplete() {
    let mut echo = Echo::new(Some(agreed("permessage-deflate")));
    let payload = deflated(&mut Compress::new(Compression::default(), false), &vec![0; LIMITS.message as usize]);
    echo.send(&frame(0x42, &payload)).await;
    let assembly = &echo.protocol.leftovers.unwrap().assembly;
    assert!(assembly.message().len() > LIMITS.message as usize - 1024, "{}", assembly.message().len());
    assert!(assembly.buffer.size() <= LIMITS.message as usize + (16 << 10), "{}", assembly.buffer.size());
}

#[tokio::test]
async fn a_ping_goes_out_within_a_message_that_is_arriving() {
    let message = frame(0x81, &[b'x'; 100]);
    let mut echo = Echo::new(None);
    echo.send(&message[..50]).await;
    echo.protocol.ping();
    echo.send(&message[50..]).await;
    let expected = [&[0x89, 0, 0x81, 100][..], &[b'x'; 100]].concat();
    assert_eq!(echo.receive(expected.len()).await, expected);
    echo.protocol.ping();
    echo.transfer();
    assert_eq!(echo.receive(2).await, [0x89, 0]);
    assert!(echo.is_idle());
}

/// What is sent may stay in the output's buffer, as may pings: none of it makes the output full for the rest of a message.
#[tokio::test]
async fn pings_behind_a_full_write_do_not_keep_the_message_from_its_end() {
    const FULL: usize = 64 << 10;
    let message = frame(0x81, &[b'x'; 1000]);
    // Answers of so many bytes in all, each with a header of 4, come before the beginning of the message.
    for before in [0, FULL - 4, FULL - 2, FULL - 1] {
        let sizes = [20_000, 20_000, before.saturating_sub(40_012)];
        let answered: Vec<_> =
            sizes.iter().filter(|_| before > 0).map(|size| frame(0x81, &vec![b'a'; *size])).collect();
        let mut echo = Echo::new(None);
        assert_eq!(echo.send(&[answered.concat(), message[..20].to_vec()].concat()).await, Status::NeedInput);
        echo.receive(before).await;
        for byte in message[20..].chunks(1) {
            echo.protocol.ping();
            assert_eq!(echo.send(byte).await, Status::NeedInput, "{before} bytes before");
            assert_eq!(echo.receive(2).await, [0x89, 0]);
        }
        assert_eq!(echo.receive(1004).await[4..], [b'x'; 1000]);
        assert!(echo.is_idle());
    }
}

#[tokio::test]
async fn a_side_that_closes_waits_for_the_close_frame_and_answers_nothing_before_it() {
    for agreed in [None, Some(agreed("permessage-deflate"))] {
        let mut echo = Echo::new(agreed);
        // A part of a message is never answered.
        echo.send(&frame(0x81, &[b'x'; 100])[..50]).await;
        echo.protocol.close(&AWAY);
        echo.protocol.close(&AWAY);
        echo.transfer();
        assert_eq!(echo.receive(7).await, b"\x88\x05\x03\xe9bye");
        let rest = &frame(0x81, &[b'x'; 100])[50..];
        let ignored = [rest, &frame(0x89, b"ping"), &frame(0x01, b"a"), &frame(0x80, b"b")].concat();
        assert_eq!(echo.send(&ignored).await, Status::NeedInput);
        if agreed.is_some() {
            assert_eq!(echo.send(&frame(0xc1, b"no deflate data")).await, Status::NeedInput);
        }
        assert_eq!(echo.send(&frame(0x88, b"\x03\xe9")).await, Status::Done);
        drop(echo.stream);
        let mut more = Vec::new();
        echo.client.read_to_end(&mut more).await.unwrap();
        assert_eq!(more, b"");
    }
}

#[tokio::test]
async fn a_side_that_gives_up_waits_for_nothing() {
    let mut echo = Echo::new(None);
    echo.send(&frame(0x81, &[b'x'; 100])[..50]).await;
    echo.protocol.fail(&AWAY);
    assert_eq!(echo.transfer(), Status::Done);
    assert_eq!(echo.receive(7).await, b"\x88\x05\x03\xe9bye");
}

#[tokio::test]
async fn a_close_code_comes_back_if_it_may_be_sent() {
    for code in [1000, 1001, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 4999] {
        let payload = [&u16::to_be_bytes(code)[..], b"why"].concat();
        let mut echo = Echo::new(None);
        assert_eq!(echo.send(&frame(0x88, &payload)).await, Status::Done);
        assert_eq!(echo.receive(7).await, [&[0x88, 5], &payload[..]].concat());
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000] {
        let mut echo = Echo::new(None);
        assert_eq!(echo.send(&frame(0x88, &u16::to_be_bytes(code))).await, Status::Done);
        assert_eq!(echo.receive(4).await[2..], [0x03, 0xea], "{code}");
    }
}

#[tokio::test]
async fn what_came_with_the_handshake_may_be_more_than_is_read_at_a_time() {
    let ahead = frame(0x81, &[b'x'; 100]).repeat(1500);
    let (mut stream, mut client) = duplex(1 << 20);
    let mut protocol = Protocol::new(ECHO, BytesMut::from(&ahead[..]), LIMITS, None);
    while protocol.transfer(&mut stream, &mut |_, _| {}).unwrap() == Status::Yield {}
    let mut answers = vec![0; 1500 * 102];
    client.read_exact(&mut answers).await.unwrap();
    assert_eq!(protocol.sent().messages(), 1500);
}
