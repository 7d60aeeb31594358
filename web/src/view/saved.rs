//! The saved messages: their list, saving one, and what can be done with one. It never sends one: it goes to the message
//! box first.

use model::{ConnectionMsg, Document, Msg, Saved};

use super::controls::{button, field, file_button, item, problem, sign_button, value_of};
use super::dialog::Dialog;
use super::{View, html};
use crate::browser::files;
use crate::page::Page;

pub(super) fn list() -> View {
    html(
        "<section aria-label='Saved messages'>\
           <h2>Saved messages<span class=spacer></span></h2>\
           <slot></slot>\
         </section>",
    )
    .child(told())
    .at("h2")
    .child(sign_button("⇣", "Export the saved messages", |page, _| {
        let document = page.store.workbench().document(Document::Saved);
        files::download("canyon-messages.json", "application/json", document.as_bytes());
    }))
    .child(file_button("⇡", "Import saved messages", |page, read| {
        if let Ok(file) = read {
            page.dispatch(Msg::ImportSaved(file.text()));
        }
    }))
    .at("slot")
    .part(|page| Some(page.store.workbench().revision(Document::Saved).to_string()), items)
}

fn items(page: &Page) -> View {
    let mut folder = "";
    let mut list = html("<ul></ul>");
    for (place, saved) in page.store.workbench().saved().iter().enumerate() {
        if saved.name.folder != folder {
            folder = &saved.name.folder;
            list = list.child(html("<li class=folder></li>").text(folder));
        }
        list = list.child(line(place, saved));
    }
    list
}

fn line(place: usize, saved: &Saved) -> View {
    html("<li></li>")
        .child(item(&saved.name.name, saved.draft.format.name(), move |page, _| {
            if let Some(saved) = page.store.workbench().saved().get(place) {
                page.tell(ConnectionMsg::DraftChosen(saved.draft.clone()));
            }
        }))
        .child(sign_button("…", "Change this message", move |page, _| {
            page.open(Dialog::Saved);
            if let Some(saved) = page.store.workbench().saved().get(place) {
                page.forms.name_before = saved.name.clone();
                page.forms.name = saved.name.clone();
            }
        }))
}

/// What was wrong with the last wish about saved messages.
fn told() -> View {
    problem("saved-problem", |page| page.store.workbench().saved_problem().unwrap_or_default().into())
}

fn named_form() -> View {
    html("<form></form>")
        .child(field(
            "Name",
            |page| page.forms.name.name.as_str().into(),
            |page, event| page.forms.name.name = value_of(event),
        ))
        .child(field(
            "Folder (may be empty)",
            |page| page.forms.name.folder.as_str().into(),
            |page, event| page.forms.name.folder = value_of(event),
        ))
        .child(told())
}

/// Asks for a name and keeps what the message box holds.
pub(super) fn save_form() -> View {
    named_form().child(html("<footer></footer>").child(button("primary", "Save", |page, _| {
        let saved = Saved { name: page.forms.name.clone(), draft: page.shown().draft().clone() };
        page.dispatch(Msg::Save(saved));
        page.close_if_done();
    })))
}

/// Another name or folder for a saved message, or its end.
pub(super) fn form() -> View {
    named_form().child(
        html("<footer></footer>")
            .child(button("ghost", "Delete", |page, _| {
                page.dialog = None;
                page.dispatch(Msg::RemoveSaved(page.forms.name_before.clone()));
            }))
            .child(button("primary", "Change", |page, _| {
                page.dispatch(Msg::RenameSaved(page.forms.name_before.clone(), page.forms.name.clone()));
                page.close_if_done();
            })),
    )
}
