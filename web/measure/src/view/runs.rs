//! Earlier runs side by side.

use measure::words::{self, Figure};

use super::{Finished, Measure, View, html};

pub(super) fn comparison() -> View {
    html("<slot></slot>").keyed(
        |measure| {
            let numbers = measure.runs.iter().map(|run| run.number.to_string() + " ");
            (measure.runs.len() > 1).then(|| numbers.collect())
        },
        |measure| {
            html(
                "<section class=comparison aria-label='Runs compared'>\
                   <header><h2>Runs side by side</h2></header>\
                   <div class=scrolls tabindex=0 role=group aria-label='Table of runs'>\
                     <table><thead><tr><th scope=col>run</th></tr></thead><tbody></tbody></table>\
                   </div>\
                 </section>",
            )
            .at("header")
            .child(html("<button type=button class=ghost>Forget them</button>").on("click", |measure, _| {
                measure.runs.clear();
            }))
            .at("thead tr")
            .children(measure.runs.iter().map(column))
            .at("tbody")
            .child(verdicts(&measure.runs))
            .children(rows(measure))
        },
    )
}

fn column(run: &Finished) -> View {
    html("<th scope=col><b></b><span></span></th>")
        .at("b")
        .text(&run.number.to_string())
        .at("span")
        .text(&words::title(&run.plan))
}

fn verdicts(runs: &[Finished]) -> View {
    let cell = |run: &Finished| match run.summary.verdicts.wrong() {
        0 => html("<td class=good>✓ all equal</td>"),
        wrong => html("<td class=error></td>").text(&format!("✗ {wrong} wrong")),
    };
    html("<tr><th scope=row>echoes</th></tr>").children(runs.iter().map(cell))
}

fn rows(measure: &Measure) -> impl Iterator<Item = View> {
    let figures: Vec<[Figure; words::FIGURES]> = measure.runs.iter().map(|run| words::figures(&run.summary)).collect();
    let count = if figures.is_empty() { 0 } else { words::FIGURES };
    (0..count)
        .filter(|&row| figures.iter().any(|run| run[row].1 != "–"))
        .map(|row| {
            html("<tr><th scope=row></th></tr>")
                .at("th")
                .text(figures[0][row].0)
                .at_root()
                .children(figures.iter().map(|run| html("<td></td>").text(&run[row].1)))
        })
        .collect::<Vec<_>>()
        .into_iter()
}
