//! What the model wants done, and the names that it uses for that.

use crate::connection::address::WsUrl;
use crate::connection::close::CloseFrame;
use crate::connection::subprotocols::Subprotocols;
use crate::sending::outbox::Outgoing;
use crate::stored::document::Document;

/// Tells one connection from another as long as the page is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ConnectionId(pub(crate) u32);

impl ConnectionId {
    /// Its number, for names in the document.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// Tells one socket from the one before, whose late events change nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SocketId(pub(crate) u32);

/// What the model wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make a socket, in place of any that the connection has.
    Open {
        /// Whose.
        connection: ConnectionId,
        /// Its name in each of its events.
        socket: SocketId,
        /// Where to.
        url: WsUrl,
        /// What to offer.
        subprotocols: Subprotocols,
    },
    /// Send on the connection's socket, and report [`ConnectionMsg::Sent`](crate::ConnectionMsg::Sent) or
    /// [`ConnectionMsg::NotSent`](crate::ConnectionMsg::NotSent).
    Send {
        /// Whose.
        connection: ConnectionId,
        /// What.
        message: Outgoing,
    },
    /// Begin to close the connection's socket.
    Close {
        /// Whose.
        connection: ConnectionId,
        /// With what.
        frame: CloseFrame,
    },
    /// Let go of the connection's socket: it is closed, or not wanted any more.
    Release(ConnectionId),
    /// Write [`Workbench::document`](crate::Workbench::document) to the browser's storage when there is time for it: it has changed.
    Persist(Document),
    /// Delete what was ever kept.
    ClearStorage,
}
