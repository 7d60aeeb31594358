//! The saved messages: their list, saving one, and what can be done with one. It never sends one: it goes to the message
//! box first.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{ConnectionMsg, Document, Msg, Saved, SavedName};

use super::controls::{button, field, file_button, problem, sign_button};
use super::dialog::Dialog;
use super::tab::Tab;
use crate::dynamic::{click, part};
use crate::files;
use crate::store::Store;

type Open = RwSignal<Option<Dialog>>;

pub(super) fn list(store: Store, dialog: Open) -> AnyView {
    let names = store.fact(|workbench| workbench.saved().iter().map(|saved| saved.name.clone()).collect::<Vec<_>>());
    let items = part(move || {
        let names = names.get();
        let mut folder = String::new();
        let mut items = Vec::new();
        for (place, name) in names.into_iter().enumerate() {
            if name.folder != folder {
                folder.clone_from(&name.folder);
                items.push(view! { <li class="folder">{name.folder}</li> }.into_any());
            }
            items.push(item(store, dialog, place, name.name));
        }
        Some(items.into_any())
    });
    let export = move || {
        let document = store.with_untracked(|workbench| workbench.document(Document::Saved));
        files::download("canyon-messages.json", "application/json", document.as_bytes());
    };
    let import = move |read: Result<files::ReadFile, String>| {
        if let Ok(file) = read {
            store.dispatch(Msg::ImportSaved(String::from_utf8_lossy(&file.bytes).into_owned()));
        }
    };
    view! {
        <section aria-label="Saved messages">
            <h2>
                "Saved messages" <span class="spacer"></span> {sign_button("ghost", "⇣", "Export the saved messages", export)}
                {file_button("⇡", "Import saved messages", move |picked| files::read_picked(&picked, import))}
            </h2>
            <ul>{items}</ul>
            {told(store)}
        </section>
    }
    .into_any()
}

fn item(store: Store, dialog: Open, place: usize, name: String) -> AnyView {
    let load = move || {
        let (id, draft) = store.with_untracked(|workbench| {
            (workbench.shown().id(), workbench.saved().get(place).map(|saved| saved.draft.clone()))
        });
        if let Some(draft) = draft {
            store.dispatch(Msg::Connection(id, ConnectionMsg::DraftChosen(draft)));
        }
    };
    let format = store.with_untracked(|workbench| workbench.saved().get(place).map(|saved| saved.draft.format.name()));
    view! {
        <li>
            <button type="button" class="item" on:click=click(load)>
                <span class="name">{name}</span>
                <code>{format.unwrap_or_default()}</code>
            </button>
            {sign_button("ghost", "…", "Change this message", move || dialog.set(Some(Dialog::Saved(place))))}
        </li>
    }
    .into_any()
}

/// What was wrong with the last wish about saved messages.
fn told(store: Store) -> AnyView {
    problem("saved-problem", store.text(|workbench| workbench.saved_problem().unwrap_or_default().to_owned()))
}

/// Asks for a name and keeps what the message box holds.
pub(super) fn save_form(tab: Tab) -> AnyView {
    let (name, folder) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let save = move || {
        let draft = tab.read(|connection| connection.draft().clone());
        let name = SavedName { folder: folder.get_untracked(), name: name.get_untracked() };
        tab.store.dispatch(Msg::Save(Saved { name, draft }));
        close_if_done(tab.store, tab.dialog);
    };
    view! {
        <form>
            {field("Name", name.into(), move |text| name.set(text))}
            {field("Folder (may be empty)", folder.into(), move |text| folder.set(text))}
            {told(tab.store)}
            <footer>{button("primary", "Save", save)}</footer>
        </form>
    }
    .into_any()
}

/// Another name or folder for a saved message, or its end.
pub(super) fn form(store: Store, dialog: Open, place: usize) -> AnyView {
    let saved = store.with_untracked(|workbench| workbench.saved().get(place).map(|saved| saved.name.clone()));
    let before = StoredValue::new(saved.unwrap_or_default());
    let name = RwSignal::new(before.with_value(|before| before.name.clone()));
    let folder = RwSignal::new(before.with_value(|before| before.folder.clone()));
    let rename = move || {
        let after = SavedName { folder: folder.get_untracked(), name: name.get_untracked() };
        store.dispatch(Msg::RenameSaved(before.get_value(), after));
        close_if_done(store, dialog);
    };
    let remove = move || {
        dialog.set(None);
        store.dispatch(Msg::RemoveSaved(before.get_value()));
    };
    view! {
        <form>
            {field("Name", name.into(), move |text| name.set(text))}
            {field("Folder (may be empty)", folder.into(), move |text| folder.set(text))}
            {told(store)}
            <footer>{button("ghost", "Delete", remove)} {button("primary", "Change", rename)}</footer>
        </form>
    }
    .into_any()
}

fn close_if_done(store: Store, dialog: Open) {
    if store.with_untracked(|workbench| workbench.saved_problem().is_none()) {
        dialog.set(None);
    }
}
