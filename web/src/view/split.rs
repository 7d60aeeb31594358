//! The lines between the parts of the page, which can be moved with the pointer and with the arrow keys. It never lets
//! a part grow over its neighbour: the style sheet has the last word.

use std::borrow::Cow;

use gloo_utils::document;
use model::{Edge, Layout, Msg};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, PointerEvent};

use super::compose::MESSAGE_BOX;
use super::controls::target;
use super::{View, html};
use crate::page::Page;

/// How far an arrow key moves a line.
const STEP: i32 = 16;

fn layout(page: &Page) -> Layout {
    page.store.workbench().settings().layout
}

/// How large the part is that the line is the edge of, for the style sheet.
pub(super) fn size(page: &Page, edge: Edge) -> Cow<'_, str> {
    format!("{}px", layout(page).size(edge)).into()
}

fn name(edge: Edge) -> &'static str {
    match edge {
        Edge::Sidebar => "Width of the lists",
        Edge::Detail => "Width of the detail",
        Edge::Compose => "Height of the message box",
    }
}

/// Makes the part so much larger than it was.
fn grow(page: &mut Page, edge: Edge, from: i32, by: i32) {
    let mut settings = *page.store.workbench().settings();
    settings.layout = settings.layout.with(edge, from.saturating_add(by));
    page.dispatch(Msg::Settings(settings));
}

/// Where the pointer is along the way that the part grows.
fn place(edge: Edge, event: &Event) -> i32 {
    let event: &PointerEvent = event.unchecked_ref();
    match edge {
        Edge::Sidebar => event.client_x(),
        Edge::Detail => -event.client_x(),
        Edge::Compose => -event.client_y(),
    }
}

/// How large the part is, which may be less than was wished for: there may be no room for that.
fn size_now(edge: Edge) -> i32 {
    let part = match edge {
        Edge::Sidebar => ".sidebar",
        Edge::Detail => ".split > aside",
        Edge::Compose => MESSAGE_BOX,
    };
    let Some(part) = document().query_selector(part).ok().flatten() else { return 0 };
    let part: HtmlElement = part.unchecked_into();
    if edge == Edge::Compose { part.offset_height() } else { part.offset_width() }
}

pub(super) fn separator(edge: Edge) -> View {
    html("<div class=separator role=separator tabindex=0></div>")
        .attr("aria-orientation", if edge == Edge::Compose { "horizontal" } else { "vertical" })
        .attr("aria-label", name(edge))
        .attr("aria-valuemin", &edge.range().start().to_string())
        .attr("aria-valuemax", &edge.range().end().to_string())
        .attr_of("aria-valuenow", move |page| layout(page).size(edge).to_string().into())
        .on("pointerdown", move |page, event| {
            event.prevent_default();
            // It fails only for a pointer that is gone already.
            let _ = target::<Element>(event).set_pointer_capture(event.unchecked_ref::<PointerEvent>().pointer_id());
            page.drag = Some((place(edge, event), size_now(edge)));
        })
        .on("pointermove", move |page, event| {
            if let Some((start, from)) = page.drag {
                grow(page, edge, from, place(edge, event) - start);
            }
        })
        .on("lostpointercapture", |page, _| page.drag = None)
        .on("keydown", move |page, event| {
            let by = match (edge, event.unchecked_ref::<KeyboardEvent>().key().as_str()) {
                (Edge::Sidebar, "ArrowRight") | (Edge::Detail, "ArrowLeft") | (Edge::Compose, "ArrowUp") => STEP,
                (Edge::Sidebar, "ArrowLeft") | (Edge::Detail, "ArrowRight") | (Edge::Compose, "ArrowDown") => -STEP,
                _ => return,
            };
            event.prevent_default();
            grow(page, edge, size_now(edge), by);
        })
}
