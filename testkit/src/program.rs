//! Canyon's server as a program: started, watched and stopped.

use std::{
    env,
    ffi::OsStr,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::usage::Usage;

/// A running `canyon`, killed when this is dropped.
#[derive(Debug)]
pub struct Program {
    /// The process.
    pub child: Child,
    /// Its output, unless that is ignored.
    lines: Option<Lines<BufReader<ChildStdout>>>,
}

impl Program {
    /// A command that starts a program without the settings for `canyon` that are in this process's environment, and kills
    /// it when it is dropped.
    pub fn command(program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if matches!(&*name, "HOST" | "PORT") || name.starts_with("CANYON_") {
                command.env_remove(&*name);
            }
        }
        command.kill_on_drop(true);
        command
    }

    /// Starts a command that [`Self::command`] has made.
    pub fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {command:?}"))?;
        let stdout = child.stdout.take().context("the program has no standard output")?;
        Ok(Self { child, lines: Some(BufReader::new(stdout).lines()) })
    }

    /// Starts `canyon` on a free port of 127.0.0.1, waits until it names its address, and ignores what it prints after that.
    pub async fn on_free_port(canyon: &Path, arguments: &[&str]) -> Result<(Self, SocketAddr)> {
        let mut command = Self::command(canyon);
        command.args(["--host", "127.0.0.1", "--port", "0"]).args(arguments);
        let mut program = Self::start(command)?;
        let address = (Ipv4Addr::LOCALHOST, program.port().await?).into();
        program.ignore_output();
        Ok((program, address))
    }

    /// The next line of its standard output; `None` after the last.
    pub async fn line(&mut self) -> Result<Option<String>> {
        let Some(lines) = &mut self.lines else { return Ok(None) };
        lines.next_line().await.context("cannot read the program's output")
    }

    /// The address in its line that it has started: `ws://localhost:12345`. Earlier lines are skipped.
    pub async fn url(&mut self) -> Result<String> {
        loop {
            let line = self.line().await?.context("the server ended before it had started")?;
            if let Some(url) = line.strip_prefix("WebSocket server started on ") {
                return Ok(url.to_owned());
            }
        }
    }

    /// The port in [`Self::url`].
    pub async fn port(&mut self) -> Result<u16> {
        let url = self.url().await?;
        let port = url.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        port.with_context(|| format!("the server's address names no port: {url:?}"))
    }

    /// Reads its output on and drops it, so that it never waits for a reader. [`Self::line`] then gives `None`.
    pub fn ignore_output(&mut self) {
        let lines = self.lines.take();
        tokio::spawn(async move {
            let Some(mut lines) = lines else { return };
            while let Ok(Some(_)) = lines.next_line().await {}
        });
    }

    /// Its process id.
    ///
    /// # Errors
    /// The process has ended and has been waited for.
    pub fn id(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it uses now.
    pub fn usage(&self) -> Result<Usage> {
        Usage::of(self.id()?)
    }

    /// Sends it a signal, such as `TERM`.
    pub async fn signal(&self, signal: &str) -> Result<()> {
        let id = self.id()?;
        let sent = Command::new("kill").args(["-s", signal, &id.to_string()]).status().await?;
        ensure!(sent.success(), "cannot send SIG{signal} to process {id}: {sent}");
        Ok(())
    }

    /// Sends it SIGTERM and waits until it has ended; its output is discarded.
    ///
    /// # Errors
    /// Its exit code is not 0.
    pub async fn stop(mut self) -> Result<()> {
        self.signal("TERM").await?;
        while self.line().await?.is_some() {}
        let status = self.child.wait().await?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}
