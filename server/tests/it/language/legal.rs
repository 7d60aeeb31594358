//! `/legal/{case}`: the bytes of each.

use wire::LegalCase;

use super::close;
use crate::support::{Peer, TestServer};

/// What is sent for each case, the close frame included. A case without an arm here does not compile.
fn expected(case: LegalCase) -> Vec<u8> {
    let big = |header: &[u8], size: usize| [header, &vec![b'x'; size]].concat();
    let bytes = match case {
        LegalCase::EmptyText => b"\x81\x00".to_vec(),
        LegalCase::EmptyBinary => b"\x82\x00".to_vec(),
        LegalCase::EmptyFragments => b"\x01\x00\x00\x05Hello\x80\x00".to_vec(),
        LegalCase::Lengths => [
            big(b"\x82\x7d", 125),
            big(b"\x82\x7e\x00\x7e", 126),
            big(b"\x82\x7e\x00\x7f", 127),
            big(b"\x82\x7e\xff\xff", 65_535),
            big(b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 65_536),
        ]
        .concat(),
        LegalCase::AllBytes => [&b"\x82\x7e\x01\x00"[..], &(0..=255).collect::<Vec<u8>>()].concat(),
        LegalCase::SplitCodePoints => {
            b"\x01\x01\xce\x89\x00\x00\x01\xba\x89\x00\x00\x01\xcf\x89\x00\x00\x01\x8c\x89\x00\x00\x01\xcf\x89\x00\
              \x00\x01\x83\x89\x00\x00\x01\xce\x89\x00\x00\x01\xbc\x89\x00\x00\x01\xce\x89\x00\x80\x01\xb5"
                .to_vec()
        }
        LegalCase::ManyFragments => [b"\x01\x01x".to_vec(), b"\x00\x01x".repeat(998), b"\x80\x01x".to_vec()].concat(),
        LegalCase::OneByteAtATime | LegalCase::Uncompressed => b"\x81\x05Hello".to_vec(),
        LegalCase::UnsolicitedPong => b"\x8a\x0bunsolicited".to_vec(),
        LegalCase::EmptyPing => b"\x89\x00".to_vec(),
        LegalCase::LongestPing => big(b"\x89\x7d", 125),
        LegalCase::EmptyBlock => b"\xc1\x01\x00".to_vec(),
        LegalCase::StoredBlock => b"\xc1\x0b\x00\x05\x00\xfa\xffHello\x00".to_vec(),
        LegalCase::Bfinal => b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00".to_vec(),
        LegalCase::DeflateFragments => b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00".to_vec(),
        LegalCase::Window9 => b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00".to_vec(),
        LegalCase::CloseAtOnce => return b"\x88\x02\x03\xe9".to_vec(),
        LegalCase::CloseEmpty => return b"\x88\x00".to_vec(),
        LegalCase::CloseLongest => return big(b"\x88\x7d\x03\xe8", 123),
        LegalCase::CloseWithin => return b"\x01\x03Hel\x88\x02\x03\xe8".to_vec(),
        LegalCase::CloseUnregistered => return b"\x88\x02\x13\x87".to_vec(),
    };
    [&bytes[..], b"\x88\x02\x03\xe8"].concat()
}

#[tokio::test]
async fn each_case_is_these_bytes_and_then_the_end() {
    let server = TestServer::start().await;
    for &case in LegalCase::ALL {
        let path = format!("/legal/{}", case.name());
        let mut peer = if case.needs_deflate() {
            Peer::open_deflate(server.address, &path).await
        } else {
            Peer::open(server.address, &path).await
        };
        peer.write(close()).await;
        assert_eq!(peer.read_to_end().await, expected(case), "{case:?}");
    }
}

#[tokio::test]
async fn a_window_of_9_bits_is_agreed_for_its_case() {
    let server = TestServer::start().await;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let (head, _) = super::opened_with(&server, "/legal/window-9", offer).await;
    assert!(head.contains("permessage-deflate; server_max_window_bits=9\r\n"), "{head}");
}
