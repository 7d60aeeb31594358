//! Where the events come from: the page's connection, which needs an id in its address, or a recording.

use std::borrow::Cow;

use wasm_bindgen::JsCast;
use web_sys::{DragEvent, HtmlElement, HtmlInputElement};

use super::live::State;
use super::{Inspector, Source, View, html};

pub(super) fn source() -> View {
    html(
        "<section class=source aria-label=Source>\
           <p role=status></p>\
           <p class=hint></p>\
           <div class=chips></div>\
           <input type=file accept='.jsonl,.json,.log,.txt' hidden>\
         </section>",
    )
    .at("p")
    .attr_of("class", |inspector| class(inspector).into())
    .text_of(status)
    .at(".hint")
    .text_of(hint)
    .at(".chips")
    .child(
        button("", "", Inspector::connect_with_id)
            .attr_of("class", |inspector| if inspector.has_id() { "ghost" } else { "primary" }.into())
            .text_of(|inspector| {
                if inspector.has_id() { "Connect with a new id" } else { "Show this connection's wire" }.into()
            })
            .attr_if("hidden", |inspector| matches!(inspector.source, Source::File(_))),
    )
    .child(
        button("ghost", "Watch again", Inspector::watch_again)
            .attr_if("hidden", |inspector| !matches!(&inspector.source, Source::Live(live) if has_ended(&live.state))),
    )
    .child(
        button("ghost", "Show the connection instead", Inspector::watch_connection)
            .attr_if("hidden", |inspector| !matches!(inspector.source, Source::File(_))),
    )
    .child(button("ghost", "Open a recording…", |_| choose_file()))
    .at("input")
    .on("change", |inspector, event| {
        let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else { return };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            inspector.read(file);
        }
        // The same file can be chosen again.
        input.set_value("");
    })
    .at_root()
}

/// A file that is dropped anywhere on the view is a recording.
pub(super) fn takes_files(view: View) -> View {
    view.on("dragover", |_, event| event.prevent_default()).on("drop", |inspector, event| {
        event.prevent_default();
        let dropped = event.unchecked_ref::<DragEvent>().data_transfer().and_then(|dropped| dropped.files());
        if let Some(file) = dropped.and_then(|files| files.get(0)) {
            inspector.read(file);
        }
    })
}

fn choose_file() {
    let input = gloo_utils::document().query_selector("#inspect input[type=file]").ok().flatten();
    if let Some(input) = input {
        input.unchecked_into::<HtmlElement>().click();
    }
}

pub(super) fn button(class: &str, label: &str, click: fn(&mut Inspector)) -> View {
    html("<button type=button></button>")
        .attr("class", class)
        .text(label)
        .on("click", move |inspector, _| click(inspector))
}

impl Inspector {
    fn has_id(&self) -> bool {
        matches!(self.source, Source::Live(_))
    }
}

fn has_ended(state: &State) -> bool {
    matches!(state, State::Ended(_))
}

fn class(inspector: &Inspector) -> &'static str {
    match &inspector.source {
        Source::Live(live) if has_ended(&live.state) => "problem",
        Source::File(reading) if !reading.problem.is_empty() => "problem",
        Source::Live(live) if live.state == State::Watching => "watching",
        Source::Nothing | Source::Live(_) | Source::File(_) => "",
    }
}

fn status(inspector: &Inspector) -> Cow<'_, str> {
    match &inspector.source {
        Source::Nothing => "Not watching".into(),
        Source::Live(live) => match &live.state {
            State::Opening => "Asking the server…".into(),
            State::Watching => "Watching what crosses the server's wire".into(),
            State::Ended(why) => format!("{why}.").into(),
        },
        Source::File(reading) if !reading.problem.is_empty() => {
            format!("{}: {}.", reading.name, reading.problem).into()
        }
        Source::File(reading) if reading.read < reading.size => {
            format!("Reading {}: {} %", reading.name, (reading.read * 100.0 / reading.size) as u32).into()
        }
        Source::File(reading) => format!("Recording {}", reading.name).into(),
    }
}

fn hint(inspector: &Inspector) -> Cow<'_, str> {
    match &inspector.source {
        Source::Nothing => "A Canyon server shows what crosses the wire of a connection that has an id: the browser's own \
            request, and each frame bit by bit. The button adds a random id to the address, and connects again. Or drop a \
            recording here (canyon --record FILE)."
            .into(),
        Source::Live(live) => live.watch.to_string().into(),
        Source::File(_) => {
            let kept = inspector.trace.range();
            match kept.start {
                0 => "".into(),
                lost => format!("The first {lost} events are not shown: 32 MiB of events are kept.").into(),
            }
        }
    }
}
