//! Processes that cannot outlive xtask, whichever way it ends: a Ctrl-C, a closed terminal, even SIGKILL.
//!
//! Each runs under a guard: a second xtask, started with a hidden verb. The guard's standard input is a pipe whose other end
//! only the first xtask has. When that xtask ends, the kernel closes the pipe, and the guard ends its process. The guard
//! prints nothing, because the terminal may be closed by then.

use std::ffi::OsString;
use std::io;
use std::process::{Child, ChildStdout, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{command, own_program};

/// The hidden verb that makes xtask a guard; the command to run follows it.
pub(crate) const VERB: &str = "guard";

/// Time from SIGTERM to SIGKILL: longer than the server's `--drain-timeout` of 10 s.
const GRACE: Duration = Duration::from_secs(12);

/// A process that is ended when this value is dropped, or when this program ends.
pub(crate) struct Guarded(Child);

impl Guarded {
    /// Shows the command and starts it with `stdout` as its standard output.
    pub(crate) fn start(command: &Command, stdout: Stdio) -> Result<Self> {
        command::show(command);
        let mut guard = Command::new(own_program::path()?);
        guard.arg(VERB).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => guard.env(name, value),
                None => guard.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            guard.current_dir(folder);
        }
        // The terminal sends Ctrl-C to its foreground process group; the guard has to outlive that.
        in_own_group(&mut guard);
        let child = guard.stdin(Stdio::piped()).stdout(stdout).spawn();
        child.map(Self).with_context(|| command::not_started(command))
    }

    /// The process' standard output, once, when it was started with a pipe for it.
    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }

    /// How the process ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Closes the guard's standard input first, at which it ends the process.
        let _ = self.0.wait();
    }
}

/// The hidden verb: runs a command until it ends or standard input is closed, and exits with its code.
pub(crate) fn stand(mut command: impl Iterator<Item = OsString>) -> Result<ExitCode> {
    let program = command.next().context("guard needs a command to run")?;
    let mut command_line = Command::new(program);
    command_line.args(command).stdin(Stdio::null());
    in_own_group(&mut command_line);
    let mut child = command_line.spawn().with_context(|| command::not_started(&command_line))?;

    let group = child.id();
    thread::spawn(move || {
        // An error ends the wait too: it means that xtask has ended.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        signal(group, Signal::Terminate);
        thread::sleep(GRACE);
        signal(group, Signal::Kill);
    });
    let status = child.wait().with_context(|| format!("cannot wait for process {group}"))?;
    // Ends what the process left behind, such as a compiler that Trunk had started.
    signal(group, Signal::Kill);
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

#[derive(Clone, Copy)]
enum Signal {
    Terminate,
    Kill,
}

#[cfg(unix)]
fn in_own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(windows)]
fn in_own_group(command: &mut Command) {
    use std::os::windows::process::CommandExt as _;
    /// <https://learn.microsoft.com/windows/win32/procthread/process-creation-flags>
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}

/// Sends a signal to a process group by the shell's own `kill`; not every system has it as a program.
#[cfg(unix)]
fn signal(group: u32, signal: Signal) {
    let name = match signal {
        Signal::Terminate => "TERM",
        Signal::Kill => "KILL",
    };
    quietly(Command::new("sh").args(["-c", r#"kill -s "$0" -- "-$1""#, name]).arg(group.to_string()));
}

/// Ends a process and all that it started; Windows cannot ask a process without a window to end.
#[cfg(windows)]
fn signal(group: u32, _: Signal) {
    quietly(Command::new("taskkill").args(["/T", "/F", "/PID"]).arg(group.to_string()));
}

/// Runs a command that may fail, because its processes may have ended already.
fn quietly(command: &mut Command) {
    let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
}
