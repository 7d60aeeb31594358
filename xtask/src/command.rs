//! Running other programs: each is shown first as a line that can be pasted into a shell.

use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow};

/// The folder that holds the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

/// A program to be run in the workspace's folder.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// The cargo on `PATH`: with rustup, that is the toolchain that runs xtask itself.
pub(crate) fn cargo<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = program("cargo");
    command.args(arguments);
    command
}

/// Shows the command and runs it to its end.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    show(command);
    let status = command.status().with_context(|| not_started(command))?;
    if status.success() { Ok(()) } else { Err(failed(command, status)) }
}

/// As [`run`], and returns the standard output, which is also shown as it arrives.
pub(crate) fn run_and_read(command: &mut Command) -> Result<String> {
    show(command);
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| not_started(command))?;
    let mut output = String::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            output.push_str(&line);
            output.push('\n');
        }
    }
    let status = child.wait().with_context(|| not_started(command))?;
    if status.success() { Ok(output) } else { Err(failed(command, status)) }
}

/// The standard output of a short command; `None` when it fails or does not exist.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The version in an answer to `--version`: its first word that begins with a digit.
pub(crate) fn version(answer: &str) -> Option<&str> {
    answer.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

/// Where `PATH` has a program.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(&file)).find(|path| path.is_file())
}

/// A time in seconds, or in minutes and seconds.
pub(crate) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

/// Prints the command as a line for a shell.
pub(crate) fn show(command: &Command) {
    println!("$ {}", line(command));
}

pub(crate) fn not_started(command: &Command) -> String {
    format!("cannot run '{}'", line(command))
}

fn failed(command: &Command, status: ExitStatus) -> Error {
    anyhow!("'{}' failed with {status}", line(command))
}

fn line(command: &Command) -> String {
    let mut line = String::new();
    for (name, value) in command.get_envs() {
        let (name, value) = (name.to_string_lossy(), value.unwrap_or_default());
        let _ = match in_front_of_path(&name, value) {
            Some(folders) => write!(line, "PATH={}\"$PATH\" ", quoted(folders.as_ref())),
            None => write!(line, "{name}={} ", quoted(value)),
        };
    }
    line.push_str(&quoted(command.get_program()));
    for argument in command.get_args() {
        let _ = write!(line, " {}", quoted(argument));
    }
    line
}

/// The part that a new value of `PATH` adds in front of the current one.
fn in_front_of_path(name: &str, value: &OsStr) -> Option<String> {
    let path = env::var("PATH").ok().filter(|_| name == "PATH")?;
    value.to_str()?.strip_suffix(&path).map(str::to_owned)
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_a_line_for_a_shell() {
        let mut command = Command::new("cargo");
        command.args(["test", "it's", ""]).env("ECHO_URL", "ws://localhost:1");
        assert_eq!(line(&command), r"ECHO_URL=ws://localhost:1 cargo test 'it'\''s' ''");
    }

    #[test]
    fn folders_put_in_front_of_path_are_shown_without_the_rest_of_it() {
        let path = env::var("PATH").unwrap();
        let mut command = Command::new("trunk");
        command.env("PATH", format!("/tools/bin:{path}"));
        assert_eq!(line(&command), r#"PATH=/tools/bin:"$PATH" trunk"#);
    }

    #[test]
    fn a_version_is_the_first_word_with_a_digit_in_front() {
        assert_eq!(version("trunk 0.21.14\n"), Some("0.21.14"));
        assert_eq!(version("wasm-bindgen 0.2.130 (0a1b2c3)\n"), Some("0.2.130"));
        assert_eq!(version("Google Chrome 143.0.7499.40\n"), Some("143.0.7499.40"));
        assert_eq!(version("unknown\n"), None);
    }

    #[test]
    fn times_over_a_minute_are_in_minutes() {
        assert_eq!(seconds(Duration::from_millis(1_540)), "1.5 s");
        assert_eq!(seconds(Duration::from_secs(286)), "4 min 46 s");
    }

    #[cfg(unix)]
    #[test]
    fn a_failure_names_the_command_and_its_status() {
        assert_eq!(run(&mut program("false")).unwrap_err().to_string(), "'false' failed with exit status: 1");
    }
}
