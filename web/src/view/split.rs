//! The lines between the parts of the page, which can be moved with the pointer and with the arrow keys. It never lets
//! a part grow over its neighbour: the style sheet has the last word.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use model::{Edge, Layout, Msg};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent};

use super::controls::target;
use super::{View, html};
use crate::page::Page;

/// How far an arrow key moves a line.
const STEP: i32 = 16;

fn layout(page: &Page) -> Layout {
    page.store.workbench().settings().layout
}

/// The width of the part that the line is the edge of, for the style sheet.
pub(super) fn width(page: &Page, edge: Edge) -> Cow<'_, str> {
    format!("{}px", layout(page).size(edge)).into()
}

fn name(edge: Edge) -> &'static str {
    match edge {
        Edge::Sidebar => "Width of the lists",
        Edge::Detail => "Width of the detail",
        Edge::Compose => "Height of the message box",
    }
}

/// Moves the line so far to the right.
fn shift(page: &mut Page, edge: Edge, from: u16, distance: i32) {
    let distance = if edge == Edge::Sidebar { distance } else { -distance };
    let mut settings = *page.store.workbench().settings();
    settings.layout = settings.layout.with(edge, i32::from(from).saturating_add(distance));
    page.dispatch(Msg::Settings(settings));
}

pub(super) fn separator(edge: Edge) -> View {
    // Where the pointer took hold, and how wide the part was then.
    let held = Rc::new(Cell::new(None::<(i32, u16)>));
    let (hold, drag) = (held.clone(), held.clone());
    html("<div class=separator role=separator tabindex=0 aria-orientation=vertical></div>")
        .attr("aria-label", name(edge))
        .attr("aria-valuemin", &edge.range().start().to_string())
        .attr("aria-valuemax", &edge.range().end().to_string())
        .attr_of("aria-valuenow", move |page| layout(page).size(edge).to_string().into())
        .on("pointerdown", move |page, event| {
            event.prevent_default();
            let event: &PointerEvent = event.unchecked_ref();
            // It fails only for a pointer that is gone already.
            let _ = target::<Element>(event).set_pointer_capture(event.pointer_id());
            hold.set(Some((event.client_x(), layout(page).size(edge))));
        })
        .on("pointermove", move |page, event| {
            if let Some((x, from)) = drag.get() {
                shift(page, edge, from, event.unchecked_ref::<PointerEvent>().client_x() - x);
            }
        })
        .on("pointerup", move |_, _| held.set(None))
        .on("keydown", move |page, event| {
            let distance = match event.unchecked_ref::<KeyboardEvent>().key().as_str() {
                "ArrowLeft" => -STEP,
                "ArrowRight" => STEP,
                _ => return,
            };
            event.prevent_default();
            shift(page, edge, layout(page).size(edge), distance);
        })
}
