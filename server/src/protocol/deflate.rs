//! permessage-deflate ([RFC 7692](https://www.rfc-editor.org/rfc/rfc7692)): what is negotiated in the opening
//! handshake, and the two directions that follow from it. Never touches a socket or a frame header of the peer.

mod deflater;
mod inflater;
mod offer;
mod window_bits;

use std::fmt;

pub(crate) use deflater::Deflater;
pub(crate) use inflater::Inflater;
pub use offer::MalformedHeader;
use offer::{Offer, offers};
pub use window_bits::{WindowBits, WindowBitsError};

/// The extension's name in `Sec-WebSocket-Extensions`.
const NAME: &str = "permessage-deflate";

/// What it costs to make a compressor or an inflater, as bytes that they could make instead.
const ANEW: usize = 8 << 10;

/// Whether an LZ77 window outlives its message
/// ([RFC 7692, 7.1.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The next message may refer back to this one: smaller messages, for memory that is held as long as the
    /// connection.
    Takeover,
    /// Each message starts without what came before.
    NoTakeover,
}

/// What the server is ready to agree to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeflateConfig {
    /// Largest window of the server's compressor. 12 bits cost 112 KiB less a connection than 15.
    pub server_window: WindowBits,
    /// Largest window for a client that accepts a smaller one. The inflater's memory does not depend on it.
    pub client_window: WindowBits,
    /// Whether the server's messages may refer back.
    pub server_context: Context,
    /// Whether the client's messages may refer back.
    pub client_context: Context,
    /// Messages of fewer bytes go uncompressed: there is nothing to win.
    pub threshold: usize,
}

impl Default for DeflateConfig {
    fn default() -> Self {
        Self {
            server_window: WindowBits::DEFAULT,
            client_window: WindowBits::MAX,
            server_context: Context::Takeover,
            client_context: Context::Takeover,
            threshold: 128,
        }
    }
}

/// What both sides hold to; its `Display` is the server's `Sec-WebSocket-Extensions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    server_context: Context,
    client_context: Context,
    /// Present where the client asked for it, or the server uses less than the most.
    server_window: Option<WindowBits>,
    /// Present where the server asks for less than the client would use.
    client_window: Option<WindowBits>,
    /// [`DeflateConfig::threshold`]: known to the server alone.
    threshold: usize,
}

/// Finds the first of the client's offers that the server can take, if any.
///
/// `values` are those of all `Sec-WebSocket-Extensions` headers, in order; without a `config` nothing is agreed.
/// An extension that is unknown, or a parameter that makes no sense, declines its offer only; a header that breaks
/// the grammar is to be answered with 400.
pub fn negotiate<'value>(
    values: impl IntoIterator<Item = &'value [u8]>,
    config: Option<&DeflateConfig>,
) -> Result<Option<Agreed>, MalformedHeader> {
    let mut agreed = None;
    for value in values {
        for extension in offers(value)? {
            agreed = agreed.or_else(|| Agreed::to(&Offer::from_extension(&extension)?, config?));
        }
    }
    Ok(agreed)
}

impl Agreed {
    fn to(offer: &Offer, config: &DeflateConfig) -> Option<Self> {
        Some(Self {
            server_context: either(config.server_context, offer.server_context),
            client_context: either(config.client_context, offer.client_context),
            server_window: match offer.server_window {
                Some(bits) => Some(config.server_window.min(bits.try_into().ok()?)),
                None => Some(config.server_window).filter(|&bits| bits < WindowBits::MAX),
            },
            // The client's own hint binds it without an answer, and 8 bits can be inflated, though not answered.
            client_window: offer
                .client_window
                .filter(|&hint| u8::from(config.client_window) < hint)
                .map(|_| config.client_window),
            threshold: config.threshold,
        })
    }
}

/// Why a server's `Sec-WebSocket-Extensions` fails the handshake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It breaks the grammar.
    #[error(transparent)]
    Malformed(#[from] MalformedHeader),
    /// It was not offered, or not with these parameters.
    #[error("the server agreed to {0:?}, which was not offered")]
    NotOffered(String),
    /// It asks for what this compressor cannot do.
    #[error("the server asks for a window of 8 bits, which zlib does not compress with")]
    Window8,
}

impl Agreed {
    /// What a client and a server have agreed on, from the client's offer and the values of the server's answer, turned
    /// round for [`Role::Client`](super::Role): its `server` stands for this side, which compresses messages of
    /// `threshold` bytes and more.
    ///
    /// # Errors
    /// The client must fail the connection ([RFC 7692, 7.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1)).
    pub fn for_client<'value>(
        offer: &str,
        answer: impl IntoIterator<Item = &'value [u8]>,
        threshold: usize,
    ) -> Result<Option<Self>, AnswerError> {
        let offered: Vec<_> = if offer.is_empty() { Vec::new() } else { offers(offer.as_bytes())? };
        let mut agreed = None;
        for value in answer {
            for extension in offers(value)? {
                let not_offered = || AnswerError::NotOffered(String::from_utf8_lossy(value).into_owned());
                let answer = Offer::from_answer(&extension).filter(|_| agreed.is_none()).ok_or_else(not_offered)?;
                if !offered.iter().filter_map(Offer::from_extension).any(|offer| offer.admits(&answer)) {
                    return Err(not_offered());
                }
                let window = answer.client_window.map(WindowBits::try_from).transpose();
                agreed = Some(Self {
                    server_context: answer.client_context,
                    client_context: answer.server_context,
                    server_window: window.map_err(|_| AnswerError::Window8)?,
                    client_window: None,
                    threshold,
                });
            }
        }
        Ok(agreed)
    }
}

/// No takeover if either side wants it so.
fn either(ours: Context, theirs: Context) -> Context {
    if ours == Context::NoTakeover { ours } else { theirs }
}

impl fmt::Display for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if self.server_context == Context::NoTakeover {
            f.write_str("; server_no_context_takeover")?;
        }
        if self.client_context == Context::NoTakeover {
            f.write_str("; client_no_context_takeover")?;
        }
        if let Some(bits) = self.server_window {
            write!(f, "; server_max_window_bits={bits}")?;
        }
        if let Some(bits) = self.client_window {
            write!(f, "; client_max_window_bits={bits}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_with(config: &DeflateConfig, header: &str) -> Option<String> {
        negotiate([header.as_bytes()], Some(config)).unwrap().map(|agreed| agreed.to_string())
    }

    /// The answer of a server that leaves all to the client.
    fn answer(header: &str) -> Option<String> {
        answer_with(&DeflateConfig { server_window: WindowBits::MAX, ..DeflateConfig::default() }, header)
    }

    fn accepts(header: &str) -> bool {
        answer(header).is_some()
    }

    #[test]
    fn a_bare_offer_is_accepted_as_it_is() {
        assert_eq!(answer("permessage-deflate").as_deref(), Some("permessage-deflate"));
    }

    #[test]
    fn by_default_the_server_promises_a_window_of_12_bits() {
        let answer = answer_with(&DeflateConfig::default(), "permessage-deflate; client_max_window_bits");
        assert_eq!(answer.as_deref(), Some("permessage-deflate; server_max_window_bits=12"));
    }

    #[test]
    fn an_offered_server_window_is_answered_with_the_smaller_of_both() {
        let config = DeflateConfig::default();
        let answer = |bits| answer_with(&config, &format!("permessage-deflate; server_max_window_bits={bits}"));
        assert_eq!(answer(10).as_deref(), Some("permessage-deflate; server_max_window_bits=10"));
        assert_eq!(answer(15).as_deref(), Some("permessage-deflate; server_max_window_bits=12"));
    }

    #[test]
    fn an_offered_server_window_is_answered_even_where_it_is_the_largest() {
        let answer = answer("permessage-deflate; server_max_window_bits=15");
        assert_eq!(answer.as_deref(), Some("permessage-deflate; server_max_window_bits=15"));
    }

    #[test]
    fn a_server_window_of_8_bits_is_declined_for_the_next_offer() {
        let header = "permessage-deflate; server_max_window_bits=8, permessage-deflate";
        assert_eq!(answer(header).as_deref(), Some("permessage-deflate"));
    }

    #[test]
    fn a_client_window_is_asked_for_only_from_clients_that_offer_it() {
        let config = DeflateConfig {
            server_window: WindowBits::MAX,
            client_window: WindowBits::try_from(10).unwrap(),
            ..DeflateConfig::default()
        };
        let answer = |header| answer_with(&config, header);
        assert_eq!(answer("permessage-deflate").as_deref(), Some("permessage-deflate"));
        let asked = Some("permessage-deflate; client_max_window_bits=10");
        assert_eq!(answer("permessage-deflate; client_max_window_bits").as_deref(), asked);
        assert_eq!(answer("permessage-deflate; client_max_window_bits=15").as_deref(), asked);
    }

    #[test]
    fn a_client_window_that_is_small_enough_needs_no_answer() {
        for bits in 8..=15 {
            let answer = answer(&format!("permessage-deflate; client_max_window_bits={bits}"));
            assert_eq!(answer.as_deref(), Some("permessage-deflate"));
        }
    }

    #[test]
    fn either_side_can_refuse_context_takeover() {
        let both = Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover");
        let header = "permessage-deflate; client_no_context_takeover; server_no_context_takeover";
        assert_eq!(answer(header).as_deref(), both);
        let config = DeflateConfig {
            server_window: WindowBits::MAX,
            server_context: Context::NoTakeover,
            client_context: Context::NoTakeover,
            ..DeflateConfig::default()
        };
        assert_eq!(answer_with(&config, "permessage-deflate").as_deref(), both);
    }

    #[test]
    fn the_first_acceptable_offer_of_all_headers_wins() {
        let values: [&[u8]; 2] = [
            b"x-webkit-deflate-frame, permessage-deflate; unknown",
            b"permessage-deflate; server_max_window_bits=11, permessage-deflate; server_max_window_bits=9",
        ];
        let agreed = negotiate(values, Some(&DeflateConfig::default())).unwrap().unwrap();
        assert_eq!(agreed.to_string(), "permessage-deflate; server_max_window_bits=11");
    }

    #[test]
    fn an_offer_with_an_unknown_parameter_is_declined() {
        assert!(!accepts("permessage-deflate; mux"));
    }

    #[test]
    fn an_offer_with_a_parameter_twice_is_declined() {
        for name in [
            "server_no_context_takeover",
            "client_no_context_takeover",
            "server_max_window_bits=10",
            "client_max_window_bits",
        ] {
            assert!(accepts(&format!("permessage-deflate; {name}")), "{name}");
            assert!(!accepts(&format!("permessage-deflate; {name}; {name}")), "{name}");
        }
    }

    #[test]
    fn an_offer_with_a_value_where_none_belongs_is_declined() {
        assert!(!accepts("permessage-deflate; server_no_context_takeover=1"));
        assert!(!accepts("permessage-deflate; client_no_context_takeover=true"));
    }

    #[test]
    fn an_offer_with_a_window_that_is_no_number_from_8_to_15_is_declined() {
        for value in ["7", "16", "012", "+9", "1O", "999", "0", "a"] {
            assert!(!accepts(&format!("permessage-deflate; client_max_window_bits={value}")), "{value}");
            assert!(!accepts(&format!("permessage-deflate; server_max_window_bits={value}")), "{value}");
        }
        assert!(!accepts("permessage-deflate; server_max_window_bits"));
    }

    #[test]
    fn a_quoted_value_is_the_same_as_a_bare_one() {
        let answer = answer(r#"permessage-deflate; server_max_window_bits="1\0""#);
        assert_eq!(answer.as_deref(), Some("permessage-deflate; server_max_window_bits=10"));
    }

    #[test]
    fn nothing_is_agreed_where_compression_is_off() {
        assert_eq!(negotiate([b"permessage-deflate".as_slice()], None), Ok(None));
    }

    #[test]
    fn a_malformed_header_is_an_error_even_after_an_acceptable_offer() {
        let values: [&[u8]; 2] = [b"permessage-deflate", b"permessage-deflate;"];
        assert!(negotiate(values, Some(&DeflateConfig::default())).is_err());
        assert!(negotiate(values, None).is_err());
    }

    #[test]
    fn a_client_takes_only_what_it_has_offered() {
        let answer = |offer: &str, answer: &str| Agreed::for_client(offer, [answer.as_bytes()], 0);
        let bare = "permessage-deflate";
        let window = "permessage-deflate; client_max_window_bits";
        let ours = answer(window, "permessage-deflate; client_max_window_bits=10; server_no_context_takeover");
        let ours = ours.unwrap().unwrap();
        assert_eq!(ours.server_window.map(u8::from), Some(10));
        assert_eq!((ours.server_context, ours.client_context), (Context::Takeover, Context::NoTakeover));
        assert_eq!(Agreed::for_client(bare, [], 0), Ok(None));
        for (offer, wrong) in [
            ("", bare),
            (bare, "x-webkit-deflate-frame"),
            (bare, "permessage-deflate; client_max_window_bits=10"),
            (bare, "permessage-deflate, permessage-deflate"),
            (bare, "permessage-deflate; mux"),
            (window, window),
            ("permessage-deflate; server_max_window_bits=10", bare),
            ("permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=11"),
            ("permessage-deflate; server_no_context_takeover", bare),
        ] {
            assert_eq!(answer(offer, wrong), Err(AnswerError::NotOffered(wrong.to_owned())), "{offer}");
        }
        let window8 = answer(window, "permessage-deflate; client_max_window_bits=8");
        assert_eq!(window8, Err(AnswerError::Window8));
        assert!(answer(bare, ";").unwrap_err().to_string().contains("a token expected at byte 0"));
    }

    proptest::proptest! {
        /// What a client of ours offers and this server agrees to, both understand in the same way.
        #[test]
        fn both_sides_agree_on_the_same(
            offer in "permessage-deflate(; server_no_context_takeover)?(; client_no_context_takeover)?\
                      (; server_max_window_bits=(9|1[0-5]))?(; client_max_window_bits(=(9|1[0-5]))?)?",
            ours in 9u8..=15, theirs in 9u8..=15,
        ) {
            let config = DeflateConfig {
                server_window: ours.try_into().unwrap(),
                client_window: theirs.try_into().unwrap(),
                ..DeflateConfig::default()
            };
            let server = negotiate([offer.as_bytes()], Some(&config)).unwrap().unwrap();
            let client = Agreed::for_client(&offer, [server.to_string().as_bytes()], 0).unwrap().unwrap();
            proptest::prop_assert_eq!(client.client_context, server.server_context);
            proptest::prop_assert_eq!(client.server_context, server.client_context);
            proptest::prop_assert_eq!(client.server_window, server.client_window);
        }

        #[test]
        fn whatever_is_offered_gets_a_verdict_and_what_is_agreed_is_agreed_again(
            header in "(permessage-deflate|x)?([;=, ]{1,2}(server|client)_(max_window_bits|no_context_takeover)(=[0-9]{1,2})?){0,4}.{0,3}",
        ) {
            if let Ok(Some(agreed)) = negotiate([header.as_bytes()], Some(&DeflateConfig::default())) {
                let answer = agreed.to_string();
                proptest::prop_assert_eq!(answer_with(&DeflateConfig::default(), &answer), Some(answer));
            }
        }
    }
}
