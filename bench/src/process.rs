//! The server as a process: started, watched and stopped. Never outlives its owner.

use std::{fs, path::Path, process::Stdio};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A `canyon` on a free port of 127.0.0.1.
#[derive(Debug)]
pub struct Server {
    child: Child,
    port: u16,
}

/// What the system says of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory in KiB.
    pub resident: u64,
    /// Open file descriptors.
    pub descriptors: u64,
    /// Processor time in ticks of 10 ms.
    pub ticks: u64,
}

impl Server {
    /// Starts the program and waits until it can be connected to.
    pub async fn start(program: &Path, arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["--host", "127.0.0.1", "--port", "0"])
            .args(arguments)
            .env_remove("HOST")
            .env_remove("PORT")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let stdout = child.stdout.take().context("the server has no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let first = lines.next_line().await?.context("the server ended before it had started")?;
        let port = first.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let port = port.with_context(|| format!("the server's first line names no port: {first:?}"))?;
        // Its log is read on, so that it never stands still for want of a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, port })
    }

    /// The port of 127.0.0.1 that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it uses now; Linux alone can tell.
    pub fn usage(&self) -> Result<Usage> {
        let id = self.child.id().context("the server has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status")).context("only Linux tells a process's memory")?;
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
            .context("no VmRSS in the process's status")?;
        let descriptors = fs::read_dir(format!("/proc/{id}/fd"))?.count() as u64;
        let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
        let after_name = stat.rsplit_once(')').context("no name in the process's stat")?.1;
        let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        Ok(Usage { resident, descriptors, ticks })
    }

    /// Asks it to end, and waits until it has; fails unless its exit code is 0.
    pub async fn stop(mut self) -> Result<()> {
        let id = self.child.id().context("the server has ended before")?;
        let asked = Command::new("kill").args(["-s", "TERM", &id.to_string()]).status().await?;
        if !asked.success() {
            bail!("cannot send SIGTERM to process {id}: {asked}");
        }
        let status = self.child.wait().await?;
        if status.success() { Ok(()) } else { bail!("the server ended with {status}") }
    }
}
