//! The loads, each with the arguments of the program that generates it.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::bench::machine;
use crate::bench::servers::{Answer, Server};
use crate::{command, own_program};

/// One kind of load, and the figure that it gives.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) name: &'static str,
    /// The heading of its column.
    pub(crate) about: &'static str,
    /// The figure's unit.
    pub(crate) unit: &'static str,
    /// The program of `bench/`.
    program: &'static str,
    arguments: &'static [&'static str],
    /// The figure's name in the program's JSON.
    field: &'static str,
    /// What canyon replies; its peers always echo.
    pub(crate) answer: Answer,
}

const PER_MESSAGE: &str = "server_us_per_message";

const fn echo(name: &'static str, about: &'static str, arguments: &'static [&'static str]) -> Load {
    let (unit, answer) = ("µs a message", Answer::Echo);
    Load { name, about, unit, program: "load", arguments, field: PER_MESSAGE, answer }
}

pub(crate) const LOADS: &[Load] = &[
    echo("small", "100 × 20 B", &["--connections", "100", "--size", "20"]),
    echo("in-flight", "100 × 20 B, 16 in flight", &["--connections", "100", "--size", "20", "--in-flight", "16"]),
    echo("1KiB", "500 × 1 KiB", &["--connections", "500", "--size", "1024"]),
    echo("16KiB", "50 × 16 KiB", &["--connections", "50", "--size", "16384"]),
    echo("1MiB", "10 × 1 MiB", &["--connections", "10", "--size", "1048576"]),
    echo("one", "1 × 20 B", &["--connections", "1", "--size", "20"]),
    Load {
        answer: Answer::Prefixed,
        ..echo("prefix", "100 × 20 B, canyon's with a prefix", &["--connections", "100", "--size", "20"])
    },
    echo("utf8", "500 × 1 KiB of multi-byte text", &["--connections", "500", "--size", "1024", "--kind", "utf8"]),
    echo("deflate", "100 × 1 KiB compressed", &["--connections", "100", "--size", "1024", "--deflate"]),
    echo("few-busy", "200, 100 active, × 20 B", &["--connections", "200", "--active", "50"]),
    echo("many-idle", "10 000, 100 active, × 20 B", &["--connections", "10000", "--active", "1"]),
    Load {
        name: "handshakes",
        about: "connect, upgrade, close",
        unit: "µs a handshake",
        program: "handshakes",
        arguments: &[],
        field: "server_us_per_handshake",
        answer: Answer::Echo,
    },
    Load {
        name: "idle",
        about: "10 000 idle after a message",
        unit: "bytes a connection",
        program: "idle",
        arguments: &[],
        field: "bytes_used",
        answer: Answer::Echo,
    },
];

/// What canyon's replies begin with at `/`.
const PREFIX: &str = "Server received: ";

impl Load {
    pub(crate) fn named(name: &str) -> Result<&'static Self> {
        let names = || LOADS.iter().map(|load| load.name).collect::<Vec<_>>().join(", ");
        let load = LOADS.iter().find(|load| load.name == name);
        load.with_context(|| format!("there is no load '{name}', only {}", names()))
    }

    /// Loads the server on a port of this machine, and returns the figure.
    pub(crate) fn run(&self, port: u16, seconds: u32, server: &Server) -> Result<f64> {
        let mut command = machine::pinned(machine::LOAD, own_program::built("release")?.join(self.program));
        command.arg(format!("ws://127.0.0.1:{port}{}", server.path(self.answer))).arg("--json").args(self.arguments);
        if self.program == "load" {
            command.args(["--seconds", &seconds.to_string()]);
        }
        if server.path(self.answer) == "/" {
            command.args(["--prefix", PREFIX]);
        }
        let line = read(&mut command)?;
        figure(&line, self.field).with_context(|| format!("'{}' has no {}", line.trim_end(), self.field))
    }
}

/// The command's standard output; its standard error is inherited.
fn read(command: &mut Command) -> Result<String> {
    command::show(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| command::not_started(command))?;
    if !output.status.success() {
        bail!("its load failed with {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A number in a flat JSON object.
fn figure(line: &str, field: &str) -> Option<f64> {
    let (_, rest) = line.split_once(&format!("\"{field}\": "))?;
    rest.split([',', '}']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_found_by_its_whole_name() {
        let line = r#"{"xus": 1, "us": 2.5, "last": 3}"#;
        assert_eq!(figure(line, "us"), Some(2.5));
        assert_eq!(figure(line, "last"), Some(3.0));
        assert_eq!(figure(line, "u"), None);
    }
}
