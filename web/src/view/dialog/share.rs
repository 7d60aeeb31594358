//! A link to the connection that is shown: address, subprotocols, options and, if wanted, the message box.

use model::Link;

use crate::browser::clipboard;
use crate::browser::document::page_address;
use crate::page::Page;
use crate::view::controls::{button, checkbox};
use crate::view::{View, html};

pub(super) fn form() -> View {
    html("<form></form>")
        .child(checkbox(
            "Include the message",
            |page| page.forms.share.with_draft,
            |page, checked| page.forms.share.with_draft = checked,
        ))
        .child(html("<textarea readonly aria-label=Link></textarea>").value_of(|page| link(page).into()))
        .child(html(
            "<p class=hint>The link contains URL, subprotocols and options. Do not share it if they contain secrets.</p>",
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
        let copied = move |done| handle.update(move |page: &mut Page| page.forms.share.copied = done);
        page.forms.share.copying = Some(clipboard::copy(&link(page), copied));
    })
    .text_of(|page| if page.forms.share.copied { "Copied" } else { "Copy" }.into())
}
