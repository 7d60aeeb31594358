//! A real `canyon`, started the way a person would start it, that ends with its owner.

use std::io::{self, BufRead as _, BufReader};
use std::process::{ChildStdout, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command::{self, cargo};
use crate::guard::Guarded;

/// How long a server that has been built may take to listen.
const START: Duration = Duration::from_secs(30);

/// A server that can be connected to.
pub(crate) struct Server {
    /// Where it listens, as it printed it.
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
        let (first_line, output) = pass_on(stdout);
        let line =
            first_line.recv_timeout(START).ok().with_context(|| format!("the server printed nothing for {START:?}"))?;
        let url = url_in(&line)?.to_owned();
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

/// Copies the server's output to ours until its end, and sends the first line.
fn pass_on(stdout: ChildStdout) -> (mpsc::Receiver<String>, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel();
    let output = thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        // An error counts as the end of the output, which is an empty line.
        let _ = stdout.read_line(&mut line);
        print!("{line}");
        let _ = sender.send(line);
        let _ = io::copy(&mut stdout, &mut io::stdout());
    });
    (receiver, output)
}

fn url_in(line: &str) -> Result<&str> {
    if line.is_empty() {
        bail!("the server ended before it could be connected to");
    }
    line.trim_end().strip_prefix("WebSocket server started on ").with_context(|| {
        format!("the server began with '{}', which is not the line that names its address", line.trim_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_address() {
        assert_eq!(url_in("WebSocket server started on ws://localhost:12345\n").unwrap(), "ws://localhost:12345");
    }

    #[test]
    fn a_server_that_ends_at_once_and_one_that_prints_something_else_are_different_errors() {
        assert_eq!(url_in("").unwrap_err().to_string(), "the server ended before it could be connected to");
        assert!(url_in("hello\n").unwrap_err().to_string().contains("'hello'"));
    }
}
