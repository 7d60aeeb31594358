//! The lines between the parts of the page: a person drags them, or moves them by the arrow keys. The style sheet
//! limits what a part may take from its neighbours.

use std::borrow::Cow;

use gloo_utils::document;
use model::{Edge, Layout, Msg};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, PointerEvent};

use super::compose::MESSAGE_BOX;
use super::controls::target;
use super::{View, html};
use crate::page::Page;

/// CSS pixels that an arrow key moves a line.
const STEP: i32 = 16;

fn layout(page: &Page) -> Layout {
    page.store.workbench().settings().layout
}

/// The saved size of a part, as a CSS length.
pub(super) fn size(page: &Page, edge: Edge) -> Cow<'_, str> {
    format!("{}px", layout(page).size(edge)).into()
}

fn name(edge: Edge) -> &'static str {
    match edge {
        Edge::Sidebar => "Sidebar width",
        Edge::Detail => "Details width",
        Edge::Compose => "Message box height",
    }
}

fn set_size(page: &mut Page, edge: Edge, size: i32) {
    let mut settings = *page.store.workbench().settings();
    settings.layout = settings.layout.with(edge, size);
    page.dispatch(Msg::Settings(settings));
}

/// The pointer's coordinate, growing in the direction in which the part grows.
fn coordinate(edge: Edge, event: &Event) -> i32 {
    let event: &PointerEvent = event.unchecked_ref();
    match edge {
        Edge::Sidebar => event.client_x(),
        Edge::Detail => -event.client_x(),
        Edge::Compose => -event.client_y(),
    }
}

/// The size on the screen, which is less than the saved one in a small window.
fn current_size(edge: Edge) -> i32 {
    let part = match edge {
        Edge::Sidebar => ".sidebar",
        Edge::Detail => ".split > aside",
        Edge::Compose => MESSAGE_BOX,
    };
    let Some(part) = document().query_selector(part).ok().flatten() else { return 0 };
    let part: HtmlElement = part.unchecked_into();
    if edge == Edge::Compose { part.offset_height() } else { part.offset_width() }
}

pub(super) fn splitter(edge: Edge) -> View {
    html("<div class=separator role=separator tabindex=0></div>")
        .attr("aria-orientation", if edge == Edge::Compose { "horizontal" } else { "vertical" })
        .attr("aria-label", name(edge))
        .attr("aria-valuemin", &edge.range().start().to_string())
        .attr("aria-valuemax", &edge.range().end().to_string())
        .attr_of("aria-valuenow", move |page| layout(page).size(edge).to_string().into())
        .on("pointerdown", move |page, event| {
            event.prevent_default();
            // Throws only if the pointer is no longer active.
            let _ = target::<Element>(event).set_pointer_capture(event.unchecked_ref::<PointerEvent>().pointer_id());
            page.drag = Some((coordinate(edge, event), current_size(edge)));
        })
        .on("pointermove", move |page, event| {
            if let Some((start, size)) = page.drag {
                set_size(page, edge, size.saturating_add(coordinate(edge, event) - start));
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
            set_size(page, edge, current_size(edge) + by);
        })
}
