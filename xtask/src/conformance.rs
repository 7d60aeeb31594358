//! `cargo xtask conformance`: the Autobahn test suite against a real server, its verdicts compared with the ones that
//! are committed, because wstest's exit code is 0 even if cases fail.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::command::{self, on_path, program, root};
use crate::server::Server;

/// The verdicts that are committed.
const VERDICTS: &str = "docs/conformance.tsv";

/// All cases without compression, and one of each kind with it; the others take half an hour.
const SHORT: &[&str] = &[
    "1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*", "12.1.1", "12.1.2", "12.1.3", "12.2.1", "12.3.1",
    "12.5.1", "13.1.1", "13.3.1", "13.5.1", "13.7.1",
];
const FULL: &[&str] = &["*"];

/// The cases to run, and whether their verdicts are recorded or compared.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run all cases, those of compression too: half an hour
    #[arg(long)]
    full: bool,

    /// Reach the server through `canyon relay`, whose verdicts must be the same
    #[arg(long, conflicts_with = "write")]
    relay: bool,

    /// Record the verdicts instead of comparing them
    #[arg(long)]
    write: bool,
}

/// Some cases send 16 MiB, and some a message in a hundred thousand frames.
const LIMITS: [&str; 6] = ["--log", "warn", "--max-message-size", "64MiB", "--max-fragments", "200000"];

pub(crate) fn run(options: Options) -> Result<()> {
    let cases = if options.full { FULL } else { SHORT };
    let wstest = wstest()?;
    let folder = root().join("target/conformance");
    // Otherwise the report of an earlier run could be compared.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    let suite = command::answer(program(&wstest).arg("-a")).context("cannot read the version of wstest")?;
    let server = Server::start(&[], &[&["--host", "127.0.0.1", "--port", "0"], &LIMITS[..]].concat())?;
    let relay = options.relay.then(|| relay_to(&server.url)).transpose()?;
    let spec = folder.join("spec.json");
    let text = format!(
        r#"{{"outdir": "{}", "servers": [{{"agent": "canyon", "url": "{}/echo"}}], "cases": {cases:?}, "exclude-cases": []}}"#,
        folder.display(),
        relay.as_ref().unwrap_or(&server).url
    );
    fs::write(&spec, text).with_context(|| format!("cannot write {}", spec.display()))?;
    command::run(program(wstest).args(["-m", "fuzzingclient", "-s"]).arg(&spec))?;
    let mut verdicts = program("python3");
    verdicts.arg("tests/conformance/verdicts.py").arg(folder.join("index.json")).arg(VERDICTS);
    verdicts.args(options.write.then_some("--write"));
    command::run(verdicts.env("SUITE", suite.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// Starts `canyon relay` in front of a server.
fn relay_to(url: &str) -> Result<Server> {
    Server::start(&[], &[&["relay", "--listen", "127.0.0.1:0", "--to", url], &LIMITS[..]].concat())
}

fn wstest() -> Result<PathBuf> {
    env::var_os("WSTEST").map(PathBuf::from).or_else(|| on_path("wstest")).context(
        "wstest, the program of the Autobahn test suite, is not on PATH and $WSTEST does not name it; \
         it is on PyPI as autobahntestsuite for Python 2.7, and in the container image crossbario/autobahn-testsuite",
    )
}
