//! `/fault/{fault}`: the bytes of each.

use wire::Fault;

use super::{close, is_echo, read};
use crate::support::{Peer, TestServer, peer::frame};

/// What follows the fault, when the client has closed.
#[derive(Debug, PartialEq, Eq)]
enum Then {
    /// The client's close frame is answered.
    Echo,
    /// The rest of a bomb, and the answer to the client's close frame.
    Bomb,
    /// Nothing: the connection ends.
    End,
    /// The connection ends before the client has closed.
    Ended,
    /// The connection stays.
    Silence,
}

/// A fault without an arm here does not compile.
fn expected(fault: Fault) -> (Vec<u8>, Then) {
    let fixed: &[u8] = match fault {
        Fault::Masked => b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
        Fault::Rsv1 => b"\xc1\x05Hello",
        Fault::Rsv2 => b"\xa1\x05Hello",
        Fault::Rsv3 => b"\x91\x05Hello",
        Fault::Rsv1Ping => b"\xc9\x05Hello",
        Fault::Rsv1Continuation => b"\x41\x03\xf2\x48\xcd\xc0\x04\xc9\xc9\x07\x00",
        Fault::Opcode3 => b"\x83\x05Hello",
        Fault::Opcode11 => b"\x8b\x05Hello",
        Fault::Utf8 => b"\x81\x07Hello \xff",
        Fault::Utf8Split => b"\x01\x07Hello \xe2\x80\x07\x28 there",
        Fault::Utf8Cut => b"\x81\x08Hello \xe2\x98",
        Fault::Utf8Surrogate => b"\x81\x09Hello \xed\xa0\x80",
        Fault::Utf8Overlong => b"\x81\x08Hello \xc0\xaf",
        Fault::Utf8TooLarge => b"\x81\x0aHello \xf4\x90\x80\x80",
        Fault::FragmentedPing => b"\x09\x03Hel\x80\x02lo",
        Fault::FragmentedClose => return (b"\x08\x01\x03\x80\x01\xe8".to_vec(), Then::End),
        Fault::LongPing => return ([&b"\x89\x7e\x00\x7e"[..], &[b'x'; 126]].concat(), Then::Echo),
        Fault::LongClose => return ([&b"\x88\x7e\x00\x7e\x03\xe8"[..], &[b'x'; 124]].concat(), Then::End),
        Fault::StrayContinuation => b"\x80\x05Hello",
        Fault::Interleaved => b"\x01\x03Hel\x81\x05Hello",
        Fault::Length16 => b"\x81\x7e\x00\x05Hello",
        Fault::Length64 => b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x05Hello",
        Fault::LengthTopBit => b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00Hello",
        Fault::LengthHuge => b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffHello",
        Fault::CutHeader => return (b"\x82\x7e\x01".to_vec(), Then::Ended),
        Fault::CutPayload => return (b"\x81\x05Hel".to_vec(), Then::Ended),
        Fault::DataAfterClose => return (b"\x88\x02\x03\xe8\x81\x05Hello".to_vec(), Then::End),
        Fault::PingAfterClose => return (b"\x88\x02\x03\xe8\x89\x05Hello".to_vec(), Then::End),
        Fault::TwoCloses => return (b"\x88\x02\x03\xe8\x88\x02\x03\xe9".to_vec(), Then::End),
        Fault::CloseOneByte => return (b"\x88\x01\x03".to_vec(), Then::End),
        Fault::CloseCode => return (b"\x88\x02\x03\xed".to_vec(), Then::End),
        Fault::CloseUtf8 => return (b"\x88\x03\x03\xe8\xff".to_vec(), Then::End),
        Fault::CloseSilence => return (b"\x88\x02\x03\xe8".to_vec(), Then::Silence),
        Fault::DeflateGarbage => b"\xc1\x04\xff\xff\xff\xff",
        Fault::DeflateTooFar => b"\xc2\x05\x02\xde\xff\x0f\x00",
        Fault::DeflateCut => b"\xc1\x07\x00\x64\x00\x9b\xffHe",
        // The header says how long the payload is; `is_bomb` judges that.
        Fault::DeflateBomb => return (b"\xc2\x7f".to_vec(), Then::Bomb),
        Fault::Stall => return (b"\x81\x05Hel".to_vec(), Then::Silence),
        Fault::HalfClose => return (Vec::new(), Then::Ended),
        Fault::Http => b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
    };
    (fixed.to_vec(), Then::Echo)
}

/// A length of 64 bits, as much of a deflate stream that inflates to 64 MiB of zeros, and the close frame.
fn is_bomb(bytes: &[u8]) {
    let (length, rest) = bytes.split_first_chunk().unwrap();
    let (payload, after) = rest.split_at(usize::try_from(u64::from_be_bytes(*length)).unwrap());
    assert_eq!(after, b"\x88\x02\x03\xe8");
    assert!(payload.len() < 80 << 10, "{} bytes", payload.len());
    let stream = [payload, b"\x00\x00\xff\xff"].concat();
    let mut inflated = Vec::with_capacity(65 << 20);
    flate2::Decompress::new(false).decompress_vec(&stream, &mut inflated, flate2::FlushDecompress::Sync).unwrap();
    assert!(inflated.len() == 64 << 20 && inflated.iter().all(|byte| *byte == 0), "{} bytes", inflated.len());
}

async fn open(server: &TestServer, fault: Fault, query: &str) -> Peer {
    let path = format!("/fault/{}{query}", fault.name());
    if fault.needs_deflate() {
        Peer::open_deflate(server.address, &path).await
    } else {
        Peer::open(server.address, &path).await
    }
}

#[tokio::test]
async fn each_fault_is_these_bytes_and_then_this_end() {
    let server = TestServer::start().await;
    for &fault in Fault::ALL {
        let mut peer = open(&server, fault, "").await;
        let (bytes, then) = expected(fault);
        assert_eq!(read(&mut peer, bytes.len()).await, bytes, "{fault:?}");
        if then == Then::Ended {
            assert_eq!(peer.read_to_end().await, b"", "{fault:?}");
            continue;
        }
        peer.write(close()).await;
        match then {
            Then::Echo => assert_eq!(peer.read_to_end().await, b"\x88\x02\x03\xe8", "{fault:?}"),
            Then::Bomb => is_bomb(&peer.read_to_end().await),
            Then::End | Then::Ended => assert_eq!(peer.read_to_end().await, b"", "{fault:?}"),
            Then::Silence => {
                let silence = tokio::time::timeout(std::time::Duration::from_millis(50), peer.read_to_end()).await;
                assert!(silence.is_err(), "{fault:?}: {silence:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_fault_comes_after_as_many_echoes_as_asked() {
    let server = TestServer::start().await;
    let mut peer = open(&server, Fault::Opcode3, "?after=1").await;
    is_echo(&mut peer).await;
    assert_eq!(peer.read_frame().await, (0x83, b"Hello".to_vec()));
    is_echo(&mut peer).await;
}

#[tokio::test]
async fn a_half_closed_connection_is_read_to_the_clients_end() {
    let server = TestServer::start().await;
    let mut peer = open(&server, Fault::HalfClose, "").await;
    assert_eq!(peer.read_to_end().await, b"");
    // Room for more than the system holds, so that the server must read.
    for _ in 0..64 {
        peer.write(frame(0x82, &[7; 100_000])).await;
    }
}

#[tokio::test]
async fn a_fault_of_compression_needs_compression() {
    let server = TestServer::start().await;
    let mut peer = server.peer().await;
    peer.write(crate::support::peer::handshake("/fault/deflate-bomb")).await;
    let head = peer.read_head().await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
}
