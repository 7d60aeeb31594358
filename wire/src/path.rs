//! The behaviours' paths, what they are in words, and the parameters that each takes. A new one is one entry here, and one
//! in [`Behaviour`](crate::Behaviour).

use crate::parameter::Parameter;
use Parameter as P;

struct Entry {
    /// Up to the slash before the part that is a parameter.
    path: &'static str,
    /// The part of the path that is a parameter.
    part: Option<Parameter>,
    summary: &'static str,
    /// Its own parameters, without the part of the path.
    own: &'static [Parameter],
    /// Those of them that must be given.
    required: &'static [Parameter],
    /// Whether it takes those of replies.
    replies: bool,
}

macro_rules! paths {
    ($($variant:ident $path:literal $part:expr, $summary:literal, $own:expr, $required:expr, $replies:literal;)*) => {
        /// The path of a behaviour, without its parameters.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Path { $(#[doc = $summary] $variant,)* }

        const TABLE: &[Entry] = &[
            $(Entry { path: $path, part: $part, summary: $summary, own: $own, required: $required, replies: $replies },)*
        ];

        impl Path {
            const TABLED: &'static [Self] = &[$(Self::$variant),*];
        }
    };
}

paths! {
    Tutorial "/" None, "answer “Server received: …”", &[], &[], true;
    Echo "/echo" None, "echo every message", &[], &[], true;
    Broadcast "/broadcast" Some(P::Room), "send a message to everyone in a room", &[], &[], true;
    Stream "/stream" None, "send messages by itself", &[P::Rate, P::Size, P::Count, P::Kind, P::Burst], &[], true;
    Sink "/sink" None, "read and not answer", &[P::Read, P::Ack], &[], true;
    Headers "/headers" None, "send the request's headers, then echo", &[], &[], true;
    Close "/close" Some(P::Code), "close with a code", &[P::Reason, P::After], &[], true;
    Drop "/drop" None, "drop the connection", &[P::How, P::On, P::After], &[], true;
    Status "/status" Some(P::Status), "refuse with a status", &[P::First, P::Id, P::RetryAfter, P::Body], &[], true;
    Redirect "/redirect" None, "redirect", &[P::To, P::RedirectStatus], &[P::To], false;
    AuthBasic "/auth/basic" None, "ask for a name and a password", &[P::User, P::Password], &[P::User, P::Password], true;
    AuthBearer "/auth/bearer" None, "ask for a bearer token", &[P::Token], &[P::Token], true;
    AuthProtocol "/auth/protocol" None, "ask for a token as subprotocol", &[P::Token], &[P::Token], true;
    AuthCookie "/auth/cookie" None, "ask for a cookie", &[P::CookieToken, P::CookieName], &[P::CookieToken], true;
    Cookie "/cookie" None, "set a cookie, then echo",
        &[P::CookieName, P::CookieValue, P::SameSite, P::Secure, P::HttpOnly, P::MaxAge], &[P::CookieName], true;
    Subprotocol "/subprotocol" None, "choose a subprotocol, then echo", &[P::Choose], &[], true;
    Raw "/raw" None, "write messages as raw bytes", &[], &[], false;
    Handshake "/handshake" Some(P::HandshakeFault), "answer the handshake wrongly", &[], &[], false;
    Fault "/fault" Some(P::Fault), "send a wrong frame", &[P::After], &[], true;
    Legal "/legal" Some(P::LegalCase), "send what is legal and rare", &[], &[], false;
    Inspect "/inspect" Some(P::Inspected), "watch what another connection carries", &[], &[], false;
    Events "/sse" None, "send events by HTTP", &[P::Rate, P::Size, P::Count], &[], false;
}

impl Path {
    /// All that a WebSocket can ask for, in the order in which a person would meet them.
    pub const ALL: &'static [Self] = Self::TABLED.split_at(Self::TABLED.len() - 1).0;
    /// Those of HTTP.
    pub(crate) const HTTP: &'static [Self] = &[Self::Events];

    fn entry(self) -> &'static Entry {
        &TABLE[self as usize]
    }

    /// The path, with the name of its parameter where a part of it is one: `/close/{code}`.
    pub fn pattern(self) -> String {
        match self.part() {
            Some(part) => format!("{}/{{{part}}}", self.entry().path),
            None => self.entry().path.to_owned(),
        }
    }

    /// What the server does, as the end of "Ask the server to …".
    pub fn summary(self) -> &'static str {
        self.entry().summary
    }

    /// The parameters that it alone takes, the part of the path first.
    pub fn own_parameters(self) -> impl Iterator<Item = Parameter> {
        self.part().into_iter().chain(self.entry().own.iter().copied())
    }

    /// Whether it takes the parameters of what is sent.
    pub fn takes_reply_options(self) -> bool {
        self.entry().replies
    }

    /// All parameters that it takes, in the order in which they are printed.
    pub fn parameters(self) -> impl Iterator<Item = Parameter> {
        let of_replies = if self.takes_reply_options() { Parameter::OF_REPLIES } else { &[] };
        let of_connections = if self == Self::Events { &[] } else { Parameter::OF_CONNECTIONS };
        let all = self.own_parameters().chain(of_replies.iter().chain(of_connections).copied());
        // Nobody watches those who watch.
        all.filter(move |&parameter| self != Self::Inspect || parameter != Parameter::Inspect)
    }

    /// Whether a value must be given.
    pub fn requires(self, parameter: Parameter) -> bool {
        self.part() == Some(parameter) || self.entry().required.contains(&parameter)
    }

    /// The path up to the part that is a parameter.
    pub(crate) fn fixed(self) -> &'static str {
        self.entry().path
    }

    pub(crate) fn part(self) -> Option<Parameter> {
        self.entry().part
    }

    /// Finds the one of `known` that a URL's path names, and the part of it that is a parameter.
    pub(crate) fn find<'path>(known: &[Self], path: &'path str) -> Option<(Self, &'path str)> {
        let path = if path == "/ws" { "/echo" } else { path };
        known.iter().find_map(|&known| {
            let rest = path.strip_prefix(known.fixed())?;
            match known.part() {
                None => rest.is_empty().then_some((known, "")),
                Some(_) if rest.is_empty() => Some((known, "")),
                Some(_) => Some((known, rest.strip_prefix('/')?)),
            }
        })
    }
}
