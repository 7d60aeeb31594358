//! The pinned entries, which stay in view and in memory whatever the log has to let go.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;

use super::reader::Reader;
use crate::dynamic::{flag, part};
use crate::view::controls::{button, sign_button};
use crate::view::tab::Tab;

pub(super) fn strip(tab: Tab, reader: Reader) -> AnyView {
    let pins = tab.fact(|connection| {
        connection.log().pinned().map(|entry| (entry.seq, entry.content.preview())).collect::<Vec<_>>()
    });
    let pin = move |(seq, preview): (u64, String)| {
        let label = format!("#{seq} {preview}");
        view! {
            <li>
                {button("pin", label, move || {
                    tab.selected.set(Some(seq));
                    reader.go_to(seq);
                })}
                {sign_button("ghost", "×", "Unpin", move || tab.pin(seq))}
            </li>
        }
        .into_any()
    };
    view! {
        <ul class="pins" aria-label="Pinned" hidden=flag(move || pins.with(Vec::is_empty))>
            {part(move || Some(pins.get().into_iter().map(pin).collect::<Vec<_>>().into_any()))}
        </ul>
    }
    .into_any()
}
