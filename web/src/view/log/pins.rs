//! Pinned entries, above the log. They stay when the log drops entries of their age.

use model::Entry;

use super::LIST;
use crate::page::Page;
use crate::view::controls::{button, focus, sign_button};
use crate::view::{View, html};

pub(super) fn strip() -> View {
    html("<slot></slot>").keyed(
        |page| Some(page.shown().log().pinned_seqs().map(|seq| seq.to_string() + " ").collect()),
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
    html("<li></li>").child(button("pin", &label, move |page, _| page.go_to(seq))).child(sign_button(
        "×",
        "Unpin",
        move |page, _| {
            page.toggle_pin(seq);
            focus(LIST);
        },
    ))
}
