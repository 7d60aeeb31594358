//! The pinned entries, which stay in view and in memory whatever the log has to let go.

use model::Entry;

use super::{LIST, reader};
use crate::page::Page;
use crate::view::controls::{button, focus, sign_button};
use crate::view::{View, detail, html};

pub(super) fn strip() -> View {
    html("<slot></slot>").part(
        |page| Some(page.shown().log().pinned().map(|entry| entry.seq.to_string() + " ").collect()),
        |page: &Page| {
            let mut pins = page.shown().log().pinned().map(pin).peekable();
            let list = html("<ul class=pins aria-label=Pinned></ul>");
            if pins.peek().is_some() { list.children(pins) } else { list.attr("hidden", "") }
        },
    )
}

fn pin(entry: Entry<'_>) -> View {
    let seq = entry.seq;
    let label = format!("#{seq} {}", entry.content.preview());
    html("<li></li>").child(button("pin", &label, move |page, _| reader::go_to(page, seq))).child(sign_button(
        "×",
        "Unpin",
        move |page, _| {
            detail::pin(page, seq);
            focus(LIST);
        },
    ))
}
