//! `cargo xtask interop`: a real server, and clients that others wrote: Python's websockets and Node's wscat, installed in
//! `target/interop`, and OpenSSL.

use std::env::consts::EXE_EXTENSION;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::command::{self, answer, program, root};
use crate::npm;
use crate::own_program;
use crate::python;
use crate::server::Server;

pub(crate) const ABOUT: &str = "the server answers clients that others wrote: Python's websockets and wscat";

/// A client of HTTP/2 and WebSocket frames without a connection beside the client, and Prometheus' own parser.
const PYTHON: [&str; 4] = ["websockets==17.4", "h2==4.4.1", "wsproto==1.3.2", "prometheus-client==0.26.0"];
const WSCAT: &str = "6.1.0";

pub(crate) fn check() -> Result<()> {
    let folder = root().join("target/interop");
    let python = python::with_packages(&folder.join("python"), &PYTHON.map(str::to_owned))?;
    let wscat = wscat(&folder)?;
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
