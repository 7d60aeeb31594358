//! The form for sending the message repeatedly.

use std::borrow::Cow;

use model::{ConnectionMsg, Count, Draft, Problem};

use crate::page::{Page, RepeatForm};
use crate::view::controls::{button, number_field, problem, select, value_of};
use crate::view::{View, html};

pub(super) fn form() -> View {
    html("<div class=bar role=group aria-label=Repeat></div>")
        .child(number_field(
            "Repeat",
            |page| fields(page).amount.as_str().into(),
            |page, event| page.pane.repeat.amount = value_of(event),
        ))
        .child(select(
            "Unit",
            &["ms apart", "times per second"],
            |page| fields(page).per_second.into(),
            |page, chosen| page.pane.repeat.per_second = chosen > 0,
        ))
        .child(number_field(
            "Count (optional)",
            |page| fields(page).count.as_str().into(),
            |page, event| page.pane.repeat.count = value_of(event),
        ))
        .child(button("ghost", "Start", start).attr_if("disabled", |page| input_error(page).is_some()))
        .child(
            button("ghost", "Stop repeating", |page, _| page.dispatch_shown(ConnectionMsg::StopRepeat))
                .attr_if("disabled", |page| page.shown().repetition().is_none()),
        )
        .child(html("<output class=hint></output>").text_of(progress))
        .child(problem("repeat-problem", |page| match (input_error(page), page.shown().problem()) {
            (Some(error), _) => error.into(),
            (_, Some(Problem::Task(text))) => text.as_str().into(),
            _ => "".into(),
        }))
}

fn fields(page: &Page) -> &RepeatForm {
    &page.pane.repeat
}

fn start(page: &mut Page, _: &web_sys::Event) {
    if let Ok(repeat) = fields(page).parse(page.shown().draft().clone()) {
        page.dispatch_shown(ConnectionMsg::StartRepeat(repeat));
    }
}

fn input_error(page: &Page) -> Option<String> {
    fields(page).parse(Draft::default()).err()
}

fn progress(page: &Page) -> Cow<'_, str> {
    match page.shown().repetition() {
        Some(repetition) => [&Count(repetition.sent()).to_string(), " sent"].concat().into(),
        None => "".into(),
    }
}
