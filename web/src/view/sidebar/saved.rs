//! The saved messages. Choosing one puts it into the message box.

use model::{ConnectionMsg, Document, Msg, Saved, Subject, visible};

use crate::browser::files;
use crate::page::{Dialog, Page};
use crate::view::controls::{button, file_button, item, problem, sign_button};
use crate::view::{View, html};

pub(super) fn list() -> View {
    html(
        "<section aria-label='Saved messages'>\
           <h2>Saved messages</h2><slot></slot><div class=chips></div>\
         </section>",
    )
    .child(saved_problem())
    .at(".chips")
    .child(button("ghost", "Export", |page, _| {
        let document = page.store.workbench().document(Document::Saved);
        files::download("canyon-messages.json", "application/json", document.as_bytes());
    }))
    .child(file_button("Import", "Import saved messages", |page, file| {
        page.import_text(&file, Subject::SavedMessages, Msg::ImportSaved)
    }))
    .at("slot")
    .keyed(|page| Some(page.store.workbench().revision(Document::Saved).to_string()), items)
}

fn items(page: &Page) -> View {
    let mut folder = "";
    let mut list = html("<ul></ul>");
    for (index, saved) in page.store.workbench().saved().iter().enumerate() {
        if saved.name.folder != folder {
            folder = &saved.name.folder;
            list = list.child(html("<li class=folder></li>").text(&visible(folder)));
        }
        list = list.child(line(index, saved));
    }
    list
}

fn line(index: usize, saved: &Saved) -> View {
    html("<li></li>")
        .child(item(&visible(&saved.name.name), saved.draft.format.name(), move |page, _| {
            if let Some(saved) = page.store.workbench().saved().get(index) {
                page.dispatch_shown(ConnectionMsg::DraftChosen(saved.draft.clone()));
            }
        }))
        .child(sign_button("…", "Edit saved message", move |page, _| {
            page.open(Dialog::Saved);
            if let Some(saved) = page.store.workbench().saved().get(index) {
                page.forms.saved.old_name = saved.name.clone();
                page.forms.saved.name = saved.name.clone();
            }
        }))
}

/// Why saving, renaming or importing has failed. Shown here and in the dialogs.
pub(in crate::view) fn saved_problem() -> View {
    problem("saved-problem", |page: &Page| {
        page.store.workbench().problem(Subject::SavedMessages).unwrap_or_default().into()
    })
}
