//! Every setting of the server in one place, with its default, range, flag and environment variable.

mod values;

use std::num::NonZeroUsize;

use wire::{ByteSize, TimeSpan};

pub(crate) use self::values::message_size;
use self::values::{
    count, head_size, headers, memory, percent, ping_interval, positive, size, time, window, workers, write_buffer,
};

use crate::{
    Listeners,
    http::access::Access,
    http::token::Subprotocol,
    inspect::Recording,
    listen::ListeningSocket,
    peer::Local,
    protocol::deflate::{Context, DeflateConfig, WindowBits},
    proxy::ProxySettings,
    relay::{
        gateway::Gateway,
        settings::{OpenRelay, RelaySettings},
    },
};

/// All settings of the server; each is also a flag of `canyon` and an environment variable.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
pub struct Config {
    /// Subprotocol that the server speaks; may be given more than once, or several with commas. The first that a
    /// client asks for and the server knows is agreed.
    #[arg(long, env = "CANYON_SUBPROTOCOL", value_name = "NAME", value_delimiter = ',')]
    pub subprotocol: Vec<Subprotocol>,

    /// Workers that carry connections, with two threads each, up to 1024 [default: one for each processor]
    #[arg(long, env = "CANYON_WORKERS", value_name = "COUNT", value_parser = workers)]
    pub workers: Option<NonZeroUsize>,

    /// Refuse /raw, /handshake and /fault, which break the protocol
    #[arg(long, env = "CANYON_NO_FAULTS")]
    pub no_faults: bool,

    /// Serve /raw, /handshake and /fault with --public, too
    #[arg(long, env = "CANYON_FAULTS", conflicts_with = "no_faults")]
    pub faults: bool,

    /// What a peer may take.
    #[command(flatten)]
    pub limits: Limits,

    /// What is compressed, and how.
    #[command(flatten)]
    pub compression: Compression,

    /// Who may connect.
    #[command(flatten)]
    pub access: Access,

    /// Which proxies are in front.
    #[command(flatten)]
    pub proxies: ProxySettings,

    /// What is recorded of the wire.
    #[command(flatten)]
    pub recording: Recording,

    /// Where pages may connect to through this server.
    #[command(flatten)]
    pub relay: RelaySettings,

    /// Where every WebSocket leads, if not to this server's behaviours: `canyon relay`.
    #[arg(skip)]
    pub gateway: Option<Gateway>,
}

impl Config {
    /// Checks that these listeners open no relay to everywhere for others than this machine.
    ///
    /// # Errors
    /// They would; the server then refuses each request for the relay.
    pub fn check_relay(&self, listeners: &Listeners) -> Result<(), OpenRelay> {
        let tls = listeners.tls.iter().flat_map(|(sockets, _)| sockets).filter_map(|socket| socket.local_addr().ok());
        let tls = tls.map(|address| Local::Address(address.ip()));
        self.relay.check(
            &self.access,
            &self.proxies,
            listeners.plain.iter().filter_map(ListeningSocket::local).chain(tls),
        )
    }

    /// Whether clients may ask for what breaks the protocol.
    pub(crate) fn allows_faults(&self) -> bool {
        !self.no_faults && (self.faults || !self.access.public)
    }
}

/// What a peer may take of the server's memory, time and sockets.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Largest message, after inflating; a larger one is answered with close code 1009
    #[arg(long, env = "CANYON_MAX_MESSAGE_SIZE", value_name = "SIZE", default_value = "1MiB", value_parser = message_size)]
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

    /// Most headers of a request, up to 10000; more are answered with 431
    #[arg(long, env = "CANYON_MAX_HEADERS", value_name = "COUNT", default_value = "100", value_parser = headers)]
    pub max_headers: NonZeroUsize,

    /// Most memory that connections may hold, all together, from 16MiB to 1024GiB; who asks for more gets close code
    /// 1013, and new connections get 503 [default: 512MiB, or a quarter of the memory that the machine, its control group
    /// or the limit on its address space has]
    #[arg(long, env = "CANYON_MAX_MEMORY", value_name = "SIZE", value_parser = memory)]
    pub max_memory: Option<ByteSize>,

    /// Most connections at once; more are answered with 503
    #[arg(long, env = "CANYON_MAX_CONNECTIONS", value_name = "COUNT", default_value = "10000", value_parser = count)]
    pub max_connections: NonZeroUsize,

    /// Most connections at once from one IPv4 address or one IPv6 /64 network; more are answered with 503
    /// [default: no limit of its own]
    #[arg(long, env = "CANYON_MAX_CONNECTIONS_PER_ADDRESS", value_name = "COUNT", value_parser = count)]
    pub max_connections_per_address: Option<NonZeroUsize>,

    /// Most requests and WebSockets at once on one connection of HTTP/2, from 1 to 10000; each WebSocket counts as a
    /// connection, too
    #[arg(long, env = "CANYON_MAX_STREAMS", value_name = "COUNT", default_value = "128", value_parser = headers)]
    pub max_streams: NonZeroUsize,

    /// Most of the connections and of the memory that one IPv4 address or one IPv6 /64 network may hold, from 1% to 100%;
    /// more is answered with 503 or close code 1013 [default: no limit of its own]
    #[arg(long, env = "CANYON_MAX_SHARE_PER_ADDRESS", value_name = "PERCENT", value_parser = percent)]
    pub max_share_per_address: Option<NonZeroUsize>,

    /// Time for the whole head of a request, and before it for a TLS handshake; a slower client is cut off
    #[arg(long, env = "CANYON_HANDSHAKE_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = positive)]
    pub handshake_timeout: TimeSpan,

    /// Time for a message to arrive, and a second more for each 64KiB of it; a slower client gets close code 1008; 0s sets
    /// no limit
    #[arg(long, env = "CANYON_MESSAGE_TIMEOUT", value_name = "TIME", default_value = "60s", value_parser = time)]
    pub message_timeout: TimeSpan,

    /// Time between pings to a client, 100ms or more; 0s sends none
    #[arg(long, env = "CANYON_PING_INTERVAL", value_name = "TIME", default_value = "20s", value_parser = ping_interval)]
    pub ping_interval: TimeSpan,

    /// Time for anything to come from a client after a ping; else it gets close code 1011
    #[arg(long, env = "CANYON_PING_TIMEOUT", value_name = "TIME", default_value = "20s", value_parser = positive)]
    pub ping_timeout: TimeSpan,

    /// Time in which a client must read some of what waits for it, about 200KiB where that much waits; else it is cut off
    #[arg(long, env = "CANYON_WRITE_TIMEOUT", value_name = "TIME", default_value = "20s", value_parser = positive)]
    pub write_timeout: TimeSpan,

    /// Time for a client to answer a close frame; a slower one is cut off
    #[arg(long, env = "CANYON_CLOSE_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = time)]
    pub close_timeout: TimeSpan,

    /// Time for all clients to leave when the server stops; who stays longer is cut off
    #[arg(long, env = "CANYON_DRAIN_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = time)]
    pub drain_timeout: TimeSpan,
}

/// The same as the command line's.
impl Default for Limits {
    fn default() -> Self {
        let seconds = TimeSpan::seconds;
        Self {
            max_message_size: ByteSize::mib(1),
            max_fragments: const { NonZeroUsize::new(4096).unwrap() },
            max_write_buffer: ByteSize::kib(256),
            max_head_size: ByteSize::kib(16),
            max_headers: const { NonZeroUsize::new(100).unwrap() },
            max_memory: None,
            max_connections: const { NonZeroUsize::new(10_000).unwrap() },
            max_connections_per_address: None,
            max_streams: const { NonZeroUsize::new(128).unwrap() },
            max_share_per_address: None,
            handshake_timeout: seconds(10),
            message_timeout: seconds(60),
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
    #[arg(long, env = "CANYON_DEFLATE_WINDOW", value_name = "BITS", default_value = "12", value_parser = window)]
    pub deflate_window: WindowBits,

    /// Largest window that clients are asked to use, from 9 to 15 bits
    #[arg(long, env = "CANYON_DEFLATE_CLIENT_WINDOW", value_name = "BITS", default_value = "15", value_parser = window)]
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::{Args, Command, FromArgMatches};
    use proptest::prelude::*;
    use wire::{Parameter, Path, Target};

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
    fn a_value_that_cannot_be_is_named_and_a_right_one_is_shown() {
        for (flag, value, right) in [
            ("--max-message-size", "much", "must be a size such as 1024, 64KiB, 1MiB or 1MB"),
            ("--max-message-size", "0", "must be from 1B to 64GiB"),
            ("--max-message-size", "18446744073709551616", "must be from 1B to 64GiB"),
            ("--max-head-size", "1KiB", "must be from 8KiB to 1MiB"),
            ("--max-fragments", "0", "must be a whole number from 1 to 1000000000"),
            ("--max-connections", "18446744073709551615", "must be a whole number from 1 to 1000000000"),
            ("--max-headers", "18446744073709551615", "must be a whole number from 1 to 10000"),
            ("--deflate-window", "16", "must be a whole number from 9 to 15"),
            ("--deflate-client-window", "wide", "must be a whole number from 9 to 15"),
            ("--workers", "0", "must be a whole number from 1 to 1024"),
            ("--ping-timeout", "soon", "must be a duration such as 500ms, 10s, 1h30m or 7d"),
            ("--ping-timeout", "0s", "must be from 1ms to 365d"),
            ("--ping-interval", "1ns", "must be a duration such as 500ms, 10s, 1h30m or 7d"),
            ("--ping-interval", "1ms", "must be 100ms or more, or 0s for no pings"),
            ("--handshake-timeout", "500000000000y", "must be a duration such as 500ms, 10s, 1h30m or 7d"),
            ("--handshake-timeout", "500000000000d", "must be from 1ms to 365d"),
            ("--max-write-buffer", "1KiB", "must be from 64KiB to 64GiB"),
            ("--max-memory", "1MiB", "must be from 16MiB to 1024GiB"),
            ("--max-memory", "18446744073709551616", "must be from 16MiB to 1024GiB"),
            ("--max-memory", "half", "must be a size such as 1024, 64KiB, 1MiB or 1MB"),
            ("--max-share-per-address", "0", "must be from 1% to 100%"),
            ("--max-share-per-address", "101%", "must be from 1% to 100%"),
            ("--max-share-per-address", "0.5", "must be from 1% to 100%"),
            ("--message-timeout", "366d", "must be from 0s to 365d"),
            ("--message-timeout", "1", "must be a duration such as 500ms, 10s, 1h30m or 7d"),
            ("--deflate-threshold", "1TB", "must be a size such as 1024, 64KiB, 1MiB or 1MB"),
            ("--subprotocol", "two words", "must be of letters, digits"),
            ("--allow-host", "http://example.com", ""),
            ("--allow-origin", "example.com", ""),
        ] {
            let error = parse(&[flag, value]).unwrap_err();
            assert!(error.contains(flag) && error.contains(value) && error.contains(right), "{error}");
        }
    }

    #[test]
    fn the_largest_of_everything_is_taken() {
        for (flag, value) in [
            ("--drain-timeout", "365d"),
            ("--ping-interval", "1d"),
            ("--ping-interval", "0s"),
            ("--max-message-size", "64GiB"),
            ("--max-headers", "10000"),
            ("--deflate-threshold", "0"),
            ("--max-memory", "1024GiB"),
            ("--max-share-per-address", "100%"),
            ("--max-share-per-address", "1"),
            ("--message-timeout", "0s"),
            ("--message-timeout", "365d"),
        ] {
            parse(&[flag, value]).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    proptest! {
        /// The settings and the URL have one grammar.
        #[test]
        fn a_time_is_read_as_in_a_url(text in "( ?[0-9]{1,3}(ms|s|m|h|d|y|ns|sec)){0,2}") {
            let flag = parse(&["--drain-timeout", &text]).ok().map(|config| *config.limits.drain_timeout);
            let url = Target::plain(Path::Echo).with(Parameter::Delay, &text).ok().map(|target| target.reply_options().delay);
            // A URL may ask for a day, a flag set a year; and no value in a URL is no delay.
            prop_assume!(!text.is_empty() && flag.is_none_or(|time| time <= Duration::from_hours(24)));
            prop_assert_eq!(flag, url);
        }

        #[test]
        fn a_size_is_read_as_in_a_url(text in "[1-9][0-9]{0,2} ?(|b|B|k|KB|kb|KiB|kib|MiB|x|bytes)") {
            let flag = parse(&["--deflate-threshold", &text]).ok().map(|config| bytes(config.compression.deflate_threshold));
            let url = Target::plain(Path::Echo).with(Parameter::Fragment, &text).ok();
            prop_assert_eq!(flag, url.and_then(|target| target.reply_options().fragment).map(NonZeroUsize::get));
        }
    }
}
