//! Messages of other formats, laid out as what they mean: one line for each value, as it was written.
//!
//! A format is what the person chose, or what the connection's address or subprotocol announces, or what the bytes show beyond doubt
//! (`recognised`). A broken message is shown as far as it could be read, with the place where it breaks.

mod cbor;
mod json;
mod msgpack;
mod outline;
mod reader;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub(crate) use self::outline::Outline;

/// What a message may be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// Engine.IO 4 and what Socket.IO puts into it.
    SocketIo,
    /// Of both subprotocols.
    GraphQl,
    /// [Its specification](https://github.com/msgpack/msgpack/blob/master/spec.md)
    MessagePack,
    /// Version 2.0.
    JsonRpc,
    /// RFC 8949
    Cbor,
}

impl Format {
    /// In the order in which they are offered: those that most people use come first.
    pub const ALL: &'static [Self] = &[Self::SocketIo, Self::GraphQl, Self::MessagePack, Self::JsonRpc, Self::Cbor];

    pub fn name(self) -> &'static str {
        match self {
            Self::SocketIo => "Socket.IO",
            Self::GraphQl => "graphql-ws",
            Self::MessagePack => "MessagePack",
            Self::JsonRpc => "JSON-RPC",
            Self::Cbor => "CBOR",
        }
    }

    /// What a connection's address and subprotocol say about its messages.
    pub fn announced(address: &str, subprotocol: &str) -> Option<Self> {
        match subprotocol.to_ascii_lowercase().as_str() {
            "graphql-transport-ws" | "graphql-ws" => return Some(Self::GraphQl),
            "msgpack" | "messagepack" | "wamp.2.msgpack" => return Some(Self::MessagePack),
            "jsonrpc" | "json-rpc" | "jsonrpc-2.0" | "jsonrpc2.0" => return Some(Self::JsonRpc),
            "cbor" | "wamp.2.cbor" => return Some(Self::Cbor),
            _ => {}
        }
        let query =
            address.split('#').next().and_then(|address| address.split_once('?')).map_or("", |(_, query)| query);
        let has = |pair| query.split('&').any(|known| known == pair);
        (has("EIO=4") && has("transport=websocket")).then_some(Self::SocketIo)
    }
}

/// Why a message could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("byte {at}: {why}")]
pub struct Broken {
    /// Counted from 0, as in the hex dump.
    pub at: usize,
    pub why: String,
}

/// The format that the bytes show, if that is beyond doubt, and only one of them does.
pub(crate) fn recognised(message: &[u8]) -> Option<Format> {
    let mut all = Format::ALL.iter().copied().filter(|&format| shows(message, format));
    all.next().filter(|_| all.next().is_none())
}

/// Whether only this format explains these bytes: those that are binary are read whole, and random ones would not be with a
/// probability of 2⁻³²; those of JSON have the member that names them.
fn shows(message: &[u8], format: Format) -> bool {
    let mut outline = Outline::default();
    let whole = match format {
        Format::SocketIo => return json::is_socket_io(message),
        Format::GraphQl => return json::is_graphql(message),
        Format::JsonRpc => return json::is_json_rpc(message),
        Format::MessagePack => msgpack::read(message, &mut outline),
        Format::Cbor => cbor::read(message, &mut outline),
    };
    whole.is_ok() && outline.certainty() >= outline::CERTAIN
}

/// What could be read of the message, and why it ended there if that was before its end.
pub(crate) fn decode(message: &[u8], format: Format) -> (Outline, Option<Broken>) {
    let mut outline = Outline::default();
    let result = match format {
        Format::SocketIo => json::socket_io(message, &mut outline),
        Format::GraphQl => json::graphql(message, &mut outline),
        Format::MessagePack => msgpack::read(message, &mut outline),
        Format::JsonRpc => json::json_rpc(message, &mut outline),
        Format::Cbor => cbor::read(message, &mut outline),
    };
    outline.end();
    (outline, result.err())
}

#[cfg(test)]
mod tests;
