//! Executing a sequence.

use std::time::Duration;

use super::{Expectation, Sequence, Step};
use crate::composing::draft::Draft;
use crate::data::format::{Counted, Span};
use crate::data::payload::Content;
use crate::data::time::Time;
use crate::log::filter::Compile;

/// Between two rounds. Without a pause, a sequence that only sends would block the page.
const ROUND_PAUSE_MS: f64 = 1.0;

#[derive(Debug, Clone, PartialEq)]
pub struct StepResult {
    /// Index.
    pub step: usize,
    pub outcome: Outcome,
    pub took: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    /// The reason.
    Failed(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Running,
    Passed,
    /// A step failed; the rest was not executed.
    Failed,
    Stopped,
}

/// A sequence that is running or has ended.
#[derive(Debug)]
pub struct Run {
    sequence: Sequence,
    /// For each step, `None` unless it expects a reply.
    expectations: Vec<Option<Expectation>>,
    verdict: Verdict,
    rounds: u32,
    /// The index of the current step.
    step: usize,
    /// When the current step began.
    since: Time,
    /// Messages since then that did not match.
    passed_over: u64,
    /// Of the current round.
    results: Vec<StepResult>,
    started: Time,
    took: Duration,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum RunEvent<'a> {
    Tick,
    Received(Content<'a>),
}

impl Run {
    /// Begins with the first `RunEvent::Tick`.
    ///
    /// # Errors
    /// Which step is wrong, and why.
    pub fn new(sequence: Sequence, compile: Compile, now: Time) -> Result<Self, String> {
        if sequence.steps.is_empty() {
            return Err("the sequence has no steps".to_owned());
        }
        if sequence.steps.len() > Sequence::MAX_STEPS {
            return Err(format!("{} steps are more than the limit of {}", sequence.steps.len(), Sequence::MAX_STEPS));
        }
        let expectation = |(step, number): (&Step, usize)| match step {
            Step::Expect { reply, .. } => {
                Expectation::new(reply, compile).map(Some).map_err(|why| format!("step {number}: {why}"))
            }
            Step::Send(_) | Step::Delay(_) => Ok(None),
        };
        Ok(Self {
            expectations: sequence.steps.iter().zip(1..).map(expectation).collect::<Result<_, _>>()?,
            sequence,
            verdict: Verdict::Running,
            rounds: 0,
            step: 0,
            since: now,
            passed_over: 0,
            results: Vec::new(),
            started: now,
            took: Duration::ZERO,
        })
    }

    pub fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Of the newest round.
    pub fn results(&self) -> &[StepResult] {
        &self.results
    }

    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// One sentence for the log.
    pub fn summary(&self) -> String {
        let name = &self.sequence.name;
        let took = Span(self.took);
        match (self.verdict, self.results.last()) {
            (Verdict::Running, _) => format!("Sequence {name}: step {}", self.step + 1),
            (Verdict::Passed, _) if self.rounds > 1 => {
                format!("Sequence {name} passed, {} in {took}", Counted(self.rounds.into(), "round"))
            }
            (Verdict::Passed, _) => format!("Sequence {name} passed in {took}"),
            (Verdict::Failed, Some(StepResult { step, outcome: Outcome::Failed(why), .. })) => {
                format!("Sequence {name} failed at step {} after {took}: {why}", step + 1)
            }
            (Verdict::Failed, _) => format!("Sequence {name} failed after {took}"),
            (Verdict::Stopped, _) => format!("Sequence {name} stopped after {took}"),
        }
    }

    /// When `RunEvent::Tick` is due; `None` after the end.
    pub fn due(&self) -> Option<Time> {
        if self.verdict != Verdict::Running {
            return None;
        }
        Some(match self.sequence.steps[self.step] {
            Step::Expect { within, .. } => self.since.after(within.into()),
            Step::Delay(ms) => self.since.after(ms.into()),
            Step::Send(_) => self.since,
        })
    }

    /// Executes all steps that can be executed now. `send` returns why a draft cannot be sent.
    pub(crate) fn on(&mut self, now: Time, event: RunEvent<'_>, send: &mut dyn FnMut(&Draft) -> Result<(), String>) {
        if let RunEvent::Received(content) = event {
            self.received(now, content);
        }
        while self.due().is_some_and(|due| due <= now) {
            match &self.sequence.steps[self.step] {
                Step::Send(draft) => match send(draft) {
                    Ok(()) => self.pass(now),
                    Err(why) => self.fail(now, why),
                },
                Step::Delay(_) => self.pass(now),
                Step::Expect { within, .. } => {
                    let within = Span(Duration::from_millis((*within).into()));
                    let others = match self.passed_over {
                        0 => "nothing received".to_owned(),
                        count => format!("{} received", Counted(count, "other message")),
                    };
                    self.fail(now, format!("no such reply within {within}, {others}"));
                }
            }
        }
    }

    pub(crate) fn fail(&mut self, now: Time, why: String) {
        self.end_step(now, Outcome::Failed(why));
        self.end(now, Verdict::Failed);
    }

    pub(crate) fn stop(&mut self, now: Time) {
        self.end(now, Verdict::Stopped);
    }

    fn received(&mut self, now: Time, content: Content<'_>) {
        let Some(expectation) = self.expectations.get(self.step).and_then(Option::as_ref) else { return };
        if self.verdict != Verdict::Running || self.due().is_some_and(|due| due < now) {
            return;
        }
        if expectation.is_met(content) {
            self.pass(now);
        } else {
            self.passed_over += 1;
        }
    }

    fn pass(&mut self, now: Time) {
        self.end_step(now, Outcome::Passed);
        self.step += 1;
        if self.step < self.sequence.steps.len() {
            return;
        }
        self.rounds += 1;
        if self.rounds >= self.sequence.rounds {
            return self.end(now, Verdict::Passed);
        }
        self.step = 0;
        self.since = now.after(ROUND_PAUSE_MS);
        self.results.clear();
    }

    fn end_step(&mut self, now: Time, outcome: Outcome) {
        self.results.push(StepResult { step: self.step, outcome, took: now.since(self.since) });
        self.since = now;
        self.passed_over = 0;
    }

    fn end(&mut self, now: Time, verdict: Verdict) {
        self.verdict = verdict;
        self.took = now.since(self.started);
    }
}
