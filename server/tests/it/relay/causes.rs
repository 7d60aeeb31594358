//! What is at fault, named for set-ups that are broken on purpose.

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wire::relay::{Cause, Request, Trust};

use super::{Relay, answering};
use crate::support::{Certificate, TestServer};

#[tokio::test]
async fn the_cause_of_a_wrong_answer_is_named() {
    let relay = Relay::start().await;
    let upgrade: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    let wrong_accept = [upgrade, b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"].concat();
    for (answer, expected) in [
        (&b"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n"[..], Cause::Redirected),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", Cause::Unauthorized),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", Cause::Forbidden),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", Cause::NotFound),
        (b"HTTP/1.1 426 Upgrade Required\r\n\r\n", Cause::UpgradeRequired),
        (b"HTTP/1.1 429 Too Many Requests\r\n\r\n", Cause::TooManyRequests),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", Cause::Gateway),
        (b"HTTP/1.1 504 Gateway Timeout\r\n\r\n", Cause::Gateway),
        (b"HTTP/1.1 200 OK\r\n\r\n", Cause::Status),
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n", Cause::NoUpgrade),
        (b"HTTP/1.0 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", Cause::NoUpgrade),
        (wrong_accept.leak(), Cause::WrongAccept),
        (b"\x15\x03\x03\x00\x02\x02\x46", Cause::TlsOnly),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Cause::NotHttp),
        (b"", Cause::Cut),
        (b"HTTP/1.1 101 Swi", Cause::Cut),
    ] {
        let (address, _) = answering(answer).await;
        let (cause, evidence, _) = relay.fail(&relay.request(&format!("ws://{address}/"))).await;
        assert_eq!(cause, expected, "{}: {evidence}", answer.escape_ascii());
    }
    assert_eq!(derive_accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[tokio::test]
async fn a_server_of_ours_that_answers_wrongly_is_named() {
    let (relay, other) = (Relay::start().await, TestServer::start().await);
    for (path, expected) in [
        ("/subprotocol?choose=unoffered", Cause::Subprotocol),
        ("/status/503", Cause::Gateway),
        ("/nowhere", Cause::NotFound),
    ] {
        let request = Request {
            subprotocols: vec!["chat".to_owned()],
            ..relay.request(&format!("ws://{}{path}", other.address))
        };
        let (cause, evidence, _) = relay.fail(&request).await;
        assert_eq!(cause, expected, "{path}: {evidence}");
    }
    let (address, _) = answering(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\nSec-WebSocket-Extensions: x-unknown\r\n\r\n",
    )
    .await;
    let (cause, ..) = relay.fail(&relay.request(&format!("ws://{address}/"))).await;
    assert_eq!(cause, Cause::WrongAccept);
}

#[tokio::test]
async fn what_is_wrong_with_a_connection_or_its_certificate_is_named() {
    let relay = Relay::start().await;
    let pem = |certificate: &Certificate| Trust::Issuers(std::fs::read_to_string(&certificate.cert).unwrap());
    let [own, other, expired, future] =
        [Certificate::new(), Certificate::new(), Certificate::valid(2020, 2021), Certificate::valid(2098, 2099)];
    let serve = async |certificate: &Certificate| {
        // Not checked, as the server's own settings would be.
        let config = certificate.server_config();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = tokio_rustls::TlsAcceptor::from(std::sync::Arc::clone(&config)).accept(stream).await;
            }
        });
        address.port()
    };
    let plain = TestServer::start().await.address;
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let good = serve(&own).await;
    for (url, trust, expected) in [
        (format!("wss://localhost:{good}/"), Trust::System, Cause::CertificateSelfSigned),
        (format!("wss://localhost:{good}/"), pem(&other), Cause::CertificateSelfSigned),
        (format!("wss://127.0.0.1:{good}/"), pem(&own), Cause::CertificateName),
        (format!("wss://localhost:{}/", serve(&expired).await), pem(&expired), Cause::CertificateExpired),
        (format!("wss://localhost:{}/", serve(&future).await), pem(&future), Cause::CertificateNotYetValid),
        (format!("wss://{plain}/"), Trust::Anyone, Cause::NoTls),
        (format!("ws://{closed}/"), Trust::System, Cause::Refused),
        ("ws://no-such-host.invalid/".to_owned(), Trust::System, Cause::NameNotFound),
    ] {
        let (cause, evidence, _) = relay.fail(&Request { trust, ..relay.request(&url) }).await;
        assert_eq!(cause, expected, "{url}: {evidence}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_time_is_named_with_what_was_awaited() {
    let relay = Relay::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for (scheme, awaited) in [("ws", "the answer to the handshake"), ("wss", "the TLS handshake")] {
        let request = Request { open_timeout_ms: 100, ..relay.request(&format!("{scheme}://{address}/")) };
        let (cause, evidence, _) = relay.fail(&request).await;
        assert_eq!((cause, evidence), (Cause::TimedOut, format!("waited too long for {awaited}")));
    }
}
