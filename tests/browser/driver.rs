//! A browser for one test, controlled by a chromedriver of its own. Both end with the test.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

const START_LIMIT: Duration = Duration::from_secs(20);
const END_LIMIT: Duration = Duration::from_secs(5);

/// How the browser's window is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) scheme: Scheme,
    pub(crate) scripts: Scripts,
    pub(crate) trust: Trust,
}

/// Whose certificates the browser trusts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trust {
    /// A test's certificate is its own.
    Anyone,
    System,
}

/// Whether the browser runs the scripts of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scripts {
    On,
    Off,
}

/// The system's colour scheme.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Window {
    pub(crate) const WIDE: Self =
        Self { width: 1280, height: 800, scheme: Scheme::Light, scripts: Scripts::On, trust: Trust::Anyone };
    pub(crate) const PHONE: Self = Self { width: 360, height: 740, ..Self::WIDE };
}

/// Chromedriver; it ends with its browser when it is dropped, however the test ends.
pub(crate) struct Driver {
    /// Killed unless it ends by itself.
    _process: Child,
    port: u16,
    /// Kept open, because chromedriver ends when it cannot write.
    _stdout: BufReader<ChildStdout>,
    /// For the browsers' profiles, which they do not always delete. Dropped after the process.
    _profiles: TempDir,
}

impl Driver {
    /// Starts chromedriver, up to three times: the port that it picks may be taken on its second address, and then it ends.
    pub(crate) async fn start() -> Result<Self> {
        const TRIES: usize = 3;
        for _ in 1..TRIES {
            if let Ok(driver) = Self::try_to_start().await {
                return Ok(driver);
            }
        }
        Self::try_to_start().await
    }

    async fn try_to_start() -> Result<Self> {
        let program = env::var_os("CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
        let profiles = tempfile::tempdir().context("cannot create a folder for the browser's profile")?;
        let mut process = Command::new(&program)
            .arg("--port=0")
            .env("TMPDIR", profiles.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}: name it in $CHROMEDRIVER", program.display()))?;
        let mut stdout = BufReader::new(process.stdout.take().context("chromedriver has no stdout")?);
        let port =
            timeout(START_LIMIT, read_port(&mut stdout)).await.context("chromedriver did not start in time")??;
        Ok(Self { _process: process, port, _stdout: stdout, _profiles: profiles })
    }

    /// Opens a browser of that size in that scheme.
    pub(crate) async fn open(&self, window: Window) -> Result<Client> {
        let address = format!("http://127.0.0.1:{}", self.port);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(window));
        timeout(START_LIMIT, builder.connect(&address))
            .await
            .context("the browser did not start in time")?
            .context("the browser does not start: name it in $CHROME")
    }
}

impl Drop for Driver {
    /// Asks chromedriver to shut down: killing it would leave its browser running.
    fn drop(&mut self) {
        let Ok(mut driver) = TcpStream::connect(("127.0.0.1", self.port)) else { return };
        let _ = driver.set_read_timeout(Some(END_LIMIT));
        let _ = driver.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        let _ = driver.read_to_end(&mut Vec::new());
    }
}

/// "ChromeDriver was started successfully on port 35123."
async fn read_port(stdout: &mut BufReader<ChildStdout>) -> Result<u16> {
    let mut line = String::new();
    while stdout.read_line(&mut line).await? > 0 {
        let port = line.trim_end().trim_end_matches('.').rsplit_once("on port ").map(|(_, port)| port);
        if let Some(port) = port.filter(|_| line.contains("success")) {
            return port.parse().with_context(|| format!("chromedriver names port {port:?}"));
        }
        line.clear();
    }
    anyhow::bail!("chromedriver ended without naming its port")
}

fn capabilities(window: Window) -> Capabilities {
    let Window { width, height, scheme, scripts, trust } = window;
    // The names of blink::mojom::PreferredColorScheme.
    let preferred_scheme = match scheme {
        Scheme::Dark => 0,
        Scheme::Light => 1,
    };
    let run_scripts = matches!(scripts, Scripts::On);
    let mut options = json!({
        "args": [
            "--headless=new",
            // In containers the browser runs as root, without a GPU and with little shared memory.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            // No requests of its own.
            "--disable-background-networking",
            "--disable-component-update",
            format!("--blink-settings=preferredColorScheme={preferred_scheme},scriptEnabled={run_scripts}"),
        ],
        // A window cannot be as narrow as a phone; an emulated device can.
        "mobileEmulation": {
            "deviceMetrics": { "width": width, "height": height, "pixelRatio": 1, "mobile": false, "touch": false },
        },
    });
    if let Ok(browser) = env::var("CHROME") {
        options["binary"] = browser.into();
    }
    Capabilities::from_iter([
        ("goog:chromeOptions".to_owned(), options),
        ("acceptInsecureCerts".to_owned(), matches!(trust, Trust::Anyone).into()),
    ])
}
