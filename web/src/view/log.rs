//! The log: a list of any length, of which only the rows on the screen exist. It follows the newest entry until the
//! reader scrolls away from it, and never moves what somebody is reading.

mod row;

use std::ops::Range;

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;
use model::{Count, Msg, ROW_HEIGHT, Viewport};

use self::row::Row;
use crate::resize::SizeWatch;
use crate::store::Store;

/// Where a reader is in the log.
#[derive(Clone, Copy)]
struct Reader {
    /// The numbers of the oldest entry kept and of the newest: all that the list's shape depends on.
    extent: Memo<Extent>,
    /// What is seen, as the browser told last.
    viewport: RwSignal<Viewport>,
    place: RwSignal<Place>,
    /// The numbers of the entries on the screen.
    visible: Memo<Range<u64>>,
    selected: RwSignal<Option<u64>>,
    /// The element that scrolls.
    scroller: NodeRef<Div>,
    /// The element inside it that is as high as all rows together.
    list: NodeRef<Div>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Extent {
    first: u64,
    last: u64,
}

impl Extent {
    fn len(self) -> usize {
        (self.last + 1 - self.first) as usize
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// At the newest entry, whichever that is.
    Tail,
    /// Somewhere else, since this was the newest entry.
    Above(u64),
}

#[component]
pub(super) fn Log(store: Store, selected: RwSignal<Option<u64>>) -> impl IntoView {
    let reader = Reader::new(store, selected);
    reader.keep_place();
    reader.watch_size();
    let empty = Memo::new(move |_| reader.extent.get().len() == 0);
    view! {
        <section class="log" aria-label="Messages">
            <Tools store />
            <div class="rows" role="log" aria-label="Log" aria-live=move || if reader.follows() { "polite" } else { "off" }>
                <div
                    class="scroller"
                    role="listbox"
                    tabindex="0"
                    aria-label="Entries"
                    aria-activedescendant=move || reader.selected.get().map(row::id)
                    node_ref=reader.scroller
                    style=("--row", format!("{ROW_HEIGHT}px"))
                    on:scroll=move |_| reader.scrolled()
                    on:keydown=move |event| reader.key(&event)
                >
                    <div class="list" role="presentation" node_ref=reader.list>
                        <div class="window" role="presentation" style:transform=move || reader.window_transform()>
                            <For each=move || reader.visible.get() key=|seq| *seq let:seq>
                                <Row store selected seq />
                            </For>
                        </div>
                    </div>
                </div>
                <Show when=move || empty.get()>
                    <p class="empty">"Nothing yet. Connect, then type a message below."</p>
                </Show>
                <Show when=move || !reader.follows()>
                    <button type="button" class="newer" on:click=move |_| reader.follow()>
                        {move || format!("↓ {} new", Count(reader.unseen()))}
                    </button>
                </Show>
            </div>
        </section>
    }
}

/// What is above the list: its title, what it had to let go, and what can be done with it.
#[component]
fn Tools(store: Store) -> impl IntoView {
    let dropped = store.fact(|model| model.log().dropped());
    let empty = store.fact(|model| model.log().is_empty());
    view! {
        <header class="tools">
            <h2>"Messages"</h2>
            <p class="dropped">
                {move || match dropped.get() {
                    0 => String::new(),
                    dropped => format!("{} older dropped", Count(dropped)),
                }}
            </p>
            <button
                type="button"
                class="ghost"
                disabled=move || empty.get()
                on:click=move |_| store.dispatch(Msg::ClearLog)
            >
                "Clear"
            </button>
        </header>
    }
}

impl Reader {
    fn new(store: Store, selected: RwSignal<Option<u64>>) -> Self {
        let extent = store.fact(|model| Extent { first: model.log().first_seq(), last: model.log().last_seq() });
        let viewport = RwSignal::new(Viewport::default());
        let place = RwSignal::new(Place::Tail);
        let visible = Memo::new(move |_| {
            let Extent { first, .. } = extent.get();
            let len = extent.get().len();
            let rows = match place.get() {
                Place::Tail => viewport.get().tail(len).rows(len),
                Place::Above(_) => viewport.get().rows(len),
            };
            first + rows.start as u64..first + rows.end as u64
        });
        let (scroller, list) = (NodeRef::new(), NodeRef::new());
        Self { extent, viewport, place, visible, selected, scroller, list }
    }

    fn follows(self) -> bool {
        self.place.get() == Place::Tail
    }

    /// Entries that came since the reader left the tail.
    fn unseen(self) -> u64 {
        match self.place.get() {
            Place::Tail => 0,
            Place::Above(newest) => self.extent.get().last.saturating_sub(newest),
        }
    }

    /// Moves the rows that exist to where they are among all.
    fn window_transform(self) -> String {
        let above = self.visible.get().start - self.extent.get().first;
        format!("translateY({}px)", above * u64::from(ROW_HEIGHT))
    }

    /// Whenever the list changes: its height, and the scroll position that keeps the reader where they are.
    fn keep_place(self) {
        Effect::new(move |before: Option<Extent>| {
            let extent = self.extent.get();
            let Some(list) = self.list.get() else { return extent };
            list.style(("height", format!("{}px", extent.len() * ROW_HEIGHT as usize)));
            let viewport = self.viewport.get_untracked();
            let gone = before.map_or(0, |before| extent.first.saturating_sub(before.first));
            self.scroll_to(match self.place.get_untracked() {
                Place::Tail => viewport.tail(extent.len()),
                Place::Above(_) => viewport.without_first(gone as usize),
            });
            extent
        });
    }

    fn watch_size(self) {
        Effect::new(move |_| {
            let scroller = self.scroller.get()?;
            let resized = move || {
                let Some(scroller) = self.scroller.get_untracked() else { return };
                let viewport = Viewport { top: scroller.scroll_top().into(), height: scroller.client_height().into() };
                self.viewport.set(viewport);
                if self.place.get_untracked() == Place::Tail {
                    self.follow();
                }
            };
            // Kept by the effect, and dropped with it.
            Some(SizeWatch::new(&scroller, resized))
        });
    }

    fn scroll_to(self, viewport: Viewport) {
        let Some(scroller) = self.scroller.get_untracked() else { return };
        scroller.set_scroll_top(viewport.top.round() as i32);
        self.scrolled();
    }

    /// Takes over where the browser has scrolled to.
    fn scrolled(self) {
        let Some(scroller) = self.scroller.get_untracked() else { return };
        let viewport = Viewport { top: scroller.scroll_top().into(), ..self.viewport.get_untracked() };
        let extent = self.extent.get_untracked();
        if self.viewport.get_untracked() != viewport {
            self.viewport.set(viewport);
        }
        match (self.place.get_untracked(), viewport.at_tail(extent.len())) {
            (Place::Tail, false) => self.place.set(Place::Above(extent.last)),
            (Place::Above(_), true) => self.place.set(Place::Tail),
            (Place::Tail, true) | (Place::Above(_), false) => {}
        }
    }

    /// Goes to the newest entry and stays there.
    fn follow(self) {
        self.scroll_to(self.viewport.get_untracked().tail(self.extent.get_untracked().len()));
    }

    fn key(self, event: &KeyboardEvent) {
        let extent = self.extent.get_untracked();
        if extent.len() == 0 || event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let page = self.viewport.get_untracked().page() as u64;
        let selected = self.selected.get_untracked();
        let up = |rows| selected.map_or(extent.last, |seq| seq.saturating_sub(rows));
        let down = |rows| selected.map_or(extent.last, |seq| seq + rows);
        let seq = match event.key().as_str() {
            "ArrowUp" => up(1),
            "ArrowDown" => down(1),
            "PageUp" => up(page),
            "PageDown" => down(page),
            "Home" => extent.first,
            "End" => extent.last,
            "Escape" => return self.selected.set(None),
            _ => return,
        };
        event.prevent_default();
        self.select(seq.clamp(extent.first, extent.last));
    }

    fn select(self, seq: u64) {
        self.selected.set(Some(seq));
        let row = (seq - self.extent.get_untracked().first) as usize;
        self.scroll_to(self.viewport.get_untracked().showing(row));
    }
}
