//! The program `canyon`: arguments, logging and signals around [`server::Server`].

mod command_line;
mod descriptors;
mod logging;
mod signals;

use std::{pin::pin, process::ExitCode};

use anyhow::Context;
use clap::Parser;
use logging::{EndOfLog, LogFormat};
use server::Server;
use tracing::level_filters::LevelFilter;

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
            logging::say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let log = logging::start(arguments.log, arguments.log_format).context("cannot start a thread for the log")?;
    let _end = EndOfLog(log.clone());
    let stop = signals::stop(*arguments.config.limits.drain_timeout, log).context("cannot listen for signals")?;
    let runtime = server::runtime().context("cannot start the first worker")?;
    runtime.block_on(serve(arguments, stop))
}

async fn serve(
    Arguments { host, port, mut config, .. }: Arguments,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let mut stop = pin!(stop);
    let listeners = tokio::select! {
        listeners = server::bind(&host, port) => listeners?,
        // A name may take its resolver half a minute.
        () = &mut stop => return Ok(()),
    };
    let port = listeners[0].local_addr()?.port();
    // A name that the server was told to listen on is its own.
    config.access.allow_host.extend(host.parse());
    let fewer_connections = descriptors::fit_connections(&mut config)?;
    let server = Server::start(listeners, config);
    logging::started(&host, port);
    if let Some(sentence) = fewer_connections {
        tracing::warn!("{sentence}");
    }
    server.run(stop).await;
    Ok(())
}
