//! Whether there is a relay, and where it leads: what a configuration says.

use super::{target::RelayTarget, token::Token};
use crate::{http::access::Access, peer::Local, proxy::ProxySettings};

/// Whether there is a relay, and where it leads.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
#[command(next_help_heading = "Relay")]
pub struct RelaySettings {
    /// Let the page connect to other servers through this one, with headers, certificates and proxies that a browser cannot
    /// choose
    #[arg(long, env = "CANYON_RELAY")]
    pub relay: bool,

    /// Server that the relay may connect to, as example.com, *.example.com:8443 or 192.0.2.1, at 80 and 443 where there is no
    /// port, or as unix:/run/app.sock; may be given more than once, or several with commas. Without it, a server that only its
    /// own machine can reach connects to all but Unix sockets, link-local and metadata addresses; any other needs it
    #[arg(long, env = "CANYON_RELAY_TO", value_name = "HOST", value_delimiter = ',', requires = "relay")]
    pub relay_to: Vec<RelayTarget>,

    /// What the page must know; made at the start where it is not set.
    #[arg(skip)]
    pub token: Option<Token>,
}

/// A relay that would lead others than this machine everywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "--relay with {with} lets others connect to whatever this machine can reach: name what they may with --relay-to HOST"
)]
pub struct OpenRelay {
    with: String,
}

impl RelaySettings {
    /// Checks that a relay that others than this machine can reach leads only to what is named.
    pub(crate) fn check(
        &self,
        access: &Access,
        proxies: &ProxySettings,
        mut listening: impl Iterator<Item = Local>,
    ) -> Result<(), OpenRelay> {
        if !self.relay || !self.relay_to.is_empty() {
            return Ok(());
        }
        let foreign = listening.find(|local| !local.is_loopback());
        let with = match (access.public, foreign) {
            (true, _) => "--public".to_owned(),
            _ if proxies.proxy_protocol => "--proxy-protocol".to_owned(),
            _ if proxies.forwarded_header.is_some() => "--forwarded-header".to_owned(),
            (false, Some(Local::Address(address) | Local::Proxied(address))) => format!("the address {address}"),
            (false, Some(Local::Unix)) => "a Unix socket".to_owned(),
            (false, None) => return Ok(()),
        };
        Err(OpenRelay { with })
    }
}
