//! One run: what is sent when, and what the replies say. Without a clock and without sockets; times are in milliseconds, as the
//! browser's events have them.

use serde::{Deserialize, Serialize};

use crate::difference::Difference;
use crate::echo::{InFlight, Kind, Matcher, Verdict};
use crate::message::{Messages, number_of};
use crate::plan::{MAX_IN_FLIGHT, Pace, Plan};
use crate::round_trip::{Bar, Percentiles, RoundTrips};
use crate::timeline::{Slot, Timeline};

/// Bytes in a socket's buffer above which nothing more is sent. Enough for any network between two polls.
const MAX_BUFFERED: u32 = 1 << 20;
/// Messages without a reply on one connection, where the pace does not wait for replies.
const MAX_UNANSWERED: usize = 100_000;
/// Of the messages' filler; any.
const SEED: u64 = 1;
/// Wrong replies that are described; all are counted.
const MAX_FINDINGS: usize = 20;

/// The messages of all connections, by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdicts {
    pub equal: u64,
    pub out_of_order: u64,
    pub other_type: u64,
    pub altered: u64,
    /// No reply came in time, or before the connection ended.
    pub missing: u64,
    pub duplicate: u64,
    /// Counted as missing, too.
    pub too_late: u64,
    pub unexpected: u64,
}

/// A wrong reply, or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// From 1.
    pub connection: u32,
    /// Of the message, from 1; 0 where the reply answers none.
    pub number: u64,
    pub what: Fault,
    pub difference: Option<Difference>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    OutOfOrder,
    OtherType,
    Altered,
    Missing,
    Duplicate,
    TooLate,
    Unexpected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    Connecting,
    Running,
    /// Nothing more is sent; the last replies may come.
    Draining,
    Done,
}

/// The state of a run, as the page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub phase: Phase,
    pub cancelled: bool,
    /// Milliseconds since the first message was due.
    pub elapsed: f64,
    /// Milliseconds for which messages were sent.
    pub sending: f64,
    pub open: u32,
    /// Why connections failed, or ended before the run: the first of each.
    pub problems: Vec<String>,
    pub sent: u64,
    pub received: u64,
    /// Of payload.
    pub sent_bytes: u64,
    /// Of payload.
    pub received_bytes: u64,
    pub in_flight: u64,
    pub verdicts: Verdicts,
    /// From when a message was due, which is when it was sent unless there is a rate.
    pub round_trip: Percentiles,
    /// From when it was sent, where there is a rate.
    pub from_sent: Option<Percentiles>,
    /// Where there is a rate: how late messages were sent.
    pub lateness: Option<Percentiles>,
    /// Where there is a rate: messages that were due and never sent.
    pub owed: u64,
    pub handshake: Percentiles,
    pub bars: Vec<Bar>,
    /// Width of the slots, in milliseconds.
    pub slot: f64,
    pub slots: Vec<Slot>,
    pub findings: Vec<Finding>,
}

/// What a connection does next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Send the message that was written.
    Send(Kind),
    /// Wait until then.
    Until(f64),
    /// Wait for the buffer to empty.
    ForBuffer,
    /// Wait for an event of a socket.
    ForEvent,
}

pub struct Run {
    plan: Plan,
    messages: Messages,
    connections: Vec<Connection>,
    /// When the first message is due: as soon as no connection is being opened.
    begun: Option<f64>,
    /// When sending was stopped before its time.
    stopped: Option<f64>,
    cancelled: bool,
    counts: Counts,
    verdicts: Verdicts,
    round_trips: RoundTrips,
    from_sent: RoundTrips,
    lateness: RoundTrips,
    handshakes: RoundTrips,
    timeline: Timeline,
    findings: Vec<Finding>,
    problems: Vec<String>,
    /// For the expected bytes of an altered message.
    scratch: Vec<u8>,
}

struct Connection {
    state: State,
    matcher: Matcher,
    /// Of the next message.
    next: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Opening,
    Open,
    Ended,
}

#[derive(Default)]
struct Counts {
    sent: u64,
    received: u64,
    sent_bytes: u64,
    received_bytes: u64,
    in_flight_bytes: u64,
}

impl Run {
    pub fn new(plan: Plan) -> Self {
        let connection = |_| Connection { state: State::Opening, matcher: Matcher::new(plan.expected()), next: 0 };
        Self {
            messages: Messages::new(plan.kind, SEED),
            connections: (0..plan.connections).map(connection).collect(),
            begun: None,
            stopped: None,
            cancelled: false,
            counts: Counts::default(),
            verdicts: Verdicts::default(),
            round_trips: RoundTrips::default(),
            from_sent: RoundTrips::default(),
            lateness: RoundTrips::default(),
            handshakes: RoundTrips::default(),
            timeline: Timeline::new(f64::from(plan.seconds) * 1000.0),
            findings: Vec::new(),
            problems: Vec::new(),
            scratch: Vec::new(),
            plan,
        }
    }

    pub fn opened(&mut self, connection: u32, handshake: f64, at: f64) {
        self.handshakes.record(handshake);
        self.change(connection, State::Open, at);
    }

    /// It did not open, or it was closed; what it has not answered is lost.
    pub fn ended(&mut self, connection: u32, why: String, at: f64) {
        if self.phase(at) != Phase::Done && self.problems.len() < MAX_FINDINGS && !self.problems.contains(&why) {
            self.problems.push(why);
        }
        self.change(connection, State::Ended, at);
        self.give_up(connection, f64::INFINITY);
    }

    fn change(&mut self, connection: u32, state: State, at: f64) {
        self.connections[connection as usize].state = state;
        if self.begun.is_none() && self.connections.iter().all(|connection| connection.state != State::Opening) {
            self.begun = Some(at);
        }
    }

    /// Ends the run now; messages in flight get no verdict.
    pub fn cancel(&mut self, now: f64) {
        self.cancelled = true;
        self.stopped = Some(now);
    }

    /// Writes the next message of a connection that may send one.
    pub fn next(&mut self, connection: u32, now: f64, buffered: u32, message: &mut Vec<u8>) -> Step {
        let Some(begun) = self.begun else { return Step::ForEvent };
        if now >= self.end(begun) || self.cancelled {
            return Step::ForEvent;
        }
        let Connection { state, matcher, next } = &mut self.connections[connection as usize];
        if *state != State::Open {
            return Step::ForEvent;
        }
        if buffered > MAX_BUFFERED {
            return Step::ForBuffer;
        }
        let due = self.plan.due(connection, *next).map_or(now, |due| begun + due);
        let window = match self.plan.pace {
            Pace::InFlight(window) => window as usize,
            Pace::PerSecond(_) => MAX_UNANSWERED,
        };
        let elapsed = now - begun;
        let size = self.plan.size(*next, elapsed / (f64::from(self.plan.seconds) * 1000.0));
        if matcher.in_flight() >= window || self.counts.in_flight_bytes + size as u64 > MAX_IN_FLIGHT {
            return Step::ForEvent;
        }
        if due > now {
            return Step::Until(due);
        }
        self.messages.write(*next, size, message);
        matcher.sent(*next, self.plan.kind, message, due, now);
        *next += 1;
        self.counts.sent += 1;
        self.counts.sent_bytes += size as u64;
        self.counts.in_flight_bytes += size as u64;
        self.timeline.sent(elapsed, size);
        self.lateness.record(now - due);
        Step::Send(self.plan.kind)
    }

    pub fn received(&mut self, connection: u32, kind: Kind, bytes: &[u8], at: f64) {
        let Connection { matcher, next, .. } = &mut self.connections[connection as usize];
        self.counts.received += 1;
        self.counts.received_bytes += bytes.len() as u64;
        let mut verdict = matcher.received(kind, bytes);
        let content = matcher.content(kind, bytes);
        if verdict == Verdict::Unexpected
            && let Some(altered) = number_of(content).filter(|number| number < next).and_then(|of| matcher.altered(of))
        {
            verdict = Verdict::Altered(altered);
        }
        let (fault, of) = match verdict {
            Verdict::Equal(of) => (None, Some(of)),
            Verdict::OutOfOrder(of) => (Some(Fault::OutOfOrder), Some(of)),
            Verdict::OtherType(of) => (Some(Fault::OtherType), Some(of)),
            Verdict::Altered(of) => (Some(Fault::Altered), Some(of)),
            Verdict::Duplicate => (Some(Fault::Duplicate), None),
            Verdict::TooLate => (Some(Fault::TooLate), None),
            Verdict::Unexpected => (Some(Fault::Unexpected), None),
        };
        if let Some(of) = of {
            self.answered(&of, at);
        }
        let round_trip = of.map(|of| at - of.due);
        self.timeline.received(at - self.begun.unwrap_or(at), bytes.len(), round_trip);
        match fault {
            None => self.verdicts.equal += 1,
            Some(fault) => {
                let difference = match (fault, of) {
                    (Fault::Altered, Some(of)) => {
                        self.messages.write(of.number, of.size, &mut self.scratch);
                        Difference::of(&self.scratch, content)
                    }
                    _ => None,
                };
                self.found(connection, fault, of, difference);
            }
        }
    }

    fn answered(&mut self, of: &InFlight, at: f64) {
        self.counts.in_flight_bytes -= of.size as u64;
        self.round_trips.record(at - of.due);
        self.from_sent.record(at - of.sent);
    }

    /// Gives up what has waited too long for its reply.
    pub fn tick(&mut self, now: f64) {
        for connection in 0..self.plan.connections {
            self.give_up(connection, now - f64::from(self.plan.reply_limit));
        }
    }

    fn give_up(&mut self, connection: u32, sent_before: f64) {
        if self.cancelled {
            return;
        }
        while let Some(lost) = self.connections[connection as usize].matcher.give_up_one(sent_before) {
            self.counts.in_flight_bytes -= lost.size as u64;
            self.found(connection, Fault::Missing, Some(lost), None);
        }
    }

    fn found(&mut self, connection: u32, what: Fault, of: Option<InFlight>, difference: Option<Difference>) {
        *self.verdicts.of(what) += 1;
        if self.findings.len() < MAX_FINDINGS {
            let number = of.map_or(0, |of| of.number + 1);
            self.findings.push(Finding { connection: connection + 1, number, what, difference });
        }
    }

    /// When sending ends.
    fn end(&self, begun: f64) -> f64 {
        let planned = begun + f64::from(self.plan.seconds) * 1000.0;
        self.stopped.map_or(planned, |stopped| stopped.min(planned))
    }

    pub fn phase(&self, now: f64) -> Phase {
        let is_over = self.connections.iter().all(|connection| connection.state == State::Ended);
        match self.begun {
            _ if self.cancelled => Phase::Done,
            None => Phase::Connecting,
            Some(_) if is_over => Phase::Done,
            Some(begun) if now < self.end(begun) => Phase::Running,
            Some(_) if self.in_flight() > 0 => Phase::Draining,
            Some(_) => Phase::Done,
        }
    }

    fn in_flight(&self) -> u64 {
        self.connections.iter().map(|connection| connection.matcher.in_flight() as u64).sum()
    }

    pub fn summary(&mut self, now: f64) -> Summary {
        let phase = self.phase(now);
        let begun = self.begun.unwrap_or(now);
        let sending = (now.min(self.end(begun)) - begun).max(0.0);
        let has_rate = matches!(self.plan.pace, Pace::PerSecond(_));
        let owed = |(index, connection): (u32, &Connection)| {
            self.plan.due_until(index, sending).saturating_sub(connection.next)
        };
        Summary {
            phase,
            cancelled: self.cancelled,
            elapsed: now - begun,
            sending,
            open: self.connections.iter().filter(|connection| connection.state == State::Open).count() as u32,
            problems: self.problems.clone(),
            sent: self.counts.sent,
            received: self.counts.received,
            sent_bytes: self.counts.sent_bytes,
            received_bytes: self.counts.received_bytes,
            in_flight: self.in_flight(),
            verdicts: self.verdicts,
            round_trip: self.round_trips.percentiles(),
            from_sent: has_rate.then(|| self.from_sent.percentiles()),
            lateness: has_rate.then(|| self.lateness.percentiles()),
            owed: if has_rate { (0..).zip(&self.connections).map(owed).sum() } else { 0 },
            handshake: self.handshakes.percentiles(),
            bars: self.round_trips.bars(),
            slot: self.timeline.width(),
            slots: self.timeline.slots().to_vec(),
            findings: self.findings.clone(),
        }
    }
}

impl Verdicts {
    fn of(&mut self, fault: Fault) -> &mut u64 {
        match fault {
            Fault::OutOfOrder => &mut self.out_of_order,
            Fault::OtherType => &mut self.other_type,
            Fault::Altered => &mut self.altered,
            Fault::Missing => &mut self.missing,
            Fault::Duplicate => &mut self.duplicate,
            Fault::TooLate => &mut self.too_late,
            Fault::Unexpected => &mut self.unexpected,
        }
    }

    /// Replies and losses that are no correct echo.
    pub fn wrong(&self) -> u64 {
        let Self { equal: _, out_of_order, other_type, altered, missing, duplicate, too_late: _, unexpected } = self;
        out_of_order + other_type + altered + missing + duplicate + unexpected
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Form, PaceRule};

    /// A run on one connection that is open at 0 ms.
    fn run(form: impl FnOnce(&mut Form)) -> Run {
        let mut typed = Form { seconds: "1".into(), ..Form::new("ws://a/echo".into()) };
        form(&mut typed);
        let mut run = Run::new(typed.plan().unwrap());
        (0..run.plan.connections).for_each(|connection| run.opened(connection, 3.0, 0.0));
        run
    }

    /// What is sent at that time, until the connection has to wait.
    fn send_all(run: &mut Run, now: f64) -> (Vec<Vec<u8>>, Step) {
        let mut sent = Vec::new();
        loop {
            let mut message = Vec::new();
            match run.next(0, now, 0, &mut message) {
                Step::Send(_) => sent.push(message),
                wait => return (sent, wait),
            }
        }
    }

    fn reply(run: &mut Run, message: &[u8], at: f64) {
        run.received(0, Kind::Text, message, at);
    }

    #[test]
    fn the_next_message_waits_for_the_reply_to_the_one_before() {
        let mut run = run(|_| {});
        let (sent, wait) = send_all(&mut run, 0.0);
        assert_eq!((sent.len(), wait), (1, Step::ForEvent));
        reply(&mut run, &sent[0], 2.5);
        assert_eq!(send_all(&mut run, 2.5).0.len(), 1);
        let summary = run.summary(2.5);
        assert_eq!((summary.sent, summary.received, summary.in_flight, summary.verdicts.equal), (2, 1, 1, 1));
        assert_eq!((summary.round_trip.count, summary.round_trip.max / 10), (1, 250));
    }

    #[test]
    fn a_window_is_filled_and_a_full_buffer_is_not() {
        let mut run = run(|form| (form.pace, form.window) = (PaceRule::InFlight, "8".into()));
        assert_eq!(run.next(0, 0.0, MAX_BUFFERED + 1, &mut Vec::new()), Step::ForBuffer);
        assert_eq!(send_all(&mut run, 0.0).0.len(), 8);
    }

    #[test]
    fn with_a_rate_times_count_from_when_a_message_was_due() {
        let mut run = run(|form| (form.pace, form.rate) = (PaceRule::PerSecond, "100".into()));
        let (first, wait) = send_all(&mut run, 0.0);
        assert_eq!((first.len(), wait), (1, Step::Until(10.0)));
        // The browser was busy: those due at 10, 20 and 30 ms are sent together.
        let (late, _) = send_all(&mut run, 30.0);
        assert_eq!(late.len(), 3);
        late.iter().for_each(|message| reply(&mut run, message, 31.0));
        let summary = run.summary(31.0);
        assert_eq!(summary.round_trip.max / 100, 210);
        assert_eq!(summary.from_sent.unwrap().max / 100, 10);
        assert_eq!(summary.lateness.unwrap().max / 100, 200);
    }

    #[test]
    fn messages_that_were_due_and_never_sent_are_owed() {
        let mut run = run(|form| (form.pace, form.rate) = (PaceRule::PerSecond, "100".into()));
        send_all(&mut run, 495.0);
        assert_eq!(run.summary(495.0).owed, 0);
        assert_eq!(run.summary(1000.0).owed, 50);
    }

    #[test]
    fn a_run_ends_when_its_time_is_over_and_the_last_reply_has_come() {
        let mut run = run(|_| {});
        let (sent, _) = send_all(&mut run, 999.0);
        assert_eq!(run.phase(999.0), Phase::Running);
        assert_eq!(run.phase(1000.0), Phase::Draining);
        assert_eq!(send_all(&mut run, 1000.0).0.len(), 0);
        reply(&mut run, &sent[0], 1001.0);
        assert_eq!(run.phase(1001.0), Phase::Done);
    }

    #[test]
    fn a_message_without_a_reply_is_missing_when_its_time_is_over() {
        let mut run = run(|form| form.reply_limit = "50".into());
        let (sent, _) = send_all(&mut run, 0.0);
        run.tick(50.0);
        assert_eq!(run.summary(50.0).verdicts.missing, 0);
        run.tick(51.0);
        assert_eq!(run.summary(51.0).verdicts.missing, 1);
        reply(&mut run, &sent[0], 60.0);
        let summary = run.summary(60.0);
        assert_eq!((summary.verdicts.too_late, summary.verdicts.wrong()), (1, 1));
        // The connection goes on.
        assert_eq!(send_all(&mut run, 60.0).0.len(), 1);
    }

    #[test]
    fn an_altered_reply_is_shown_with_its_difference() {
        let mut run = run(|_| {});
        let (sent, _) = send_all(&mut run, 0.0);
        let mut altered = sent[0].clone();
        altered[10] ^= 1;
        reply(&mut run, &altered, 1.0);
        let (sent, _) = send_all(&mut run, 1.0);
        reply(&mut run, &sent[0][..40], 2.0);
        let summary = run.summary(2.0);
        let places: Vec<_> = summary
            .findings
            .iter()
            .map(|finding| (finding.what, finding.number, finding.difference.as_ref().map(|difference| difference.at)))
            .collect();
        assert_eq!(places, [(Fault::Altered, 1, Some(10)), (Fault::Altered, 2, Some(40))]);
        assert_eq!(summary.verdicts.altered, 2);
    }

    #[test]
    fn a_connection_that_ends_loses_what_it_has_not_answered() {
        let mut run = run(|_| {});
        send_all(&mut run, 0.0);
        run.ended(0, "closed with code 1006".into(), 5.0);
        let summary = run.summary(5.0);
        assert_eq!((summary.phase, summary.verdicts.missing), (Phase::Done, 1));
        assert_eq!(summary.problems, ["closed with code 1006"]);
    }

    #[test]
    fn a_cancelled_run_ends_at_once_and_calls_nothing_missing() {
        let mut run = run(|_| {});
        send_all(&mut run, 0.0);
        run.cancel(3.0);
        run.tick(9000.0);
        run.ended(0, "closed".into(), 9000.0);
        let summary = run.summary(9000.0);
        assert_eq!((summary.phase, summary.verdicts.wrong(), summary.problems.len()), (Phase::Done, 0, 0));
        assert_eq!(send_all(&mut run, 4.0).0.len(), 0);
    }

    #[test]
    fn a_run_begins_when_no_connection_is_being_opened() {
        let form = Form { connections: "2".into(), ..Form::new("ws://a/".into()) };
        let mut run = Run::new(form.plan().unwrap());
        run.opened(0, 1.0, 1.0);
        assert_eq!(run.phase(1.0), Phase::Connecting);
        assert_eq!(run.next(0, 1.0, 0, &mut Vec::new()), Step::ForEvent);
        run.ended(1, "it did not open".into(), 7.0);
        assert_eq!(run.phase(7.0), Phase::Running);
        assert_eq!(run.next(0, 7.0, 0, &mut Vec::new()), Step::Send(Kind::Text));
    }
}
