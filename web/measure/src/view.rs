//! The view: a form, the progress of a run, its results, and earlier runs beside it. The engine posts summaries; nothing here
//! sees a message.

mod chart;
mod charts;
mod compare;
mod download;
mod engine_handle;
mod form;
mod results;
mod runs;

use dom::{AppState, Handle, Mounted};
use gloo_utils::window;
use measure::plan::{Form, Plan, PlanError};
use measure::protocol::{Clock, Command, Event};
use measure::run::{Phase, Summary};
use web_sys::HtmlElement;

use self::compare::Comparing;
use self::engine_handle::EngineHandle;

type View = dom::View<Measure>;

/// [`dom::View::html`] for this view.
fn html(markup: &'static str) -> View {
    View::html(markup)
}

/// Runs that are kept to be compared; the oldest goes first.
const MAX_RUNS: usize = 8;

pub(crate) struct Measure {
    form: Form,
    problem: Option<PlanError>,
    /// Why the engine does not run; empty while it does.
    failure: &'static str,
    engine: EngineHandle,
    clock: Option<Clock>,
    /// The run that is shown, under way or done.
    shown: Option<Shown>,
    runs: Vec<Finished>,
    /// How many runs there were.
    count: u32,
    /// The slot or bar that the pointer is on, by chart.
    hovered: [Option<usize>; charts::COUNT],
    subject: Subject,
    comparing: Comparing,
}

/// What the view measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// Echoes over WebSocket.
    Echoes,
    /// HTTP against WebSocket.
    Http,
}

/// The run that is shown.
struct Shown {
    number: u32,
    plan: Plan,
    summary: Option<Summary>,
}

/// An earlier run.
struct Finished {
    number: u32,
    plan: Plan,
    summary: Summary,
}

impl AppState for Measure {}

/// Shows the view at the end of `parent`.
pub(crate) fn open(parent: &HtmlElement, glue: String, url: String) -> Mounted<Measure> {
    Mounted::new(
        parent,
        |handle: Handle<Measure>| Measure {
            form: Form::new(url),
            problem: None,
            failure: "",
            engine: EngineHandle::start(glue, handle),
            clock: None,
            shown: None,
            runs: Vec::new(),
            count: 0,
            hovered: [None; charts::COUNT],
            subject: Subject::Echoes,
            comparing: Comparing::default(),
        },
        |_| vec![subjects(), echoes(), compare::compare()],
    )
}

fn subjects() -> View {
    let subject = |(label, subject): (&str, Subject)| {
        html("<button type=button class=tab></button>")
            .text(label)
            .aria_if("aria-pressed", move |measure| measure.subject == subject)
            .attr_if("disabled", |measure| measure.is_running() || measure.is_comparing())
            .on("click", move |measure, _| measure.subject = subject)
    };
    html("<div class=subjects role=group aria-label='What is measured'></div>")
        .children([("Echoes", Subject::Echoes), ("HTTP against WebSocket", Subject::Http)].map(subject))
}

fn echoes() -> View {
    html("<div class=subject></div>")
        .attr_if("hidden", |measure| measure.subject != Subject::Echoes)
        .child(form::form())
        .child(results::results())
        .child(runs::comparison())
}

/// What the browser runs on, as far as it tells.
fn platform() -> String {
    let platform = window().navigator().platform().unwrap_or_default();
    let cores = window().navigator().hardware_concurrency();
    format!("{platform} with {cores} cores")
}

impl Measure {
    pub(crate) fn set_url(&mut self, url: String) {
        self.form.url = url;
    }

    fn is_running(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| {
            shown.summary.as_ref().is_none_or(|summary| summary.phase != Phase::Done) && self.failure.is_empty()
        })
    }

    fn summary(&self) -> Option<&Summary> {
        self.shown.as_ref()?.summary.as_ref()
    }

    fn start_or_cancel(&mut self) {
        if self.is_running() {
            return self.engine.post(&Command::Cancel);
        }
        match self.form.plan() {
            Err(error) => self.problem = Some(error),
            Ok(plan) => {
                (self.problem, self.failure) = (None, "");
                self.engine.restart_if_failed();
                self.engine.post(&Command::Start(plan.clone()));
                self.count += 1;
                self.hovered = [None; charts::COUNT];
                self.shown = Some(Shown { number: self.count, plan, summary: None });
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Clock(clock) => self.clock = Some(clock),
            Event::Compared(found) => self.on_compared(*found),
            Event::Progress(summary) => {
                let Some(shown) = &mut self.shown else { return };
                if summary.phase == Phase::Done && summary.received > 0 {
                    if self.runs.len() == MAX_RUNS {
                        self.runs.remove(0);
                    }
                    let (number, plan) = (shown.number, shown.plan.clone());
                    self.runs.push(Finished { number, plan, summary: (*summary).clone() });
                }
                shown.summary = Some(*summary);
            }
        }
    }
}
