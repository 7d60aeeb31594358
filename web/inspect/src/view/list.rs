//! The list of events. Only the rows on the screen are in the document; their elements are reused while the list scrolls.

use std::borrow::Cow;

use inspect::trace::Row;
use inspect::words;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::source::{button, takes_files};
use super::{Inspector, View, html};

/// Height of a row in CSS pixels, as in `wire.css`.
const ROW_PIXELS: usize = 28;
const ROW: f64 = ROW_PIXELS as f64;
/// Rows in the document: for windows of up to 2,600 CSS pixels.
const ELEMENTS: usize = 96;
/// The most pixels that browsers draw of an element are more than 16 million.
const MAX_ROWS: usize = 16_000_000 / ROW_PIXELS;

/// CSS selector of the element that scrolls.
pub(super) const LIST: &str = "#inspect .scroller";

/// What part of the list is seen, in CSS pixels.
pub(super) struct Scroll {
    top: f64,
    height: f64,
    /// Whether it stays at the newest row.
    pub(super) follows: bool,
    /// Where it is to be after the next render, if not where it is.
    wanted: Option<f64>,
}

impl Default for Scroll {
    fn default() -> Self {
        Self { top: 0.0, height: 0.0, follows: true, wanted: None }
    }
}

impl Scroll {
    /// The first row has gone: what is seen stays.
    pub(super) fn lose_row(&mut self) {
        if !self.follows {
            self.top = (self.top - ROW).max(0.0);
            self.wanted = Some(self.top);
        }
    }

    fn first(&self) -> usize {
        ((self.top / ROW) as usize).saturating_sub(1)
    }

    /// Rows of a screen.
    fn page(&self) -> usize {
        ((self.height / ROW) as usize).max(2) - 1
    }
}

impl Inspector {
    fn has_scrolled(&mut self, scroller: &HtmlElement) {
        let top = f64::from(scroller.scroll_top());
        let bottom = f64::from(scroller.scroll_height() - scroller.client_height());
        if top >= bottom - ROW {
            self.scroll.follows = true;
        } else if top < self.scroll.top {
            self.scroll.follows = false;
        }
        self.scroll.top = top;
    }

    /// Rows that the list has room for.
    fn rows(&self) -> usize {
        self.hits.len().min(MAX_ROWS)
    }

    /// Selects the row at a place of the list, and has it seen.
    fn select_at(&mut self, place: usize) {
        let place = place.min(self.rows().saturating_sub(1));
        self.select(self.hits.get(place).copied());
        self.scroll.follows = false;
        let (top, scroll) = (place as f64 * ROW, &mut self.scroll);
        if top < scroll.top {
            scroll.wanted = Some(top);
        } else if top + ROW > scroll.top + scroll.height {
            scroll.wanted = Some(top + ROW - scroll.height);
        }
    }

    fn key(&mut self, event: &KeyboardEvent) {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let at = self.selected.and_then(|number| self.hits.binary_search(&number).ok());
        let (last, page) = (self.rows().saturating_sub(1), self.scroll.page());
        let place = match &*event.key() {
            "ArrowDown" => at.map_or(self.scroll.first(), |at| at + 1),
            "ArrowUp" => at.map_or(last, |at| at.saturating_sub(1)),
            "PageDown" => at.unwrap_or_default() + page,
            "PageUp" => at.unwrap_or_default().saturating_sub(page),
            "Home" => 0,
            "End" => last,
            "Escape" => return self.select(None),
            _ => return,
        };
        event.prevent_default();
        self.select_at(place);
    }

    fn follow(&mut self) {
        self.scroll.follows = true;
    }

    /// The row in an element.
    fn row_in(&self, element: usize) -> Option<&Row> {
        self.trace.row(*self.hits.get(self.scroll.first() + element)?)
    }
}

/// The list, and beside it another view.
pub(super) fn beside(detail: View) -> View {
    let view = html("<div></div>")
        .attr_of("class", |inspector| if inspector.selected.is_some() { "wire beside" } else { "wire" }.into())
        .child(
            html("<div class=rows></div>").child(list()).child(empty()).child(
                html("<div class=newer></div>").child(
                    button("pill", "↓ Follow", Inspector::follow)
                        .attr_if("hidden", |inspector| inspector.scroll.follows || inspector.hits.is_empty()),
                ),
            ),
        )
        .child(detail);
    takes_files(view)
}

fn empty() -> View {
    html("<p class=empty></p>").text_of(|inspector| {
        match (inspector.trace.range().is_empty(), inspector.hits.is_empty()) {
            (true, _) => "Nothing has crossed the wire yet.",
            (false, true) => "The filter shows none of the events.",
            (false, false) => "",
        }
        .into()
    })
}

fn list() -> View {
    let list = html(
        "<div class=scroller role=listbox tabindex=0 aria-label='Events of the wire'>\
           <div class=list><div class=window></div></div>\
         </div>",
    );
    let scroller = list.element();
    list.attr_of("aria-activedescendant", |inspector| {
        let number = inspector.selected.filter(|number| inspector.hits.binary_search(number).is_ok());
        number.map_or_else(String::new, id).into()
    })
    .on("scroll", |inspector, event| {
        if let Some(scroller) = event.target().and_then(|target| target.dyn_into().ok()) {
            inspector.has_scrolled(&scroller);
        }
    })
    .on("keydown", |inspector, event| inspector.key(event.unchecked_ref()))
    .on("click", |inspector, event| {
        let clicked: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
        let row = clicked.and_then(|element| element.closest("[data-row]").ok().flatten());
        let number = row.and_then(|row| row.get_attribute("data-row")?.parse().ok());
        if let Some(place) = number.and_then(|number| inspector.hits.binary_search(&number).ok()) {
            inspector.select_at(place);
        }
    })
    .on_resize(|inspector, scroller| inspector.scroll.height = scroller.client_height().into())
    .at(".list")
    .style_of("height", |inspector| format!("{}px", inspector.rows() * ROW_PIXELS).into())
    .at(".window")
    .style_of("transform", |inspector| format!("translateY({}px)", inspector.scroll.first() * ROW_PIXELS).into())
    .children((0..ELEMENTS).map(row))
    .at_root()
    // After the height is that of the rows.
    .on_render(move |inspector| {
        let wanted = match inspector.scroll.follows {
            true => f64::from(scroller.scroll_height()),
            false => match inspector.scroll.wanted {
                Some(wanted) => wanted,
                None => return,
            },
        };
        if f64::from(scroller.scroll_top()) != wanted {
            scroller.set_scroll_top(wanted as i32);
        }
    })
}

fn id(number: u64) -> String {
    format!("event-{number}")
}

/// One of the elements that show rows.
fn row(element: usize) -> View {
    let number = move |inspector: &Inspector| inspector.hits.get(inspector.scroll.first() + element).copied();
    let text = |class: &str, text: fn(&Row) -> Cow<'_, str>| {
        html("<span></span>")
            .attr("class", class)
            .text_of(move |inspector| inspector.row_in(element).map_or("".into(), text))
    };
    html("<div class=row role=option></div>")
        .attr_if("hidden", move |inspector| !inspector.is_seen(element))
        .attr_of("id", move |inspector| number(inspector).map_or_else(String::new, id).into())
        .attr_of("data-row", move |inspector| {
            number(inspector).map_or_else(String::new, |number| number.to_string()).into()
        })
        .attr_of("class", move |inspector| inspector.row_in(element).map_or("row", class).into())
        .aria_if("aria-selected", move |inspector| {
            inspector.selected.is_some() && number(inspector) == inspector.selected
        })
        .attr_of("aria-posinset", move |inspector| (inspector.scroll.first() + element + 1).to_string().into())
        .attr_of("aria-setsize", |inspector| inspector.rows().to_string().into())
        .child(text("time", |row| words::span(row.since).into()))
        .child(text("sign", |row| words::sign(row).into()).attr("aria-hidden", "true"))
        .child(text("kind", |row| words::kind(row).into()))
        .child(text("text", |row| words::content(row).into()))
        .child(text("flags", |row| words::flags(row).into()))
        .child(text("size", |row| words::size(row).into()))
}

impl Inspector {
    fn is_seen(&self, element: usize) -> bool {
        let last = (self.scroll.height / ROW) as usize + 2;
        element <= last && self.scroll.first() + element < self.rows()
    }
}

/// The CSS class of a row, which colours it.
fn class(row: &Row) -> &'static str {
    use wire::event::Direction;
    match words::direction(row) {
        _ if !row.violations.is_empty() => "row error",
        Some(Direction::In) => "row sent",
        Some(Direction::Out) => "row received",
        None => "row neutral",
    }
}
