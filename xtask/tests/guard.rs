//! The guard as a process: what it runs ends with the process that holds its standard input.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "clippy allows it in tests, but not in their helpers")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// More than the time that the guard gives a process to end by itself.
const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn a_process_ends_when_the_holder_of_the_guard_is_killed() {
    let mut world = World::with("echo $$; exec sleep 600");
    world.holder.kill().unwrap();
    world.wait_for_guard();
    world.wait_until_gone();
}

#[test]
fn what_the_process_has_started_ends_with_it() {
    let mut world = World::with("sleep 600 & echo $!; wait");
    world.holder.kill().unwrap();
    world.wait_for_guard();
    world.wait_until_gone();
}

#[test]
fn a_process_that_ignores_the_polite_signal_is_killed() {
    let mut world = World::with("trap '' TERM; echo $$; while :; do sleep 1; done");
    world.holder.kill().unwrap();
    world.wait_for_guard();
    world.wait_until_gone();
}

#[test]
fn what_a_process_leaves_behind_ends_when_the_process_ends_by_itself() {
    let mut world = World::with("sleep 600 & echo $!; exit 7");
    assert_eq!(world.wait_for_guard().code(), Some(7));
    world.wait_until_gone();
}

/// A guard, the process whose end closes the guard's standard input, and the process that must not be left behind.
struct World {
    holder: Child,
    guard: Child,
    process: String,
}

impl World {
    /// Runs a shell script under a guard; the script's first line of output is the process to watch.
    fn with(script: &str) -> Self {
        let mut holder = Command::new("sleep").arg("600").stdout(Stdio::piped()).spawn().unwrap();
        let mut guard = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["guard", "sh", "-c", script])
            .stdin(holder.stdout.take().unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut process = String::new();
        BufReader::new(guard.stdout.take().unwrap()).read_line(&mut process).unwrap();
        let process = process.trim().to_owned();
        assert!(is_alive(&process), "process {process} was not started");
        Self { holder, guard, process }
    }

    fn wait_for_guard(&mut self) -> ExitStatus {
        wait_for("the guard to end", || self.guard.try_wait().unwrap())
    }

    fn wait_until_gone(&self) {
        wait_for("the process to end", || (!is_alive(&self.process)).then_some(()));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for child in [&mut self.holder, &mut self.guard] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn is_alive(process: &str) -> bool {
    let question = Command::new("sh").args(["-c", "kill -s 0 \"$0\"", process]).stderr(Stdio::null()).status();
    question.unwrap().success()
}

fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < LIMIT, "waited {LIMIT:?} for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
