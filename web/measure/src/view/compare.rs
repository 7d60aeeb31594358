//! HTTP against WebSocket: a form, what each way took, a chart, and the tutorials' table with its figures.

use std::borrow::Cow;

use measure::compare::answers::{self, Answer};
use measure::compare::ways::{self, COLUMNS};
use measure::compare::{Comparison, Plan, PlanError, Way};
use measure::protocol::Command;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::HtmlInputElement;

use super::{Measure, Subject, View, charts, download, form, html};

/// The form, as it is typed, and what was found.
pub(super) struct Comparing {
    size: String,
    count: String,
    problem: Option<PlanError>,
    pub(super) found: Option<Comparison>,
    /// How many comparisons were started.
    pub(super) number: u32,
    is_running: bool,
}

impl Default for Comparing {
    fn default() -> Self {
        Self { size: "64".into(), count: "200".into(), problem: None, found: None, number: 0, is_running: false }
    }
}

impl Measure {
    pub(super) fn is_comparing(&self) -> bool {
        self.comparing.is_running && self.failure.is_empty()
    }

    pub(super) fn on_compared(&mut self, found: Comparison) {
        self.comparing.is_running = !found.is_done;
        self.comparing.found = Some(found);
    }

    fn compare_or_cancel(&mut self) {
        if self.is_comparing() {
            // Its requests and sockets end with its worker.
            self.comparing.is_running = false;
            return self.engine.restart();
        }
        let Comparing { size, count, .. } = &self.comparing;
        match Plan::new(&self.form.url, size, count) {
            Err(error) => self.comparing.problem = Some(error),
            Ok(plan) => {
                self.failure = "";
                self.engine.restart_if_failed();
                self.engine.post(&Command::Compare(plan));
                self.comparing.number += 1;
                (self.comparing.problem, self.comparing.found, self.comparing.is_running) = (None, None, true);
            }
        }
    }

    fn found(&self) -> Option<&Comparison> {
        self.comparing.found.as_ref()
    }
}

pub(super) fn compare() -> View {
    html("<slot></slot>").keyed(
        |measure| (measure.subject == Subject::Http).then(String::new),
        |_| html("<div class=subject></div>").child(form_of_comparison()).child(results()),
    )
}

fn form_of_comparison() -> View {
    html(
        "<form class=plan aria-label='What to compare' novalidate>\
           <p class=hint>The same exchanges with one Canyon server, by fetch, server-sent events and WebSocket. Connect to \
             wss:// to measure HTTP/2.</p>\
         </form>",
    )
    .child(
        field("URL", "url", |measure| &measure.form.url, |measure| &mut measure.form.url).attr("class", "field address"),
    )
    .child(field("Bytes", "numeric", |measure| &measure.comparing.size, |measure| &mut measure.comparing.size))
    .child(field("Exchanges", "numeric", |measure| &measure.comparing.count, |measure| &mut measure.comparing.count))
    .child(
        html("<button type=submit class=primary></button>")
            .text_of(|measure| if measure.is_comparing() { "Cancel" } else { "Compare" }.into()),
    )
    .child(html("<p class=problem id=compare-problem role=alert></p>").text_of(problem))
    .on("submit", |measure, event| {
        event.prevent_default();
        measure.compare_or_cancel();
    })
}

fn problem(measure: &Measure) -> Cow<'_, str> {
    let Comparing { problem, found, .. } = &measure.comparing;
    let failure = found.as_ref().and_then(|found| found.failure.as_deref());
    match (problem, failure) {
        (Some(problem), _) => form::sentence(&problem.to_string()).into(),
        (None, Some(failure)) => format!("Nothing was compared: {failure}.").into(),
        (None, None) if measure.failure.is_empty() => "".into(),
        (None, None) => form::sentence(measure.failure).into(),
    }
}

type Read = fn(&Measure) -> &String;
type Write = fn(&mut Measure) -> &mut String;

fn field(label: &str, keyboard: &str, read: Read, write: Write) -> View {
    html(
        "<label class='field number'><span></span>\
           <input autocomplete=off autocapitalize=none spellcheck=false aria-describedby=compare-problem>\
         </label>",
    )
    .at("span")
    .text(label)
    .at("input")
    .attr("inputmode", keyboard)
    .attr_if("readonly", Measure::is_comparing)
    .value_of(move |measure| read(measure).as_str().into())
    .on("input", move |measure, event| {
        let input = event.target().expect_throw("an event has a target while it is dispatched");
        *write(measure) = input.unchecked_into::<HtmlInputElement>().value();
        measure.comparing.problem = None;
    })
    .at_root()
}

fn results() -> View {
    html("<slot></slot>").keyed(
        |measure| {
            let found = measure.found().filter(|found| found.failure.is_none())?;
            Some(format!("{}.{}.{}", measure.comparing.number, found.measured.len(), found.is_done))
        },
        |measure| {
            let section = html("<section class='results compared' aria-label='HTTP against WebSocket'></section>");
            let Some(found) = measure.found() else { return section };
            section
                .child(heading(found))
                .child(ways(found))
                .child(html("<div class=charts></div>").child(charts::chart(charts::COMPARED)))
                .child(table(found))
        },
    )
}

fn heading(found: &Comparison) -> View {
    let total = Way::ALL.len();
    let state = match (found.is_done, Way::ALL.get(found.measured.len())) {
        (false, Some(way)) => format!("{} of {total}: measuring {}…", found.measured.len() + 1, way.name()),
        _ => answers::sentence(found, &super::platform()),
    };
    html(
        "<div>\
           <header><h2>HTTP against WebSocket</h2></header>\
           <p role=status></p>\
           <p class=hint>Bytes are those of heads, bodies and frames, without TLS and TCP: request heads as the server counted \
             them, response heads as the browser shows them, frames by RFC 6455, 5.2. The time of a push is how much later it \
             came than the fastest one.</p>\
         </div>",
    )
    .at("[role=status]")
    .text(&state)
    .at("header")
    .child(
        html("<div class=chips role=group aria-label='Save the comparison'></div>")
            .child(save("Save as CSV", |measure| {
                if let Some(found) = measure.found() {
                    download::save_text("canyon-http.csv", &ways::to_csv(found, &super::platform()));
                }
            }))
            .child(save("Save chart as PNG", |_| download::save_charts())),
    )
    .at_root()
}

fn save(label: &str, save: fn(&Measure)) -> View {
    html("<button type=button class=ghost></button>").text(label).on("click", move |measure, _| save(measure))
}

fn ways(found: &Comparison) -> View {
    let row = |(index, (name, figures)): (usize, (&str, Result<[String; COLUMNS.len()], String>))| {
        let row = html("<tr><td></td><th scope=row></th></tr>")
            .at("td")
            .text(&(index + 1).to_string())
            .at("th")
            .text(name)
            .at_root();
        match figures {
            Ok(figures) => row.children(figures.iter().map(|figure| html("<td></td>").text(figure))),
            Err(failure) => row.child(html("<td class=error colspan=9></td>").text(&form::sentence(&failure))),
        }
    };
    html(
        "<div class=scrolls tabindex=0 role=group aria-label='What each way took'>\
           <table><thead><tr><th scope=col>#</th><th scope=col>way</th></tr></thead><tbody></tbody></table>\
         </div>",
    )
    .at("thead tr")
    .children(COLUMNS.map(|name| html("<th scope=col></th>").text(name)))
    .at("tbody")
    .children(ways::ways(found).into_iter().enumerate().map(row))
}

fn table(found: &Comparison) -> View {
    let row = |Answer { topic, claim, http, socket, finding }: Answer| {
        let cell = |name: &str, text: &str| html("<td></td>").attr("data-name", name).text(text);
        html("<tr><th scope=row><b></b><span></span></th></tr>")
            .at("b")
            .text(topic)
            .at("span")
            .text(claim)
            .at_root()
            .child(cell("HTTP", &http))
            .child(cell("WebSocket", &socket))
            .child(cell("Measured", &finding))
    };
    html(
        "<table class=answers>\
           <caption>What tutorials say, and what was measured</caption>\
           <thead><tr><th scope=col>claim</th><th scope=col>HTTP</th><th scope=col>WebSocket</th><th scope=col>result</th></tr></thead>\
           <tbody></tbody>\
         </table>",
    )
    .at("tbody")
    .children(answers::answers(found).into_iter().map(row))
}
