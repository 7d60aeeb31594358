//! Executing a sequence.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Expectation, Sequence, Step};
use crate::composing::draft::Draft;
use crate::data::format::{Counted, Span};
use crate::data::payload::{Content, Payload};
use crate::data::time::Time;
use crate::matching::{CheckRegex, MatchError, MatchId, MatchRequest, Regex, text_of};

/// Bytes of messages that may wait for a regular expression.
const MAX_WAITING: usize = 16 << 20;

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
    /// Received, and not looked at yet: one that has to be matched with a regular expression, and those behind it.
    waiting: VecDeque<(Time, Payload)>,
    /// Bytes of `waiting`.
    waiting_bytes: usize,
    /// While the first of `waiting` are being matched.
    batch: Option<MatchId>,
    /// Messages since then that did not match.
    passed_over: u64,
    /// Of the current round.
    results: Vec<StepResult>,
    started: Time,
    took: Duration,
}

#[derive(Debug, Clone)]
pub(crate) enum RunEvent<'a> {
    Tick,
    Received(Content<'a>),
    /// The answer to [`Run::next_batch`].
    Matched(MatchId, Result<Vec<bool>, MatchError>),
}

impl Run {
    /// Begins with the first `RunEvent::Tick`.
    ///
    /// # Errors
    /// Which step is wrong, and why.
    pub fn new(sequence: Sequence, check_regex: CheckRegex, now: Time) -> Result<Self, String> {
        if sequence.steps.is_empty() {
            return Err("the sequence has no steps".to_owned());
        }
        if sequence.steps.len() > Sequence::MAX_STEPS {
            return Err(format!("{} steps are more than the limit of {}", sequence.steps.len(), Sequence::MAX_STEPS));
        }
        let expectation = |(step, number): (&Step, usize)| match step {
            Step::Expect { reply, .. } => {
                Expectation::new(reply, check_regex).map(Some).map_err(|why| format!("step {number}: {why}"))
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
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            batch: None,
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

    /// When `RunEvent::Tick` is due; `None` after the end, and while messages wait for a regular expression.
    pub fn due(&self) -> Option<Time> {
        if self.waiting.is_empty() { self.step_due() } else { None }
    }

    /// When the current step is over; `None` after the end.
    fn step_due(&self) -> Option<Time> {
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
        match event {
            RunEvent::Tick => {}
            RunEvent::Received(content) => self.received(now, content),
            RunEvent::Matched(id, result) if self.batch == Some(id) => self.matched(now, result),
            RunEvent::Matched(..) => {}
        }
        while self.batch.is_none()
            && let Some(&(at, _)) = self.waiting.front()
        {
            // A reply that came in time counts, however long it has waited.
            self.execute(now, &|due| due < at, send);
            if self.regex().is_some() {
                return;
            }
            if let Some((at, payload)) = self.take_waiting() {
                self.check(at, payload.content());
            }
        }
        if self.waiting.is_empty() {
            self.execute(now, &|due| due <= now, send);
        }
    }

    /// Takes the messages that are to be matched next with a regular expression, unless some are being matched.
    pub(crate) fn next_batch(&mut self, id: MatchId) -> Option<MatchRequest> {
        if self.batch.is_some() || self.waiting.is_empty() {
            return None;
        }
        let regex = self.regex()?.clone();
        let mut bytes = 0;
        let fits = |(_, payload): &&(Time, Payload)| {
            let fits = bytes < MatchRequest::MAX_BYTES;
            bytes += payload.size();
            fits
        };
        let waiting = self.waiting.iter().take_while(fits).take(MatchRequest::MAX_TEXTS);
        let texts = waiting.map(|(_, payload)| text_of(payload.content())).collect();
        self.batch = Some(id);
        Some(MatchRequest { id, regex, texts })
    }

    /// Of the current step.
    fn regex(&self) -> Option<&Regex> {
        match self.expectations.get(self.step)? {
            Some(Expectation::Regex(regex)) if self.verdict == Verdict::Running => Some(regex),
            _ => None,
        }
    }

    fn execute(
        &mut self,
        now: Time,
        is_over: &dyn Fn(Time) -> bool,
        send: &mut dyn FnMut(&Draft) -> Result<(), String>,
    ) {
        while self.step_due().is_some_and(is_over) {
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
        if self.verdict != Verdict::Running {
            return;
        }
        if self.regex().is_none() && self.waiting.is_empty() {
            return self.check(now, content);
        }
        self.waiting_bytes += content.size();
        if self.waiting_bytes > MAX_WAITING {
            return self.fail(now, "more messages came than could be matched with a regular expression".to_owned());
        }
        self.waiting.push_back((now, content.to_payload()));
    }

    /// Looks at a message that came at that time.
    fn check(&mut self, at: Time, content: Content<'_>) {
        let Some(expectation) = self.expectations.get(self.step).and_then(Option::as_ref) else { return };
        if self.step_due().is_none_or(|due| due < at) {
            return;
        }
        if expectation.is_met(content) {
            self.pass(at);
        } else {
            self.passed_over += 1;
        }
    }

    /// Takes in which of the waiting messages match.
    fn matched(&mut self, now: Time, result: Result<Vec<bool>, MatchError>) {
        self.batch = None;
        match result {
            Ok(matches) => {
                for is_match in matches {
                    let Some(&(at, _)) = self.waiting.front() else { return };
                    // Too late: the step has failed by then.
                    if self.step_due().is_none_or(|due| due < at) {
                        return;
                    }
                    self.take_waiting();
                    if is_match {
                        return self.pass(at);
                    }
                    self.passed_over += 1;
                }
            }
            Err(error) => self.fail(now, error.to_string()),
        }
    }

    fn take_waiting(&mut self) -> Option<(Time, Payload)> {
        let message = self.waiting.pop_front()?;
        self.waiting_bytes -= message.1.size();
        Some(message)
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
        self.waiting.clear();
        self.batch = None;
    }
}
