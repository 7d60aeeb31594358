//! Answers to what never became a request: hyper has some, without a body, and none for the rest. Here each gets a
//! sentence.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, ready},
    time::SystemTime,
};

use hyper::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{proxy, shared::Shared};

/// The first bytes of a TLS connection: a handshake record of any version
/// ([RFC 8446, 5.1](https://www.rfc-editor.org/rfc/rfc8446#section-5.1)).
const TLS: &[u8] = &[22, 3];

/// A stream that holds back what hyper answers by itself, and keeps its status.
pub(super) struct WithoutAutomaticAnswers<'connection, S> {
    stream: S,
    /// Set when a request is answered, and cleared when its answer is flushed: what is written in between is no automatic
    /// answer.
    is_answering: &'connection AtomicBool,
    has_written: bool,
    status: Option<StatusCode>,
}

impl<'connection, S> WithoutAutomaticAnswers<'connection, S> {
    pub(super) fn new(stream: S, is_answering: &'connection AtomicBool) -> Self {
        Self { stream, is_answering, has_written: false, status: None }
    }

    /// The stream, and the status of the answer that was held back.
    pub(super) fn into_parts(self) -> (S, Option<StatusCode>) {
        (self.stream, self.status)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WithoutAutomaticAnswers<'_, S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WithoutAutomaticAnswers<'_, S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_answering.load(Ordering::Relaxed) {
            self.has_written = true;
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        }
        if let Some(status) = status(bytes) {
            self.status = Some(status);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        if self.has_written {
            self.has_written = false;
            self.is_answering.store(false, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The status of a response that begins so.
fn status(response: &[u8]) -> Option<StatusCode> {
    StatusCode::from_bytes(response.strip_prefix(b"HTTP/1.1 ")?.get(..3)?).ok()
}

/// The answer to a connection on which HTTP ended with this error; `automatic` is the status that hyper had for it, and
/// `unread` what it could not read.
pub(super) fn last_words(
    error: &hyper::Error,
    automatic: Option<StatusCode>,
    unread: &[u8],
    server: &Shared,
) -> String {
    let limits = &server.config.limits;
    let (status, sentence) = match automatic {
        Some(status @ StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE) => {
            let (size, count) = (limits.max_head_size, limits.max_headers);
            (status, format!("the head of a request has at most {size} and {count} headers here"))
        }
        Some(status @ StatusCode::URI_TOO_LONG) => (status, "the address is too long".to_owned()),
        Some(status) if proxy::begins_as_header(unread) => (status, proxy::UNREAD.to_owned()),
        Some(status) if is_tls(unread) => (status, tls_on_plain_port(server.tls_port)),
        Some(status) => (status, format!("this is no request of HTTP/1.1: {error}")),
        None if error.is_timeout() => {
            let time = limits.handshake_timeout;
            (StatusCode::REQUEST_TIMEOUT, format!("no whole head of a request came within {time}"))
        }
        None => (StatusCode::BAD_REQUEST, format!("the request is not whole: {error}")),
    };
    response(status, "", &sentence)
}

/// Whether what a client sent begins as TLS does.
pub(super) fn is_tls(unread: &[u8]) -> bool {
    unread.starts_with(TLS)
}

/// The answer to TLS on the plain port; `tls_port` is the one for TLS.
pub(crate) fn tls_on_plain_port(tls_port: Option<u16>) -> String {
    let elsewhere = match tls_port {
        Some(port) => format!("wss:// and https:// have port {port}"),
        None => "wss:// and https:// need canyon --tls-self-signed or --tls-cert".to_owned(),
    };
    format!("this is TLS, but only ws:// and http:// are served on this port; {elsewhere}")
}

/// The answer to a client that speaks plain HTTP where TLS is expected; `local` is where it is, if it has an address.
pub(crate) fn plain_on_tls_port(local: Option<SocketAddr>) -> String {
    let Some(local) = local else {
        return response(StatusCode::BAD_REQUEST, "", "TLS is spoken here: use https:// or wss://");
    };
    let (address, port) = (local.ip().to_canonical(), local.port());
    let host = match address {
        address if address.is_loopback() => "localhost".to_owned(),
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    let sentence = format!("this port speaks TLS: use https://{host}:{port}/ or wss://{host}:{port}/");
    response(StatusCode::BAD_REQUEST, "", &sentence)
}

/// A whole response for where there is no request to answer; each of `headers` ends in a line break.
pub(crate) fn response(status: StatusCode, headers: &str, sentence: &str) -> String {
    let date = httpdate::fmt_http_date(SystemTime::now());
    let length = sentence.len() + 1;
    format!(
        "HTTP/1.1 {status}\r\n{headers}connection: close\r\ndate: {date}\r\n\
         content-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n\r\n{sentence}\n"
    )
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn only_what_answers_a_request_is_written() {
        let is_answering = AtomicBool::new(true);
        let mut stream = WithoutAutomaticAnswers::new(Vec::new(), &is_answering);
        // A flush before the answer is written ends nothing.
        stream.flush().await.unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\n").await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
        stream.flush().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let (written, status) = stream.into_parts();
        assert_eq!(written, b"HTTP/1.1 404 Not Found\r\n\r\n");
        assert_eq!(status, Some(StatusCode::BAD_REQUEST));
    }
}
