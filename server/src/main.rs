//! The program `canyon`: arguments, logging and signals around [`server::Server`].

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod allocator;
mod command_line;
mod descriptors;
mod logging;
#[cfg(unix)]
mod signals;
#[cfg(not(unix))]
#[path = "signals/unsupported.rs"]
mod signals;
#[cfg(target_os = "linux")]
mod systemd;
#[cfg(not(target_os = "linux"))]
#[path = "systemd/unsupported.rs"]
mod systemd;

use std::{pin::pin, process::ExitCode, sync::Arc};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use logging::{EndOfLog, LogFormat};
use server::{Access, Compression, Gateway, Limits, Listeners, Recording, Server, Tls, TlsSettings};
use tokio::net::TcpListener;
use tracing::level_filters::LevelFilter;

/// The environment variable with the token of the relay.
const RELAY_TOKEN: &str = "CANYON_RELAY_TOKEN";

/// A WebSocket echo server to test clients, proxies and load balancers with.
#[derive(Debug, Parser)]
#[command(name = "canyon", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    serve: Serve,

    #[command(subcommand)]
    command: Option<Command>,
}

/// What `canyon` does beside serving.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Stand between clients and one server: pass WebSockets on, show and record both sides' wire, delay and cut
    Relay(Box<Relay>),
}

#[derive(Debug, clap::Args)]
struct Serve {
    /// Name or address to listen on; all addresses of a name are listened on
    #[arg(long, env = "HOST", default_value = "localhost")]
    host: String,

    /// TCP port to listen on; 0 picks a free one
    #[arg(long, env = "PORT", default_value_t = 12345, value_parser = port)]
    port: u16,

    #[command(flatten)]
    common: Common,

    #[command(flatten)]
    config: server::Config,
}

#[derive(Debug, clap::Args)]
struct Relay {
    /// Address or name, and port, to listen on; port 0 picks a free one
    #[arg(long, env = "CANYON_RELAY_LISTEN", value_name = "HOST:PORT", default_value = "localhost:9000", value_parser = host_and_port)]
    listen: (String, u16),

    #[command(flatten)]
    gateway: Gateway,

    #[command(flatten)]
    common: Common,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    compression: Compression,

    #[command(flatten)]
    access: Access,

    #[command(flatten)]
    recording: Recording,
}

/// What both have.
#[derive(Debug, clap::Args)]
struct Common {
    /// TCP port for wss:// and https://, where there is a certificate; 0 picks a free one
    #[arg(long, env = "CANYON_TLS_PORT", default_value_t = 12346, value_parser = port, help_heading = "TLS")]
    tls_port: u16,

    #[command(flatten)]
    tls: TlsSettings,

    /// What is logged to standard output: error, warn, info, debug or trace
    #[arg(long, env = "CANYON_LOG", value_name = "LEVEL", default_value_t = LevelFilter::INFO)]
    log: LevelFilter,

    /// How it is logged
    #[arg(long, env = "CANYON_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
}

impl From<Relay> for Serve {
    fn from(relay: Relay) -> Self {
        let Relay { listen: (host, port), gateway, common, limits, compression, access, recording } = relay;
        let gateway = Some(gateway);
        let config = server::Config { gateway, limits, compression, access, recording, ..server::Config::default() };
        Self { host, port, common, config }
    }
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let wrong = || "must be a host and a port, as localhost:9000 or [::1]:9000".to_owned();
    let (host, port) = text.trim().rsplit_once(':').ok_or_else(wrong)?;
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || (host.contains(':') && !is_bracketed) {
        return Err(wrong());
    }
    Ok((host.to_owned(), port.parse().map_err(|_| wrong())?))
}

fn port(text: &str) -> Result<u16, String> {
    text.trim().parse().map_err(|_| "must be a whole number from 0 to 65535".to_owned())
}

fn main() -> ExitCode {
    // What does not work without it is measured in docs/reliability.md, and nobody needs it to start.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    let _ = allocator::configure();
    let Arguments { serve, command } = command_line::parse();
    let arguments = match command {
        None => serve,
        Some(Command::Relay(relay)) => (*relay).into(),
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logging::say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Serve) -> anyhow::Result<()> {
    let log = logging::start(arguments.common.log, arguments.common.log_format)
        .context("cannot start a thread for the log")?;
    let _end = EndOfLog(log.clone());
    let arguments = Serve { config: with_relay_token(arguments.config)?, ..arguments };
    let tls = arguments.common.tls.load()?.map(Arc::new);
    let stop = signals::stop(*arguments.config.limits.drain_timeout, log, tls.clone().map(reload))
        .context("cannot listen for signals")?;
    let runtime = server::runtime().context("cannot start the first worker")?;
    runtime.block_on(serve(arguments, tls, stop))
}

/// The same with the relay's token from the environment, where whoever starts this program has made it. A flag would show it
/// to everybody who lists processes.
fn with_relay_token(mut config: server::Config) -> anyhow::Result<server::Config> {
    if let Some(token) = std::env::var(RELAY_TOKEN).ok().filter(|token| !token.is_empty()) {
        config.relay.token = Some(token.parse().with_context(|| format!("{RELAY_TOKEN} is wrong"))?);
    }
    Ok(config)
}

/// Reads the certificate again, and says what came of it.
fn reload(tls: Arc<Tls>) -> impl Fn() + Send + 'static {
    move || {
        systemd::reloading();
        match tls.reload() {
            Ok(()) => {
                tracing::info!("The certificate was read again. Its SHA-256 fingerprint is {}", tls.fingerprint())
            }
            Err(error) => {
                let error = anyhow::Error::from(error);
                tracing::error!("cannot read the certificate again: {error:#}; the one before stays");
            }
        }
        systemd::ready();
    }
}

async fn serve(
    Serve { host, port, common: Common { tls_port, .. }, mut config }: Serve,
    tls: Option<Arc<Tls>>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let mut stop = pin!(stop);
    let listeners = tokio::select! {
        listeners = listen(&host, port, tls_port, tls) => listeners?,
        // A name may take its resolver half a minute.
        () = &mut stop => return Ok(()),
    };
    config.check_relay(&listeners)?;
    let port = listeners.plain[0].local_addr()?.port();
    let tls = match &listeners.tls {
        Some((sockets, tls)) => Some((sockets[0].local_addr()?.port(), Arc::clone(tls))),
        None => None,
    };
    // A name that the server listens on is its own.
    config.access.allow_host.extend(host.parse());
    let fewer_connections = descriptors::fit_connections(&mut config)?;
    let recorder = config.recording.start()?;
    let relays_to = config.gateway.as_ref().map(|gateway| gateway.to.to_string());
    let server = Server::start_recording(listeners, config, recorder);
    logging::started("ws", &host, port);
    if let Some((port, tls)) = tls {
        logging::started("wss", &host, port);
        if tls.is_self_signed() {
            logging::self_signed(&host, port, &tls.fingerprint());
        }
    }
    if let Some(url) = relays_to {
        tracing::info!("WebSockets are passed on to {url}");
    }
    if let Some(sentence) = fewer_connections {
        tracing::warn!("{sentence}");
    }
    systemd::ready();
    let stop = async {
        stop.await;
        systemd::stopping();
    };
    let watchdog = systemd::watchdog(server.health());
    tokio::select! {
        () = server.run(stop) => {}
        () = watchdog => {}
    }
    Ok(())
}

async fn listen(host: &str, port: u16, tls_port: u16, tls: Option<Arc<Tls>>) -> anyhow::Result<Listeners> {
    let handed_over = systemd::sockets()?;
    if !handed_over.is_empty() {
        return take_over(handed_over, tls_port, tls);
    }
    let plain = server::bind(host, port).await?;
    let tls = match tls {
        Some(tls) => Some((server::bind(host, tls_port).await?, tls)),
        None => None,
    };
    Ok(Listeners { plain, tls })
}

/// Listens on sockets that were opened before. TLS is spoken on those that have its port.
fn take_over(sockets: Vec<std::net::TcpListener>, tls_port: u16, tls: Option<Arc<Tls>>) -> anyhow::Result<Listeners> {
    let (mut plain, mut for_tls) = (Vec::new(), Vec::new());
    for socket in sockets {
        socket.set_nonblocking(true)?;
        let socket = TcpListener::from_std(socket)?;
        let is_for_tls = tls.is_some() && socket.local_addr()?.port() == tls_port;
        if is_for_tls { &mut for_tls } else { &mut plain }.push(socket);
    }
    ensure!(
        !plain.is_empty(),
        "all sockets of the service manager have the port of --tls-port, {tls_port}: one must have another"
    );
    let tls = match tls {
        Some(_) if for_tls.is_empty() => {
            bail!("no socket of the service manager has the port of --tls-port, {tls_port}")
        }
        Some(tls) => Some((for_tls, tls)),
        None => None,
    };
    Ok(Listeners { plain, tls })
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

    #[test]
    fn a_host_and_a_port_are_read_or_named() {
        assert_eq!(host_and_port("localhost:9000"), Ok(("localhost".to_owned(), 9000)));
        assert_eq!(host_and_port("[::1]:0"), Ok(("[::1]".to_owned(), 0)));
        for wrong in ["9000", ":9000", "::1:9000", "localhost:", "localhost:99999"] {
            assert!(host_and_port(wrong).is_err(), "{wrong}");
        }
    }
}
