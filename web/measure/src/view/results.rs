//! What a run has found: a verdict, progress, figures, charts, and the faults one by one.

use std::borrow::Cow;

use measure::difference::Difference;
use measure::run::{Finding, Phase, Summary};
use measure::words::{self, Tone};

use super::{Measure, View, charts, download, html};

pub(super) fn results() -> View {
    html("<slot></slot>").keyed(
        |measure| measure.shown.as_ref().map(|shown| shown.number.to_string()),
        |_| {
            html("<section class=results aria-label=Results></section>")
                .child(heading())
                .child(progress())
                .child(verdict())
                .child(problems())
                .child(figures())
                .child(clock())
                .child(charts::charts())
                .child(findings())
        },
    )
}

fn heading() -> View {
    html("<header><h2></h2></header>")
        .at("h2")
        .text_of(|measure| match &measure.shown {
            Some(shown) => format!("Run {} · {}", shown.number, words::title(&shown.plan)).into(),
            None => "".into(),
        })
        .at_root()
        .child(download::menu())
}

fn progress() -> View {
    html("<div class=progress><progress max=1000 aria-label=Progress></progress><span></span></div>")
        .attr_if("hidden", |measure| !measure.is_running())
        .at("progress")
        .attr_of("value", |measure| match (&measure.shown, measure.summary()) {
            (Some(shown), Some(summary)) => {
                let share = summary.elapsed / f64::from(shown.plan.seconds);
                (share.clamp(0.0, 1000.0) as u32).to_string().into()
            }
            _ => "0".into(),
        })
        .at("span")
        .text_of(|measure| phase(measure).into())
}

fn phase(measure: &Measure) -> &'static str {
    match measure.summary().map(|summary| summary.phase) {
        None => "Starting…",
        Some(Phase::Connecting) => "Connecting…",
        Some(Phase::Running) => "Measuring…",
        Some(Phase::Draining) => "Waiting for the last replies…",
        Some(Phase::Done) => "Done",
    }
}

fn verdict() -> View {
    let found = |measure: &Measure| measure.summary().map(words::verdict);
    html("<p role=status></p>")
        .attr_of("class", move |measure| {
            match found(measure).map(|(tone, _)| tone) {
                Some(Tone::Good) => "verdict good",
                Some(Tone::Warning) => "verdict warning",
                Some(Tone::Error) => "verdict error",
                Some(Tone::Neutral) | None => "verdict neutral",
            }
            .into()
        })
        // Screen readers say it once, at the end.
        .attr_of("aria-busy", |measure| if measure.is_running() { "true" } else { "false" }.into())
        .text_of(move |measure| found(measure).map(|(_, text)| text).unwrap_or_default().into())
}

/// What happened to connections, and what could not be kept up with.
fn problems() -> View {
    html("<p class=warning></p>").attr_if("hidden", |measure| problem_text(measure).is_empty()).text_of(problem_text)
}

fn problem_text(measure: &Measure) -> Cow<'_, str> {
    let Some(summary) = measure.summary() else { return "".into() };
    let mut sentences: Vec<String> = summary.problems.iter().filter(|_| summary.sent > 0).cloned().collect();
    if summary.cancelled {
        sentences.push("the run was cancelled".to_owned());
    }
    if summary.owed > 0 && summary.phase == Phase::Done && !summary.cancelled {
        sentences.push(format!("{} messages were due and could not be sent in time", summary.owed));
    }
    sentences.join("; ").into()
}

fn figures() -> View {
    let figure = |index: usize| {
        let read = move |measure: &Measure, label: bool| {
            let figure = measure.summary().and_then(|summary| words::figures(summary).into_iter().nth(index));
            figure.map(|(name, value)| if label { name.to_owned() } else { value }).unwrap_or_default()
        };
        html("<div><dt></dt><dd></dd></div>")
            .attr_if("hidden", move |measure| matches!(read(measure, false).as_str(), "" | "–"))
            .at("dt")
            .text_of(move |measure| read(measure, true).into())
            .at("dd")
            .text_of(move |measure| read(measure, false).into())
    };
    html("<dl class=figures></dl>").children((0..words::FIGURES).map(figure))
}

/// How far the times can be trusted.
fn clock() -> View {
    html("<p class=hint></p>").text_of(|measure| match measure.clock {
        Some(clock) => {
            let resolution = words::resolution(clock);
            let reason = words::resolution_reason(clock);
            format!("Times are those of the browser's events, {resolution}. {reason}").into()
        }
        None => "".into(),
    })
}

/// Wrong replies, the first of them with what differs.
fn findings() -> View {
    html("<slot></slot>").keyed(
        |measure| {
            let findings = measure.summary().map_or(0, |summary| summary.findings.len());
            (findings > 0).then(|| findings.to_string())
        },
        |measure| {
            let findings = measure.summary().map(|summary: &Summary| summary.findings.clone()).unwrap_or_default();
            html("<section class=findings><h3>Wrong replies, the first of them</h3><ol></ol></section>")
                .at("ol")
                .children(findings.iter().map(finding))
        },
    )
}

fn finding(finding: &Finding) -> View {
    let what = words::fault(finding.what);
    let text = match finding.number {
        0 => format!("On connection {}: {what}.", finding.connection),
        number => format!("Message {number} of connection {}: {what}.", finding.connection),
    };
    let item = html("<li><p></p></li>").at("p").text(&text).at_root();
    match &finding.difference {
        Some(difference) => item.child(diff(difference)),
        None => item,
    }
}

fn diff(difference: &Difference) -> View {
    let Difference { at, differing, from, sent_size, received_size, .. } = difference;
    let place = format!(
        "From byte {at} on; {differing} bytes differ, {sent_size} bytes were sent and {received_size} came back. From byte {from}:"
    );
    let row = |name: &str, bytes: Vec<(bool, String)>| {
        let byte = |(differs, byte): (bool, String)| {
            if differs { html("<mark></mark>").text(&byte) } else { html("<span></span>").text(&byte) }
        };
        html("<tr><th scope=row></th><td></td></tr>").at("th").text(name).at("td").children(bytes.into_iter().map(byte))
    };
    let [sent, received] = difference.rows();
    html("<div class=diff><p class=hint></p><table><tbody></tbody></table></div>")
        .at("p")
        .text(&place)
        .at("tbody")
        .child(row("sent", sent))
        .child(row("received", received))
}
