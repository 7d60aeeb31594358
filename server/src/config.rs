//! Every setting of the server in one place, with its default, flag and environment variable. Never what enforces it.

use std::{num::NonZeroUsize, time::Duration};

use bytesize::ByteSize;

use crate::{
    http::access::Access,
    http::token::Subprotocol,
    protocol::deflate::{Context, DeflateConfig, WindowBits},
};

/// All settings of the server; each is also a flag of `canyon` and an environment variable.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
pub struct Config {
    /// Subprotocol that the server speaks; may be given more than once, or several with commas. The first that a
    /// client asks for and the server knows is agreed.
    #[arg(long, env = "CANYON_SUBPROTOCOL", value_name = "NAME", value_delimiter = ',')]
    pub subprotocol: Vec<Subprotocol>,

    /// Workers that carry connections, with two threads each [default: one for each processor]
    #[arg(long, env = "CANYON_WORKERS", value_name = "COUNT", value_parser = count)]
    pub workers: Option<NonZeroUsize>,

    /// What a peer may take.
    #[command(flatten)]
    pub limits: Limits,

    /// What is compressed, and how.
    #[command(flatten)]
    pub compression: Compression,

    /// Who may connect.
    #[command(flatten)]
    pub access: Access,
}

/// What a peer may take of the server's memory, time and sockets.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Largest message, after inflating; a larger one is answered with close code 1009
    #[arg(long, env = "CANYON_MAX_MESSAGE_SIZE", value_name = "SIZE", default_value = "1MiB", value_parser = size)]
    pub max_message_size: ByteSize,

    /// Most fragments of a message; more are answered with close code 1009
    #[arg(long, env = "CANYON_MAX_FRAGMENTS", value_name = "COUNT", default_value = "4096", value_parser = count)]
    pub max_fragments: NonZeroUsize,

    /// Most bytes that wait for a client to read, beside one message of the largest size and what the system's socket
    /// holds; 64KiB or more
    #[arg(long, env = "CANYON_MAX_WRITE_BUFFER", value_name = "SIZE", default_value = "256KiB", value_parser = write_buffer)]
    pub max_write_buffer: ByteSize,

    /// Largest head of a request, from 8KiB to 1MiB; a larger one is answered with 431
    #[arg(long, env = "CANYON_MAX_HEAD_SIZE", value_name = "SIZE", default_value = "16KiB", value_parser = head_size)]
    pub max_head_size: ByteSize,

    /// Most headers of a request; more are answered with 431
    #[arg(long, env = "CANYON_MAX_HEADERS", value_name = "COUNT", default_value = "100", value_parser = count)]
    pub max_headers: NonZeroUsize,

    /// Most connections at once; more are answered with 503
    #[arg(long, env = "CANYON_MAX_CONNECTIONS", value_name = "COUNT", default_value = "10000", value_parser = count)]
    pub max_connections: NonZeroUsize,

    /// Most connections at once from one IPv4 address or one IPv6 /64 network; more are answered with 503
    /// [default: no limit of its own]
    #[arg(long, env = "CANYON_MAX_CONNECTIONS_PER_ADDRESS", value_name = "COUNT", value_parser = count)]
    pub max_connections_per_address: Option<NonZeroUsize>,

    /// Time for the whole head of a request; a slower client is cut off
    #[arg(long, env = "CANYON_HANDSHAKE_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = positive)]
    pub handshake_timeout: humantime::Duration,

    /// Time between pings to a client; 0s sends none
    #[arg(long, env = "CANYON_PING_INTERVAL", value_name = "TIME", default_value = "20s", value_parser = time)]
    pub ping_interval: humantime::Duration,

    /// Time for anything to come from a client after a ping; else it gets close code 1011
    #[arg(long, env = "CANYON_PING_TIMEOUT", value_name = "TIME", default_value = "20s", value_parser = positive)]
    pub ping_timeout: humantime::Duration,

    /// Time in which a client must read some of what waits for it, about 200KiB where that much waits; else it is cut off
    #[arg(long, env = "CANYON_WRITE_TIMEOUT", value_name = "TIME", default_value = "20s", value_parser = positive)]
    pub write_timeout: humantime::Duration,

    /// Time for a client to answer a close frame; a slower one is cut off
    #[arg(long, env = "CANYON_CLOSE_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = time)]
    pub close_timeout: humantime::Duration,

    /// Time for all clients to leave when the server stops; who stays longer is cut off
    #[arg(long, env = "CANYON_DRAIN_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = time)]
    pub drain_timeout: humantime::Duration,
}

/// The same as the command line's.
impl Default for Limits {
    fn default() -> Self {
        let seconds = |seconds| Duration::from_secs(seconds).into();
        Self {
            max_message_size: ByteSize::mib(1),
            max_fragments: const { NonZeroUsize::new(4096).unwrap() },
            max_write_buffer: ByteSize::kib(256),
            max_head_size: ByteSize::kib(16),
            max_headers: const { NonZeroUsize::new(100).unwrap() },
            max_connections: const { NonZeroUsize::new(10_000).unwrap() },
            max_connections_per_address: None,
            handshake_timeout: seconds(10),
            ping_interval: seconds(20),
            ping_timeout: seconds(20),
            write_timeout: seconds(20),
            close_timeout: seconds(10),
            drain_timeout: seconds(10),
        }
    }
}

/// permessage-deflate ([RFC 7692](https://www.rfc-editor.org/rfc/rfc7692)) as the server offers it.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Compression")]
pub struct Compression {
    /// Agree to no compression
    #[arg(long, env = "CANYON_NO_DEFLATE")]
    pub no_deflate: bool,

    /// Largest window of the server's compressor, from 9 to 15 bits: more compress better and take more memory
    #[arg(long, env = "CANYON_DEFLATE_WINDOW", value_name = "BITS", default_value = "12")]
    pub deflate_window: WindowBits,

    /// Largest window that clients are asked to use, from 9 to 15 bits
    #[arg(long, env = "CANYON_DEFLATE_CLIENT_WINDOW", value_name = "BITS", default_value = "15")]
    pub deflate_client_window: WindowBits,

    /// Compress each message for itself, on both sides
    #[arg(long, env = "CANYON_DEFLATE_NO_CONTEXT_TAKEOVER")]
    pub deflate_no_context_takeover: bool,

    /// Smallest message that is compressed
    #[arg(long, env = "CANYON_DEFLATE_THRESHOLD", value_name = "SIZE", default_value = "128B", value_parser = size)]
    pub deflate_threshold: ByteSize,
}

/// The same as the command line's.
impl Default for Compression {
    fn default() -> Self {
        let defaults = DeflateConfig::default();
        Self {
            no_deflate: false,
            deflate_window: defaults.server_window,
            deflate_client_window: defaults.client_window,
            deflate_no_context_takeover: false,
            deflate_threshold: ByteSize::b(defaults.threshold as u64),
        }
    }
}

impl Compression {
    /// What the server is ready to agree to, if anything.
    pub(crate) fn deflate(&self) -> Option<DeflateConfig> {
        let context = if self.deflate_no_context_takeover { Context::NoTakeover } else { Context::Takeover };
        (!self.no_deflate).then_some(DeflateConfig {
            server_window: self.deflate_window,
            client_window: self.deflate_client_window,
            server_context: context,
            client_context: context,
            threshold: bytes(self.deflate_threshold),
        })
    }
}

/// A size as the count of bytes that memory is measured in; one that this machine cannot address is the largest it can.
pub(crate) fn bytes(size: ByteSize) -> usize {
    usize::try_from(size.as_u64()).unwrap_or(usize::MAX)
}

fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "must be a whole number from 1 on".to_owned())
}

fn time(text: &str) -> Result<humantime::Duration, String> {
    text.parse().map_err(|_| "must be a time such as 500ms, 10s or 2m".to_owned())
}

fn positive(text: &str) -> Result<humantime::Duration, String> {
    time(text).and_then(|time| if time.is_zero() { Err("must be more than 0s".to_owned()) } else { Ok(time) })
}

fn size(text: &str) -> Result<ByteSize, String> {
    text.parse().map_err(|_| "must be a size such as 1000B, 64KiB or 1MiB".to_owned())
}

fn write_buffer(text: &str) -> Result<ByteSize, String> {
    let size = size(text)?;
    // As much as the fast path gathers for one write, and room for the pongs of one batch beside the largest message.
    if size >= ByteSize::kib(64) { Ok(size) } else { Err("must be 64KiB or more".to_owned()) }
}

fn head_size(text: &str) -> Result<ByteSize, String> {
    let size = size(text)?;
    let range = ByteSize::kib(8)..=ByteSize::mib(1);
    if range.contains(&size) { Ok(size) } else { Err("must be from 8KiB to 1MiB".to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Config, String> {
        let command = Config::augment_args(Command::new("test").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments).map_err(|error| error.to_string())?;
        Config::from_arg_matches(&matches).map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_without_flags_is_the_default() {
        assert_eq!(parse(&[]), Ok(Config::default()));
    }

    #[test]
    fn sizes_and_times_are_read_with_their_units() {
        let limits = parse(&["--max-message-size", "64MiB", "--close-timeout", "1500ms"]).unwrap().limits;
        assert_eq!(limits.max_message_size, ByteSize::mib(64));
        assert_eq!(*limits.close_timeout, Duration::from_millis(1500));
    }

    #[test]
    fn a_value_that_cannot_be_is_named() {
        for (flag, value) in [
            ("--max-message-size", "much"),
            ("--max-head-size", "1KiB"),
            ("--max-fragments", "0"),
            ("--workers", "0"),
            ("--ping-timeout", "soon"),
            ("--ping-timeout", "0s"),
            ("--max-write-buffer", "1KiB"),
            ("--subprotocol", "two words"),
            ("--allow-host", "http://example.com"),
            ("--allow-origin", "example.com"),
        ] {
            let error = parse(&[flag, value]).unwrap_err();
            assert!(error.contains(flag) && error.contains(value), "{error}");
        }
    }
}
