//! The fast path by itself: what it keeps, and for how long.

use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::{
    super::{FrameLayer, Leave, Reply},
    *,
};

/// Turns what there is; what is not for the fast path ends the test.
fn turn(frames: &mut FrameLayer<impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>) {
    let mut cx = Context::from_waker(Waker::noop());
    // More than one look, for what the largest message here takes.
    for _ in 0..4 {
        let turned = frames.poll_echo(&mut cx, Some(Reply { prefix: "" }), &mut |_, _| {});
        assert!(matches!(turned, Poll::Pending | Poll::Ready(Ok(Leave::Again))), "{turned:?}");
    }
}

#[tokio::test]
async fn a_connection_keeps_no_buffer_when_all_is_answered() {
    let (server, mut client) = duplex(1 << 20);
    let mut frames = FrameLayer::new(server, BytesMut::new(), LIMITS, None);
    let message = frame(0x82, &vec![7; 300 << 10]);
    // Whole, in halves, and so many that the client's side does not take the answers.
    let cases = [vec![&message[..]], message.chunks(150 << 10).collect(), vec![&message[..]; 3]];
    for pieces in cases {
        for piece in &pieces {
            client.write_all(piece).await.unwrap();
            turn(&mut frames);
        }
        let mut answers = vec![0; pieces.concat().len() / message.len() * (message.len() - 4)];
        for part in answers.chunks_mut(100 << 10) {
            client.read_exact(part).await.unwrap();
            turn(&mut frames);
        }
        assert_eq!((frames.is_blocked(), frames.kept.is_some()), (false, false));
    }
}

#[tokio::test]
async fn what_is_begun_keeps_no_more_than_it_may_need() {
    let (server, mut client) = duplex(1 << 20);
    let mut frames = FrameLayer::new(server, BytesMut::new(), LIMITS, None);
    // The thread's buffer is large from now on.
    client.write_all(&frame(0x82, &vec![7; 500 << 10])).await.unwrap();
    turn(&mut frames);
    client.read_exact(&mut vec![0; 10 + (500 << 10)]).await.unwrap();
    client.write_all(&frame(0x82, &vec![7; 500 << 10])[..100]).await.unwrap();
    turn(&mut frames);
    let room = frames.kept.map_or(0, |kept| kept.output.room());
    assert!((86..1000).contains(&room), "{room}");
}
