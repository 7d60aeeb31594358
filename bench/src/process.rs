//! The server as a process: started, watched and stopped. Never outlives its owner.

use std::{fs, path::Path, process::Stdio, time::Duration};

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
    /// Processor time of all its threads, to 10 ms.
    pub processor: Duration,
}

impl Usage {
    /// What a process uses now; Linux alone can tell.
    pub fn of(process: u32) -> Result<Self> {
        let file = |name: &str| format!("/proc/{process}/{name}");
        let read = |name: &str| fs::read_to_string(file(name)).with_context(|| format!("cannot read {}", file(name)));
        let status = read("status")?;
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
            .context("no VmRSS in the process's status")?;
        let descriptors = fs::read_dir(file("fd")).with_context(|| format!("cannot read {}", file("fd")))?;
        let stat = read("stat")?;
        let after_name = stat.rsplit_once(')').context("no name in the process's stat")?.1;
        // utime and stime: together exact, as the kernel scales them to the time that the scheduler has counted.
        let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        Ok(Self { resident, descriptors: descriptors.count() as u64, processor: TICK * u32::try_from(ticks)? })
    }
}

/// What `/proc` counts processor time in.
const TICK: Duration = Duration::from_millis(10);

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

    /// Its process id.
    ///
    /// # Errors
    /// The process has ended, and somebody has waited for it.
    pub fn id(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it uses now.
    pub fn usage(&self) -> Result<Usage> {
        Usage::of(self.child.id().context("the server has ended")?)
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

/// The process that listens on a port of this machine; Linux alone can tell, and only of one's own processes.
pub fn listening_on(port: u16) -> Result<u32> {
    let tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default()).concat();
    let inode = tables.lines().find_map(|line| listener(line, port));
    let inode = inode.with_context(|| format!("nothing on this machine listens on port {port}"))?;
    let link = format!("socket:[{inode}]");
    let has_it = |process: &u32| {
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten();
        descriptors.flatten().any(|entry| fs::read_link(entry.path()).is_ok_and(|target| target.as_os_str() == &*link))
    };
    let mut processes = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes.find(has_it).with_context(|| format!("who listens on port {port} is a process of somebody else"))
}

/// The inode of a socket that listens on the port, from a line of `/proc/net/tcp`.
fn listener(line: &str, port: u16) -> Option<&str> {
    /// `TCP_LISTEN` of the kernel's `include/net/tcp_states.h`.
    const LISTEN: &str = "0A";
    let mut words = line.split_whitespace().skip(1);
    let (_, local_port) = words.next()?.rsplit_once(':')?;
    let state = words.nth(1)?;
    let inode = words.nth(5)?;
    (state == LISTEN && u16::from_str_radix(local_port, 16) == Ok(port)).then_some(inode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_socket_that_listens_is_found_by_its_port() {
        let line =
            "   0: 0100007F:3039 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0";
        assert_eq!(listener(line, 12345), Some("4711"));
        assert_eq!(listener(line, 12346), None);
        assert_eq!(listener(&line.replace(" 0A ", " 01 "), 12345), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_that_listens_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(listening_on(listener.local_addr().unwrap().port()).unwrap(), std::process::id());
    }
}
