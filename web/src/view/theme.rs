//! Light and dark: as the system has it, or as chosen. It never names a colour: the style sheet does.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{Msg, Theme};

use super::controls;
use crate::dynamic::effect;
use crate::store::Store;

/// Keeps the document in the chosen theme.
pub(super) fn follow(store: Store) {
    let theme = store.fact(|workbench| workbench.settings().theme);
    effect(move || {
        let name = match theme.get() {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        if let Some(root) = document().document_element() {
            // It is the name of an attribute.
            let _ = root.set_attribute("data-theme", name);
        }
    });
}

/// Goes on to the next theme.
pub(super) fn button(store: Store) -> AnyView {
    let label = store.text(|workbench| {
        match workbench.settings().theme {
            Theme::System => "◐ Auto",
            Theme::Light => "○ Light",
            Theme::Dark => "● Dark",
        }
        .to_owned()
    });
    controls::button("ghost theme", label, move || {
        let mut settings = store.with_untracked(|workbench| *workbench.settings());
        settings.theme = match settings.theme {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        };
        store.dispatch(Msg::Settings(settings));
    })
}
