//! The command line of `canyon`, each flag with its environment variable.

use clap::Parser;
use server::{Access, Compression, Gateway, Limits, ListenAddress, ProxySettings, Recording, TlsSettings};
use tracing::level_filters::LevelFilter;

/// A WebSocket echo server to test clients, proxies and load balancers with.
#[derive(Debug, Parser)]
#[command(name = "canyon", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) serve: Serve,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What `canyon` does beside serving.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Stand between clients and one server: pass WebSockets on, show and record both sides' wire, delay and cut
    Relay(Box<Relay>),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Name or address to listen on; all addresses of a name are listened on
    #[arg(long, env = "HOST", default_value = "localhost")]
    pub(crate) host: String,

    /// TCP port to listen on; 0 picks a free one
    #[arg(long, env = "PORT", default_value_t = 12345, value_parser = port)]
    pub(crate) port: u16,

    /// Where to listen instead of --host and --port: HOST:PORT, or unix:/run/canyon.sock; may be given more than once, or
    /// several with commas
    #[arg(long, env = "CANYON_LISTEN", value_name = "ADDRESS", value_delimiter = ',')]
    pub(crate) listen: Vec<ListenAddress>,

    #[command(flatten)]
    pub(crate) common: Common,

    #[command(flatten)]
    pub(crate) config: server::Config,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Relay {
    /// Where to listen: HOST:PORT, of which port 0 picks a free one, or unix:/run/canyon.sock; may be given more than once,
    /// or several with commas
    #[arg(
        long,
        env = "CANYON_RELAY_LISTEN",
        value_name = "ADDRESS",
        default_value = "localhost:9000",
        value_delimiter = ','
    )]
    pub(crate) listen: Vec<ListenAddress>,

    #[command(flatten)]
    gateway: Gateway,

    #[command(flatten)]
    pub(crate) common: Common,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    compression: Compression,

    #[command(flatten)]
    access: Access,

    #[command(flatten)]
    proxies: ProxySettings,

    #[command(flatten)]
    recording: Recording,
}

/// What both have.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// Who may connect to the Unix sockets of --listen: their mode, in octal digits
    #[arg(long, env = "CANYON_UNIX_MODE", value_name = "MODE", default_value = "0660", value_parser = mode)]
    pub(crate) unix_mode: u32,

    /// TCP port for wss:// and https://, where there is a certificate; 0 picks a free one
    #[arg(long, env = "CANYON_TLS_PORT", default_value_t = 12346, value_parser = port, help_heading = "TLS")]
    pub(crate) tls_port: u16,

    #[command(flatten)]
    pub(crate) tls: TlsSettings,

    /// What is logged to standard output: error, warn, info, debug or trace
    #[arg(long, env = "CANYON_LOG", value_name = "LEVEL", default_value_t = LevelFilter::INFO)]
    pub(crate) log: LevelFilter,

    /// How it is logged
    #[arg(long, env = "CANYON_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,
}

impl From<Relay> for Serve {
    fn from(relay: Relay) -> Self {
        let Relay { listen, gateway, common, limits, compression, access, proxies, recording } = relay;
        let gateway = Some(gateway);
        let config =
            server::Config { gateway, limits, compression, access, proxies, recording, ..server::Config::default() };
        // TLS has a port of its own, on the host that clients know.
        let host = listen.iter().find_map(|address| match address {
            ListenAddress::Tcp { host, .. } => Some(host.clone()),
            ListenAddress::Unix(_) => None,
        });
        let host = host.unwrap_or_else(|| "localhost".to_owned());
        Self { host, port: 0, listen, common, config }
    }
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// One sentence a line
    #[default]
    Text,
    /// One JSON object a line, with time, level and fields
    Json,
}

fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text.trim(), 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "must be octal digits from 0 to 777, as 0660".to_owned())
}

fn port(text: &str) -> Result<u16, String> {
    text.trim().parse().map_err(|_| "must be a whole number from 0 to 65535".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_flag_has_an_environment_variable() {
        let command = Arguments::command();
        for argument in command.get_subcommands().chain([&command]).flat_map(clap::Command::get_arguments) {
            let is_asked_for = ["help", "version"].contains(&argument.get_id().as_str());
            assert!(is_asked_for || argument.get_env().is_some(), "{argument}");
        }
    }
}
