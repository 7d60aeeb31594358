//! The 35 handlers of [web-platform-tests](https://github.com/web-platform-tests/wpt/tree/master/websockets/handlers), each as
//! a URL of Canyon's.

use super::opened_with;
use crate::support::TestServer;

/// Each handler, and the URLs that do the same.
const HANDLERS: [(&str, &[&str]); 35] = [
    ("basic_auth", &["/auth/basic?user=hello&password=world"]),
    ("delayed-passive-close", &["/echo?close-delay=1s"]),
    ("echo", &["/echo?subprotocol=echo"]),
    ("echo-cookie", &["/headers"]),
    ("echo-query", &["/headers"]),
    ("echo-query_v13", &["/headers"]),
    ("echo_close_data", &["/sink"]),
    ("echo_exit", &["/sink"]),
    ("echo_raw", &["/raw"]),
    ("empty-message", &["/echo"]),
    ("handshake_no_extensions", &["/echo?deflate=no"]),
    ("handshake_no_protocol", &["/subprotocol?choose=none"]),
    ("handshake_protocol", &["/subprotocol?choose=unoffered"]),
    ("handshake_sleep_2", &["/echo?open-delay=2s"]),
    ("invalid", &["/handshake/garbage"]),
    ("msg_channel", &["/broadcast/channel"]),
    ("origin", &["/headers"]),
    ("passive-close-abort", &["/drop?on=close"]),
    ("protocol", &["/headers", "/subprotocol?choose=first"]),
    ("protocol_array", &["/headers", "/subprotocol?choose=first"]),
    ("receive-backpressure", &["/sink?read=16KiB/s&ack=yes&deflate=no"]),
    ("receive-many-with-backpressure", &["/sink?read=16KiB/s&ack=yes&deflate=no"]),
    ("referrer", &["/headers"]),
    ("remote-close", &["/close/1000", "/close/none", "/drop?on=message"]),
    ("send-backpressure", &["/stream?count=16&size=1MiB"]),
    ("set-co-policies", &["/echo?coep=require-corp&corp=same-origin"]),
    ("set-cookie", &["/cookie?name=a&value=b"]),
    ("set-cookie-secure", &["/cookie?name=a&value=b&secure=yes"]),
    ("set-cookie_http", &["/cookie?name=a&value=b&http-only=yes"]),
    ("set-cookies-samesite", &["/cookie?name=a&value=b&same-site=none&secure=yes"]),
    ("simple_handshake", &["/legal/close-at-once"]),
    ("sleep_10_v13", &["/echo?open-delay=10s"]),
    ("stash_responder", &["/broadcast/key"]),
    ("stash_responder_blocking", &["/broadcast/key"]),
    ("wrong_accept_key", &["/handshake/wrong-accept"]),
];

#[tokio::test]
async fn every_handler_has_a_url_that_the_server_knows() {
    let server = TestServer::start().await;
    for (handler, urls) in HANDLERS {
        for url in urls {
            let target: wire::Target = url.parse().unwrap_or_else(|error| panic!("{handler}: {error}"));
            if !target.connection_options().open_delay.is_zero() || *url == "/handshake/garbage" {
                continue;
            }
            let (head, _) = opened_with(&server, url, "Sec-WebSocket-Protocol: echo\r\n").await;
            let status = if url.starts_with("/auth") { "HTTP/1.1 401 " } else { "HTTP/1.1 101 " };
            assert!(head.starts_with(status), "{handler}, {url}: {head}");
        }
    }
}
