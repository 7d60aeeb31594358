//! The program `canyon` in a process of its own, which ends with the test.

use std::process::Output;

use testkit::Usage;
use tokio::process::{Child, Command};

use super::within;

/// A running `canyon`, killed with the test.
pub struct Program(testkit::Program);

/// The command `canyon` with these arguments, whatever the environment of the tests says.
pub fn canyon(arguments: &[&str]) -> Command {
    let mut command = testkit::Program::command(env!("CARGO_BIN_EXE_canyon"));
    command.args(arguments);
    command
}

/// The same after a few words of a shell.
#[cfg(unix)]
pub fn canyon_after(words: &str, arguments: &str) -> Command {
    let mut command = testkit::Program::command("sh");
    command.args(["-c", &format!("{words}; exec {} {arguments}", env!("CARGO_BIN_EXE_canyon"))]);
    command
}

/// Runs a program that ends by itself.
pub async fn wait_for_output(mut command: Command) -> Output {
    within("its end", command.output()).await.unwrap()
}

impl Program {
    pub fn start(command: Command) -> Self {
        Self(testkit::Program::start(command).unwrap())
    }

    /// Starts `canyon` on a free port of 127.0.0.1, with these arguments too; gives it with its port.
    pub async fn on_free_port(arguments: &[&str]) -> (Self, u16) {
        let mut program = Self::start(canyon(&[&["--host", "127.0.0.1", "--port", "0"], arguments].concat()));
        let port = within("a line", program.0.port()).await.unwrap();
        (program, port)
    }

    /// The process, to wait for its end.
    pub fn child(&mut self) -> &mut Child {
        &mut self.0.child
    }

    /// The next line that it prints.
    pub async fn line(&mut self) -> String {
        self.line_or_end().await.expect("a line, not the end")
    }

    /// The next line, or that there is none any more.
    pub async fn line_or_end(&mut self) -> Option<String> {
        within("a line or the end", self.0.line()).await.unwrap()
    }

    /// The address in the first line.
    pub async fn url(&mut self) -> String {
        within("a line", self.0.url()).await.unwrap()
    }

    pub async fn signal(&self, signal: &str) {
        self.0.signal(signal).await.unwrap();
    }

    /// What it uses now; Linux alone can tell.
    #[cfg(target_os = "linux")]
    pub fn usage(&self) -> Usage {
        self.0.usage().unwrap()
    }
}
