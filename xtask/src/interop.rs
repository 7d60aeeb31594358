//! `cargo xtask interop`: a real server, and clients that others wrote: Python's websockets and Node's wscat, installed in
//! `target/interop`, and OpenSSL.

use std::env::consts::EXE_EXTENSION;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{self, answer, on_path, program, root};
use crate::npm;
use crate::own_program;
use crate::packages::Packages;
use crate::server::Server;

pub(crate) const ABOUT: &str = "the server answers clients that others wrote: Python's websockets and wscat";

const WEBSOCKETS: &str = "17.4";
/// A client of HTTP/2, and WebSocket frames without a connection.
const HTTP2: [&str; 2] = ["h2==4.4.1", "wsproto==1.3.2"];
const WSCAT: &str = "6.1.0";

const VENV: Packages = Packages { what: "Python's venv", apt: &["python3-venv"], brew: &["python"] };

pub(crate) fn check() -> Result<()> {
    let folder = root().join("target/interop");
    let python = python_with_websockets(&folder)?;
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

/// The Python of a virtual environment that has `websockets`.
fn python_with_websockets(folder: &Path) -> Result<PathBuf> {
    let python3 = ["python3", "python"].into_iter().find(|name| on_path(name).is_some());
    let python3 = python3.context("python3 is missing; install Python 3.11 or newer, see https://python.org")?;
    let venv = folder.join("python");
    let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let installed =
        answer(Command::new(&python).args(["-c", "import h2, wsproto, websockets; print(websockets.__version__)"]));
    if installed.is_some_and(|version| version.trim() == WEBSOCKETS) {
        return Ok(python);
    }
    println!("Python's websockets {WEBSOCKETS} is not yet in {}; installing it takes some seconds.", venv.display());
    if answer(Command::new(python3).args(["-c", "import ensurepip"])).is_none() {
        VENV.install()?;
    }
    command::run(program(python3).args(["-m", "venv", "--clear"]).arg(&venv))?;
    let package = format!("websockets=={WEBSOCKETS}");
    command::run(program(&python).args(["-m", "pip", "install", "--disable-pip-version-check", &package]).args(HTTP2))?;
    Ok(python)
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
