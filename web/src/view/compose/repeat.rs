//! Sending the message again and again. It never keeps the time: the model does.

use std::borrow::Cow;

use model::{ConnectionMsg, Count, Draft, Pace, Problem, Repeat};

use crate::page::Page;
use crate::view::controls::{button, choice, number, problem, value_of};
use crate::view::{View, html};

/// What is filled in.
pub(crate) struct Wish {
    /// Of milliseconds, or of times a second.
    amount: String,
    times_a_second: bool,
    count: String,
}

impl Default for Wish {
    fn default() -> Self {
        Self { amount: "1000".to_owned(), times_a_second: false, count: String::new() }
    }
}

impl Wish {
    /// Without a count it goes on until it is stopped.
    fn repeat(&self, draft: Draft) -> Result<Repeat, String> {
        let amount = whole_number(&self.amount)?;
        let pace = if self.times_a_second { Pace::per_second(amount) } else { Pace::every(amount) };
        let count = if self.count.trim().is_empty() { None } else { Some(whole_number(&self.count)?) };
        Ok(Repeat { draft, pace: pace.map_err(|error| error.to_string())?, count })
    }
}

fn whole_number(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| ["\"", text, "\" is no whole number"].concat())
}

pub(super) fn panel() -> View {
    html("<div class=bar role=group aria-label=Repeat></div>")
        .child(number(
            "Repeat",
            |page| wish(page).amount.as_str().into(),
            |page, event| page.pane.repeat.amount = value_of(event),
        ))
        .child(choice(
            "as",
            &["ms in between", "times a second"],
            |page| wish(page).times_a_second.into(),
            |page, chosen| page.pane.repeat.times_a_second = chosen > 0,
        ))
        .child(number(
            "Times",
            |page| wish(page).count.as_str().into(),
            |page, event| page.pane.repeat.count = value_of(event),
        ))
        .child(button("ghost", "Start", start).attr_if("disabled", |page| wish(page).repeat(Draft::default()).is_err()))
        .child(
            button("ghost", "Stop repeating", |page, _| page.tell(ConnectionMsg::StopRepeat))
                .attr_if("disabled", |page| page.shown().repetition().is_none()),
        )
        .child(html("<output class=hint></output>").text_of(progress))
        .child(problem("repeat-problem", wrong))
}

fn wish(page: &Page) -> &Wish {
    &page.pane.repeat
}

fn start(page: &mut Page, _: &web_sys::Event) {
    if let Ok(repeat) = wish(page).repeat(page.shown().draft().clone()) {
        page.tell(ConnectionMsg::StartRepeat(repeat));
    }
}

fn wrong(page: &Page) -> Cow<'_, str> {
    match (wish(page).repeat(Draft::default()), page.shown().problem()) {
        (Err(why), _) => why.into(),
        (_, Some(Problem::Task(words))) => words.as_str().into(),
        _ => "".into(),
    }
}

fn progress(page: &Page) -> Cow<'_, str> {
    match page.shown().repetition() {
        Some(repetition) => [&Count(repetition.sent()).to_string(), " sent"].concat().into(),
        None => "".into(),
    }
}
