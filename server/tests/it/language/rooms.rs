//! `/broadcast/{room}`.

use std::num::NonZeroUsize;

use server::{Config, Limits};

use super::close;
use crate::support::{Peer, TestServer, peer::frame};

async fn join(server: &TestServer, room: &str) -> Peer {
    Peer::open(server.address, &format!("/broadcast/{room}")).await
}

#[tokio::test]
async fn a_message_goes_to_everyone_in_the_room_the_sender_too() {
    let server = TestServer::start().await;
    let mut members = [join(&server, "a").await, join(&server, "a").await, join(&server, "a").await];
    let mut stranger = join(&server, "b").await;
    members[0].write([frame(0x81, "ß".as_bytes()), frame(0x82, b"\x01\x02")].concat()).await;
    for member in &mut members {
        assert_eq!(member.read_frame().await, (0x81, "ß".as_bytes().to_vec()));
        assert_eq!(member.read_frame().await, (0x82, vec![1, 2]));
    }
    stranger.write([frame(0x81, b"alone"), close()].concat()).await;
    assert_eq!(stranger.read_frame().await, (0x81, b"alone".to_vec()));
    assert_eq!(stranger.read_close().await.0, 1000);
}

#[tokio::test]
async fn a_slow_member_is_dropped_with_1013_and_slows_nobody() {
    let server = TestServer::start().await;
    let mut slow = join(&server, "a").await;
    let mut fast = join(&server, "a").await;
    // 64 MiB: more than the systems hold for one connection, and the room keeps 256 KiB.
    for number in 0..1024_u32 {
        let message = number.to_be_bytes().repeat(16 << 10);
        fast.write(frame(0x82, &message)).await;
        assert_eq!(fast.read_frame().await, (0x82, message));
    }
    loop {
        match slow.read_frame().await {
            (0x82, _) => {}
            (first, payload) => {
                assert_eq!((first, &payload[..]), (0x88, &b"\x03\xf5too slow: messages were missed"[..]));
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_thousand_members_lose_nothing_while_one_of_them_never_reads() {
    const MEMBERS: usize = 1000;
    const MESSAGES: usize = 20;
    let limits = Limits { max_connections: NonZeroUsize::new(2000).unwrap(), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    let _never_reads = join(&server, "a").await;
    let mut members = Vec::new();
    for _ in 0..MEMBERS {
        members.push(join(&server, "a").await);
    }
    for number in 0..MESSAGES {
        members[number].write(frame(0x81, number.to_string().as_bytes())).await;
        // The messages of several members have no order.
        let (first, payload) = members[number].read_frame().await;
        assert_eq!((first, payload), (0x81, number.to_string().into_bytes()));
        let others = members.iter_mut().enumerate().filter(|(other, _)| *other != number);
        for (_, member) in others {
            assert_eq!(member.read_frame().await, (0x81, number.to_string().into_bytes()));
        }
    }
}
