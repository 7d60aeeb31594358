//! What each behaviour does, for the documents. The page has [`Path::summary`], and leaves this out.

use crate::path::Path;

impl Path {
    /// What the server does, in Markdown.
    pub fn description(self) -> &'static str {
        match self {
            Self::Tutorial => "answers text `x` with `Server received: x`; binary messages come back unchanged",
            Self::Echo => {
                "sends every message back: same type, same bytes, same order; `/ws` is another name of this path"
            }
            Self::Broadcast => {
                "sends each message to everyone in the room, the sender too; a member that is too slow gets close code 1013, and \
                 nobody waits for it"
            }
            Self::Stream => {
                "sends numbered messages with their times (100 a second, 64 bytes, 1000 of them), stops while the client does \
                 not read, and reports at the end how long it took"
            }
            Self::Sink => "reads and echoes nothing, and closes with 1000 at the text `Goodbye`",
            Self::Headers => {
                "sends the request as JSON: its headers as they were written, in their order, the address, the version of TLS; \
                 then it echoes"
            }
            Self::Close => "closes with any 16-bit number, allowed or not",
            Self::Drop => "ends the connection without a close frame",
            Self::Status => "refuses the handshake with that status, 200 to 599",
            Self::Redirect => "redirects the handshake",
            Self::AuthBasic => "answers 401, or with the right `Authorization: Basic` 101",
            Self::AuthBearer => "answers 401, or with the right `Authorization: Bearer` 101",
            Self::AuthProtocol => {
                "answers 401, or 101 if the token is among the subprotocols: browsers set no other header"
            }
            Self::AuthCookie => "answers 401, or with the right cookie (`token=…`, unless it has a `name`) 101",
            Self::Cookie => "sets a cookie with the 101",
            Self::Subprotocol => {
                "chooses the `first` subprotocol, the `last`, `none`, one that is `unoffered`, or a name"
            }
            Self::Raw => "writes what the client sends to the connection as it is, byte for byte",
            Self::Handshake => "answers the handshake [wrongly](docs/faults.md#handshake)",
            Self::Fault => "sends a frame that is [wrong](docs/faults.md#fault)",
            Self::Events => "sends numbered server-sent events",
            Self::Inspect => {
                "sends what happens on the wire of the connections with `inspect={id}`, each request, response and frame as a \
                 line of JSON, also of those that come later; closes when there was no such connection for a minute"
            }
            Self::Legal => "sends what is [legal and rarely seen](docs/faults.md#legal), then closes with 1000",
        }
    }
}
