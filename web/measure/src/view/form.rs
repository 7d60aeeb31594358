//! What is measured: address, messages, pace, duration. One button starts and cancels.

use std::borrow::Cow;

use measure::echo::Kind;
use measure::plan::{Field, Form, PaceRule, SizeRule};
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Event, HtmlInputElement, HtmlSelectElement};

use super::{Measure, View, html};

type Read = fn(&Form) -> &String;
type Write = fn(&mut Form) -> &mut String;

pub(super) fn form() -> View {
    html("<form class=plan aria-label='What to measure' novalidate></form>")
        .child(field("URL", "url", Field::Url, |form| &form.url, |form| &mut form.url).attr("class", "field address"))
        .child(select(
            "Pace",
            &["One message at a time", "Several in flight", "At a rate"],
            |form| form.pace as usize,
            |form, index| form.pace = [PaceRule::OneByOne, PaceRule::InFlight, PaceRule::PerSecond][index],
        ))
        .child(
            number("In flight", Field::Window, |form| &form.window, |form| &mut form.window)
                .attr_if("hidden", |measure| measure.form.pace != PaceRule::InFlight),
        )
        .child(
            number("Messages per second", Field::Rate, |form| &form.rate, |form| &mut form.rate)
                .attr_if("hidden", |measure| measure.form.pace != PaceRule::PerSecond),
        )
        .child(select(
            "Type",
            &["Text", "Binary"],
            |form| form.kind as usize,
            |form, index| form.kind = [Kind::Text, Kind::Binary][index],
        ))
        .child(select(
            "Sizes",
            &["All the same", "Any in a range", "Doubling"],
            |form| form.sizes as usize,
            |form, index| form.sizes = [SizeRule::Fixed, SizeRule::Range, SizeRule::Doubling][index],
        ))
        .child(number("Bytes", Field::Size, |form| &form.size, |form| &mut form.size))
        .child(
            number("up to", Field::Largest, |form| &form.largest, |form| &mut form.largest)
                .attr_if("hidden", |measure| measure.form.sizes == SizeRule::Fixed),
        )
        .child(number("Seconds", Field::Seconds, |form| &form.seconds, |form| &mut form.seconds))
        .child(number("Connections", Field::Connections, |form| &form.connections, |form| &mut form.connections))
        .child(
            number("Reply limit (ms)", Field::ReplyLimit, |form| &form.reply_limit, |form| &mut form.reply_limit)
                .attr("class", "field choice"),
        )
        .child(
            html("<button type=submit class=primary></button>")
                .text_of(|measure| if measure.is_running() { "Cancel" } else { "Start" }.into()),
        )
        .child(html("<p class=problem id=plan-problem role=alert></p>").text_of(problem))
        .on("submit", |measure, event| {
            event.prevent_default();
            measure.start_or_cancel();
        })
}

fn problem(measure: &Measure) -> Cow<'_, str> {
    match &measure.problem {
        Some(problem) => sentence(&problem.to_string()).into(),
        None if measure.failure.is_empty() => "".into(),
        None => sentence(measure.failure).into(),
    }
}

/// Errors are written in lower case; here they stand alone.
pub(super) fn sentence(error: &str) -> String {
    let mut characters = error.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    [&first, characters.as_str(), "."].concat()
}

fn number(label: &str, field: Field, read: Read, write: Write) -> View {
    self::field(label, "numeric", field, read, write).attr("class", "field number")
}

/// `keyboard` is the on-screen keyboard. The current element is the root.
fn field(label: &str, keyboard: &str, field: Field, read: Read, write: Write) -> View {
    html(
        "<label class=field><span></span>\
           <input autocomplete=off autocapitalize=none spellcheck=false aria-describedby=plan-problem>\
         </label>",
    )
    .at("span")
    .text(label)
    .at("input")
    .attr("inputmode", keyboard)
    .attr_if("readonly", Measure::is_running)
    .aria_if("aria-invalid", move |measure| measure.problem.as_ref().is_some_and(|problem| problem.field() == field))
    .value_of(move |measure| read(&measure.form).as_str().into())
    .on("input", move |measure, event| {
        *write(&mut measure.form) = target::<HtmlInputElement>(event).value();
        measure.problem = None;
    })
    .at_root()
}

fn select(label: &str, options: &[&str], read: fn(&Form) -> usize, write: fn(&mut Form, usize)) -> View {
    let option = |(index, label): (usize, &&str)| {
        html("<option></option>").text(label).property_if("selected", move |measure| read(&measure.form) == index)
    };
    html("<label class='field choice'><span></span><select></select></label>")
        .at("span")
        .text(label)
        .at("select")
        .attr_if("disabled", Measure::is_running)
        .children(options.iter().enumerate().map(option))
        .on("change", move |measure, event| {
            let index = target::<HtmlSelectElement>(event).selected_index().unsigned_abs() as usize;
            write(&mut measure.form, index);
            measure.problem = None;
        })
}

fn target<T: JsCast>(event: &Event) -> T {
    event.target().expect_throw("an event has a target while it is dispatched").unchecked_into()
}
