//! A real `canyon`, started as from a shell, that is ended with its owner.

use std::io::{self, BufRead as _, BufReader};
use std::process::{ChildStdout, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::command::{self, cargo};
use crate::guard::Guarded;

/// How long a built server may take until it listens.
const START: Duration = Duration::from_secs(30);

/// A server that can be connected to.
pub(crate) struct Server {
    /// The URL that it printed.
    pub(crate) url: String,
    pub(crate) process: Guarded,
    /// Passes the server's output on until its end.
    output: JoinHandle<()>,
}

impl Server {
    /// Builds a server with the options for cargo, starts it with the arguments, and waits until it listens.
    /// What it prints goes to standard output.
    pub(crate) fn start(options: &[&str], arguments: &[&str]) -> Result<Self> {
        command::run(cargo(["build", "--package", "server"]).args(options))?;
        let mut canyon = cargo(["run", "--quiet", "--package", "server"]);
        canyon.args(options);
        if !arguments.is_empty() {
            canyon.arg("--").args(arguments);
        }
        let mut process = Guarded::start(&canyon, Stdio::piped())?;
        let stdout = process.stdout().context("the server's standard output is not a pipe")?;
        let (url, output) = pass_on(stdout);
        let url = url.recv_timeout(START).map_err(|error| match error {
            RecvTimeoutError::Timeout => anyhow!("the server did not say within {START:?} where it listens"),
            RecvTimeoutError::Disconnected => anyhow!("the server ended before it could be connected to"),
        })?;
        Ok(Self { url, process, output })
    }

    /// A server for tests: on a port that is free, and silent unless something is wrong.
    pub(crate) fn on_free_port() -> Result<Self> {
        Self::start(&[], &["--host", "localhost", "--port", "0", "--log", "warn"])
    }

    /// Ends the server, and passes its last lines on.
    pub(crate) fn stop(self) {
        drop(self.process);
        // The thread panics when standard output is closed; then nobody reads the rest.
        let _ = self.output.join();
    }
}

/// Copies the server's output to ours until its end, and sends the URL of the line that names it; warnings may come before.
fn pass_on(stdout: ChildStdout) -> (mpsc::Receiver<String>, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel();
    let output = thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        // An error counts as the end of the output.
        while stdout.read_line(&mut line).is_ok_and(|count| count > 0) {
            print!("{line}");
            if let Some(url) = url_in(&line) {
                let _ = sender.send(url.to_owned());
                break;
            }
            line.clear();
        }
        drop(sender);
        let _ = io::copy(&mut stdout, &mut io::stdout());
    });
    (receiver, output)
}

fn url_in(line: &str) -> Option<&str> {
    line.trim_end().strip_prefix("WebSocket server started on ")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_address_is_found_behind_other_lines_and_the_end_without_one_is_seen() {
        let url = |script| {
            let mut shell = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
            let (url, output) = pass_on(shell.stdout.take().unwrap());
            let url = url.recv_timeout(START);
            output.join().unwrap();
            shell.wait().unwrap();
            url
        };
        let started = "echo WARN: few descriptors; echo WebSocket server started on ws://localhost:12345; echo more";
        assert_eq!(url(started).unwrap(), "ws://localhost:12345");
        assert_eq!(url("echo hello").unwrap_err(), RecvTimeoutError::Disconnected);
    }
}
