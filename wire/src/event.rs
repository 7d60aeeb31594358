//! What happens on the wire of a connection, as `/inspect/{id}` sends it and `canyon --record` writes it: one JSON object a
//! line.
//!
//! ```
//! let line = r#"{"connection":7,"at":1764453600123456,"event":"missed","count":12}"#;
//! let event: wire::event::Event = line.parse()?;
//! assert_eq!(event.to_string(), line);
//! # Ok::<(), wire::event::EventError>(())
//! ```

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Most bytes of a frame's payload that its event has.
pub const FIRST_BYTES: usize = 32;

/// One thing that happened. Its text form is a line of JSON, without the line break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The number of the connection, unique as long as the server runs. Each WebSocket over HTTP/2 has one of its own.
    pub connection: u64,
    /// Microseconds since 1970; never less than in the event before of the same connection.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub happened: Happened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Happened {
    /// A client asked for a WebSocket.
    Request(Box<Request>),
    /// That was answered.
    Response(Box<Response>),
    /// A frame was read or written to its end, or as far as it went before the connection ended.
    Frame(Box<Frame>),
    /// The server fails the connection, because the peer broke a rule with what it sent before.
    Violation {
        /// Of the server's close frame.
        code: u16,
        /// Of the server's close frame.
        reason: String,
        /// Where the rule stands, such as `RFC 6455, 5.1`.
        section: String,
    },
    /// Events are missing here: the reader was too slow for them, or there was no memory.
    Missed {
        /// How many.
        count: u64,
    },
    /// The server is done with the connection.
    End,
}

/// A request as it reached the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The client's address.
    pub peer: String,
    /// Over HTTP/2, the number of the connection that the WebSocket is a stream of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_of: Option<u64>,
    /// Where the request is Canyon's own to another server (`canyon relay`), the number of the client's connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay_of: Option<u64>,
    /// What TLS negotiated, if it is spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// `GET`, or `CONNECT` over HTTP/2.
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// Names and values; over HTTP/1.1 as they were written and in their order.
    pub headers: Vec<(String, String)>,
    /// Bytes of the head over HTTP/1.1, with the empty line at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_bytes: Option<u64>,
}

/// What a TLS handshake negotiated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// Such as `TLSv1_3`.
    pub version: String,
    /// Such as `TLS13_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// The protocol that was chosen by ALPN ([RFC 7301](https://www.rfc-editor.org/rfc/rfc7301)), such as `h2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// The name that the client asked for ([RFC 6066, 3](https://www.rfc-editor.org/rfc/rfc6066#section-3)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// The response to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Absent where the URL asks for a response without a right one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The first line, where the URL asks for a response that HTTP would not write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Names and values, without the date.
    pub headers: Vec<(String, String)>,
    /// The sentence that refuses the request, if it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// One frame ([RFC 6455, 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Which way it went.
    pub direction: Direction,
    /// Whether it is the last of its message.
    pub fin: bool,
    /// The reserved bits, 0 to 7; RSV1 is 4.
    pub rsv: u8,
    /// 0 to 15.
    pub opcode: u8,
    /// The masking key, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "hex::key")]
    pub mask: Option<[u8; 4]>,
    /// The length of the payload that the header announces, in bytes.
    pub length: u64,
    /// In how many bits that is written.
    pub length_bits: LengthBits,
    /// The header, in hexadecimal digits.
    #[serde(with = "hex::bytes")]
    pub header: Vec<u8>,
    /// Bytes that crossed the wire: header and payload, less if the connection ended within the frame.
    pub wire: u64,
    /// The first [`FIRST_BYTES`] of the payload, without the mask, in hexadecimal digits.
    #[serde(with = "hex::bytes")]
    pub first: Vec<u8>,
    /// With the last frame of a compressed message, the bytes of the message before its compression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain: Option<u64>,
    /// With that, the first [`FIRST_BYTES`] of the message, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "hex::bytes")]
    pub plain_first: Vec<u8>,
}

/// Which way a frame went, as Canyon sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Read from the peer.
    In,
    /// Written to the peer.
    Out,
}

/// The form of a frame's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum LengthBits {
    /// In the second byte of the header.
    Seven,
    /// In 2 bytes behind it.
    Sixteen,
    /// In 8 bytes behind it.
    SixtyFour,
}

/// A text is no event.
#[derive(Debug, thiserror::Error)]
#[error("this line is no event of a wire: {0}")]
pub struct EventError(#[from] serde_json::Error);

impl Event {
    /// About how many bytes of memory it takes.
    pub fn size(&self) -> usize {
        let texts = |headers: &[(String, String)]| -> usize {
            headers.iter().map(|(name, value)| size_of::<(String, String)>() + name.len() + value.len()).sum()
        };
        let own = match &self.happened {
            Happened::Request(request) => {
                size_of::<Request>() + request.peer.len() + request.target.len() + texts(&request.headers)
            }
            Happened::Response(response) => {
                let texts = texts(&response.headers) + response.body.as_ref().map_or(0, String::len);
                size_of::<Response>() + texts + response.line.as_ref().map_or(0, String::len)
            }
            Happened::Frame(frame) => {
                size_of::<Frame>() + frame.header.capacity() + frame.first.capacity() + frame.plain_first.capacity()
            }
            Happened::Violation { reason, section, .. } => reason.len() + section.len(),
            Happened::Missed { .. } | Happened::End => 0,
        };
        size_of::<Self>() + own
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing in it can fail to be written: its keys are texts, its numbers integers.
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Event {
    type Err = EventError;

    fn from_str(line: &str) -> Result<Self, EventError> {
        Ok(serde_json::from_str(line)?)
    }
}

impl From<LengthBits> for u8 {
    fn from(bits: LengthBits) -> Self {
        match bits {
            LengthBits::Seven => 7,
            LengthBits::Sixteen => 16,
            LengthBits::SixtyFour => 64,
        }
    }
}

impl TryFrom<u8> for LengthBits {
    type Error = &'static str;

    fn try_from(bits: u8) -> Result<Self, Self::Error> {
        match bits {
            7 => Ok(Self::Seven),
            16 => Ok(Self::Sixteen),
            64 => Ok(Self::SixtyFour),
            _ => Err("a length is written in 7, 16 or 64 bits"),
        }
    }
}

/// Bytes in hexadecimal digits.
mod hex {
    use data_encoding::HEXLOWER;
    use serde::{Deserialize, Deserializer, de::Error};

    fn decoded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        HEXLOWER.decode(String::deserialize(deserializer)?.as_bytes()).map_err(D::Error::custom)
    }

    pub(super) mod bytes {
        use serde::{Deserializer, Serializer};

        pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&data_encoding::HEXLOWER.encode_display(bytes))
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
            super::decoded(deserializer)
        }
    }

    pub(super) mod key {
        use serde::{Deserializer, Serializer, de::Error};

        pub fn serialize<S: Serializer>(key: &Option<[u8; 4]>, serializer: S) -> Result<S::Ok, S::Error> {
            match key {
                Some(key) => super::bytes::serialize(key, serializer),
                None => serializer.serialize_none(),
            }
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[u8; 4]>, D::Error> {
            let key = super::decoded(deserializer)?;
            key.try_into().map(Some).map_err(|_| D::Error::custom("a masking key has 4 bytes"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    #[test]
    fn a_frame_is_a_line_that_other_programs_read() {
        let frame = Frame {
            direction: Direction::In,
            fin: true,
            rsv: 0,
            opcode: 1,
            mask: Some([0x37, 0xfa, 0x21, 0x3d]),
            length: 5,
            length_bits: LengthBits::Seven,
            header: b"\x81\x85\x37\xfa\x21\x3d".to_vec(),
            wire: 11,
            first: b"Hello".to_vec(),
            plain: None,
            plain_first: Vec::new(),
        };
        let event = Event { connection: 3, at: 1_764_453_600_123_456, happened: Happened::Frame(frame.into()) };
        let line = r#"{"connection":3,"at":1764453600123456,"event":"frame","direction":"in","fin":true,"rsv":0,"opcode":1,"mask":"37fa213d","length":5,"length_bits":7,"header":"818537fa213d","wire":11,"first":"48656c6c6f"}"#;
        assert_eq!(event.to_string(), line);
        assert_eq!(line.parse::<Event>().unwrap(), event);
    }

    #[test]
    fn a_line_that_is_no_event_is_refused_with_the_reason() {
        for (line, reason) in [
            ("", "EOF while parsing"),
            (r#"{"connection":1,"at":2}"#, "missing field `event`"),
            (r#"{"connection":1,"at":2,"event":"dance"}"#, "unknown variant `dance`"),
            (r#"{"connection":-1,"at":2,"event":"end"}"#, "invalid value"),
            (
                r#"{"connection":1,"at":2,"event":"frame","direction":"in","fin":true,"rsv":0,"opcode":1,"mask":"37","length":5,"length_bits":8,"header":"","wire":1,"first":""}"#,
                "a masking key has 4 bytes",
            ),
            (
                r#"{"connection":1,"at":2,"event":"frame","direction":"in","fin":true,"rsv":0,"opcode":1,"length":5,"length_bits":8,"header":"","wire":1,"first":""}"#,
                "7, 16 or 64 bits",
            ),
        ] {
            let error = line.parse::<Event>().unwrap_err().to_string();
            assert!(error.contains(reason), "{line}: {error}");
        }
    }

    fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
        vec((".{0,12}", ".{0,30}"), 0..5)
    }

    fn request() -> impl Strategy<Value = Happened> {
        let tls = (".{1,9}", ".{1,9}", option::of(".{0,9}"), option::of(".{0,9}"))
            .prop_map(|(version, cipher, alpn, server_name)| Tls { version, cipher, alpn, server_name });
        let texts = (".{0,9}", ".{0,9}", ".{0,9}", ".{0,40}");
        let number = || option::of(any::<u64>());
        (texts, number(), number(), option::of(tls), headers(), number()).prop_map(
            |((peer, version, method, target), stream_of, relay_of, tls, headers, head_bytes)| {
                let request = Request { peer, stream_of, relay_of, tls, version, method, target, headers, head_bytes };
                Happened::Request(request.into())
            },
        )
    }

    fn response() -> impl Strategy<Value = Happened> {
        (option::of(any::<u16>()), option::of(".{0,30}"), headers(), option::of(".{0,30}")).prop_map(
            |(status, line, headers, body)| Happened::Response(Response { status, line, headers, body }.into()),
        )
    }

    fn frame() -> impl Strategy<Value = Happened> {
        let bits = prop_oneof![Just(LengthBits::Seven), Just(LengthBits::Sixteen), Just(LengthBits::SixtyFour)];
        let start = (prop_oneof![Just(Direction::In), Just(Direction::Out)], any::<bool>(), 0..8_u8, 0..16_u8);
        let first = || vec(any::<u8>(), 0..FIRST_BYTES);
        let bytes = (vec(any::<u8>(), 2..14), first(), first());
        let sizes = (any::<u64>(), bits, any::<u64>(), option::of(any::<u64>()));
        (start, any::<Option<[u8; 4]>>(), bytes, sizes).prop_map(
            |(
                (direction, fin, rsv, opcode),
                mask,
                (header, first, plain_first),
                (length, length_bits, wire, plain),
            )| {
                Happened::Frame(Box::new(Frame {
                    direction,
                    fin,
                    rsv,
                    opcode,
                    mask,
                    length,
                    length_bits,
                    header,
                    wire,
                    first,
                    plain,
                    plain_first,
                }))
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_the_same(
            connection in any::<u64>(),
            at in any::<u64>(),
            happened in prop_oneof![
                request(),
                response(),
                frame(),
                (any::<u16>(), ".{0,30}", ".{0,12}")
                    .prop_map(|(code, reason, section)| Happened::Violation { code, reason, section }),
                any::<u64>().prop_map(|count| Happened::Missed { count }),
                Just(Happened::End),
            ],
        ) {
            let event = Event { connection, at, happened };
            let line = event.to_string();
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(line.parse::<Event>().unwrap(), event);
        }

        #[test]
        fn no_line_makes_the_reader_panic(line in ".{0,80}") {
            let _ = line.parse::<Event>();
        }
    }
}
