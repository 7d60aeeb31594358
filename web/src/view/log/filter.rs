//! The bar above the log: filter, hits, export, clear.

use std::borrow::Cow;

use model::{ConnectionMsg, Count, Facet, Problem, Query};
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

use crate::page::{Dialog, Page};
use crate::view::controls::{button, fold, group, problem, sign_button, toggle, value_of};
use crate::view::{View, html};

/// What each chip shows or hides. The facets of a chip are always hidden together.
const CHIPS: [(&str, &[Facet]); 6] = [
    ("↑ sent", &[Facet::Sent]),
    ("↓ received", &[Facet::Received]),
    ("text", &[Facet::Text]),
    ("binary", &[Facet::Binary]),
    ("events", &[Facet::Open, Facet::Close, Facet::Error, Facet::Note]),
    ("auto-sent", &[Facet::Automatic]),
];

pub(in crate::view) fn tools() -> View {
    html(
        "<header class=tools>\
           <input class=filter type=search aria-label=Filter placeholder=Filter title='text -word /regex/' autocomplete=off \
             autocapitalize=none spellcheck=false aria-describedby='filter-problem filter-hint'>\
         </header>",
    )
    .child(
        html("<div class=hits></div>")
            .child(sign_button("‹", "Previous", |page, _| page.move_selection(-1)))
            .child(sign_button("›", "Next", |page, _| page.move_selection(1)))
            .child(html("<span></span>").text_of(hits)),
    )
    .child(
        fold("log-menu", "Show…", "Show…, export, clear")
            .child(group("Show", CHIPS.map(chip)))
            .child(button("ghost", "Export…", |page, _| page.open(Dialog::ExportImport)))
            .child(
                button("ghost", "Clear", |page, _| page.dispatch_shown(ConnectionMsg::ClearLog))
                    .attr_if("disabled", |page| page.shown().log().is_empty()),
            ),
    )
    .child(problem("filter-problem", |page| page.shown().filter().problem().unwrap_or_default().into()))
    .child(
        html("<p id=filter-hint class=hint></p>")
            .attr_if("hidden", |page| page.shown().filter().hint().is_none())
            .text_of(|page| page.shown().filter().hint().unwrap_or_default().into()),
    )
    .child(problem("pin-problem", |page| match page.shown().problem() {
        Some(Problem::Pin(text)) => text.as_str().into(),
        _ => "".into(),
    }))
    .at("input")
    .aria_if("aria-invalid", |page| page.shown().filter().problem().is_some())
    .value_of(|page| page.shown().filter().query().typed.as_str().into())
    .on("input", |page, event| change_query(page, |query| query.typed = value_of(event)))
    .on("keydown", key_pressed)
}

fn key_pressed(page: &mut Page, event: &Event) {
    let event: &KeyboardEvent = event.unchecked_ref();
    match event.key().as_str() {
        "Enter" => page.move_selection(if event.shift_key() { -1 } else { 1 }),
        "Escape" => change_query(page, |query| query.typed.clear()),
        _ => {}
    }
}

fn chip((label, facets): (&str, &'static [Facet])) -> View {
    toggle(
        label,
        move |page| !page.shown().filter().query().hidden.contains(facets[0]),
        move |page, _| {
            change_query(page, |query| facets.iter().for_each(|&facet| query.hidden = query.hidden.toggled(facet)));
        },
    )
}

fn change_query(page: &mut Page, change: impl FnOnce(&mut Query)) {
    let mut query = page.shown().filter().query().clone();
    change(&mut query);
    page.dispatch_shown(ConnectionMsg::Filter(query));
}

/// "12… of 345": the dots stand while the filter is still searching. Words there would move the buttons beside them.
fn hits(page: &Page) -> Cow<'_, str> {
    let (connection, log) = (page.shown(), page.shown().log());
    let more = if connection.filter().left(log) > 0 { "…" } else { "" };
    format!("{}{more} of {}", Count(connection.rows().len() as u64), Count(log.len() as u64)).into()
}
