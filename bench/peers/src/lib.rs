//! The one argument of the echo servers in `src/bin`.

use std::{env, net::Ipv4Addr};

use anyhow::{Context, Result, bail};

/// The loopback address with the port from `--port NUMBER`.
pub fn address() -> Result<(Ipv4Addr, u16)> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [flag, port] = arguments.as_slice() else { bail!("give --port NUMBER and nothing else") };
    if flag != "--port" {
        bail!("'{flag}' is not --port");
    }
    let port = port.parse().with_context(|| format!("'{port}' is no port"))?;
    Ok((Ipv4Addr::LOCALHOST, port))
}
