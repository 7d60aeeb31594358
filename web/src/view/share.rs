//! A link that carries the set-up of the connection that is seen, and what the message box holds only where that is
//! wanted.

use model::Link;

use super::controls::{button, check};
use super::{View, html};
use crate::browser::clipboard;
use crate::browser::document::page_address;
use crate::page::Page;

/// What is chosen, and what has come of it.
#[derive(Default)]
pub(crate) struct Share {
    with_draft: bool,
    copied: bool,
}

pub(super) fn form() -> View {
    html("<form></form>")
        .child(check(
            "With what the message box holds",
            |page| page.forms.share.with_draft,
            |page, ticked| page.forms.share.with_draft = ticked,
        ))
        .child(html("<textarea readonly aria-label=Link></textarea>").value_of(|page| link(page).into()))
        .child(html(
            "<p class=hint>Address, subprotocols and options stand in the link: do not share secrets that are in them</p>",
        ))
        .child(html("<footer></footer>").child(copy_button()))
}

fn link(page: &Page) -> String {
    let connection = page.shown();
    let draft = page.forms.share.with_draft.then(|| connection.draft().clone());
    [page_address(), Link { setup: connection.setup().clone(), draft }.to_string()].concat()
}

fn copy_button() -> View {
    button("primary", "", |page, _| {
        let handle = page.handle.clone();
        clipboard::copy(&link(page), move |done| handle.act(move |page| page.forms.share.copied = done));
    })
    .text_of(|page| if page.forms.share.copied { "Copied" } else { "Copy" }.into())
}
