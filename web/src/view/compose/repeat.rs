//! Sending the message again and again. It never keeps the time: the model does.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{ConnectionMsg, Count, Draft, Pace, Repeat};

use crate::dynamic::{flag, text};
use crate::view::controls::{button_unless, choice, number, problem};
use crate::view::tab::Tab;

pub(super) fn panel(tab: Tab) -> AnyView {
    let (amount, unit, count) = (RwSignal::new("1000".to_owned()), RwSignal::new(0), RwSignal::new(String::new()));
    let parse = move |draft| parse(draft, &amount.get(), unit.get(), &count.get());
    let start = move || {
        let draft = tab.read(|connection| connection.draft().clone());
        if let Ok(repeat) = untrack(|| parse(draft)) {
            tab.tell(ConnectionMsg::StartRepeat(repeat));
        }
    };
    let stopped = tab.flag(|connection| connection.repetition().is_none());
    let progress = tab.text(|connection| match connection.repetition() {
        Some(repetition) => [Count(repetition.sent()).to_string().as_str(), " sent"].concat(),
        None => String::new(),
    });
    let wrong = text(move || parse(Draft::default()).err().unwrap_or_default());
    view! {
        <div class="bar" role="group" aria-label="Repeat">
            {number("Repeat", amount.into(), move |text| amount.set(text))}
            {choice("as", &["ms in between", "times a second"], unit.into(), move |chosen| unit.set(chosen))}
            {number("Times", count.into(), move |text| count.set(text))}
            {button_unless("ghost", "Start", flag(move || !wrong.get().is_empty()), start)}
            {button_unless("ghost", "Stop repeating", stopped, move || tab.tell(ConnectionMsg::StopRepeat))}
            <output class="hint">{progress}</output>
            {problem("repeat-problem", wrong)}
        </div>
    }
    .into_any()
}

/// Reads the fields; without a count it goes on until it is stopped.
fn parse(draft: Draft, amount: &str, unit: usize, count: &str) -> Result<Repeat, String> {
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| ["\"", text, "\" is no whole number"].concat());
    let pace = if unit == 0 { Pace::every(number(amount)?) } else { Pace::per_second(number(amount)?) };
    let count = if count.trim().is_empty() { None } else { Some(number(count)?) };
    Ok(Repeat { draft, pace: pace.map_err(|error| error.to_string())?, count })
}
