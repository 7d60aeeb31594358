//! The log: a list of any length, of which only the rows on the screen exist. It never moves what somebody is reading.

mod announce;
mod filter;
mod line;
mod pins;
mod reader;
mod rows;

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{Count, ROW_HEIGHT};
use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};

use self::line::Line;
pub(super) use self::line::time;
use self::reader::Reader;
use self::rows::{Marks, Rows, id};
use super::controls::button;
use super::tab::Tab;
use crate::dynamic::{flag, key, text};

pub(super) fn log(tab: Tab) -> AnyView {
    let reader = Reader::new(tab);
    let window = NodeRef::new();
    draw(tab, reader, window);
    let some = tab.flag(|connection| !connection.rows().is_empty());
    let why_empty = tab.text(|connection| {
        let nothing = connection.log().is_empty();
        if nothing { "Nothing yet. Connect, then type a message below." } else { "Nothing passes the filter." }
            .to_owned()
    });
    view! {
        <section class="log" aria-label="Messages">
            {filter::bar(tab, reader)}
            {pins::strip(tab, reader)}
            <div class="rows" role="log" aria-label="Log" aria-live="off">
                <div
                    class="scroller"
                    role="listbox"
                    tabindex="0"
                    aria-label="Entries"
                    aria-activedescendant=text(move || tab.selected.get().map(id).unwrap_or_default())
                    node_ref=reader.scroller
                    style=("--row", format!("{ROW_HEIGHT}px"))
                    on:scroll=move |_| reader.scrolled()
                    on:keydown=key(move |event| reader.key(&event))
                >
                    <div class="list" role="presentation" node_ref=reader.list>
                        <div
                            class="window"
                            role="presentation"
                            node_ref=window
                            style:transform=text(move || reader.window_transform())
                            on:click=move |event| select_clicked(tab, &event)
                        ></div>
                    </div>
                </div>
                <p class="empty" hidden=some>{why_empty}</p>
                <div class="newer" hidden=flag(move || reader.follows())>
                    {button("pill", text(move || format!("↓ {} new", Count(reader.unseen()))), move || reader.follow())}
                </div>
            </div>
            {announce::region(tab)}
        </section>
    }
    .into_any()
}

/// Keeps the rows on the screen as the log, the reader and the marks are.
fn draw(tab: Tab, reader: Reader, window: NodeRef<leptos::html::Div>) {
    let rows = StoredValue::new_local(None);
    let times = tab.store.fact(|workbench| workbench.settings().times);
    let pins = tab.fact(|connection| connection.log().pinned().map(|entry| entry.seq).collect::<Vec<_>>());
    Effect::new(move |drawn_times: Option<model::Times>| {
        let (times, selected) = (times.get(), tab.selected.get());
        let Some(window) = window.get() else { return times };
        rows.update_value(|rows| {
            let rows = rows.get_or_insert_with(|| Rows::new(window.into()));
            if drawn_times.is_some_and(|drawn| drawn != times) {
                rows.renew();
            }
            pins.with(|pins| {
                tab.read(|connection| {
                    let (log, list) = (connection.log(), connection.rows());
                    rows.show(
                        reader.visible.get(),
                        |place| {
                            let seq = list.seq(place)?;
                            Some((seq, Marks { selected: selected == Some(seq), pinned: pins.contains(&seq) }))
                        },
                        |seq| log.entry(seq).map(|entry| Line::new(log, entry, times)),
                    );
                });
            });
        });
        times
    });
}

/// A click on a row selects it, on the selected one no more.
fn select_clicked(tab: Tab, event: &MouseEvent) {
    let row = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .and_then(|element| element.closest("[data-seq]").ok().flatten());
    let Some(seq) = row.and_then(|row| row.get_attribute("data-seq")).and_then(|seq| seq.parse().ok()) else { return };
    tab.selected.update(|selected| *selected = (*selected != Some(seq)).then_some(seq));
}
