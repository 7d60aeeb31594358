//! Results in words and figures, as the view, its exports and its reports show them. No number is printed without its unit.

use std::time::Duration;

use model::{Count, Counted, Size, Span};

use crate::plan::{Pace, Plan, Sizes};
use crate::protocol::Clock;
use crate::round_trip::{Micros, Percentiles};
use crate::run::{Fault, Phase, Summary};

/// How a result is coloured; its text says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    Good,
    Warning,
    Error,
}

/// `423 µs`, `3.1 ms`, `1.24 s`
pub fn time(micros: Micros) -> String {
    if micros < 1000 { format!("{micros} µs") } else { Span(Duration::from_micros(micros)).to_string() }
}

/// Bytes in megabytes a second, or what fits: `3.21 MB/s`, `12 kB/s`.
pub fn throughput(bytes: u64, milliseconds: f64) -> String {
    let per_second = per_second(bytes, milliseconds);
    match per_second {
        ..1000 => format!("{per_second} B/s"),
        1000..1_000_000 => format!("{} kB/s", decimal(per_second, 1000)),
        _ => format!("{} MB/s", decimal(per_second, 1_000_000)),
    }
}

/// `12 345/s`
pub fn rate(messages: u64, milliseconds: f64) -> String {
    format!("{}/s", Count(per_second(messages, milliseconds)))
}

fn per_second(amount: u64, milliseconds: f64) -> u64 {
    if milliseconds <= 0.0 { 0 } else { (amount as f64 * 1000.0 / milliseconds).round() as u64 }
}

/// With as many digits behind the point as make three.
fn decimal(amount: u64, unit: u64) -> String {
    match amount / unit {
        ..10 => format!("{}.{:02}", amount / unit, amount % unit / (unit / 100)),
        10..100 => format!("{}.{}", amount / unit, amount % unit / (unit / 10)),
        _ => Count(amount / unit).to_string(),
    }
}

/// Beside each time: how fine the clock is.
pub fn resolution(clock: Clock) -> String {
    match clock.resolution {
        0 => "clock resolution unknown".to_owned(),
        nanos if nanos < 1_000_000 => format!("clock resolution {} µs", nanos.div_ceil(1000)),
        nanos => format!("clock resolution {} ms", nanos / 1_000_000),
    }
}

/// Why the clock is as fine as it is.
pub fn resolution_reason(clock: Clock) -> &'static str {
    if clock.isolated {
        "This page is isolated from other origins, so the browser gives it its finest clock."
    } else {
        "This page is not isolated from other origins (its server sends no COOP and COEP headers), so the browser coarsens its clock."
    }
}

/// What a run did, in a line.
pub fn title(plan: &Plan) -> String {
    let sizes = match plan.sizes {
        Sizes::Fixed(size) => Size(size.into()).to_string(),
        Sizes::Range(from, to) => format!("{} to {}", Size(from.into()), Size(to.into())),
        Sizes::Doubling(from, to) => format!("{} doubling to {}", Size(from.into()), Size(to.into())),
    };
    let pace = match plan.pace {
        Pace::InFlight(1) => "one at a time".to_owned(),
        Pace::InFlight(window) => format!("{} in flight", Count(window.into())),
        Pace::PerSecond(rate) => format!("{}/s", Count(rate.into())),
    };
    let connections = match plan.connections {
        1 => String::new(),
        several => format!(" · {}", Counted(several.into(), "connection")),
    };
    format!("{sizes} · {pace}{connections} · {} s", plan.seconds)
}

/// Whether the replies are correct, in one sentence.
pub fn verdict(summary: &Summary) -> (Tone, String) {
    let verdicts = &summary.verdicts;
    let answered = verdicts.equal;
    if summary.phase == Phase::Connecting {
        return (Tone::Neutral, "Connecting…".to_owned());
    }
    if summary.sent == 0 && summary.phase == Phase::Done {
        return match summary.problems.first() {
            Some(why) => (Tone::Error, format!("Nothing was measured: {why}.")),
            None => (Tone::Warning, "Nothing was sent.".to_owned()),
        };
    }
    if verdicts.wrong() == 0 {
        let (tone, so_far) = match summary.phase {
            Phase::Done => (Tone::Good, ""),
            _ => (Tone::Neutral, " so far"),
        };
        return match answered {
            0 => (Tone::Neutral, "No reply yet.".to_owned()),
            1 => (tone, format!("✓ The one reply{so_far} is equal to what was sent: same bytes, same type.")),
            _ => (
                tone,
                format!(
                    "✓ All {} replies{so_far} are equal to what was sent: same bytes, same type, in order, none missing, none twice.",
                    Count(answered)
                ),
            ),
        };
    }
    let counts = [
        (verdicts.missing, "missing"),
        (verdicts.altered, "altered"),
        (verdicts.other_type, "of the other type"),
        (verdicts.out_of_order, "out of order"),
        (verdicts.duplicate, "twice"),
        (verdicts.unexpected, "without a message that they answer"),
    ];
    let wrong: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", Count(*count)))
        .collect();
    (
        Tone::Error,
        format!(
            "✗ {} equal, {}.",
            Counted(answered, "reply").to_string().replace("replys", "replies"),
            wrong.join(", ")
        ),
    )
}

/// What is wrong with one reply.
pub fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::OutOfOrder => "came after the reply to a later message",
        Fault::OtherType => "came back as a message of the other type",
        Fault::Altered => "came back with other bytes",
        Fault::Missing => "has no reply",
        Fault::Duplicate => "a second reply to a message that was answered",
        Fault::TooLate => "a reply after the limit, to a message counted as missing",
        Fault::Unexpected => "a message that answers none that was sent",
    }
}

/// A name and a value.
pub type Figure = (&'static str, String);

/// How many figures there are.
pub const FIGURES: usize = 17;

/// The figures of a run, in the order in which they are shown. Two runs have the same names at the same places.
pub fn figures(summary: &Summary) -> [Figure; FIGURES] {
    let Percentiles { last, min, p50, p90, p99, p99_9, max, count } = summary.round_trip;
    let of = |micros: Micros| if count == 0 { "–".to_owned() } else { time(micros) };
    let optional = |found: Option<Percentiles>, micros: fn(Percentiles) -> Micros| {
        found.filter(|found| found.count > 0).map_or("–".to_owned(), |found| time(micros(found)))
    };
    let handshake = Some(summary.handshake);
    [
        ("round trip p50", of(p50)),
        ("p90", of(p90)),
        ("p99", of(p99)),
        ("p99.9", of(p99_9)),
        ("last", of(last)),
        ("fastest", of(min)),
        ("slowest", of(max)),
        ("sent", Count(summary.sent).to_string()),
        ("received", Count(summary.received).to_string()),
        ("sent per second", rate(summary.sent, summary.sending)),
        ("received per second", rate(summary.received, summary.sending)),
        ("out", throughput(summary.sent_bytes, summary.sending)),
        ("in", throughput(summary.received_bytes, summary.sending)),
        ("handshake p50", optional(handshake, |found| found.p50)),
        ("from sending, p99", optional(summary.from_sent, |found| found.p99)),
        ("sent late, p99", optional(summary.lateness, |found| found.p99)),
        ("due and not sent", if summary.lateness.is_some() { Count(summary.owed).to_string() } else { "–".to_owned() }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Form;
    use crate::run::{Run, Verdicts};

    fn summary() -> Summary {
        let mut run = Run::new(Form::new("ws://a/".into()).plan().unwrap());
        run.opened(0, 1.0, 0.0);
        let summary = run.summary(1.0);
        Summary { phase: Phase::Done, sent: 3, ..summary }
    }

    fn sentence(verdicts: Verdicts) -> String {
        verdict(&Summary { verdicts, ..summary() }).1
    }

    #[test]
    fn times_and_rates_have_units_and_three_digits() {
        assert_eq!([5, 423, 3100, 1_240_000].map(time), ["5 µs", "423 µs", "3.1 ms", "1.24 s"]);
        let of = |bytes| throughput(bytes, 1000.0);
        assert_eq!([999, 1234, 56_780, 12_345_678].map(of), ["999 B/s", "1.23 kB/s", "56.7 kB/s", "12.3 MB/s"]);
        assert_eq!([rate(5000, 500.0), rate(1, 0.0)], ["10\u{202f}000/s", "0/s"]);
    }

    #[test]
    fn the_clock_is_described() {
        let of = |resolution| self::resolution(Clock { resolution, isolated: true });
        let found = [0, 4999, 100_000, 1_000_000].map(of);
        let unknown = "clock resolution unknown";
        assert_eq!(found, [unknown, "clock resolution 5 µs", "clock resolution 100 µs", "clock resolution 1 ms"]);
    }

    #[test]
    fn a_run_without_a_fault_says_what_that_means() {
        let all =
            "✓ All 3 replies are equal to what was sent: same bytes, same type, in order, none missing, none twice.";
        assert_eq!(sentence(Verdicts { equal: 3, ..Verdicts::default() }), all);
        let one = "✓ The one reply is equal to what was sent: same bytes, same type.";
        assert_eq!(sentence(Verdicts { equal: 1, ..Verdicts::default() }), one);
    }

    #[test]
    fn faults_are_counted_by_kind() {
        let verdicts = Verdicts { equal: 2000, missing: 1, altered: 2, duplicate: 3, ..Verdicts::default() };
        assert_eq!(sentence(verdicts), "✗ 2\u{202f}000 replies equal, 1 missing, 2 altered, 3 twice.");
        assert_eq!(sentence(Verdicts { equal: 1, missing: 1, ..Verdicts::default() }), "✗ 1 reply equal, 1 missing.");
    }

    #[test]
    fn a_run_that_reached_nobody_says_so() {
        let failed = Summary { sent: 0, problems: vec!["it was refused".into()], ..summary() };
        assert_eq!(verdict(&failed), (Tone::Error, "Nothing was measured: it was refused.".into()));
    }

    #[test]
    fn a_title_says_what_was_measured() {
        let plan = Form::new("ws://a/".into()).plan().unwrap();
        assert_eq!(title(&plan), "64 B · one at a time · 5 s");
        let plan = Plan { pace: Pace::PerSecond(1000), sizes: Sizes::Doubling(64, 65_536), connections: 3, ..plan };
        assert_eq!(title(&plan), "64 B doubling to 64.0 KiB · 1\u{202f}000/s · 3 connections · 5 s");
    }
}
