//! The log: a list of any length, of which only the rows on the screen are in the document.

mod columns;
mod filter;
mod keys;
mod pins;
mod rows;

use std::borrow::Cow;

use model::{Count, ROW_HEIGHT, TimeFormat};
use web_sys::{Element, Event};

pub(super) use self::columns::time;
pub(super) use self::filter::tools;
use self::rows::{RowElements, RowState, id};
use super::controls::{button, target};
use super::{View, html};
use crate::page::Page;

/// CSS selector of the list, which has the focus while a person goes through it by keyboard.
pub(super) const FILTER: &str = ".filter";
pub(super) const LIST: &str = "[role=listbox]";

pub(super) fn log() -> View {
    html("<section class=log aria-label=Messages></section>")
        .child(pins::strip())
        .child(
            html("<div class=rows role=log aria-label=Log aria-live=off></div>")
                .child(scroller())
                .child(
                    html("<p class=empty></p>")
                        .attr_if("hidden", |page| !page.shown().rows().is_empty())
                        .text_of(|page| why_empty(page).into()),
                )
                .child(html("<p class=dropped></p>").text_of(dropped))
                .child(html("<p class=filtering></p>").text_of(filtering))
                .child(
                    html("<div class=newer></div>")
                        .attr_if("hidden", |page| page.pane.log_scroll.is_following())
                        .child(button("pill", "", |page, _| page.pane.log_scroll.follow()).text_of(|page| {
                            match page.pane.log_scroll.unseen() {
                                0 => "↓ Latest".into(),
                                new => format!("↓ {} new", Count(new)).into(),
                            }
                        })),
                ),
        )
        .child(super::status::ending())
        .child(html("<p class=visually-hidden role=status></p>").text_of(|page| page.pane.live_region.text().into()))
}

fn dropped(page: &Page) -> Cow<'_, str> {
    match page.shown().log().dropped() {
        0 => "".into(),
        dropped => format!("{} older dropped", Count(dropped)).into(),
    }
}

/// Shown over the log: beside the hits it would move the buttons there.
fn filtering(page: &Page) -> Cow<'_, str> {
    match page.shown().filter().left(page.shown().log()) {
        0 => "".into(),
        left => format!("Filtering… {} left", Count(left)).into(),
    }
}

fn why_empty(page: &Page) -> &'static str {
    let (filter, log) = (page.shown().filter(), page.shown().log());
    if log.is_empty() {
        "No messages yet. Connect, then type a message below."
    } else if filter.left(log) > 0 {
        "No matches so far."
    } else {
        "No messages match the filter."
    }
}

/// Three elements inside each other: `.scroller` scrolls, `.list` has the height of all rows together, and `.window`
/// holds the rows that are drawn, moved to their place in the list.
fn scroller() -> View {
    let view = html(
        "<div class=scroller role=listbox tabindex=0 aria-label=Entries>\
           <div class=list role=presentation><div class=window role=presentation></div></div>\
         </div>",
    )
    .attr_of("aria-activedescendant", |page| drawn_selection(page).map(id).unwrap_or_default().into())
    .style_of("--row", |_| format!("{ROW_HEIGHT}px").into())
    .on("keydown", keys::key_pressed)
    .on("scroll", |page, event| page.pane.log_scroll.scrolled(target::<Element>(event).scroll_top().into()))
    .on_resize(|page, scroller| {
        page.pane.log_scroll.resized(scroller.client_height().into(), scroller.scroll_top().into());
    });
    let scroller = view.element();
    let mut scrolls = 0;
    let list = view
        .at(".list")
        .style_of("height", |page| format!("{}px", page.pane.log_scroll.list_height()).into())
        // After the height: a browser cuts a scroll position to the height that the list has.
        .on_render(move |page| {
            let scroll = &page.pane.log_scroll;
            if scroll.scrolls() != scrolls {
                scrolls = scroll.scrolls();
                scroller.set_scroll_top(scroll.scroll_top());
            }
        })
        .at(".window")
        .style_of("transform", |page| format!("translateY({}px)", page.pane.log_scroll.drawn_top()).into())
        .on("click", select_clicked);
    draw_rows(list)
}

/// The selected entry, if it has a row: a browser must not be given the id of an element that is not there.
fn drawn_selection(page: &Page) -> Option<u64> {
    let (seq, list) = (page.pane.detail.seq?, page.shown().rows());
    page.pane.log_scroll.visible().find(|&ordinal| list.seq(ordinal) == Some(seq)).map(|_| seq)
}

/// Draws the rows into the current element on each render.
fn draw_rows(window: View) -> View {
    let mut rows = RowElements::new(window.element());
    let mut format = TimeFormat::Clock;
    window.on_render(move |page| {
        let chosen = page.store.workbench().settings().time_format;
        if chosen != format {
            format = chosen;
            rows.invalidate();
        }
        let (log, list) = (page.shown().log(), page.shown().rows());
        rows.show(
            list.first()..list.end(),
            page.pane.log_scroll.visible(),
            |ordinal| {
                let seq = list.seq(ordinal)?;
                let selected = page.pane.detail.seq == Some(seq);
                Some((seq, RowState { selected, pinned: log.is_pinned(seq) }))
            },
            |seq| log.entry(seq).map(|entry| columns::Cells { log, entry, time_format: format }),
        );
    })
}

/// A click on the selected row deselects it.
fn select_clicked(page: &mut Page, event: &Event) {
    let row = target::<Element>(event).closest("[data-seq]").ok().flatten();
    let Some(seq) = row.and_then(|row| row.get_attribute("data-seq")).and_then(|seq| seq.parse().ok()) else { return };
    let detail = &mut page.pane.detail;
    detail.select((detail.seq != Some(seq)).then_some(seq));
}
