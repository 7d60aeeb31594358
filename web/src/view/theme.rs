//! The button that goes from the system's colour scheme to light, to dark. The style sheet has the colours.

use gloo_utils::document;
use model::{Msg, Theme};

use super::{View, controls};
use crate::page::Page;

fn theme(page: &Page) -> Theme {
    page.store.workbench().settings().theme
}

pub(super) fn button() -> View {
    let mut applied = None;
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
    .on_render(move |page| {
        let theme = theme(page);
        if applied.replace(theme) != Some(theme) {
            apply(theme);
        }
    })
}

/// Sets `data-theme` of `<html>`, which the style sheet reads.
fn apply(theme: Theme) {
    let name = match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    };
    if let Some(root) = document().document_element() {
        // Throws only for an invalid name.
        let _ = root.set_attribute("data-theme", name);
    }
}
