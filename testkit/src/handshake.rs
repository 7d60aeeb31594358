//! A client's opening handshake ([RFC 6455, section 4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).

use anyhow::{Result, ensure};

/// Whether permessage-deflate ([RFC 7692](https://www.rfc-editor.org/rfc/rfc7692)) is offered, and whether it was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Messages go as they are.
    Off,
    /// Offered without parameters: both sides keep their context from message to message.
    Deflate,
}

/// What follows from the key of [`request`], which is the one of
/// [RFC 6455, section 1.3](https://www.rfc-editor.org/rfc/rfc6455#section-1.3).
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The request for a WebSocket at a path of a host.
pub fn request(host: &str, path: &str, offer: Compression) -> String {
    let extensions = match offer {
        Compression::Off => "",
        Compression::Deflate => "Sec-WebSocket-Extensions: permessage-deflate\r\n",
    };
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extensions}\r\n"
    )
}

/// Bytes up to the end of a response's head; `None` where the head is not whole.
pub fn head_length(bytes: &[u8]) -> Option<usize> {
    Some(bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4)
}

/// What the head of the server's response agrees to.
///
/// # Errors
/// A head that opens no WebSocket, or does not answer the key of [`request`].
pub fn agreed(head: &[u8]) -> Result<Compression> {
    let head = String::from_utf8_lossy(head);
    ensure!(head.starts_with("HTTP/1.1 101 "), "the server refused the handshake: {head:?}");
    ensure!(head.contains(ACCEPT), "the server does not answer the handshake's key: {head:?}");
    let agrees = head.contains("permessage-deflate");
    Ok(if agrees { Compression::Deflate } else { Compression::Off })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_response_to_the_key_opens_a_websocket() {
        let head =
            |rest: &str| agreed(format!("HTTP/1.1 {rest}\r\n\r\n").as_bytes()).map_err(|error| error.to_string());
        let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        let deflate = "Sec-WebSocket-Extensions: permessage-deflate";
        assert_eq!(head(&format!("101 Switching Protocols\r\n{accept}")), Ok(Compression::Off));
        assert_eq!(head(&format!("101 Switching Protocols\r\n{accept}\r\n{deflate}")), Ok(Compression::Deflate));
        assert!(head("101 Switching Protocols").unwrap_err().contains("does not answer the handshake's key"));
        assert!(head("403 Forbidden").unwrap_err().contains("refused the handshake: \"HTTP/1.1 403"));
    }

    #[test]
    fn a_head_ends_with_an_empty_line() {
        assert_eq!(head_length(b"HTTP/1.1 101\r\n\r\n\x81\x00"), Some(16));
        assert_eq!(head_length(b"HTTP/1.1 101\r\n\r"), None);
    }
}
