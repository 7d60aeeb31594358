//! The log: a list of any length, of which only the rows on the screen exist. It never moves what somebody is reading.

mod filter;
mod line;
mod news;
mod pins;
mod reader;
mod rows;

use std::borrow::Cow;

use model::{Count, ROW_HEIGHT, Times};
use web_sys::{Element, Event};

pub(super) use self::filter::tools;
use self::line::Line;
pub(super) use self::line::time;
pub(crate) use self::news::News;
pub(crate) use self::reader::Reader;
use self::rows::{Marks, Rows, id};
use super::controls::{button, target};
use super::{View, html};
use crate::page::Page;

/// Finds the list of entries, which takes the keyboard.
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
                .child(html("<div class=newer></div>").attr_if("hidden", |page| page.pane.reader.follows()).child(
                    button("pill", "", |page, _| page.pane.reader.follow()).text_of(|page| {
                        match page.pane.reader.unseen() {
                            0 => "↓ Newest".into(),
                            new => format!("↓ {} new", Count(new)).into(),
                        }
                    }),
                )),
        )
        .child(news::region())
}

/// What the log had to let go.
fn dropped(page: &Page) -> Cow<'_, str> {
    match page.shown().log().dropped() {
        0 => "".into(),
        dropped => format!("{} older dropped", Count(dropped)).into(),
    }
}

/// What the filter has not looked at yet: over the log, for beside the hits it would push buttons aside.
fn filtering(page: &Page) -> Cow<'_, str> {
    match page.shown().filter().left(page.shown().log()) {
        0 => "".into(),
        left => format!("Filtering, {} left", Count(left)).into(),
    }
}

fn why_empty(page: &Page) -> &'static str {
    let (filter, log) = (page.shown().filter(), page.shown().log());
    if log.is_empty() {
        "Nothing yet. Connect, then type a message below."
    } else if filter.left(log) > 0 {
        "Nothing has passed the filter so far."
    } else {
        "Nothing passes the filter."
    }
}

/// What scrolls: a list as high as all rows together, and the rows that are seen inside it.
fn scroller() -> View {
    let view = html(
        "<div class=scroller role=listbox tabindex=0 aria-label=Entries>\
           <div class=list role=presentation><div class=window role=presentation></div></div>\
         </div>",
    )
    .attr_of("aria-activedescendant", |page| page.pane.detail.seq.map(id).unwrap_or_default().into())
    .style_of("--row", |_| format!("{ROW_HEIGHT}px").into())
    .on("keydown", reader::key)
    .on("scroll", |page, event| page.pane.reader.scrolled(target::<Element>(event).scroll_top().into()))
    .on_resize(|page, scroller| {
        page.pane.reader.resized(scroller.client_height().into(), scroller.scroll_top().into());
    });
    let scroller = view.element();
    let mut moves = 0;
    let list = view
        .at(".list")
        .style_of("height", |page| format!("{}px", page.pane.reader.list_height()).into())
        .follow(move |page| {
            let reader = &page.pane.reader;
            if reader.moves() != moves {
                moves = reader.moves();
                scroller.set_scroll_top(reader.scroll_top());
            }
        })
        .at(".window")
        .style_of("transform", |page| format!("translateY({}px)", page.pane.reader.window_top()).into())
        .on("click", select_clicked);
    draw(list)
}

/// Keeps the rows on the screen as the log, the reader and the marks are.
fn draw(window: View) -> View {
    let mut rows = Rows::new(window.element());
    let mut times = Times::Clock;
    window.follow(move |page| {
        let wanted = page.store.workbench().settings().times;
        if wanted != times {
            times = wanted;
            rows.renew();
        }
        let (log, list) = (page.shown().log(), page.shown().rows());
        rows.show(
            page.pane.reader.visible(),
            |place| {
                let seq = list.seq(place)?;
                let selected = page.pane.detail.seq == Some(seq);
                Some((seq, Marks { selected, pinned: log.is_pinned(seq) }))
            },
            |seq| log.entry(seq).map(|entry| Line::new(log, entry, times)),
        );
    })
}

/// A click on a row selects it, on the selected one no more.
fn select_clicked(page: &mut Page, event: &Event) {
    let row = target::<Element>(event).closest("[data-seq]").ok().flatten();
    let Some(seq) = row.and_then(|row| row.get_attribute("data-seq")).and_then(|seq| seq.parse().ok()) else { return };
    let detail = &mut page.pane.detail;
    detail.select((detail.seq != Some(seq)).then_some(seq));
}
