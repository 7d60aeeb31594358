//! The program `canyon` in a process of its own. Never outlives the test.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::within;

/// A running `canyon`, killed with the test.
pub struct Program {
    pub child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// The command `canyon` with these arguments, whatever the environment of the tests says.
pub fn canyon(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canyon"));
    command.args(arguments);
    undisturbed(command)
}

/// The same on a system that allows it so many file descriptors.
#[cfg(unix)]
pub fn canyon_with_descriptors(count: usize, arguments: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {count}; exec {} {arguments}", env!("CARGO_BIN_EXE_canyon"))]);
    undisturbed(command)
}

fn undisturbed(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let is_setting =
            name.to_str().is_some_and(|name| matches!(name, "HOST" | "PORT") || name.starts_with("CANYON_"));
        if is_setting {
            command.env_remove(name);
        }
    }
    command.kill_on_drop(true);
    command
}

impl Program {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Starts `canyon` on a free port of 127.0.0.1, with these arguments too; gives it with its port.
    pub async fn on_free_port(arguments: &[&str]) -> (Self, u16) {
        let mut program = Self::start(canyon(&[&["--host", "127.0.0.1", "--port", "0"], arguments].concat()));
        let port = program.url().await.rsplit_once(':').unwrap().1.parse().unwrap();
        (program, port)
    }

    /// The next line that it prints.
    pub async fn line(&mut self) -> String {
        within("a line", self.lines.next_line()).await.unwrap().expect("a line, not the end")
    }

    /// The next line, or that there is none any more.
    pub async fn line_or_end(&mut self) -> Option<String> {
        within("a line or the end", self.lines.next_line()).await.unwrap()
    }

    /// The address in the first line.
    pub async fn url(&mut self) -> String {
        let line = self.line().await;
        line.strip_prefix("WebSocket server started on ").unwrap_or_else(|| panic!("{line}")).to_owned()
    }

    pub async fn signal(&self, signal: &str) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().await.unwrap().success());
    }

    /// A value in KiB from `/proc/PID/status`, such as `VmRSS` or `VmSize`.
    #[cfg(target_os = "linux")]
    pub fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// How many file descriptors it has open.
    #[cfg(target_os = "linux")]
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id().unwrap())).unwrap().count()
    }

    /// The processor time that it has used, in ticks of 10 ms.
    #[cfg(target_os = "linux")]
    pub fn cpu_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id().unwrap())).unwrap();
        let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
        fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }
}
