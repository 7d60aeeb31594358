//! One binding: what it reads from the state, where it writes the result, and what it wrote last.

use web_sys::Element;

use super::bindings::Bindings;
use super::{AppState, Build, Handle, ReadFlag, ReadKey, ReadText, View, replace};

/// Writes a text to the attribute or property of that name.
pub(super) type WriteText = fn(&Element, &str, &str);
/// Writes a boolean to the attribute or property of that name.
pub(super) type WriteFlag = fn(&Element, &str, bool);

pub(super) enum Binding<S: AppState> {
    Text(Text<S>),
    Flag(Flag<S>),
    Keyed(Keyed<S>),
    Run(Box<dyn FnMut(&S)>),
}

impl<S: AppState> Binding<S> {
    pub(super) fn render(&mut self, state: &S, handle: &Handle<S>) {
        match self {
            Self::Text(text) => text.render(state),
            Self::Flag(flag) => flag.render(state),
            Self::Keyed(keyed) => keyed.render(state, handle),
            Self::Run(run) => run(state),
        }
    }
}

pub(super) struct Text<S> {
    pub(super) element: Element,
    pub(super) name: &'static str,
    pub(super) write: WriteText,
    pub(super) read: Box<dyn ReadText<S>>,
    /// What was written last.
    pub(super) shown: Option<String>,
}

impl<S: AppState> Text<S> {
    fn render(&mut self, state: &S) {
        let text = self.read.read(state);
        if self.shown.as_deref() != Some(&*text) {
            (self.write)(&self.element, self.name, &text);
            self.shown = Some(text.into_owned());
        }
    }
}

pub(super) struct Flag<S> {
    pub(super) element: Element,
    pub(super) name: &'static str,
    pub(super) write: WriteFlag,
    pub(super) read: Box<dyn ReadFlag<S>>,
    /// What was written last.
    pub(super) shown: Option<bool>,
}

impl<S: AppState> Flag<S> {
    fn render(&mut self, state: &S) {
        let on = self.read.read(state);
        if self.shown.replace(on) != Some(on) {
            (self.write)(&self.element, self.name, on);
        }
    }
}

/// An element that exists while there is a key, and is replaced when the key changes.
pub(super) struct Keyed<S: AppState> {
    /// In the document while there is no key.
    placeholder: Element,
    key: Box<dyn ReadKey<S>>,
    build: Box<dyn Build<S>>,
    shown: Option<Built<S>>,
}

struct Built<S: AppState> {
    key: String,
    root: Element,
    bindings: Bindings<S>,
}

impl<S: AppState> Keyed<S> {
    pub(super) fn new(placeholder: Element, key: Box<dyn ReadKey<S>>, build: Box<dyn Build<S>>) -> Self {
        Self { placeholder, key, build, shown: None }
    }

    fn render(&mut self, state: &S, handle: &Handle<S>) {
        let key = self.key.read(state);
        if key.as_ref() != self.shown.as_ref().map(|built| &built.key) {
            self.rebuild(key, state);
        }
        if let Some(built) = &mut self.shown {
            built.bindings.render(state, handle);
        }
    }

    fn rebuild(&mut self, key: Option<String>, state: &S) {
        let built = key.map(|key| {
            let View(view) = self.build.build(state);
            Built { key, root: view.root, bindings: view.bindings }
        });
        let old = self.shown.take();
        let root = |built: Option<&Built<S>>| built.map_or(&self.placeholder, |built| &built.root).clone();
        replace(&root(old.as_ref()), &root(built.as_ref()));
        self.shown = built;
    }
}
