//! Save a message; rename, move or delete a saved one.

use model::{Msg, Saved};

use crate::view::controls::{button, text_field, value_of};
use crate::view::sidebar::saved_problem;
use crate::view::{View, html};

/// Saves the content of the message box.
pub(super) fn save_form() -> View {
    name_fields().child(html("<footer></footer>").child(button("primary", "Save", |page, _| {
        let saved = Saved { name: page.forms.saved.name.clone(), draft: page.shown().draft().clone() };
        page.dispatch(Msg::Save(saved));
        page.close_if_done();
    })))
}

pub(super) fn edit_form() -> View {
    name_fields().child(
        html("<footer></footer>")
            .child(button("ghost", "Delete", |page, _| {
                page.dialog = None;
                page.dispatch(Msg::RemoveSaved(page.forms.saved.old_name.clone()));
            }))
            .child(button("primary", "Save changes", |page, _| {
                let form = &page.forms.saved;
                page.dispatch(Msg::RenameSaved(form.old_name.clone(), form.name.clone()));
                page.close_if_done();
            })),
    )
}

fn name_fields() -> View {
    html("<form></form>")
        .child(text_field(
            "Name",
            |page| page.forms.saved.name.name.as_str().into(),
            |page, event| page.forms.saved.name.name = value_of(event),
        ))
        .child(text_field(
            "Folder (optional)",
            |page| page.forms.saved.name.folder.as_str().into(),
            |page, event| page.forms.saved.name.folder = value_of(event),
        ))
        .child(saved_problem())
}
