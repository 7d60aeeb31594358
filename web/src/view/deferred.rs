//! Views whose code is loaded after the start.

use super::controls::{button, problem};
use super::{View, html};
use crate::compute_handle::ComputeError;
use crate::deferred::Deferred;
use crate::page::Page;

/// [`View::keyed`](dom::View::keyed) for a view of deferred code. Until it is loaded the view says so, or offers
/// another try.
pub(super) fn keyed(
    place: View,
    key: impl Fn(&Page) -> Option<String> + 'static,
    build: impl Fn(&Page) -> View + 'static,
) -> View {
    place.keyed(
        move |page| {
            let state = match page.deferred {
                Deferred::Loaded(_) => "",
                Deferred::Loading { .. } => " loading",
                Deferred::Failed => " failed",
            };
            Some([&key(page)?, state].concat())
        },
        move |page| match page.deferred.loaded() {
            Some(loaded) => loaded.run(|| build(page)),
            None => not_loaded(page),
        },
    )
}

/// [`keyed`] in the place of an empty element.
pub(super) fn slot(key: impl Fn(&Page) -> Option<String> + 'static, build: impl Fn(&Page) -> View + 'static) -> View {
    keyed(html("<slot></slot>"), key, build)
}

fn not_loaded(page: &Page) -> View {
    match page.deferred {
        Deferred::Failed => html("<div class=deferred></div>")
            .child(problem("not-loaded", |_| ComputeError::NotLoaded.to_string().into()))
            .child(button("", "Try again", |page, _| page.load_deferred())),
        _ => html("<p class=deferred role=status>Loading…</p>"),
    }
}
