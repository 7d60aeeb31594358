//! The page is about to be left: closed, reloaded, or replaced by another.

use gloo_events::{EventListener, EventListenerOptions};
use gloo_utils::window;
use web_sys::Event;

/// Calls `leaving` before. `prevent_default` has the browser ask the person, who must have touched the page before
/// ([`beforeunload`](https://developer.mozilla.org/en-US/docs/Web/API/Window/beforeunload_event)).
pub(crate) fn before_unload(leaving: impl Fn(&Event) + 'static) -> EventListener {
    let options = EventListenerOptions::enable_prevent_default();
    EventListener::new_with_options(&window(), "beforeunload", options, move |event| leaving(event))
}
