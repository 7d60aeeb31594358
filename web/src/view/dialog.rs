//! The dialogs: one at a time, each asking for one thing. They never stay open over a connection that is gone.

use leptos::html;
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::ConnectionId;
use wire::Behaviour;

use super::controls::sign_button;
use super::{archive, close, options, preset, saved, settings, share};
use crate::dynamic::{effect, part};
use crate::store::Store;
use crate::view::tab::Tab;

/// Which dialog, and what it is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Dialog {
    /// Close the connection with a code and a reason.
    Close(ConnectionId),
    /// How the connection behaves: its name, reconnecting, waiting messages.
    Options(ConnectionId),
    /// Take the log out, or another one in.
    Archive(ConnectionId),
    /// A link with the set-up.
    Share,
    /// What the server shall do.
    Preset(Behaviour),
    /// Save what the message box of the connection holds.
    Save(ConnectionId),
    /// The saved message at that place in the list.
    Saved(usize),
    /// What holds for the whole page.
    Settings,
}

impl Dialog {
    fn title(self) -> &'static str {
        match self {
            Self::Close(_) => "Close the connection",
            Self::Options(_) => "Options of this connection",
            Self::Archive(_) => "Export and import",
            Self::Share => "A link to this set-up",
            Self::Preset(_) => "Ask the server to",
            Self::Save(_) => "Save this message",
            Self::Saved(_) => "Saved message",
            Self::Settings => "Settings",
        }
    }

    fn content(self, store: Store, dialog: RwSignal<Option<Self>>) -> AnyView {
        let tab = |id| Tab::new(store, id, dialog);
        match self {
            Self::Close(id) => close::form(tab(id)),
            Self::Options(id) => options::form(tab(id)),
            Self::Archive(id) => archive::form(tab(id)),
            Self::Share => share::form(store),
            Self::Preset(behaviour) => preset::form(store, dialog, behaviour),
            Self::Save(id) => saved::save_form(tab(id)),
            Self::Saved(place) => saved::form(store, dialog, place),
            Self::Settings => settings::form(store),
        }
    }
}

/// The place of the open dialog. The browser keeps the keyboard inside and closes it by Escape.
pub(super) fn dialogs(store: Store, dialog: RwSignal<Option<Dialog>>) -> AnyView {
    let element = NodeRef::<html::Dialog>::new();
    effect(move || {
        let Some(element) = element.get() else { return };
        match (dialog.get().is_some(), element.open()) {
            // It fails only for an element that is not in the document.
            (true, false) => drop(element.show_modal()),
            (false, true) => element.close(),
            (true, true) | (false, false) => {}
        }
    });
    let content = part(move || {
        dialog.get().map(|shown| {
            view! {
                <header>
                    <h2 id="dialog-title">{shown.title()}</h2>
                    {sign_button("ghost", "×", "Close the dialog", move || dialog.set(None))}
                </header>
                {shown.content(store, dialog)}
            }
            .into_any()
        })
    });
    view! {
        <dialog node_ref=element aria-labelledby="dialog-title" on:close=move |_| dialog.set(None)>
            {content}
        </dialog>
    }
    .into_any()
}
