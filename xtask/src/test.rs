//! `cargo xtask test`: every check of the project, one after the other, with the time that each took.

mod steps;

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use self::steps::{STEPS, Step};
use crate::command::seconds;

/// Which steps are run, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Steps to run [default: all of them]
    #[arg(value_name = "STEP", value_parser = step)]
    steps: Vec<&'static Step>,

    /// List the steps instead of running them
    #[arg(long)]
    list: bool,

    /// Continue after a step that failed
    #[arg(long)]
    no_fail_fast: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.list {
        for step in STEPS {
            println!("{:<12} {}", step.name, step.about);
        }
        return Ok(());
    }
    Plan::new(options).run()
}

fn step(name: &str) -> Result<&'static Step, String> {
    STEPS.iter().find(|step| step.name == name).ok_or_else(|| "there is no such step; --list names them".to_owned())
}

struct Plan {
    steps: Vec<&'static Step>,
    after_failure: AfterFailure,
}

#[derive(Clone, Copy, PartialEq)]
enum AfterFailure {
    Stop,
    GoOn,
}

impl Plan {
    fn new(options: &Options) -> Self {
        let steps = if options.steps.is_empty() { STEPS.iter().collect() } else { options.steps.clone() };
        Self { steps, after_failure: if options.no_fail_fast { AfterFailure::GoOn } else { AfterFailure::Stop } }
    }

    fn run(&self) -> Result<()> {
        let start = Instant::now();
        let mut rows = Vec::new();
        for (step, number) in self.steps.iter().zip(1..) {
            println!("\n== {number}/{} {}: {}", self.steps.len(), step.name, step.about);
            let step_start = Instant::now();
            let outcome = (step.run)();
            let time = step_start.elapsed();
            match &outcome {
                Ok(()) => println!("== {} passed in {}", step.name, seconds(time)),
                Err(error) => println!("== {} FAILED after {}: {error:#}", step.name, seconds(time)),
            }
            let failed = outcome.is_err();
            rows.push((time, outcome));
            if failed && self.after_failure == AfterFailure::Stop {
                break;
            }
        }
        print!("\n{}", self.table(&rows, start.elapsed()));
        let failed: Vec<&str> = self
            .steps
            .iter()
            .zip(&rows)
            .filter(|(_, (_, outcome))| outcome.is_err())
            .map(|(step, _)| step.name)
            .collect();
        if failed.is_empty() { Ok(()) } else { Err(anyhow!("failed: {}", failed.join(", "))) }
    }

    /// One line for each step, those that were not run as well, and one for all of them.
    fn table(&self, rows: &[(Duration, Result<()>)], total: Duration) -> String {
        let line = |name: &str, time: &str, outcome: &str| format!("{name:<12} {time:>12}  {outcome}\n");
        let mut table = String::new();
        for (index, step) in self.steps.iter().enumerate() {
            table += &match rows.get(index) {
                Some((time, Ok(()))) => line(step.name, &seconds(*time), "passed"),
                Some((time, Err(_))) => line(step.name, &seconds(*time), "FAILED"),
                None => line(step.name, "", "not run"),
            };
        }
        table + line("in all", &seconds(total), "").trim_end() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(words: &[&str]) -> Plan {
        Plan::new(&Options {
            steps: words.iter().map(|name| step(name).unwrap()).collect(),
            list: false,
            no_fail_fast: false,
        })
    }

    #[test]
    fn without_names_every_step_is_run() {
        assert_eq!(plan(&[]).steps.len(), STEPS.len());
    }

    #[test]
    fn named_steps_are_run_in_the_order_of_their_names() {
        let names: Vec<&str> = plan(&["native", "format"]).steps.iter().map(|step| step.name).collect();
        assert_eq!(names, ["native", "format"]);
    }

    #[test]
    fn the_table_shows_what_passed_what_failed_and_what_was_not_run() {
        let plan = plan(&["format", "clippy", "native"]);
        let second = Duration::from_secs(1);
        let table = plan.table(&[(second, Ok(())), (second, Err(anyhow::anyhow!("no")))], 2 * second);
        assert_eq!(
            table,
            "\
format              1.0 s  passed
clippy              1.0 s  FAILED
native                     not run
in all              2.0 s
"
        );
    }
}
