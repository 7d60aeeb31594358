//! The three parts of a [`Target`], as types that the server works with: what it does, how it replies, and what is special
//! about the connection.

use std::{num::NonZeroUsize, time::Duration};

use crate::choice::{EmbedderPolicy, How, Kind, On, RedirectStatus, ResourcePolicy, SameSite, Switch};
use crate::fault::{Fault, HandshakeFault, LegalCase};
use crate::grammar::NO_CODE;
use crate::inspect_id::InspectId;
use crate::parameter::Parameter;
use crate::path::Path;
use crate::target::Target;

/// What the server does with one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// `/`: text `x` is answered with `Server received: x`, binary messages come back unchanged.
    Tutorial,
    /// `/echo`, or `/ws` as on other echo servers: every message comes back, same type, same bytes, same order.
    Echo,
    /// `/broadcast/{room}`: what comes goes to everyone in the room.
    Broadcast {
        /// At most 64 bytes.
        room: String,
    },
    /// `/stream`
    Stream(Stream),
    /// `/sink`: nothing is echoed.
    Sink {
        /// Most bytes that are read in a second, on average.
        read: Option<u64>,
        /// Whether each message is answered with its size.
        acknowledges: bool,
    },
    /// `/headers`: the request as JSON, then an echo.
    Headers,
    /// `/close/{code}`
    Close {
        /// `None` is a close frame without one.
        code: Option<u16>,
        /// At most 123 bytes; not sent without a code.
        reason: String,
        /// Messages that are echoed before.
        after: u64,
    },
    /// `/drop`: the connection ends without a close frame.
    Drop {
        /// Whether it is reset.
        how: How,
        /// What it waits for.
        on: On,
        /// Messages that are echoed before, with [`On::Message`].
        after: u64,
    },
    /// `/status/{code}`: the handshake is refused.
    Status(Status),
    /// `/redirect`
    Redirect {
        /// The value of `Location`.
        to: String,
        /// 3xx.
        status: RedirectStatus,
    },
    /// `/auth/…`: the handshake is refused with 401 without the credential; with it, an echo.
    Auth(Credential),
    /// `/cookie`: the answer to the handshake sets a cookie; then an echo.
    Cookie(Cookie),
    /// `/subprotocol`: one is chosen; then an echo.
    Subprotocol(Choice),
    /// `/raw`: what the client sends as a message is written as it is.
    Raw,
    /// `/handshake/{fault}`
    Handshake(HandshakeFault),
    /// `/fault/{fault}`
    Fault {
        /// Which frame is wrong.
        fault: Fault,
        /// Messages that are echoed before.
        after: u64,
    },
    /// `/legal/{case}`, then close code 1000.
    Legal(LegalCase),
    /// `/inspect/{id}`: what happens on the wire of the connections with that id, as [events](crate::event::Event).
    Inspect,
}

/// What `/stream` sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Messages a second.
    pub rate: u64,
    /// Bytes of each message; 64 or more.
    pub size: usize,
    /// How many messages are sent.
    pub count: u64,
    /// Their type.
    pub kind: Kind,
    /// How many are sent at once.
    pub burst: u64,
}

/// What `/status/{code}` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// 200 to 599.
    pub code: u16,
    /// How often it refuses before it echoes; `None` is always.
    pub first: Option<u64>,
    /// What is counted together.
    pub id: String,
    /// The value of `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// The text of the response, instead of the status's own.
    pub body: Option<String>,
}

/// What opens `/auth/…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// `Authorization: Basic …` ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)).
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// `Authorization: Bearer …` ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)).
    Bearer(String),
    /// A token among the subprotocols that are offered, because browsers can send no other header.
    Subprotocol(String),
    /// A cookie.
    Cookie {
        /// The cookie's name.
        name: String,
        /// The cookie's value.
        value: String,
    },
}

/// What `/cookie` sets ([RFC 6265](https://www.rfc-editor.org/rfc/rfc6265)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    /// A token.
    pub name: String,
    /// Fit for a cookie.
    pub value: String,
    /// No attribute where it is `None`.
    pub same_site: Option<SameSite>,
    /// `Secure`.
    pub secure: bool,
    /// `HttpOnly`.
    pub http_only: bool,
    /// `Max-Age`, in seconds.
    pub max_age: Option<u64>,
}

/// The subprotocol that `/subprotocol` chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The first that is offered.
    First,
    /// The last that is offered.
    Last,
    /// None, whatever is offered.
    Absent,
    /// One that is not offered.
    Unoffered,
    /// This one, whether it is offered or not.
    Named(String),
}

/// How the server sends its messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplyOptions {
    /// `delay=200ms`: wait that long before each answer; zero to 1 day.
    pub delay: Duration,
    /// `jitter=50ms`: wait up to that much longer, evenly distributed; zero to 1 day.
    pub jitter: Duration,
    /// `fragment=1KiB`: send frames of at most that many bytes of payload
    /// ([RFC 6455, 5.4](https://www.rfc-editor.org/rfc/rfc6455#section-5.4)).
    pub fragment: Option<NonZeroUsize>,
    /// `ping=1s`: send a ping that often; 100 ms to 1 day.
    pub ping: Option<Duration>,
}

/// What is special about a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionOptions {
    /// How long the handshake waits for its answer.
    pub open_delay: Duration,
    /// How long a close frame waits for its answer.
    pub close_delay: Duration,
    /// A text that is sent together with the answer to the handshake.
    pub hello: Option<String>,
    /// Changes to the compression that the server agrees to.
    pub deflate: DeflateOptions,
    /// A subprotocol that is agreed to, beside those of the settings.
    pub subprotocol: Option<String>,
    /// `Cross-Origin-Embedder-Policy` of the answer to the handshake.
    pub embedder_policy: Option<EmbedderPolicy>,
    /// `Cross-Origin-Resource-Policy` of the answer to the handshake.
    pub resource_policy: Option<ResourcePolicy>,
}

/// Changes to the compression that the server agrees to; `None` is as the settings say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeflateOptions {
    /// Whether any is agreed.
    pub agree: Option<bool>,
    /// `server_max_window_bits`, 9 to 15.
    pub server_window: Option<u8>,
    /// `client_max_window_bits`, 9 to 15.
    pub client_window: Option<u8>,
    /// Without `server_no_context_takeover`.
    pub server_takeover: Option<bool>,
    /// Without `client_no_context_takeover`.
    pub client_takeover: Option<bool>,
}

impl Target {
    /// What the server does.
    pub fn behaviour(&self) -> Behaviour {
        let number = |parameter, default| self.number(parameter).unwrap_or(default);
        let place = |parameter| number(parameter, 0);
        let text = |parameter, default: &str| self.text(parameter).unwrap_or(default).to_owned();
        match self.path() {
            Path::Tutorial => Behaviour::Tutorial,
            Path::Echo => Behaviour::Echo,
            Path::Broadcast => Behaviour::Broadcast { room: text(Parameter::Room, "") },
            Path::Stream | Path::Events => Behaviour::Stream(self.stream()),
            Path::Sink => Behaviour::Sink {
                read: self.number(Parameter::Read),
                acknowledges: self.switch(Parameter::Ack).unwrap_or(false),
            },
            Path::Headers => Behaviour::Headers,
            Path::Close => Behaviour::Close {
                code: u16::try_from(number(Parameter::Code, NO_CODE)).ok(),
                reason: text(Parameter::Reason, ""),
                after: number(Parameter::After, 0),
            },
            Path::Drop => Behaviour::Drop {
                how: How::at(place(Parameter::How)),
                on: self.drops_on(),
                after: number(Parameter::After, 1),
            },
            Path::Status => Behaviour::Status(Status {
                code: u16::try_from(number(Parameter::Status, 503)).unwrap_or(503),
                first: self.number(Parameter::First),
                id: text(Parameter::Id, ""),
                retry_after: self.number(Parameter::RetryAfter),
                body: self.text(Parameter::Body).map(str::to_owned),
            }),
            Path::Redirect => Behaviour::Redirect {
                to: text(Parameter::To, ""),
                status: RedirectStatus::at(place(Parameter::RedirectStatus)),
            },
            Path::AuthBasic => Behaviour::Auth(Credential::Basic {
                user: text(Parameter::User, ""),
                password: text(Parameter::Password, ""),
            }),
            Path::AuthBearer => Behaviour::Auth(Credential::Bearer(text(Parameter::Token, ""))),
            Path::AuthProtocol => Behaviour::Auth(Credential::Subprotocol(text(Parameter::Token, ""))),
            Path::AuthCookie => Behaviour::Auth(Credential::Cookie {
                name: text(Parameter::CookieName, "token"),
                value: text(Parameter::CookieToken, ""),
            }),
            Path::Cookie => Behaviour::Cookie(Cookie {
                name: text(Parameter::CookieName, ""),
                value: text(Parameter::CookieValue, ""),
                same_site: self.number(Parameter::SameSite).map(SameSite::at),
                secure: self.switch(Parameter::Secure).unwrap_or(false),
                http_only: self.switch(Parameter::HttpOnly).unwrap_or(false),
                max_age: self.number(Parameter::MaxAge),
            }),
            Path::Subprotocol => Behaviour::Subprotocol(match self.text(Parameter::Choose).unwrap_or("first") {
                "first" => Choice::First,
                "last" => Choice::Last,
                "none" => Choice::Absent,
                "unoffered" => Choice::Unoffered,
                name => Choice::Named(name.to_owned()),
            }),
            Path::Raw => Behaviour::Raw,
            Path::Handshake => Behaviour::Handshake(HandshakeFault::at(place(Parameter::HandshakeFault))),
            Path::Fault => {
                Behaviour::Fault { fault: Fault::at(place(Parameter::Fault)), after: number(Parameter::After, 0) }
            }
            Path::Legal => Behaviour::Legal(LegalCase::at(place(Parameter::LegalCase))),
            Path::Inspect => Behaviour::Inspect,
        }
    }

    /// What `/stream` and `/sse` send.
    pub fn stream(&self) -> Stream {
        let number = |parameter, default| self.number(parameter).unwrap_or(default);
        Stream {
            rate: number(Parameter::Rate, 100),
            size: usize::try_from(number(Parameter::Size, 64)).unwrap_or(usize::MAX),
            count: number(Parameter::Count, 1000),
            kind: Kind::at(number(Parameter::Kind, 0)),
            burst: number(Parameter::Burst, 1),
        }
    }

    /// A number of messages says that they are waited for.
    fn drops_on(&self) -> On {
        let default = if self.number(Parameter::After).is_some() { On::Message } else { On::Open };
        self.number(Parameter::On).map_or(default, On::at)
    }

    /// How the server sends its messages.
    pub fn reply_options(&self) -> ReplyOptions {
        let fragment = self.number(Parameter::Fragment).and_then(|bytes| usize::try_from(bytes).ok());
        ReplyOptions {
            delay: self.duration(Parameter::Delay).unwrap_or_default(),
            jitter: self.duration(Parameter::Jitter).unwrap_or_default(),
            fragment: fragment.and_then(NonZeroUsize::new),
            ping: self.duration(Parameter::Ping),
        }
    }

    /// What is special about the connection.
    pub fn connection_options(&self) -> ConnectionOptions {
        let bits = |parameter| self.number(parameter).and_then(|bits| u8::try_from(bits).ok());
        ConnectionOptions {
            open_delay: self.duration(Parameter::OpenDelay).unwrap_or_default(),
            close_delay: self.duration(Parameter::CloseDelay).unwrap_or_default(),
            hello: self.text(Parameter::Hello).map(str::to_owned),
            deflate: DeflateOptions {
                agree: self.switch(Parameter::Deflate),
                server_window: bits(Parameter::ServerWindow),
                client_window: bits(Parameter::ClientWindow),
                server_takeover: self.switch(Parameter::ServerTakeover),
                client_takeover: self.switch(Parameter::ClientTakeover),
            },
            subprotocol: self.text(Parameter::Subprotocol).map(str::to_owned),
            embedder_policy: self.number(Parameter::EmbedderPolicy).map(EmbedderPolicy::at),
            resource_policy: self.number(Parameter::ResourcePolicy).map(ResourcePolicy::at),
        }
    }

    /// The id under which the connection can be watched, if it can.
    pub fn inspect(&self) -> Option<InspectId> {
        self.inspect_id(Parameter::Inspect)
    }

    /// The id of the connections that are watched, with [`Behaviour::Inspect`].
    pub fn inspected(&self) -> Option<InspectId> {
        self.inspect_id(Parameter::Inspected)
    }

    fn inspect_id(&self, parameter: Parameter) -> Option<InspectId> {
        self.text(parameter)?.parse().ok()
    }

    fn duration(&self, parameter: Parameter) -> Option<Duration> {
        self.number(parameter).map(Duration::from_millis)
    }

    fn switch(&self, parameter: Parameter) -> Option<bool> {
        self.number(parameter).map(|place| Switch::at(place).is_on())
    }
}
