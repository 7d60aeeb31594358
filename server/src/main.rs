//! The program `canyon`: arguments, logging and signals around [`server::serve`]. Never a rule of its own about
//! WebSockets.

mod command_line;
mod logging;

use std::{num::NonZeroUsize, process::ExitCode};

use anyhow::Context;
use clap::Parser;
use logging::LogFormat;
use tracing::level_filters::LevelFilter;

/// File descriptors that are not connections: listeners, the log, the runtime's own, and clients that are being refused.
const SPARE_DESCRIPTORS: usize = 96;

/// A WebSocket echo server to test clients, proxies and load balancers with.
#[derive(Debug, Parser)]
#[command(name = "canyon", version)]
struct Arguments {
    /// Name or address to listen on; all addresses of a name are listened on
    #[arg(long, env = "HOST", default_value = "localhost")]
    host: String,

    /// TCP port to listen on; 0 picks a free one
    #[arg(long, env = "PORT", default_value_t = 12345, value_parser = port)]
    port: u16,

    /// What is logged to standard output: error, warn, info, debug or trace
    #[arg(long, env = "CANYON_LOG", value_name = "LEVEL", default_value_t = LevelFilter::INFO)]
    log: LevelFilter,

    /// How it is logged
    #[arg(long, env = "CANYON_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,

    #[command(flatten)]
    config: server::Config,
}

fn port(text: &str) -> Result<u16, String> {
    text.trim().parse().map_err(|_| "must be a whole number from 0 to 65535".to_owned())
}

fn main() -> ExitCode {
    let arguments: Arguments = command_line::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("canyon: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let _flush = logging::start(arguments.log, arguments.log_format);
    server::runtime().context("cannot start the first worker")?.block_on(serve(arguments))
}

async fn serve(Arguments { host, port, mut config, .. }: Arguments) -> anyhow::Result<()> {
    let stop = stop_signal().context("cannot listen for signals")?;
    let listeners = server::bind(&host, port).await?;
    let port = listeners[0].local_addr()?.port();
    logging::started(&host, port);
    // A name that the server was told to listen on is its own.
    config.access.allow_host.extend(host.parse());
    fit_connections(&mut config.limits)?;
    server::serve(listeners, config, stop).await;
    Ok(())
}

/// Makes room for as many file descriptors as there may be connections, or lowers their number to the room there is.
fn fit_connections(limits: &mut server::Limits) -> anyhow::Result<()> {
    let wanted = limits.max_connections.get();
    let descriptors = rlimit::increase_nofile_limit(wanted.saturating_add(SPARE_DESCRIPTORS) as u64)
        .context("cannot learn the limit on file descriptors")?;
    let room = usize::try_from(descriptors).unwrap_or(usize::MAX).saturating_sub(SPARE_DESCRIPTORS);
    let fitting = NonZeroUsize::new(room).unwrap_or(NonZeroUsize::MIN);
    if fitting < limits.max_connections {
        tracing::warn!(
            "room for {fitting} connections, not {wanted}: the system allows {descriptors} file descriptors"
        );
        limits.max_connections = fitting;
    }
    Ok(())
}

/// Completes at the first SIGINT or SIGTERM; a second one then ends the program at once.
#[cfg(unix)]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(1);
        });
    })
}

/// Completes at the first Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
