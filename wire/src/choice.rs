//! Values that are one of a few names.

/// An enum whose variants are names in a URL, each with a sentence about it.
macro_rules! choices {
    ($(#[$about:meta])* $name:ident { $($variant:ident $text:literal $sentence:literal)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $(#[doc = $sentence] $variant,)* }

        impl $name {
            /// All of them, in the order in which they are listed.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            pub(crate) const NAMES: &'static [&'static str] = &[$($text),*];

            /// How it is written in a URL.
            pub fn name(self) -> &'static str {
                Self::NAMES[self as usize]
            }

            /// It in one sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }

            /// The one at this place in the table; the first for a place that does not exist.
            #[allow(dead_code, reason = "some are only compared by name")]
            pub(crate) fn at(place: u64) -> Self {
                usize::try_from(place).ok().and_then(|place| Self::ALL.get(place)).copied().unwrap_or(Self::ALL[0])
            }
        }
    };
}

pub(crate) use choices;

choices! {
    /// A switch.
    Switch {
        Yes "yes" "on"
        No "no" "off"
    }
}

choices! {
    /// The type of a message.
    Kind {
        Text "text" "text messages"
        Binary "binary" "binary messages"
    }
}

choices! {
    /// How a connection is dropped without a close frame.
    How {
        Fin "fin" "TCP's orderly end"
        Rst "rst" "a TCP reset, which discards what is under way"
    }
}

choices! {
    /// When a connection is dropped.
    On {
        Open "open" "as soon as it is open"
        Message "message" "after a number of messages, which are echoed"
        Close "close" "when the client's close frame has come, instead of an answer"
    }
}

choices! {
    /// The `SameSite` attribute of a cookie.
    SameSite {
        Strict "strict" "only sent by the site itself"
        Lax "lax" "also sent when a link leads to the site"
        None "none" "always sent, if it is secure"
    }
}

choices! {
    /// The status of a redirect.
    RedirectStatus {
        S302 "302" "Found"
        S301 "301" "Moved Permanently"
        S303 "303" "See Other"
        S307 "307" "Temporary Redirect"
        S308 "308" "Permanent Redirect"
    }
}

choices! {
    /// The value of `Cross-Origin-Embedder-Policy`.
    EmbedderPolicy {
        RequireCorp "require-corp" "only what allows it explicitly is loaded"
        Credentialless "credentialless" "other origins get no credentials"
    }
}

choices! {
    /// The value of `Cross-Origin-Resource-Policy`.
    ResourcePolicy {
        SameOrigin "same-origin" "for the same origin"
        SameSite "same-site" "for the same site"
        CrossOrigin "cross-origin" "for everyone"
    }
}

impl Switch {
    /// Whether it is on.
    pub fn is_on(self) -> bool {
        self == Self::Yes
    }
}

impl RedirectStatus {
    /// The number.
    pub fn code(self) -> u16 {
        match self {
            Self::S301 => 301,
            Self::S302 => 302,
            Self::S303 => 303,
            Self::S307 => 307,
            Self::S308 => 308,
        }
    }
}
