//! Why a request does not get what it asks for, and with which status it is refused.

use std::num::NonZeroUsize;

use hyper::{
    Method, StatusCode, Version,
    header::{HeaderName, HeaderValue},
};

use crate::{
    http::{no_room::NoRoom, token::SubprotocolError},
    inspect,
    protocol::deflate::MalformedHeader,
    rooms,
};

/// Why a request does not get what it asks for; the text names what was wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0} is not answered here, only GET and HEAD")]
    HttpMethod(Method),
    #[error("only GET can open a WebSocket, not {0}")]
    Method(Method),
    #[error("a WebSocket needs HTTP/1.1 or HTTP/2, not {0:?}")]
    HttpVersion(Version),
    #[error("{0}")]
    Malformed(String),
    #[error("the transfer coding {0} is not understood here, only chunked, once")]
    TransferCoding(String),
    #[error("{0} is a WebSocket: connect to it with a WebSocket client")]
    NoUpgrade(String),
    #[error("the protocol {0:?} is not spoken over HTTP/2 here, only websocket")]
    Protocol(String),
    #[error("{0} needs a connection of its own, so HTTP/1.1")]
    NotOverHttp2(String),
    #[error("a request has at most {0} headers here")]
    Headers(NonZeroUsize),
    #[error("WebSocket version {0:?} is not known here, only 13")]
    WebSocketVersion(String),
    #[error("host {0:?} is not served here, but with canyon --allow-host {0}")]
    Host(String),
    #[error("origin {0:?} is not served here, but with canyon --allow-origin {0}")]
    Origin(String),
    #[error("{0:?} is no origin such as https://example.com, and not served here, but with canyon --public")]
    NoOrigin(String),
    #[error("the server is shutting down")]
    Draining,
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    #[error(transparent)]
    Behaviour(#[from] wire::Error),
    #[error("{0} is switched off here: that needs canyon without --no-faults, and with --public also --faults")]
    FaultsOff(String),
    #[error("the relay is shut here; canyon --relay opens it")]
    RelayOff,
    #[error(
        "the relay is for this machine alone; canyon --relay-to HOST lets others use it for the hosts that it names"
    )]
    RelayForeign,
    #[error("the relay is for pages, which have exactly one Origin")]
    RelayOrigin,
    #[error(transparent)]
    Room(#[from] rooms::Full),
    #[error(transparent)]
    Inspections(#[from] inspect::Full),
    /// The URL asks for it.
    #[error("{body}")]
    Requested { status: StatusCode, header: Option<Box<(HeaderName, HeaderValue)>>, body: String },
}

impl From<MalformedHeader> for Refusal {
    fn from(error: MalformedHeader) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<SubprotocolError> for Refusal {
    fn from(error: SubprotocolError) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl Refusal {
    /// The reason in a word or two, as a label of a metric: where a limit of the command line has bitten, its name.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::HttpMethod(_) | Self::Method(_) => "method",
            Self::HttpVersion(_) => "http version",
            Self::Malformed(_) => "malformed",
            Self::TransferCoding(_) => "transfer coding",
            Self::NoUpgrade(_) => "no upgrade",
            Self::Protocol(_) => "protocol",
            Self::NotOverHttp2(_) => "not over http/2",
            Self::Headers(_) => "max-headers",
            Self::WebSocketVersion(_) => "websocket version",
            Self::Host(_) => "host",
            Self::Origin(_) | Self::NoOrigin(_) => "origin",
            Self::Draining => "shutdown",
            Self::NoRoom(no_room) => no_room.name(),
            Self::Behaviour(wire::Error::UnknownPath(_)) => "path",
            Self::Behaviour(_) => "parameter",
            Self::FaultsOff(_) => "faults are off",
            Self::RelayOff => "relay is off",
            Self::RelayForeign => "relay from elsewhere",
            Self::RelayOrigin => "relay without origin",
            Self::Room(_) => "rooms are full",
            Self::Inspections(_) => "inspections are full",
            Self::Requested { .. } => "requested",
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::HttpMethod(_) | Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::HttpVersion(_) => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::NoUpgrade(_) | Self::WebSocketVersion(_) => StatusCode::UPGRADE_REQUIRED,
            Self::Host(_) | Self::Origin(_) | Self::NoOrigin(_) | Self::FaultsOff(_) => StatusCode::FORBIDDEN,
            Self::RelayOff | Self::RelayForeign | Self::RelayOrigin => StatusCode::FORBIDDEN,
            Self::TransferCoding(_) | Self::Protocol(_) | Self::NotOverHttp2(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Headers(_) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Draining | Self::NoRoom(_) | Self::Room(_) | Self::Inspections(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Behaviour(wire::Error::UnknownPath(_)) => StatusCode::NOT_FOUND,
            Self::Malformed(_) | Self::Behaviour(_) => StatusCode::BAD_REQUEST,
            Self::Requested { status, .. } => *status,
        }
    }
}
