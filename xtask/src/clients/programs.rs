//! The clients, and how each is brought and run.

use std::env::consts::EXE_EXTENSION;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

use super::cases::Case;
use super::report::Report;
use crate::browser;
use crate::command::{self, answer, cargo, on_path, program, root, version};
use crate::packages::Packages;
use crate::{npm, own_program, python};

const DRIVERS: &str = "tests/clients";
/// Where packages are installed.
const FOLDER: &str = "target/clients";

const WEBSOCKETS: &str = "17.4";
const WEBSOCKET_CLIENT: &str = "1.9.2";
const NODE: &str = "26.10.0";
const WS: &str = "8.23.0";

const FIREFOX: Packages = Packages { what: "Firefox", apt: &["firefox-esr"], brew: &["--cask", "firefox"] };
const FIREFOXES: [&str; 2] = ["firefox", "firefox-esr"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
#[expect(clippy::enum_variant_names, reason = "websocket-client is a name")]
pub(super) enum Client {
    Chromium,
    Firefox,
    Node,
    Ws,
    Websockets,
    WebsocketClient,
    Tungstenite,
}

/// A client that can be run.
pub(super) struct Program {
    pub(super) version: String,
    client: Client,
    words: Vec<OsString>,
}

impl Client {
    pub(super) const ALL: [Self; 7] = [
        Self::Chromium,
        Self::Firefox,
        Self::Node,
        Self::Ws,
        Self::Websockets,
        Self::WebsocketClient,
        Self::Tungstenite,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Node => "node",
            Self::Ws => "ws",
            Self::Websockets => "websockets",
            Self::WebsocketClient => "websocket-client",
            Self::Tungstenite => "tungstenite",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|client| client.name() == name)
    }

    pub(super) fn is_browser(self) -> bool {
        matches!(self, Self::Chromium | Self::Firefox)
    }

    /// Whether it offers permessage-deflate by default.
    pub(super) fn offers_deflate(self) -> bool {
        !matches!(self, Self::WebsocketClient | Self::Tungstenite)
    }

    /// Finds or installs it.
    pub(super) fn ready(self) -> Result<Program> {
        let folder = root().join(FOLDER);
        let driver = |file: &str| root().join(DRIVERS).join(file).into_os_string();
        let (version, words) = match self {
            Self::Chromium => {
                browser::driver()?;
                let chromium = browser::browser().context("Chromium is not on PATH")?;
                let options = "--headless=new --disable-gpu --disable-dev-shm-usage --disable-background-networking \
                               --disable-component-update --no-first-run --no-sandbox --user-data-dir={profile} {page}";
                (printed_version(&chromium)?, in_browser(chromium, options)?)
            }
            Self::Firefox => {
                if FIREFOXES.iter().all(|name| on_path(name).is_none()) {
                    FIREFOX.install()?;
                }
                let firefox = FIREFOXES.iter().find_map(|name| on_path(name)).context("Firefox is not on PATH")?;
                (printed_version(&firefox)?, in_browser(firefox, "--headless --no-remote --profile {profile} {page}")?)
            }
            Self::Node => {
                let node = node(&folder)?;
                let undici = answer(Command::new(&node).args(["-p", "process.versions.undici"]));
                let undici = undici.context("Node does not tell the version of undici")?;
                let version = format!("{NODE} (undici {})", undici.trim());
                (version, vec![node.into_os_string(), driver("node_client.mjs")])
            }
            Self::Ws => {
                let node = node(&folder)?;
                (WS.to_owned(), vec![node.into_os_string(), driver("ws_client.cjs"), modules(&folder).into_os_string()])
            }
            Self::Websockets => {
                (WEBSOCKETS.to_owned(), vec![python(&folder)?.into_os_string(), driver("websockets_client.py")])
            }
            Self::WebsocketClient => {
                (WEBSOCKET_CLIENT.to_owned(), vec![python(&folder)?.into_os_string(), driver("websocket_client.py")])
            }
            Self::Tungstenite => {
                command::run(&mut cargo(["build", "--package", "server", "--example", "tungstenite_client"]))?;
                let example = own_program::built("debug")?.join("examples/tungstenite_client");
                let tree = answer(&mut cargo([
                    "tree",
                    "--package",
                    "server",
                    "--depth",
                    "1",
                    "--invert",
                    "tokio-tungstenite",
                ]));
                let version = tree.as_deref().and_then(|tree| tree.split_whitespace().nth(1).map(str::to_owned));
                let version = version.context("cargo tree does not name tokio-tungstenite")?;
                let version = version.trim_start_matches('v').to_owned();
                (version, vec![example.with_extension(EXE_EXTENSION).into_os_string()])
            }
        };
        Ok(Program { version, client: self, words })
    }
}

impl Program {
    /// What the client reports of each case at a server.
    pub(super) fn reports(&self, server: &str, cases: &[Case]) -> Result<Vec<(Case, Report)>> {
        let (name, words) = (self.client.name(), &self.words);
        println!("{name} {} has {} URLs", self.version, cases.len());
        let mut driver = program(&words[0]);
        driver.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut driver = driver.spawn().with_context(|| format!("cannot run the driver of {name}"))?;
        let mut stdin = driver.stdin.take().context("the driver has no standard input")?;
        let urls: String = mixed(cases).map(|case| format!("{server}{}\n", case.path)).collect();
        // Its end is seen at the other end, where what it has read of is reported.
        let writer = thread::spawn(move || stdin.write_all(urls.as_bytes()));
        let output = driver.wait_with_output().with_context(|| format!("the driver of {name} does not end"))?;
        let _ = writer.join();
        if !output.status.success() {
            bail!("the driver of {name} failed with {}", output.status);
        }
        let reports = String::from_utf8_lossy(&output.stdout).lines().map(Report::parse).collect::<Result<Vec<_>>>()?;
        let found = |case: &Case| {
            let url = format!("{server}{}", case.path);
            let report = reports.iter().find(|(of, _)| *of == url);
            let report = report.with_context(|| format!("the driver of {name} reports nothing of {}", case.path))?;
            Ok((case.clone(), report.1.clone()))
        };
        cases.iter().map(found).collect()
    }
}

/// The cases in an order in which not all failures come together: Chromium delays connections after many of them.
fn mixed(cases: &[Case]) -> impl Iterator<Item = &Case> {
    const STEP: usize = 7;
    (0..STEP).flat_map(move |start| cases.iter().skip(start).step_by(STEP))
}

fn in_browser(browser: PathBuf, options: &str) -> Result<Vec<OsString>> {
    let python = python::program_name()?;
    let driver = root().join(DRIVERS).join("browser.py").into_os_string();
    let words = [python.into(), driver, browser.into_os_string()].into_iter();
    Ok(words.chain(options.split_whitespace().map(OsString::from)).collect())
}

fn printed_version(browser: &Path) -> Result<String> {
    let printed = answer(Command::new(browser).arg("--version")).unwrap_or_default();
    let version = version(&printed).with_context(|| format!("{} prints no version", browser.display()))?;
    Ok(version.to_owned())
}

fn python(folder: &Path) -> Result<PathBuf> {
    let packages = [format!("websockets=={WEBSOCKETS}"), format!("websocket-client=={WEBSOCKET_CLIENT}")];
    python::with_packages(&folder.join("python"), &packages)
}

fn modules(folder: &Path) -> PathBuf {
    folder.join("node").join(npm::MODULES)
}

/// Node with its packages; the registry has Node's own program too, so that its version is fixed as well.
fn node(folder: &Path) -> Result<PathBuf> {
    let node = modules(folder).join("node/bin/node").with_extension(EXE_EXTENSION);
    let manifest = std::fs::read_to_string(modules(folder).join("ws/package.json")).unwrap_or_default();
    let has_ws = manifest.contains(&format!("\"version\": \"{WS}\""));
    let is_there = answer(Command::new(&node).arg("--version")).is_some_and(|it| it.trim() == format!("v{NODE}"));
    if !has_ws || !is_there {
        println!("Node {NODE} and ws {WS} are not yet in {}; installing them takes some seconds.", folder.display());
        npm::install_all(&[("node", NODE), ("ws", WS)], &folder.join("node"))?;
    }
    Ok(node)
}
