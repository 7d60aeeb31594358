//! The bits of the selected frame, drawn as RFC 6455 draws them. The field under the pointer, or chosen by the arrow keys, is
//! explained.

use inspect::bits::{Cell, Field, fields, rows};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};
use wire::event::{Frame, Happened};

use super::{Inspector, View, html};

pub(super) fn drawing(frame: &Frame) -> View {
    let fields = fields(frame);
    let drawn: Vec<View> = rows(&fields)
        .into_iter()
        .map(|row| {
            html("<div class=bits></div>").children(row.into_iter().map(|cell| drawn(&cell, &fields[cell.field])))
        })
        .collect();
    let count = fields.len();
    html(
        "<figure class=drawing>\
           <div class=scale aria-hidden=true><span>0</span><span>8</span><span>16</span><span>24</span></div>\
           <div class=cells tabindex=0 role=group aria-roledescription=drawing aria-describedby=field></div>\
           <figcaption id=field aria-live=polite></figcaption>\
         </figure>",
    )
    .at(".cells")
    .attr("aria-label", "Bits of the frame, arrow keys go from field to field")
    .children(drawn)
    .on("pointerover", |inspector, event| {
        let over: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
        let cell = over.and_then(|element| element.closest("[data-field]").ok().flatten());
        if let Some(field) = cell.and_then(|cell| cell.get_attribute("data-field")?.parse().ok()) {
            inspector.field = field;
        }
    })
    .on("keydown", move |inspector, event| {
        let event: &KeyboardEvent = event.unchecked_ref();
        inspector.field = match &*event.key() {
            "ArrowRight" | "ArrowDown" => (inspector.field + 1).min(count - 1),
            "ArrowLeft" | "ArrowUp" => inspector.field.saturating_sub(1),
            "Home" => 0,
            "End" => count - 1,
            _ => return,
        };
        event.prevent_default();
    })
    .at("figcaption")
    .text_of(|inspector| explained(inspector).unwrap_or_default().into())
    .at_root()
}

/// The field that is chosen, with its value and meaning.
fn explained(inspector: &Inspector) -> Option<String> {
    let Happened::Frame(frame) = &inspector.selected_row()?.event.happened else { return None };
    let Field { name, value, meaning, .. } = fields(frame).into_iter().nth(inspector.field)?;
    Some(format!("{name} {value}: {meaning}."))
}

fn drawn(cell: &Cell, field: &Field) -> View {
    let &Cell { field: index, bits, is_continued, ref value } = cell;
    let name = if is_continued { "" } else { field.name };
    html("<div><b></b><span></span></div>")
        .attr_of("class", move |inspector| {
            let is_chosen = inspector.field == index;
            match (bits, is_chosen) {
                (1, true) => "bit chosen",
                (1, false) => "bit",
                (_, true) => "chosen",
                (_, false) => "",
            }
            .into()
        })
        .attr("data-field", &index.to_string())
        .style_of("grid-column-end", move |_| format!("span {bits}").into())
        .at("b")
        .text(name)
        .at("span")
        .text(value)
        .at_root()
}
