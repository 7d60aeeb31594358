//! `cargo xtask test`: every check of the project, one after the other, with what each took.
//! Never knows what a step does: the steps are in `steps`.

mod steps;

use std::time::{Duration, Instant};

use self::steps::{STEPS, Step};
use crate::Result;
use crate::command::seconds;

pub(crate) const ABOUT: &str = "run every check, or the steps that are named  [--list] [--no-fail-fast] [step…]";

pub(crate) fn run(arguments: &[String]) -> Result {
    match parse(arguments)? {
        Request::List => {
            for step in STEPS {
                println!("{:<12} {}", step.name, step.about);
            }
            Ok(())
        }
        Request::Run(plan) => plan.run(),
    }
}

enum Request {
    List,
    Run(Plan),
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

fn parse(arguments: &[String]) -> Result<Request> {
    let mut plan = Plan { steps: Vec::new(), after_failure: AfterFailure::Stop };
    for word in arguments {
        match word.as_str() {
            "--list" => return Ok(Request::List),
            "--no-fail-fast" => plan.after_failure = AfterFailure::GoOn,
            name => {
                let step = STEPS.iter().find(|step| step.name == name);
                plan.steps.push(step.ok_or_else(|| format!("test has no step '{name}'; --list names them"))?);
            }
        }
    }
    if plan.steps.is_empty() {
        plan.steps = STEPS.iter().collect();
    }
    Ok(Request::Run(plan))
}

impl Plan {
    fn run(&self) -> Result {
        let start = Instant::now();
        let mut rows = Vec::new();
        for (step, number) in self.steps.iter().zip(1..) {
            println!("\n== {number}/{} {}: {}", self.steps.len(), step.name, step.about);
            let step_start = Instant::now();
            let outcome = (step.run)();
            let time = step_start.elapsed();
            match &outcome {
                Ok(()) => println!("== {} passed in {}", step.name, seconds(time)),
                Err(sentence) => println!("== {} FAILED after {}: {sentence}", step.name, seconds(time)),
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
        if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
    }

    /// One line for each step, those that were not run as well, and one for all of them.
    fn table(&self, rows: &[(Duration, Result)], total: Duration) -> String {
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

    fn plan(words: &[&str]) -> Result<Plan> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        match parse(&words)? {
            Request::Run(plan) => Ok(plan),
            Request::List => Err("a list was asked for".to_owned()),
        }
    }

    #[test]
    fn without_names_every_step_is_run() {
        assert_eq!(plan(&[]).unwrap().steps.len(), STEPS.len());
    }

    #[test]
    fn named_steps_are_run_in_the_order_of_their_names() {
        let names: Vec<&str> = plan(&["native", "format"]).unwrap().steps.iter().map(|step| step.name).collect();
        assert_eq!(names, ["native", "format"]);
    }

    #[test]
    fn a_step_that_is_not_there_is_named() {
        assert_eq!(plan(&["dance"]).err().unwrap(), "test has no step 'dance'; --list names them");
    }

    #[test]
    fn the_table_shows_what_passed_what_failed_and_what_was_not_run() {
        let plan = plan(&["format", "clippy", "native"]).unwrap();
        let second = Duration::from_secs(1);
        let table = plan.table(&[(second, Ok(())), (second, Err("no".to_owned()))], 2 * second);
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
