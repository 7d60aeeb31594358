//! `cargo xtask interop`: a real server, and clients that others wrote: Python's websockets and Node's wscat, installed in
//! `target/interop`, OpenSSL, and nginx and HAProxy in front.

use std::env::consts::EXE_EXTENSION;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::command::{self, answer, on_path, program, root};
use crate::npm;
use crate::own_program;
use crate::packages::Packages;
use crate::python;
use crate::server::Server;

pub(crate) const ABOUT: &str = "the server answers clients that others wrote: Python's websockets and wscat";

/// A client of HTTP/2 and WebSocket frames without a connection beside the client, and Prometheus' own parser.
const PYTHON: [&str; 5] =
    ["websockets==17.4", "websocket-client==1.9.2", "h2==4.4.1", "wsproto==1.3.2", "prometheus-client==0.26.0"];
const WSCAT: &str = "6.1.0";

/// Proxies that people put in front of WebSocket servers.
const PROXIES: Packages =
    Packages { what: "nginx or HAProxy", apt: &["nginx", "haproxy"], brew: &["nginx", "haproxy"] };

pub(crate) fn check() -> Result<()> {
    let folder = root().join("target/interop");
    let python = python::with_packages(&folder.join("python"), &PYTHON.map(str::to_owned))?;
    let wscat = wscat(&folder)?;
    bring_proxies()?;
    let server = Server::on_free_port()?;
    let mut tests = program(python);
    tests.args([
        "-m",
        "unittest",
        "discover",
        "--start-directory",
        "tests/interop",
        "--pattern",
        "*_test.py",
        "--verbose",
    ]);
    // For tests that need a server with other settings.
    let canyon = own_program::built("debug")?.join("canyon").with_extension(EXE_EXTENSION);
    command::run(tests.env("CANYON_URL", &server.url).env("CANYON_PROGRAM", canyon).env("WSCAT", wscat))
}

/// Installs nginx and HAProxy where Debian's packages have them; their tests are skipped elsewhere.
fn bring_proxies() -> Result<()> {
    let is_there = |name| on_path(name).is_some() || Path::new("/usr/sbin").join(name).is_file();
    if ["nginx", "haproxy"].into_iter().all(is_there) {
        return Ok(());
    }
    if on_path("apt-get").is_none() {
        println!("nginx or HAProxy is missing, and no apt-get brings it: the tests with it are skipped.");
        return Ok(());
    }
    PROXIES.install()
}

/// The path of the wscat script.
fn wscat(folder: &Path) -> Result<PathBuf> {
    let node = folder.join("node");
    let script = node.join("node_modules/wscat/bin/wscat");
    let installed = answer(Command::new("node").arg(&script).arg("--version"));
    if installed.is_some_and(|version| version.trim() == WSCAT) {
        return Ok(script);
    }
    println!("wscat {WSCAT} is not yet in {}; installing it takes some seconds.", node.display());
    npm::install("wscat", WSCAT, &node)?;
    Ok(script)
}
