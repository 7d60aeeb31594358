//! The machine that measures: one processor for the server, one for the load, and how much other work there was.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::command::{on_path, program};

/// The processor reserved for the server, on a machine with several processors and `taskset`.
pub(crate) const SERVER: &str = "0";
/// The processor of the load.
pub(crate) const LOAD: &str = "1";

/// A program pinned to a processor.
pub(crate) fn pinned(processor: &str, name: impl AsRef<OsStr>) -> Command {
    let has_two = std::thread::available_parallelism().is_ok_and(|count| count.get() > 1);
    if !has_two || on_path("taskset").is_none() {
        return program(name);
    }
    let mut command = program("taskset");
    command.args(["-c", processor]).arg(name);
    command
}

/// The unit of processor time in `/proc`.
const TICK: Duration = Duration::from_millis(10);

/// The processors' work since a moment.
pub(crate) struct Activity {
    since: Instant,
    everybody: u64,
    ours: u64,
}

impl Activity {
    pub(crate) fn begin() -> Result<Self> {
        Ok(Self { since: Instant::now(), everybody: everybody()?, ours: ours()? })
    }

    /// How many processors, on average, worked for processes other than ours and the children we waited for.
    pub(crate) fn others(&self) -> Result<f64> {
        let ticks = (everybody()? - self.everybody).saturating_sub(ours()? - self.ours);
        Ok(ticks as f64 * TICK.as_secs_f64() / self.since.elapsed().as_secs_f64())
    }
}

/// Ticks in which processors were not idle, summed over all of them.
fn everybody() -> Result<u64> {
    let stat = read("/proc/stat")?;
    let ticks = stat.lines().next().unwrap_or_default().split_whitespace().skip(1).map_while(|word| word.parse().ok());
    let ticks: Vec<u64> = ticks.collect();
    match ticks[..] {
        [user, nice, system, _idle, _iowait, irq, softirq, steal, ..] => {
            Ok(user + nice + system + irq + softirq + steal)
        }
        _ => Err(anyhow!("/proc/stat does not begin with the times of the processors")),
    }
}

/// Ticks of this process and of its children that have ended.
fn ours() -> Result<u64> {
    let stat = read("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let times = after_name.split_whitespace().skip(11).take(4).map(str::parse::<u64>);
    times.sum::<std::result::Result<_, _>>().context("cannot read /proc/self/stat")
}

fn read(file: &str) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {file}"))
}
