//! The parameters: their names, what their values may be, and what they ask for in words. A new one is one entry here.

use std::fmt;

use crate::choice::{EmbedderPolicy, How, Kind, On, RedirectStatus, ResourcePolicy, SameSite, Switch};
use crate::fault::{Fault, HandshakeFault, LegalCase};
use crate::grammar::{Charset, Grammar};
use crate::value::{ByteSize, TimeSpan};

/// The longest delay, jitter or ping interval.
const LONGEST: TimeSpan = TimeSpan::days(1);
/// The shortest ping interval: faster would be a flood, not a heartbeat.
pub const SHORTEST_PING: TimeSpan = TimeSpan::ms(100);
/// The largest size of a fragment: 2 GiB less a byte, so that it is a `usize` on every machine.
const LARGEST_FRAGMENT: ByteSize = ByteSize::b(i32::MAX as u64);
/// The smallest message of `/stream`: there is room for its number and time.
const SMALLEST: ByteSize = ByteSize::b(64);
/// The largest message of `/stream`.
const LARGEST: ByteSize = ByteSize::mib(16);
/// The longest reason of a close frame, in bytes ([RFC 6455, 5.5](https://www.rfc-editor.org/rfc/rfc6455#section-5.5)).
const REASON: usize = 123;

/// The number of messages that `after` may count to.
const MOST_MESSAGES: u64 = 1_000_000_000;

struct Entry {
    name: &'static str,
    grammar: Grammar,
    example: &'static str,
    summary: &'static str,
}

macro_rules! parameters {
    ($($variant:ident $name:literal $grammar:expr, $example:literal, $summary:literal;)*) => {
        /// A parameter of a behaviour: in the query of its URL, or a part of its path. Some share a name, which stands for
        /// one of them in each behaviour.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Parameter { $(#[doc = $summary] $variant,)* }

        const TABLE: &[Entry] = &[
            $(Entry { name: $name, grammar: $grammar, example: $example, summary: $summary },)*
        ];

        impl Parameter {
            /// All of them, in the order in which they are printed.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
        }
    };
}

parameters! {
    // Parts of a path.
    Room "room" Grammar::Text(Charset::Unreserved, 64), "lobby", "name of the room";
    Code "code" Grammar::CloseCode, "1000", "close code, or none for an empty close frame";
    Status "code" Grammar::Count(200, 599), "503", "status code";
    HandshakeFault "fault" Grammar::Choice(HandshakeFault::NAMES), "wrong-accept", "what is wrong with the handshake";
    Fault "fault" Grammar::Choice(Fault::NAMES), "masked", "which frame is wrong";
    LegalCase "case" Grammar::Choice(LegalCase::NAMES), "empty-text", "what is rarely seen";
    Inspected "id" Grammar::InspectId, "Uk0F3Tz9pQe7wYb2LxVdHA", "id of the connection, its own inspect=";
    // Of one behaviour or a few.
    Rate "rate" Grammar::Count(1, 1_000_000), "100", "messages a second";
    Size "size" Grammar::Size(SMALLEST, LARGEST), "64B", "size of a message, in bytes";
    Count "count" Grammar::Count(1, 1_000_000_000_000), "1000", "number of messages";
    Kind "kind" Grammar::Choice(Kind::NAMES), "binary", "type of the messages";
    Burst "burst" Grammar::Count(1, 1_000_000), "10", "messages sent at once; the rate stays the same";
    Read "read" Grammar::Rate(ByteSize::b(1), ByteSize::gib(1)), "16KiB/s", "maximum rate of reading";
    Ack "ack" Grammar::Choice(Switch::NAMES), "yes", "whether each message is answered with its size";
    Reason "reason" Grammar::Text(Charset::Any, REASON), "bye", "reason in the close frame";
    How "how" Grammar::Choice(How::NAMES), "rst", "end of the stream (fin) or reset (rst)";
    On "on" Grammar::Choice(On::NAMES), "message", "what the drop waits for";
    After "after" Grammar::Count(0, MOST_MESSAGES), "3", "messages that are echoed before";
    First "first" Grammar::Count(1, MOST_MESSAGES), "2", "refusals before it echoes";
    Id "id" Grammar::Text(Charset::Unreserved, 64), "a1", "name under which they are counted";
    RetryAfter "retry-after" Grammar::Count(0, 1_000_000), "5", "Retry-After, in seconds";
    Body "body" Grammar::Text(Charset::Any, 4096), "busy", "text of the response";
    To "to" Grammar::Text(Charset::Visible, 2048), "/echo", "URL in Location";
    RedirectStatus "status" Grammar::Choice(RedirectStatus::NAMES), "307", "status code";
    User "user" Grammar::Text(Charset::Visible, 128), "hello", "user that is accepted";
    Password "password" Grammar::Text(Charset::Visible, 128), "world", "password of that user";
    Token "token" Grammar::Text(Charset::Token, 1024), "secret", "token that is accepted";
    CookieToken "token" Grammar::Text(Charset::Cookie, 1024), "secret", "value of the cookie that is accepted";
    CookieName "name" Grammar::Text(Charset::Token, 128), "session", "name of the cookie";
    CookieValue "value" Grammar::Text(Charset::Cookie, 2048), "1", "value of the cookie";
    SameSite "same-site" Grammar::Choice(SameSite::NAMES), "lax", "SameSite of the cookie";
    Secure "secure" Grammar::Choice(Switch::NAMES), "yes", "whether the cookie is Secure";
    HttpOnly "http-only" Grammar::Choice(Switch::NAMES), "yes", "whether the cookie is HttpOnly";
    MaxAge "max-age" Grammar::Count(0, 1_000_000_000), "60", "Max-Age of the cookie, in seconds";
    Choose "choose" Grammar::Text(Charset::Token, 128), "last", "first, last, none, unoffered, or a name";
    // Of what is sent.
    Delay "delay" Grammar::Duration(TimeSpan::ZERO, LONGEST), "200ms", "delay before each reply";
    Jitter "jitter" Grammar::Duration(TimeSpan::ZERO, LONGEST), "50ms", "random extra delay, up to this long";
    Fragment "fragment" Grammar::Size(ByteSize::b(1), LARGEST_FRAGMENT), "1KiB", "maximum payload of a reply frame, in bytes";
    Ping "ping" Grammar::Duration(SHORTEST_PING, LONGEST), "1s", "interval between pings from the server";
    // Of the connection.
    OpenDelay "open-delay" Grammar::Duration(TimeSpan::ZERO, LONGEST), "2s", "delay before the handshake is answered";
    CloseDelay "close-delay" Grammar::Duration(TimeSpan::ZERO, LONGEST), "1s", "delay before a close frame is answered";
    Hello "hello" Grammar::Text(Charset::Any, 1024), "welcome", "text sent in the same segment as the 101";
    Deflate "deflate" Grammar::Choice(Switch::NAMES), "no", "whether compression is agreed";
    ServerWindow "server-window" Grammar::Count(9, 15), "9", "window of the server's compressor, in bits";
    ClientWindow "client-window" Grammar::Count(9, 15), "10", "window of the client's compressor, in bits";
    ServerTakeover "server-takeover" Grammar::Choice(Switch::NAMES), "no", "whether the server refers to earlier messages";
    ClientTakeover "client-takeover" Grammar::Choice(Switch::NAMES), "no", "whether the client refers to earlier messages";
    Subprotocol "subprotocol" Grammar::Text(Charset::Token, 128), "chat", "subprotocol that is agreed if it is offered";
    EmbedderPolicy "coep" Grammar::Choice(EmbedderPolicy::NAMES), "require-corp", "Cross-Origin-Embedder-Policy of the 101";
    ResourcePolicy "corp" Grammar::Choice(ResourcePolicy::NAMES), "same-origin", "Cross-Origin-Resource-Policy of the 101";
    Inspect "inspect" Grammar::InspectId, "Uk0F3Tz9pQe7wYb2LxVdHA", "random id under which /inspect/{id} shows this connection";
}

impl Parameter {
    /// What every behaviour takes that sends messages.
    pub const OF_REPLIES: &'static [Self] = &[Self::Delay, Self::Jitter, Self::Fragment, Self::Ping];
    /// What every behaviour takes.
    pub const OF_CONNECTIONS: &'static [Self] = &[
        Self::OpenDelay,
        Self::CloseDelay,
        Self::Hello,
        Self::Deflate,
        Self::ServerWindow,
        Self::ClientWindow,
        Self::ServerTakeover,
        Self::ClientTakeover,
        Self::Subprotocol,
        Self::EmbedderPolicy,
        Self::ResourcePolicy,
        Self::Inspect,
    ];

    fn entry(self) -> &'static Entry {
        &TABLE[self as usize]
    }

    /// Its name in a query.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// A noun phrase for a form.
    pub fn summary(self) -> &'static str {
        self.entry().summary
    }

    /// A valid value.
    pub fn example(self) -> &'static str {
        self.entry().example
    }

    /// The values that it takes, where they are a few names.
    pub fn choices(self) -> &'static [&'static str] {
        if let Grammar::Choice(names) = self.entry().grammar { names } else { &[] }
    }

    pub(crate) fn grammar(self) -> &'static Grammar {
        &self.entry().grammar
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
