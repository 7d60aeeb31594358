//! A link that carries the set-up of the connection that is seen, and what the message box holds only where that is
//! wanted.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::Link;

use super::controls::{button, check};
use crate::clipboard;
use crate::document::page_address;
use crate::dynamic::text;
use crate::store::Store;

pub(super) fn form(store: Store) -> AnyView {
    let with_draft = RwSignal::new(false);
    let link = text(move || {
        let link = store.with(|workbench| Link {
            setup: workbench.shown().setup().clone(),
            draft: with_draft.get().then(|| workbench.shown().draft().clone()),
        });
        [page_address(), link.to_string()].concat()
    });
    let copied = RwSignal::new(false);
    let label = text(move || if copied.get() { "Copied" } else { "Copy" }.to_owned());
    view! {
        <form>
            {check("With what the message box holds", with_draft.into(), move |ticked| with_draft.set(ticked))}
            <textarea readonly aria-label="Link" prop:value=link></textarea>
            <p class="hint">"Address, subprotocols and options stand in the link: do not share secrets that are in them"</p>
            <footer>
                {button("primary", label, move || {
                    clipboard::copy(&link.get_untracked(), move |done| {
                        // Gone with the dialog.
                        let _ = copied.try_set(done);
                    });
                })}
            </footer>
        </form>
    }
    .into_any()
}
