//! Every limit of the server in one place, with its default, flag and environment variable. Never what enforces it.

use std::time::Duration;

use bytesize::ByteSize;

/// The server's limits. Each is also a flag of `canyon` and an environment variable.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct Config {
    /// Largest message that is accepted; a larger one is answered with close code 1009
    #[arg(long, env = "CANYON_MAX_MESSAGE_SIZE", value_name = "SIZE", default_value = "1MiB")]
    pub max_message_size: ByteSize,

    /// Time for the whole head of a request; a slower client is cut off
    #[arg(long, env = "CANYON_HANDSHAKE_TIMEOUT", value_name = "TIME", default_value_t = Self::default().handshake_timeout)]
    pub handshake_timeout: humantime::Duration,

    /// Time for a client to answer a close frame; a slower one is cut off
    #[arg(long, env = "CANYON_CLOSE_TIMEOUT", value_name = "TIME", default_value_t = Self::default().close_timeout)]
    pub close_timeout: humantime::Duration,

    /// Time for all clients to leave when the server stops; who stays longer is cut off
    #[arg(long, env = "CANYON_DRAIN_TIMEOUT", value_name = "TIME", default_value_t = Self::default().drain_timeout)]
    pub drain_timeout: humantime::Duration,
}

/// The same as the command line's.
impl Default for Config {
    fn default() -> Self {
        Self {
            max_message_size: ByteSize::mib(1),
            handshake_timeout: Duration::from_secs(10).into(),
            close_timeout: Duration::from_secs(10).into(),
            drain_timeout: Duration::from_secs(5).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    fn parse(arguments: &[&str]) -> Config {
        let matches = Config::augment_args(Command::new("test").no_binary_name(true)).get_matches_from(arguments);
        Config::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn the_command_line_without_flags_is_the_default() {
        assert_eq!(parse(&[]), Config::default());
    }

    #[test]
    fn sizes_and_times_are_read_with_their_units() {
        let config = parse(&["--max-message-size", "64MiB", "--close-timeout", "1500ms"]);
        assert_eq!(config.max_message_size, ByteSize::mib(64));
        assert_eq!(*config.close_timeout, Duration::from_millis(1500));
    }
}
