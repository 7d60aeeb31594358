//! The program `canyon`: arguments, logging and signals around [`server::Server`].

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod allocator;
mod arguments;
mod command_line;
mod descriptors;
mod listeners;
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

use anyhow::Context;
use arguments::{Arguments, Command, Common, Serve};
use listeners::Addresses;
use logging::EndOfLog;
use server::{ListenAddress, Server, Tls};

/// The environment variable with the token of the relay.
const RELAY_TOKEN: &str = "CANYON_RELAY_TOKEN";

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
    Serve { host, port, listen, common: Common { tls_port, unix_mode, .. }, mut config }: Serve,
    tls: Option<Arc<Tls>>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let mut stop = pin!(stop);
    let on = Addresses { host: &host, port, listen: &listen, unix_mode, tls_port };
    let (listeners, started) = tokio::select! {
        listening = listeners::listen(&on, tls) => listening?,
        // A name may take its resolver half a minute.
        () = &mut stop => return Ok(()),
    };
    config.check_relay(&listeners)?;
    let tls = match &listeners.tls {
        Some((sockets, tls)) => Some((sockets[0].local_addr()?.port(), Arc::clone(tls))),
        None => None,
    };
    // A name that the server listens on is its own.
    config.access.allow_host.extend(on.hosts().filter_map(|host| host.parse().ok()));
    let fewer_connections = descriptors::fit_connections(&mut config)?;
    let recorder = config.recording.start()?;
    let relays_to = config.gateway.as_ref().map(|gateway| gateway.to.to_string());
    let server = Server::start_recording(listeners, config, recorder);
    for address in started {
        match address {
            ListenAddress::Tcp { host, port } => logging::started("ws", &host, port),
            ListenAddress::Unix(path) => logging::started_on_unix_socket(&path),
        }
    }
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
