//! What in the document is as the state says. It never touches what is so already.

use web_sys::Element;

use super::life::Life;
use super::{Handle, Key, Make, Read, State, Test, View, replace};

/// Writes a text where the name says.
pub(super) type WriteText = fn(&Element, &str, &str);
/// Writes whether something holds where the name says.
pub(super) type WriteFlag = fn(&Element, &str, bool);

/// One thing in the document that follows the state.
pub(super) enum Binding<S: State> {
    Text(Text<S>),
    Flag(Flag<S>),
    Part(Part<S>),
    Run(Box<dyn FnMut(&S)>),
}

impl<S: State> Binding<S> {
    pub(super) fn follow(&mut self, state: &S, page: &Handle<S>) {
        match self {
            Self::Text(text) => text.follow(state),
            Self::Flag(flag) => flag.follow(state),
            Self::Part(part) => part.follow(state, page),
            Self::Run(run) => run(state),
        }
    }
}

/// A text.
pub(super) struct Text<S> {
    pub(super) element: Element,
    pub(super) name: &'static str,
    pub(super) write: WriteText,
    pub(super) read: Box<dyn Read<S>>,
    /// What was written last.
    pub(super) shown: Option<String>,
}

impl<S: State> Text<S> {
    fn follow(&mut self, state: &S) {
        let words = self.read.read(state);
        if self.shown.as_deref() != Some(&*words) {
            (self.write)(&self.element, self.name, &words);
            self.shown = Some(words.into_owned());
        }
    }
}

/// Something that holds or does not.
pub(super) struct Flag<S> {
    pub(super) element: Element,
    pub(super) name: &'static str,
    pub(super) write: WriteFlag,
    pub(super) read: Box<dyn Test<S>>,
    /// What was written last.
    pub(super) shown: Option<bool>,
}

impl<S: State> Flag<S> {
    fn follow(&mut self, state: &S) {
        let holds = self.read.test(state);
        if self.shown.replace(holds) != Some(holds) {
            (self.write)(&self.element, self.name, holds);
        }
    }
}

/// An element that is there at times, and another one for each key.
pub(super) struct Part<S: State> {
    /// What is there without a key.
    slot: Element,
    key: Box<dyn Key<S>>,
    make: Box<dyn Make<S>>,
    /// The key, and what was made for it.
    shown: Option<(String, Element, Life<S>)>,
}

impl<S: State> Part<S> {
    pub(super) fn new(slot: Element, key: Box<dyn Key<S>>, make: Box<dyn Make<S>>) -> Self {
        Self { slot, key, make, shown: None }
    }

    fn follow(&mut self, state: &S, page: &Handle<S>) {
        let key = self.key.key(state);
        if key.as_ref() != self.shown.as_ref().map(|(key, ..)| key) {
            self.change(key, state);
        }
        if let Some((_, _, life)) = &mut self.shown {
            life.follow(state, page);
        }
    }

    fn change(&mut self, key: Option<String>, state: &S) {
        let made = key.map(|key| (key, self.make.make(state)));
        let before = self.shown.take();
        let old = before.as_ref().map_or(&self.slot, |(_, root, _)| root);
        replace(old, made.as_ref().map_or(&self.slot, |(_, view)| &view.0.root));
        self.shown = made.map(|(key, View(view))| (key, view.root, view.life));
    }
}
