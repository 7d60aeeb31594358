//! Measures the memory that a connection takes which does nothing: opened, and after one message.

use std::{net::Ipv4Addr, path::PathBuf};

use anyhow::{Result, ensure};
use bench::{
    client::{Client, Message, Offer},
    process::Server,
};
use clap::Parser;

/// Measures what idle connections take of canyon's memory.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program `canyon`
    #[arg(long)]
    server: PathBuf,

    /// How many connections are opened
    #[arg(long, default_value_t = 5000)]
    connections: usize,
}

/// Connections that are opened and used before the first look, so that what the server takes once does not count.
const WARM_UP: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    rlimit::increase_nofile_limit(arguments.connections as u64 + 1000)?;
    for (name, offer) in [("without compression", Offer::Plain), ("with compression", Offer::Deflate)] {
        measure(&arguments, name, offer).await?;
    }
    Ok(())
}

async fn measure(arguments: &Arguments, name: &str, offer: Offer) -> Result<()> {
    let most = (arguments.connections + WARM_UP).to_string();
    let server = Server::start(&arguments.server, &["--log", "warn", "--max-connections", &most]).await?;
    let mut warm = connect(&server, offer, WARM_UP).await?;
    echo(&mut warm).await?;
    let before = server.usage()?.resident;
    let mut clients = connect(&server, offer, arguments.connections).await?;
    let opened = server.usage()?.resident - before;
    echo(&mut clients).await?;
    let used = server.usage()?.resident - before;
    let each = |resident: u64| resident * 1024 / arguments.connections as u64;
    println!("{name}: {} bytes resident a connection, {} after a message", each(opened), each(used));
    Ok(())
}

async fn connect(server: &Server, offer: Offer, count: usize) -> Result<Vec<Client>> {
    let mut clients = Vec::with_capacity(count);
    for _ in 0..count {
        clients.push(Client::connect((Ipv4Addr::LOCALHOST, server.port()).into(), "/echo", offer).await?);
    }
    Ok(clients)
}

/// Sends each a message that is worth compressing, and reads it back.
async fn echo(clients: &mut [Client]) -> Result<()> {
    let message = Message::Text(b"a message that is worth compressing, ".repeat(20));
    for client in clients {
        client.queue(&message, usize::MAX)?;
        client.flush(usize::MAX).await?;
        let echo = client.read().await?;
        ensure!(echo == message, "the echo is {echo:?}");
    }
    Ok(())
}
