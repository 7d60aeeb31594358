//! The opening handshake, from the client's side ([RFC 6455, 4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).

use std::io;

use bytes::{Buf, BytesMut};
use data_encoding::BASE64;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wire::relay::{Cause, MAX_BODY};

use super::{failure::Failure, plan::Plan};
use crate::protocol::deflate::Agreed;

/// Most bytes of the head of a response.
const MAX_HEAD: usize = 64 << 10;
/// Most headers of a response.
const MAX_HEADERS: usize = 200;

/// A response's head, and what came behind it.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) version: u8,
    pub(super) headers: Vec<(String, String)>,
    pub(super) rest: BytesMut,
}

/// What both sides have agreed on.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) subprotocol: String,
    pub(crate) extensions: String,
    pub(crate) deflate: Option<Agreed>,
}

impl Response {
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let is_it = move |own: &str| own.eq_ignore_ascii_case(name);
        self.headers.iter().filter(move |(own, _)| is_it(own)).map(|(_, value)| value.as_str())
    }

    fn has_token(&self, name: &str, token: &str) -> bool {
        self.values(name).flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(token))
    }
}

/// A nonce for `Sec-WebSocket-Key`.
pub(super) fn key() -> String {
    BASE64.encode(&std::array::from_fn::<u8, 16, _>(|_| fastrand::u8(..)))
}

/// The request, in bytes. Every part of it was checked by [`Plan::new`].
pub(super) fn request(plan: &Plan, key: &str) -> String {
    let mut head = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n",
        plan.target, plan.authority
    );
    if !plan.subprotocols.is_empty() {
        let names: Vec<_> = plan.subprotocols.iter().map(|name| name.as_str()).collect();
        head += &format!("Sec-WebSocket-Protocol: {}\r\n", names.join(", "));
    }
    if !plan.extensions.is_empty() {
        head += &format!("Sec-WebSocket-Extensions: {}\r\n", plan.extensions);
    }
    for (name, value) in &plan.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head + "\r\n"
}

/// Writes a request and reads the head of the response.
pub(super) async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    request: &str,
) -> Result<Response, Failure> {
    let lost = |error: io::Error| Failure::of_stream(&error);
    stream.write_all(request.as_bytes()).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;
    let mut bytes = BytesMut::new();
    loop {
        if let Some(response) = parse(&mut bytes)? {
            return Ok(response);
        }
        if bytes.len() >= MAX_HEAD {
            return Err(Failure::new(
                Cause::NotHttp,
                format!("the head of the response has more than {MAX_HEAD} bytes"),
            ));
        }
        bytes.reserve(4096);
        if stream.read_buf(&mut bytes).await.map_err(lost)? == 0 {
            let evidence = match bytes.len() {
                0 => "the server closed the connection without an answer".to_owned(),
                count => format!("the server closed the connection after {count} bytes of its answer"),
            };
            return Err(Failure::new(Cause::Cut, evidence));
        }
    }
}

fn parse(bytes: &mut BytesMut) -> Result<Option<Response>, Failure> {
    // An alert is what a server of TLS says to what is none (RFC 8446, 6).
    if matches!(bytes[..], [21, 3, ..]) {
        return Err(Failure::new(Cause::TlsOnly, "the server answered with an alert of TLS: use wss://"));
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let not_http = |error: httparse::Error| {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).escape_debug().to_string();
        Failure::new(Cause::NotHttp, format!("the answer is no HTTP/1.1 ({error}): it begins with \"{start}\""))
    };
    let httparse::Status::Complete(size) = response.parse(bytes).map_err(not_http)? else { return Ok(None) };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = response.headers.iter().map(|header| (header.name.to_owned(), text(header.value))).collect();
    let (status, version) = (response.code.unwrap_or_default(), response.version.unwrap_or_default());
    bytes.advance(size);
    Ok(Some(Response { status, version, headers, rest: bytes.split() }))
}

/// Reads the body of a response that is not 101, as far as it comes and is kept.
pub(super) async fn body<S: AsyncRead + Unpin>(stream: &mut S, response: &mut Response) -> String {
    let is_chunked = response.has_token("transfer-encoding", "chunked");
    let length = response.values("content-length").next().and_then(|length| length.parse::<usize>().ok());
    let most = if is_chunked { MAX_BODY } else { length.unwrap_or(MAX_BODY).min(MAX_BODY) };
    let mut body = response.rest.split();
    loop {
        let is_whole = if is_chunked { dechunked(&body).1 } else { body.len() >= most };
        // The size lines of chunks take some of it.
        if is_whole || body.len() >= 2 * MAX_BODY {
            break;
        }
        body.reserve(4096);
        // What has come is shown, however the connection ends.
        if !stream.read_buf(&mut body).await.is_ok_and(|count| count > 0) {
            break;
        }
    }
    let body = if is_chunked { dechunked(&body).0 } else { body.to_vec() };
    String::from_utf8_lossy(&body[..body.len().min(most)]).into_owned()
}

/// What is in the chunks that are there, and whether the last is among them
/// ([RFC 9112, 7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1)).
fn dechunked(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(bytes) {
        if size == 0 {
            return (body, true);
        }
        bytes = &bytes[start..];
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        body.extend_from_slice(&bytes[..bytes.len().min(size)]);
        let Some(rest) = size.checked_add(2).and_then(|end| bytes.get(end..)) else { break };
        bytes = rest;
    }
    (body, false)
}

/// Checks a response of 101.
pub(super) fn check(plan: &Plan, key: &str, response: &Response, threshold: usize) -> Result<Terms, Failure> {
    if response.status != 101 {
        return Err(Failure::of_status(response.status));
    }
    let no_upgrade = |what: &str| Err(Failure::new(Cause::NoUpgrade, format!("the answer 101 {what}")));
    if response.version != 1 {
        return no_upgrade("is not of HTTP/1.1");
    }
    if !response.has_token("upgrade", "websocket") {
        return no_upgrade("has no Upgrade: websocket");
    }
    if !response.has_token("connection", "upgrade") {
        return no_upgrade("has no Connection: Upgrade");
    }
    let accept: Vec<_> = response.values("sec-websocket-accept").collect();
    let expected = derive_accept_key(key.as_bytes());
    if accept.iter().map(|value| value.trim()).ne([expected.as_str()]) {
        let evidence = format!("Sec-WebSocket-Accept is {accept:?} where {expected:?} is right");
        return Err(Failure::new(Cause::WrongAccept, evidence));
    }
    let chosen: Vec<_> = response.values("sec-websocket-protocol").map(str::trim).collect();
    let subprotocol = match chosen[..] {
        [] => "",
        [one] if plan.subprotocols.iter().any(|name| name.as_str() == one) => one,
        _ => {
            let evidence = format!("the server chose the subprotocol {chosen:?}, which was not offered");
            return Err(Failure::new(Cause::Subprotocol, evidence));
        }
    };
    let answered: Vec<_> = response.values("sec-websocket-extensions").collect();
    let deflate = Agreed::for_client(&plan.extensions, answered.iter().map(|value| value.as_bytes()), threshold);
    let deflate = deflate.map_err(|error| Failure::new(Cause::Extension, error))?;
    Ok(Terms { subprotocol: subprotocol.to_owned(), extensions: answered.join(", "), deflate })
}
