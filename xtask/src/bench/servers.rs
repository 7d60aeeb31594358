//! The servers that are measured, one at a time: canyon, its peers in Rust, peers from other languages' registries where they
//! are installed, and any given on the command line.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::loads::Load;
use crate::bench::machine;
use crate::command::{self, answer, cargo, on_path, program, root};
use crate::guard::Guarded;
use crate::packages::Packages;

/// Time limit for a server to accept connections.
const START: Duration = Duration::from_secs(10);

/// Placeholder for the port in a server's command.
const PORT: &str = "{port}";

const CANYON: &str = "canyon";
/// The peers of `bench/peers`.
const PEERS: [&str; 5] = ["parrot", "tokio-tungstenite", "fastwebsockets", "tokio-websockets", "yawc"];

const PYTHON_PACKAGES: [(&str, &str); 2] = [("websockets", "17.4"), ("socketify", "0.0.31")];
const WS: &str = "8.23.0";

/// A library that socketify links and does not contain.
const LIBUV: Packages = Packages { what: "libuv", apt: &["libuv1"], brew: &["libuv"] };

/// What canyon replies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Answer {
    /// The message.
    Echo,
    /// The tutorial's reply.
    Prefixed,
}

/// A server that can be started on a port.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) name: String,
    /// Program and arguments.
    command: Vec<String>,
}

/// A server that runs until this is dropped.
pub(crate) struct Running {
    pub(crate) port: u16,
    _process: Guarded,
}

impl Server {
    fn new(name: &str, command: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { name: name.to_owned(), command: command.into_iter().map(Into::into).collect() }
    }

    /// The server of `NAME=COMMAND`; the command is split at spaces.
    pub(crate) fn given(word: &str) -> Result<Self> {
        let (name, command) = word.split_once('=').unwrap_or_default();
        if name.is_empty() || !command.contains(PORT) {
            bail!("'{word}' is not NAME=COMMAND with {PORT} in the command");
        }
        Ok(Self::new(name, command.split_whitespace()))
    }

    /// The path with that reply; a peer echoes at every path.
    pub(crate) fn path(&self, answer: Answer) -> &'static str {
        if self.name == CANYON && answer == Answer::Prefixed { "/" } else { "/echo" }
    }

    /// Starts it, and waits until it accepts connections.
    pub(crate) fn start(&self, load: &Load) -> Result<Running> {
        let port = free_port()?;
        let mut words = self.command.iter().map(|word| word.replace(PORT, &port.to_string()));
        let mut command = machine::pinned(machine::SERVER, words.next().unwrap_or_default());
        command.args(words);
        let mut process = Guarded::start(&command, Stdio::null())?;
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = process.ended() {
                bail!("it ended with {status} before '{}'", load.about);
            }
            if start.elapsed() > START {
                bail!("it does not listen on port {port} after {START:?}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Running { port, _process: process })
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).context("no port is free")
}

/// Builds the peers in Rust beside canyon.
pub(crate) fn build(programs: &Path) -> Result<()> {
    let target = programs.parent().unwrap_or(programs);
    let mut build = cargo(["build", "--release", "--manifest-path", "bench/peers/Cargo.toml", "--target-dir"]);
    command::run(build.arg(target))
}

/// Canyon and the peers in Rust.
pub(crate) fn own(programs: &Path) -> Vec<Server> {
    let path = |name: &str| programs.join(name).to_string_lossy().into_owned();
    let mut canyon = vec![path(CANYON)];
    // Room for the load with the most connections; everything else is as by default.
    canyon.extend(["--host", "127.0.0.1", "--port", PORT, "--max-connections", "10200"].map(Into::into));
    if answer(Command::new(path(CANYON)).arg("--help")).is_some_and(|help| help.contains("--workers")) {
        canyon.extend(["--workers", "1"].map(Into::into));
    }
    let peers = PEERS.iter().map(|name| Server::new(name, [&path(name), "--port", PORT]));
    [Server::new(CANYON, canyon)].into_iter().chain(peers).collect()
}

/// Where packages of other languages are installed.
fn folder() -> PathBuf {
    root().join("target/bench")
}

fn python() -> PathBuf {
    folder().join("python/bin/python")
}

/// Whether a package can be imported by the installed Python.
fn imports(package: &str) -> bool {
    answer(Command::new(python()).args(["-c", &format!("import {package}")])).is_some()
}

/// Installs Python's and Node's packages.
pub(crate) fn install() -> Result<()> {
    command::run(program("python3").args(["-m", "venv"]).arg(folder().join("python")))?;
    let mut pip = program(python());
    pip.args(["-m", "pip", "install", "--disable-pip-version-check"]);
    command::run(pip.args(PYTHON_PACKAGES.map(|(name, version)| format!("{name}=={version}"))))?;
    if !imports("socketify") {
        LIBUV.install()?;
    }
    let mut npm = program("npm");
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]).arg(folder().join("node"));
    command::run(npm.arg(format!("ws@{WS}")))
}

/// The servers from other languages' registries that are installed; prints the others' names.
pub(crate) fn from_registries() -> Vec<Server> {
    let mut servers = Vec::new();
    for (name, _) in PYTHON_PACKAGES {
        if imports(name) {
            let script = format!("bench/peers/{name}_echo.py");
            servers.push(Server::new(name, [&python().to_string_lossy(), script.as_str(), "--port", PORT]));
        } else {
            println!("Python's {name} is not installed, so it is not measured; --install brings it.");
        }
    }
    let modules = folder().join("node/node_modules");
    if on_path("node").is_some() && modules.join("ws").is_dir() {
        let modules = format!("NODE_PATH={}", modules.display());
        servers.push(Server::new("ws", ["env", &modules, "node", "bench/peers/ws_echo.cjs", "--port", PORT]));
    } else {
        println!("Node's ws is not installed, so it is not measured; --install brings it.");
    }
    servers
}
