//! Functions of a page's state, as the bindings and listeners keep them. They never keep anything of the state.
//!
//! They are traits of their own because `dyn Fn` is three functions in the bundle: to be called by reference, by mutable
//! reference and by value.

use std::borrow::Cow;

use web_sys::Event;

use super::{State, View};

/// Reads a text.
pub trait Read<S>: 'static {
    /// What it is now.
    fn read<'a>(&self, state: &'a S) -> Cow<'a, str>;
}

impl<S, F: Fn(&S) -> Cow<'_, str> + 'static> Read<S> for F {
    fn read<'a>(&self, state: &'a S) -> Cow<'a, str> {
        self(state)
    }
}

/// Tells whether something holds.
pub trait Test<S>: 'static {
    /// Whether it holds now.
    fn test(&self, state: &S) -> bool;
}

impl<S, F: Fn(&S) -> bool + 'static> Test<S> for F {
    fn test(&self, state: &S) -> bool {
        self(state)
    }
}

/// Tells whether something is there, and which.
pub trait Key<S>: 'static {
    /// Another one for each that is made anew, or none.
    fn key(&self, state: &S) -> Option<String>;
}

impl<S, F: Fn(&S) -> Option<String> + 'static> Key<S> for F {
    fn key(&self, state: &S) -> Option<String> {
        self(state)
    }
}

/// Makes a part of the page.
pub trait Make<S: State>: 'static {
    /// Makes it as the state is now.
    fn make(&self, state: &S) -> View<S>;
}

impl<S: State, F: Fn(&S) -> View<S> + 'static> Make<S> for F {
    fn make(&self, state: &S) -> View<S> {
        self(state)
    }
}

/// Does what an event is to do.
pub trait Act<S>: 'static {
    /// Does it now.
    fn act(&self, state: &mut S, event: &Event);
}

impl<S, F: Fn(&mut S, &Event) + 'static> Act<S> for F {
    fn act(&self, state: &mut S, event: &Event) {
        self(state, event);
    }
}
