//! What changes on the page, in a few types. Each type of closure that a `view!` is given makes one more copy of
//! Leptos' code in the bundle, about a kilobyte; so every value and every handler goes through one of these.

use leptos::ev::{Event, KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use web_sys::HtmlInputElement;

/// A text that changes.
pub(crate) fn text(read: impl Fn() -> String + Send + Sync + 'static) -> Signal<String> {
    boxed_text(Box::new(read))
}

fn boxed_text(read: Box<dyn Fn() -> String + Send + Sync>) -> Signal<String> {
    Signal::derive(read)
}

/// What holds or does not.
pub(crate) fn flag(read: impl Fn() -> bool + Send + Sync + 'static) -> Signal<bool> {
    boxed_flag(Box::new(read))
}

fn boxed_flag(read: Box<dyn Fn() -> bool + Send + Sync>) -> Signal<bool> {
    Signal::derive(read)
}

/// What holds or does not, in the words of an `aria-` attribute.
pub(crate) fn aria(read: impl Fn() -> bool + Send + Sync + 'static) -> Signal<String> {
    text(move || if read() { "true" } else { "false" }.to_owned())
}

/// A part of the page that is made anew when what it reads changes.
pub(crate) fn part(make: impl Fn() -> Option<AnyView> + Send + 'static) -> Box<dyn FnMut() -> Option<AnyView> + Send> {
    Box::new(make)
}

/// What is done whenever what it reads changes, after the page is there.
pub(crate) fn effect(run: impl Fn() + 'static) {
    boxed_effect(Box::new(run));
}

fn boxed_effect(run: Box<dyn Fn()>) {
    Effect::new(move |_| run());
}

/// What a click does.
pub(crate) fn click(act: impl Fn() + 'static) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(move |_| act())
}

/// What a key does.
pub(crate) fn key(act: impl Fn(KeyboardEvent) + 'static) -> Box<dyn FnMut(KeyboardEvent)> {
    Box::new(act)
}

/// What typing does, or picking: the field is given, for its new value.
pub(crate) fn input(act: impl Fn(HtmlInputElement) + 'static) -> Box<dyn FnMut(Event)> {
    Box::new(move |event| act(event_target(&event)))
}
