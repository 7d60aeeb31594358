//! Refusals that the URL asks for: `/status`, `/redirect`, `/auth/…`; and `/cookie` and `/subprotocol`.

use super::{is_echo, opened_with};
use crate::support::{TestServer, within};
use tokio::io::AsyncReadExt;

#[tokio::test]
async fn a_status_refuses_with_its_body_and_retry_after() {
    let server = TestServer::start().await;
    let (head, mut peer) = opened_with(&server, "/status/429?retry-after=5&body=busy", "").await;
    assert!(head.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{head}");
    assert!(head.contains("\r\nretry-after: 5\r\n") && head.contains("\r\nconnection: close\r\n"), "{head}");
    assert_eq!(peer.read_to_end().await, b"busy\n");
    for code in [200, 401, 403, 404, 500, 502, 503, 504, 599] {
        let (head, _) = opened_with(&server, &format!("/status/{code}"), "").await;
        assert!(head.starts_with(&format!("HTTP/1.1 {code} ")), "{head}");
    }
}

#[tokio::test]
async fn a_status_refuses_only_as_often_as_asked_for_each_id() {
    let server = TestServer::start().await;
    for (id, statuses) in [("a", [503, 503, 101, 101]), ("b", [503, 503, 101, 101])] {
        for status in statuses {
            let (head, mut peer) = opened_with(&server, &format!("/status/503?first=2&id={id}"), "").await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            if status == 101 {
                is_echo(&mut peer).await;
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_names_its_target() {
    let server = TestServer::start().await;
    for (query, status) in [("", 302), ("&status=308", 308)] {
        let (head, _) = opened_with(&server, &format!("/redirect?to=ws://localhost/echo{query}"), "").await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(head.contains("\r\nlocation: ws://localhost/echo\r\n"), "{head}");
    }
}

#[tokio::test]
async fn a_credential_opens_and_anything_else_is_challenged() {
    let server = TestServer::start().await;
    for (path, challenge, right, wrong) in [
        (
            "/auth/basic?user=hello&password=world",
            "Basic realm=\"canyon\", charset=\"UTF-8\"",
            "Authorization: basic aGVsbG86d29ybGQ=\r\n",
            "Authorization: Basic aGVsbG86d29ybGR4\r\n",
        ),
        (
            "/auth/bearer?token=secret",
            "Bearer realm=\"canyon\"",
            "Authorization: Bearer secret\r\n",
            "Authorization: Bearer Secret\r\n",
        ),
        (
            "/auth/protocol?token=secret",
            "Bearer realm=\"canyon\"",
            "Sec-WebSocket-Protocol: bearer, secret\r\n",
            "Sec-WebSocket-Protocol: bearer\r\n",
        ),
        (
            "/auth/cookie?token=secret&name=id",
            "Cookie realm=\"canyon\", cookie-name=id",
            "Cookie: a=b; id=secret\r\n",
            "Cookie: id=secret2\r\n",
        ),
    ] {
        for headers in ["", wrong] {
            let (head, _) = opened_with(&server, path, headers).await;
            assert!(head.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{path}: {head}");
            assert!(head.contains(&format!("\r\nwww-authenticate: {challenge}\r\n")), "{path}: {head}");
        }
        let (head, mut peer) = opened_with(&server, path, right).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{path}: {head}");
        is_echo(&mut peer).await;
    }
    let (head, _) = opened_with(&server, "/auth/protocol?token=t", "Sec-WebSocket-Protocol: t, bearer\r\n").await;
    assert!(head.contains("\r\nsec-websocket-protocol: bearer\r\n"), "{head}");
}

#[tokio::test]
async fn a_cookie_is_set_on_the_101() {
    let server = TestServer::start().await;
    for (path, cookie) in [
        ("/cookie?name=a", "a="),
        (
            "/cookie?name=a&value=b&same-site=none&secure=yes&http-only=yes&max-age=60",
            "a=b; SameSite=none; Secure; HttpOnly; Max-Age=60",
        ),
    ] {
        let (head, mut peer) = opened_with(&server, path, "").await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert!(head.contains(&format!("\r\nset-cookie: {cookie}\r\n")), "{head}");
        is_echo(&mut peer).await;
    }
}

#[tokio::test]
async fn a_subprotocol_is_chosen_as_asked() {
    let server = TestServer::start().await;
    let offer = "Sec-WebSocket-Protocol: one, two\r\n";
    for (path, chosen) in [
        ("/subprotocol", Some("one")),
        ("/subprotocol?choose=last", Some("two")),
        ("/subprotocol?choose=none", None),
        ("/subprotocol?choose=unoffered", Some("unoffered")),
        ("/subprotocol?choose=three", Some("three")),
        ("/echo?subprotocol=two", Some("two")),
        ("/echo?subprotocol=three", None),
    ] {
        let (head, mut peer) = opened_with(&server, path, offer).await;
        let answer = head.lines().find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(answer, chosen, "{path}: {head}");
        is_echo(&mut peer).await;
    }
}

#[tokio::test]
async fn what_is_refused_is_refused_and_not_read_further() {
    let server = TestServer::start().await;
    let (head, mut peer) = opened_with(&server, "/status/503", "").await;
    assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
    let mut rest = Vec::new();
    within("the end", peer.stream.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(rest, b"the URL asks for 503 Service Unavailable\n");
}
