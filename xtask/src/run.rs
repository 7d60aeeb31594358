//! `cargo xtask run`: the server, and Trunk with the page, until one of them ends or Ctrl-C does it. Nothing stands between
//! page and server: the page connects by itself.

use std::env;
use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::os::raw::c_int;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::guard::Guarded;
use crate::server::Server;
use crate::tools::Tools;

/// Where the page expects the server by default.
const DEFAULT_SERVER: &str = "ws://localhost:12345";

/// How often both processes are checked; nothing in std waits for either of two.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Time limit of one request for the page, before the next one.
const ANSWER: Duration = Duration::from_secs(2);

/// How server and page are built.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Build server and page as for a release
    #[arg(long)]
    release: bool,
}

/// Runs until the server or Trunk ends, which is an error, or until Ctrl-C, SIGTERM or a closed terminal.
pub(crate) fn run(options: Options) -> Result<()> {
    let options: &[&str] = if options.release { &["--release"] } else { &[] };
    let port = page_port(env::var("TRUNK_SERVE_PORT").ok().as_deref())?;
    expect_free(port)?;

    let tools = if options.is_empty() { Tools::ready() } else { Tools::ready_for_release() }?;
    let server_arguments: &[&str] = if opens_relay(|name| env::var(name).ok()) { &["--relay"] } else { &[] };
    let mut server = Server::start(options, server_arguments)?;
    let relay_token = relay_token(&server.url);
    let mut trunk = tools.trunk("serve")?;
    trunk.args(["--port", &port.to_string()]).args(options);
    let mut page = Guarded::start(&trunk, Stdio::inherit())?;

    let stopped = stop_signals().context("cannot listen for signals")?;
    let mut announced = false;
    while !stopped.load(Ordering::Relaxed) {
        if let Some(status) = server.process.ended() {
            bail!("the server ended with {status}");
        }
        if let Some(status) = page.ended() {
            bail!("trunk, which serves the page, ended with {status}");
        }
        if !announced && answers(port) {
            println!(
                "\nCanyon's page: {}\nCtrl-C ends page and server.\n",
                page_address(port, &server.url, relay_token.as_deref())
            );
            announced = true;
        }
        thread::sleep(CHECK_INTERVAL);
    }
    drop(page);
    server.stop();
    Ok(())
}

/// Becomes true with the first signal to stop. The second one ends xtask at once; server and page still end, by their
/// guards.
fn stop_signals() -> io::Result<Arc<AtomicBool>> {
    let stopped = Arc::new(AtomicBool::new(false));
    for &signal in signals() {
        // Handlers run in the order of their registration: at the first signal the shutdown's condition is still false.
        flag::register_conditional_shutdown(signal, 1, Arc::clone(&stopped))?;
        flag::register(signal, Arc::clone(&stopped))?;
    }
    Ok(stopped)
}

fn signals() -> &'static [c_int] {
    #[cfg(unix)]
    return &[SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
    #[cfg(not(unix))]
    return &[SIGINT, SIGTERM];
}

/// The port from Trunk's variable `TRUNK_SERVE_PORT`, or Trunk's default.
fn page_port(variable: Option<&str>) -> Result<u16> {
    let Some(port) = variable else { return Ok(8080) };
    port.parse().ok().with_context(|| format!("TRUNK_SERVE_PORT is '{port}', which is no port"))
}

/// Fails early, before installing tools takes minutes.
fn expect_free(port: u16) -> Result<()> {
    for address in localhost(port) {
        if let Err(error) = TcpListener::bind(address) {
            bail!("cannot serve the page on {address}: {error}; set TRUNK_SERVE_PORT to another port");
        }
    }
    Ok(())
}

fn localhost(port: u16) -> impl Iterator<Item = SocketAddr> {
    ("localhost", port).to_socket_addrs().into_iter().flatten()
}

/// Whether the page is served yet.
fn answers(port: u16) -> bool {
    localhost(port).any(|address| get(address).is_ok_and(|answer| answer.starts_with(b"HTTP/1.1 200 ")))
}

/// The first bytes of the answer to a request for the page.
fn get(address: SocketAddr) -> io::Result<[u8; 13]> {
    let mut answer = [0; 13];
    request(address, "/")?.read_exact(&mut answer)?;
    Ok(answer)
}

/// Sends a request as a browser does that opens a page itself.
fn request(address: SocketAddr, path: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}

/// Whether the server gets `--relay`: unless `CANYON_RELAY` decides it, or others than this machine could reach a relay that
/// leads everywhere, with which the server would not start.
fn opens_relay(variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_on_loopback = match variable("HOST").as_deref() {
        None | Some("localhost" | "::1") => true,
        Some(host) => host.starts_with("127."),
    };
    let is_named = variable("CANYON_RELAY_TO").is_some();
    variable("CANYON_RELAY").is_none() && (is_named || (is_on_loopback && variable("CANYON_PUBLIC").is_none()))
}

/// The token of the server's relay, which Trunk's page cannot read: only a page of the server's own origin can.
fn relay_token(server: &str) -> Option<String> {
    let addresses = server.strip_prefix("ws://")?.to_socket_addrs().ok()?;
    addresses.into_iter().find_map(|address| token_in(BufReader::new(request(address, "/relay").ok()?)))
}

/// The last line of an answer of 200.
fn token_in(answer: impl io::BufRead) -> Option<String> {
    let lines = answer.lines().collect::<io::Result<Vec<_>>>().ok()?;
    let is_there = lines.first()?.starts_with("HTTP/1.1 200 ");
    lines.into_iter().next_back().filter(|token| is_there && !token.is_empty())
}

/// The address names the server only if that is not where the page expects it. The relay's token is in the fragment, which a
/// browser sends to nobody.
fn page_address(port: u16, server: &str, relay_token: Option<&str>) -> String {
    let query = if server == DEFAULT_SERVER { String::new() } else { format!("?url={server}/") };
    let fragment = relay_token.map_or(String::new(), |token| format!("#relay={token}"));
    format!("http://localhost:{port}/{query}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_a_server_that_is_not_where_the_page_expects_it() {
        let other = "ws://localhost:9001";
        assert_eq!(page_address(8080, DEFAULT_SERVER, None), "http://localhost:8080/");
        assert_eq!(page_address(8080, other, None), "http://localhost:8080/?url=ws://localhost:9001/");
        assert_eq!(page_address(8080, DEFAULT_SERVER, Some("abc")), "http://localhost:8080/#relay=abc");
        assert_eq!(page_address(8080, other, Some("abc")), "http://localhost:8080/?url=ws://localhost:9001/#relay=abc");
    }

    #[test]
    fn the_relay_is_open_where_only_this_machine_or_what_is_named_can_be_reached() {
        let opens = |variables: &[(&str, &str)]| {
            opens_relay(|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned()))
        };
        for variables in [&[][..], &[("HOST", "127.0.0.1")], &[("HOST", "0.0.0.0"), ("CANYON_RELAY_TO", "example.com")]]
        {
            assert!(opens(variables), "{variables:?}");
        }
        for variables in [[("HOST", "0.0.0.0")], [("CANYON_PUBLIC", "true")], [("CANYON_RELAY", "false")]] {
            assert!(!opens(&variables), "{variables:?}");
        }
    }

    #[test]
    fn the_token_is_the_body_of_an_answer_of_200() {
        let token = |answer: &str| token_in(answer.as_bytes());
        assert_eq!(token("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc").as_deref(), Some("abc"));
        assert_eq!(token("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), None);
        assert_eq!(token("HTTP/1.1 404 Not Found\r\n\r\nno relay here"), None);
        assert_eq!(token(""), None);
    }

    #[test]
    fn the_page_has_trunks_port_unless_trunks_variable_says_otherwise() {
        assert_eq!(page_port(None).unwrap(), 8080);
        assert_eq!(page_port(Some("8081")).unwrap(), 8081);
        assert!(page_port(Some("http")).unwrap_err().to_string().contains("'http'"));
    }

    #[test]
    fn a_port_in_use_is_named() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = other.local_addr().unwrap().port();
        let sentence = expect_free(port).unwrap_err().to_string();
        assert!(sentence.starts_with(&format!("cannot serve the page on 127.0.0.1:{port}: ")), "{sentence}");
    }
}
