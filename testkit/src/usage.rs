//! The time and memory that a process uses, from Linux's `/proc` ([proc(5)](https://man7.org/linux/man-pages/man5/proc.5.html)).

use std::{fs, iter::Sum, time::Duration};

use anyhow::{Context, Result};

/// What `/proc` counts processor time in: `USER_HZ` is 100 on every architecture that Canyon runs on.
const TICK: Duration = Duration::from_millis(10);

/// What a process uses at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory in KiB.
    pub resident: u64,
    /// The most that `resident` ever was, in KiB.
    pub peak: u64,
    /// Address space in KiB.
    pub address_space: u64,
    /// Open file descriptors.
    pub descriptors: u64,
    /// Processor time of all its threads, to 10 ms.
    pub processor: Duration,
}

/// What several processes use together.
impl Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(usages: I) -> Self {
        usages.fold(Self::default(), |one, other| Self {
            resident: one.resident + other.resident,
            peak: one.peak + other.peak,
            address_space: one.address_space + other.address_space,
            descriptors: one.descriptors + other.descriptors,
            processor: one.processor + other.processor,
        })
    }
}

impl Usage {
    /// What a process uses now.
    ///
    /// # Errors
    /// There is no such process, or no `/proc`.
    pub fn of(process: u32) -> Result<Self> {
        let file = |name: &str| format!("/proc/{process}/{name}");
        let read = |name: &str| fs::read_to_string(file(name)).with_context(|| format!("cannot read {}", file(name)));
        let status = read("status")?;
        let kib = |name: &str| {
            let value =
                status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
            value.with_context(|| format!("no {name} in {}", file("status")))
        };
        let descriptors = fs::read_dir(file("fd")).with_context(|| format!("cannot read {}", file("fd")))?;
        let stat = read("stat")?;
        let after_name = stat.rsplit_once(')').context("no name in the process's stat")?.1;
        // utime and stime: together exact, as the kernel scales them to the time that the scheduler has counted.
        let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        Ok(Self {
            resident: kib("VmRSS:")?,
            peak: kib("VmHWM:")?,
            address_space: kib("VmSize:")?,
            descriptors: descriptors.count() as u64,
            processor: TICK * u32::try_from(ticks)?,
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_descriptors() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(0 < usage.resident && usage.resident <= usage.peak && usage.peak <= usage.address_space, "{usage:?}");
        assert!(usage.descriptors >= 3, "{usage:?}");
    }

    #[test]
    fn a_process_that_is_not_there_is_named() {
        let error = Usage::of(u32::MAX).unwrap_err().to_string();
        assert_eq!(error, "cannot read /proc/4294967295/status");
    }
}
