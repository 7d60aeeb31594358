//! Effects, which the page runs for the model, and their ids.

use crate::connection::address::WsUrl;
use crate::connection::close::CloseFrame;
use crate::connection::subprotocols::Subprotocols;
use crate::matching::MatchRequest;
use crate::sending::outbox::Outgoing;
use crate::stored::document::Document;
use crate::why::Attempt;

/// Unique as long as the page is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ConnectionId(pub(crate) u32);

impl ConnectionId {
    pub fn number(self) -> u32 {
        self.0
    }
}

/// Unique as long as the page is open, so that late events of a replaced socket can be ignored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SocketId(pub(crate) u32);

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Open a socket. Replaces the one of the connection, if there is one.
    Open { connection: ConnectionId, socket: SocketId, url: WsUrl, subprotocols: Subprotocols },
    /// The same through Canyon's relay, after asking for its token.
    OpenThrough { connection: ConnectionId, socket: SocketId, url: String, subprotocols: Vec<String> },
    /// Find out why the connection failed, and report [`ConnectionMsg::Diagnosed`](crate::ConnectionMsg::Diagnosed).
    Diagnose { connection: ConnectionId, socket: SocketId, attempt: Box<Attempt> },
    /// Send on the connection's socket, and report [`ConnectionMsg::Sent`](crate::ConnectionMsg::Sent) or
    /// [`ConnectionMsg::NotSent`](crate::ConnectionMsg::NotSent).
    Send { connection: ConnectionId, message: Outgoing },
    /// Send a close frame.
    Close { connection: ConnectionId, frame: CloseFrame },
    /// Drop the connection's socket.
    Release(ConnectionId),
    /// Match these texts within [`MatchRequest::LIMIT_MS`], and report
    /// [`ConnectionMsg::Matched`](crate::ConnectionMsg::Matched).
    Match { connection: ConnectionId, request: MatchRequest },
    /// A document has changed: write [`Workbench::document`](crate::Workbench::document) to the browser's storage soon.
    Persist(Document),
    /// Delete everything from the browser's storage.
    ClearStorage,
}
