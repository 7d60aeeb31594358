//! What is above the log: the filter with its hits, what the log had to let go, and what can be done with it.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{ConnectionMsg, Count, Facet, Query};

use super::reader::Reader;
use crate::dynamic::{aria, input, key};
use crate::view::controls::{button, button_unless, group, problem, sign_button, toggle};
use crate::view::dialog::Dialog;
use crate::view::tab::Tab;

pub(super) fn bar(tab: Tab, reader: Reader) -> AnyView {
    let typed = tab.text(|connection| connection.filter().query().typed.clone());
    let wrong = aria(move || tab.follow(|connection| connection.filter().problem().is_some()));
    let words = tab.text(|connection| connection.filter().problem().unwrap_or_default().to_owned());
    let steer = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" => reader.step(if event.shift_key() { -1 } else { 1 }),
        "Escape" => ask(tab, |query| query.typed.clear()),
        _ => {}
    };
    let empty = tab.flag(|connection| connection.log().is_empty());
    view! {
        <header class="tools">
            <input
                class="filter"
                type="search"
                aria-label="Filter"
                placeholder="Filter: text or /regex/"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                prop:value=typed
                aria-invalid=wrong
                aria-describedby="filter-problem"
                on:input=input(move |field| ask(tab, |query| query.typed = field.value()))
                on:keydown=key(steer)
            />
            {group("Show", chips(tab))}
            <div class="hits">
                <output>{hits(tab)}</output>
                {sign_button("ghost", "‹", "Previous", move || reader.step(-1))}
                {sign_button("ghost", "›", "Next", move || reader.step(1))}
            </div>
            <p class="dropped">{dropped(tab)}</p>
            {button("ghost", "Export…", move || tab.dialog.set(Some(Dialog::Archive(tab.id))))}
            {button_unless("ghost", "Clear", empty, move || tab.tell(ConnectionMsg::ClearLog))}
            {problem("filter-problem", words)}
        </header>
    }
    .into_any()
}

fn chips(tab: Tab) -> Vec<AnyView> {
    let chip = |label: &'static str, facets: &'static [Facet]| {
        let shown = tab.flag(move |connection| !connection.filter().query().hidden.contains(facets[0]));
        toggle(label, shown, move || {
            ask(tab, |query| facets.iter().for_each(|&facet| query.hidden = query.hidden.toggled(facet)));
        })
    };
    vec![
        chip("↑ sent", &[Facet::Sent]),
        chip("↓ received", &[Facet::Received]),
        chip("text", &[Facet::Text]),
        chip("binary", &[Facet::Binary]),
        chip("events", &[Facet::Open, Facet::Close, Facet::Error, Facet::Note]),
        chip("automatic", &[Facet::Automatic]),
    ]
}

/// Changes what is asked for.
fn ask(tab: Tab, change: impl FnOnce(&mut Query)) {
    let mut query = tab.read(|connection| connection.filter().query().clone());
    change(&mut query);
    tab.tell(ConnectionMsg::Filter(query));
}

/// How many entries pass the filter, and how far it has come.
fn hits(tab: Tab) -> Signal<String> {
    tab.text(|connection| {
        let log = connection.log();
        let of = format!("{} of {}", Count(connection.rows().len() as u64), Count(log.len() as u64));
        match connection.filter().left(log) {
            0 => of,
            left => format!("{of}, {} to search", Count(left)),
        }
    })
}

fn dropped(tab: Tab) -> Signal<String> {
    tab.text(|connection| match connection.log().dropped() {
        0 => String::new(),
        dropped => format!("{} older dropped", Count(dropped)),
    })
}
