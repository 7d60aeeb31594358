//! A request in JSON, as it reached the server.

use std::net::SocketAddr;

use serde_json::{Value, json};
use wire::Target;

use super::raw_head::RawHead;
use crate::transport::Transport;

/// A handshake: its headers as they were written, in their order, and what it came over.
pub(super) fn of_handshake(target: &Target, head: &RawHead, peer: SocketAddr, transport: &Transport) -> Value {
    let headers: Vec<_> = head.headers().map(|(name, value)| json!([name, value])).collect();
    json!({
        "method": "GET",
        "target": target.to_string(),
        "version": "HTTP/1.1",
        "headers": headers,
        "head_bytes": head.len(),
        "address": peer.to_string(),
        "tls": transport.tls_version(),
    })
}
