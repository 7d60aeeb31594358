//! A request in JSON, as it reached the server.

use hyper::http::request;
use serde_json::{Value, json};
use wire::Target;

use super::raw_head::RawHead;
use crate::{peer::Peer, transport::Transport};

/// A handshake: its headers as they were written, in their order, and what it came over.
pub(super) fn of_handshake(target: &Target, head: &RawHead, peer: Peer, transport: &Transport) -> Value {
    json!({
        "method": "GET",
        "target": target.to_string(),
        "version": "HTTP/1.1",
        "headers": headers(head),
        "head_bytes": head.len(),
        "address": peer.to_string(),
        "tls": transport.tls_version(),
    })
}

/// Any other request, of whose body so many bytes have come.
pub(super) fn of_request(parts: &request::Parts, head: &RawHead, body: u64, is_whole: bool) -> Value {
    json!({
        "method": parts.method.as_str(),
        "target": parts.uri.to_string(),
        "version": format!("{:?}", parts.version),
        "headers": headers(head),
        "head_bytes": head.len(),
        "body_bytes": body,
        "body_is_whole": is_whole,
    })
}

fn headers(head: &RawHead) -> Vec<Value> {
    head.headers().map(|(name, value)| json!([name, value])).collect()
}
