//! What a connection through Canyon's relay asks for beside address and subprotocols.

use model::Quoted;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use wire::relay::{Identity, Request, Trust};

/// Names of headers whose values are secrets.
const SECRET_HEADERS: [&str; 8] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "sec-websocket-key",
    "set-cookie",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
];

/// As typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RelayOptions {
    /// One header a line, as `Name: value`; a line that begins with `#` is off.
    pub headers: String,
    pub trust: TrustChoice,
    /// In PEM, for [`TrustChoice::Issuers`].
    pub issuers: String,
    /// The client's certificate in PEM; empty for none.
    pub certificate: String,
    /// Its private key in PEM.
    pub key: String,
    /// `http://host:port` or `socks5://host:port`; empty for none.
    pub proxy: String,
    pub compression: CompressionOffer,
    /// Seconds between pings; empty for none.
    pub ping: String,
    /// Bytes of a frame at most; empty for one frame a message.
    pub fragment: String,
    /// Whether headers, certificates and proxy are stored in the browser, too.
    pub keep: bool,
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustChoice {
    #[default]
    System,
    Issuers,
    Anyone,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CompressionOffer {
    /// What browsers offer.
    #[default]
    Usual,
    None,
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum RelayOptionsError {
    #[error("line {line} of the headers, {}, has no colon: write one as Authorization: Bearer abc", Quoted(.text))]
    Header { line: usize, text: String },
    #[error("the time between pings is {}: enter seconds, 1 to 3600, or nothing", Quoted(.0))]
    Ping(String),
    #[error("the largest frame is {}: enter bytes, 1 or more, or nothing", Quoted(.0))]
    Fragment(String),
    #[error("a client's certificate needs its key, and a key its certificate")]
    Identity,
}

impl TrustChoice {
    pub const ALL: [Self; 3] = [Self::System, Self::Issuers, Self::Anyone];
}

impl RelayOptions {
    /// The request to the relay, still without its token.
    ///
    /// # Errors
    /// A field cannot be read.
    pub fn request(&self, url: &str, subprotocols: &[String]) -> Result<Request, RelayOptionsError> {
        let mut request = Request::new("", url);
        request.headers = self.header_list()?;
        request.subprotocols = subprotocols.to_vec();
        if self.compression == CompressionOffer::None {
            request.extensions.clear();
        }
        request.trust = match self.trust {
            TrustChoice::System => Trust::System,
            TrustChoice::Issuers => Trust::Issuers(self.issuers.clone()),
            TrustChoice::Anyone => Trust::Anyone,
        };
        request.identity = self.identity()?;
        request.proxy = Some(self.proxy.trim().to_owned()).filter(|proxy| !proxy.is_empty());
        let seconds = number(&self.ping, 3600).map_err(RelayOptionsError::Ping)?;
        request.ping_interval_ms = seconds * 1000;
        request.fragment = number(&self.fragment, u32::MAX).map_err(RelayOptionsError::Fragment)?;
        Ok(request)
    }

    fn header_list(&self) -> Result<Vec<(String, String)>, RelayOptionsError> {
        let lines = self.headers.lines().enumerate();
        let used = lines.filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
        used.map(|(index, line)| match line.split_once(':') {
            Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
            None => Err(RelayOptionsError::Header { line: index + 1, text: line.to_owned() }),
        })
        .collect()
    }

    fn identity(&self) -> Result<Option<Identity>, RelayOptionsError> {
        match (self.certificate.trim(), self.key.trim()) {
            ("", "") => Ok(None),
            ("", _) | (_, "") => Err(RelayOptionsError::Identity),
            (certificate, key) => Ok(Some(Identity { certificate: certificate.to_owned(), key: key.to_owned() })),
        }
    }

    /// As it may be stored: without secrets, unless the person wants them kept. Empty where all is as usual.
    pub fn to_stored(&self) -> String {
        let Self { trust, compression, ref ping, ref fragment, .. } = *self;
        let kept = match self.keep {
            true => self.clone(),
            false => Self { trust, compression, ping: ping.clone(), fragment: fragment.clone(), ..Self::default() },
        };
        // These have nothing that JSON cannot hold.
        if kept == Self::default() { String::new() } else { serde_json::to_string(&kept).unwrap_or_default() }
    }

    /// Defaults replace what is missing; an unreadable text is as an empty one.
    pub fn from_stored(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// 0 for an empty text.
fn number(text: &str, most: u32) -> Result<u32, String> {
    match text.trim() {
        "" => Ok(0),
        digits => digits.parse().ok().filter(|number| (1..=most).contains(number)).ok_or_else(|| text.to_owned()),
    }
}

/// The value of a header as it may be shown to others.
pub fn masked<'a>(name: &str, value: &'a str) -> &'a str {
    if SECRET_HEADERS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) { "(hidden)" } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(headers: &str) -> RelayOptions {
        RelayOptions { headers: headers.to_owned(), ..RelayOptions::default() }
    }

    #[test]
    fn headers_keep_their_order_and_those_behind_a_hash_are_off() {
        let request = typed("B: 1\n\n# C: 2\n a : x:y \nB:").request("ws://a/", &["chat".to_owned()]).unwrap();
        let headers = [("B", "1"), ("a", "x:y"), ("B", "")];
        assert_eq!(request.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!((request.url.as_str(), request.subprotocols), ("ws://a/", vec!["chat".to_owned()]));
        assert_eq!(request.extensions, "permessage-deflate; client_max_window_bits");
    }

    #[test]
    fn a_field_that_cannot_be_read_is_named_with_its_value() {
        let wrong = |options: RelayOptions| options.request("ws://a/", &[]).unwrap_err().to_string();
        let default = RelayOptions::default;
        assert_eq!(
            wrong(typed("A: 1\nBearer abc")),
            "line 2 of the headers, \"Bearer abc\", has no colon: write one as Authorization: Bearer abc"
        );
        assert!(wrong(RelayOptions { ping: "0".to_owned(), ..default() }).contains("\"0\""));
        assert!(wrong(RelayOptions { fragment: "1k".to_owned(), ..default() }).contains("\"1k\""));
        assert!(wrong(RelayOptions { key: "k".to_owned(), ..default() }).contains("certificate"));
    }

    #[test]
    fn secrets_are_stored_only_where_the_person_wants_them_kept() {
        let mut options = typed("Authorization: Bearer abc");
        assert_eq!(options.to_stored(), "");
        options.trust = TrustChoice::Anyone;
        assert!(!options.to_stored().contains("abc"), "{}", options.to_stored());
        assert_eq!(RelayOptions::from_stored(&options.to_stored()).trust, TrustChoice::Anyone);
        options.keep = true;
        assert_eq!(RelayOptions::from_stored(&options.to_stored()), options);
        assert_eq!(RelayOptions::from_stored("{"), RelayOptions::default());
    }

    #[test]
    fn a_secret_header_is_masked_in_any_case() {
        assert_eq!(masked("AUTHORIZATION", "Bearer abc"), "(hidden)");
        assert_eq!(masked("X-Request-Id", "7"), "7");
    }
}
