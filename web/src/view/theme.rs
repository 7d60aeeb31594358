//! Light and dark: as the system has it, or as chosen. It never names a colour: the style sheet does.

use gloo_utils::document;
use model::{Msg, Theme};

use super::{View, controls};
use crate::page::Page;

fn theme(page: &Page) -> Theme {
    page.store.workbench().settings().theme
}

/// Goes on to the next theme, and keeps the document in the chosen one.
pub(super) fn button() -> View {
    let mut followed = None;
    controls::button("ghost theme", "", |page, _| {
        let mut settings = *page.store.workbench().settings();
        settings.theme = match settings.theme {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        };
        page.dispatch(Msg::Settings(settings));
    })
    .text_of(|page| {
        match theme(page) {
            Theme::System => "◐ Auto",
            Theme::Light => "○ Light",
            Theme::Dark => "● Dark",
        }
        .into()
    })
    .follow(move |page| {
        let theme = theme(page);
        if followed.replace(theme) != Some(theme) {
            follow(theme);
        }
    })
}

fn follow(theme: Theme) {
    let name = match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    };
    if let Some(root) = document().document_element() {
        // It is the name of an attribute.
        let _ = root.set_attribute("data-theme", name);
    }
}
