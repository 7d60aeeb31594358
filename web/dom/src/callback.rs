//! The kinds of functions that bindings and listeners hold.
//!
//! They are traits because `Box<dyn Fn>` puts three functions into the bundle for each closure: `call`, `call_mut` and
//! `call_once`. A trait with one method puts one.

use std::borrow::Cow;

use web_sys::Event;

use super::{AppState, View};

/// Reads a text from the state.
pub trait ReadText<S>: 'static {
    /// May borrow from the state.
    fn read<'a>(&self, state: &'a S) -> Cow<'a, str>;
}

impl<S, F: Fn(&S) -> Cow<'_, str> + 'static> ReadText<S> for F {
    fn read<'a>(&self, state: &'a S) -> Cow<'a, str> {
        self(state)
    }
}

/// Reads a condition from the state.
pub trait ReadFlag<S>: 'static {
    fn read(&self, state: &S) -> bool;
}

impl<S, F: Fn(&S) -> bool + 'static> ReadFlag<S> for F {
    fn read(&self, state: &S) -> bool {
        self(state)
    }
}

/// Reads the key of a keyed element.
pub trait ReadKey<S>: 'static {
    /// `None` while the element is not to exist.
    fn read(&self, state: &S) -> Option<String>;
}

impl<S, F: Fn(&S) -> Option<String> + 'static> ReadKey<S> for F {
    fn read(&self, state: &S) -> Option<String> {
        self(state)
    }
}

/// Builds a keyed element.
pub trait Build<S: AppState>: 'static {
    /// Called once for each key. What changes while the key stays needs bindings.
    fn build(&self, state: &S) -> View<S>;
}

impl<S: AppState, F: Fn(&S) -> View<S> + 'static> Build<S> for F {
    fn build(&self, state: &S) -> View<S> {
        self(state)
    }
}

/// Handles an event.
pub trait Handler<S>: 'static {
    /// The view is rendered afterwards.
    fn handle(&self, state: &mut S, event: &Event);
}

impl<S, F: Fn(&mut S, &Event) + 'static> Handler<S> for F {
    fn handle(&self, state: &mut S, event: &Event) {
        self(state, event);
    }
}
