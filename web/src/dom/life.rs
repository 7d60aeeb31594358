//! What makes a part of a page live: what follows the state, and what hears events. It never touches the document
//! itself.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::binding::Binding;
use super::{Act, Handle, State};
use crate::browser::listener;
use crate::browser::resize::SizeWatch;

/// The bindings and listeners of a part of a page. Dropped, they are no more.
pub(super) struct Life<S: State> {
    bindings: Vec<Binding<S>>,
    /// Those that do not listen yet.
    listeners: Vec<Listener<S>>,
    listening: Vec<Listening>,
}

/// Detached when it is dropped.
enum Listening {
    Event { _listener: listener::Listener },
    Size { _watch: SizeWatch },
}

impl<S: State> Default for Life<S> {
    fn default() -> Self {
        Self { bindings: Vec::new(), listeners: Vec::new(), listening: Vec::new() }
    }
}

impl<S: State> Life<S> {
    pub(super) fn bind(&mut self, binding: Binding<S>) {
        self.bindings.push(binding);
    }

    pub(super) fn listen(&mut self, listener: Listener<S>) {
        self.listeners.push(listener);
    }

    /// Lives as long as the other.
    pub(super) fn take_in(&mut self, other: Self) {
        self.bindings.extend(other.bindings);
        self.listeners.extend(other.listeners);
        self.listening.extend(other.listening);
    }

    /// Brings all that follows the state up to date.
    pub(super) fn follow(&mut self, state: &S, page: &Handle<S>) {
        for listener in std::mem::take(&mut self.listeners) {
            self.listening.push(listener.listen(page.clone()));
        }
        for binding in &mut self.bindings {
            binding.follow(state, page);
        }
    }
}

/// Something that can happen to an element, and what it does.
pub(super) struct Listener<S> {
    pub(super) element: Element,
    pub(super) trigger: Trigger<S>,
}

/// What is done with an element that has changed its size.
type Resized<S> = Box<dyn Fn(&mut S, &HtmlElement)>;

/// What happens, with what is done then.
pub(super) enum Trigger<S> {
    Event(&'static str, Box<dyn Act<S>>),
    Size(Resized<S>),
}

impl<S: State> Listener<S> {
    fn listen(self, page: Handle<S>) -> Listening {
        let element = self.element;
        match self.trigger {
            Trigger::Event(name, act) => {
                let act = std::rc::Rc::new(act);
                let listener = listener::Listener::new(&element, name, move |event| {
                    let act = act.clone();
                    page.act(move |state| act.act(state, &event));
                });
                Listening::Event { _listener: listener }
            }
            Trigger::Size(act) => {
                let act = std::rc::Rc::new(act);
                let resized = element.clone().unchecked_into::<HtmlElement>();
                let watch = SizeWatch::new(&element, move || {
                    let (act, element) = (act.clone(), resized.clone());
                    page.act(move |state| act(state, &element));
                });
                Listening::Size { _watch: watch }
            }
        }
    }
}
