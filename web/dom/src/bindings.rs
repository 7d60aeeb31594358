//! All bindings and listeners of a view.

use std::rc::Rc;

use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::binding::Binding;
use super::resize::SizeWatch;
use super::{AppState, Handle, Handler};

/// Dropping it detaches the listeners.
pub(super) struct Bindings<S: AppState> {
    bindings: Vec<Binding<S>>,
    /// Attached by the first render: a view is described before there is a [`Handle`] for its listeners.
    pending: Vec<Listener<S>>,
    attached: Vec<Attached>,
}

/// Detached when it is dropped.
enum Attached {
    Event { _listener: EventListener },
    Resize { _watch: SizeWatch },
}

impl<S: AppState> Default for Bindings<S> {
    fn default() -> Self {
        Self { bindings: Vec::new(), pending: Vec::new(), attached: Vec::new() }
    }
}

impl<S: AppState> Bindings<S> {
    pub(super) fn bind(&mut self, binding: Binding<S>) {
        self.bindings.push(binding);
    }

    pub(super) fn listen(&mut self, listener: Listener<S>) {
        self.pending.push(listener);
    }

    /// Takes over the bindings and listeners of a child.
    pub(super) fn append(&mut self, child: Self) {
        self.bindings.extend(child.bindings);
        self.pending.extend(child.pending);
        self.attached.extend(child.attached);
    }

    /// Brings the document up to date with the state.
    pub(super) fn render(&mut self, state: &S, handle: &Handle<S>) {
        for listener in std::mem::take(&mut self.pending) {
            self.attached.push(listener.attach(handle.clone()));
        }
        for binding in &mut self.bindings {
            binding.render(state, handle);
        }
    }
}

pub(super) struct Listener<S> {
    pub(super) element: Element,
    pub(super) trigger: Trigger<S>,
}

/// Handles a change of an element's size.
type ResizeHandler<S> = Box<dyn Fn(&mut S, &HtmlElement)>;

/// What a listener waits for, and what it does then.
pub(super) enum Trigger<S> {
    Event(&'static str, Box<dyn Handler<S>>),
    Resize(ResizeHandler<S>),
}

impl<S: AppState> Listener<S> {
    fn attach(self, page: Handle<S>) -> Attached {
        let element = self.element;
        match self.trigger {
            Trigger::Event(name, handler) => {
                let handler = Rc::new(handler);
                // Without this option, listeners are passive: `preventDefault` would do nothing.
                let options = EventListenerOptions::enable_prevent_default();
                let listener = EventListener::new_with_options(&element, name, options, move |event| {
                    let (handler, event) = (handler.clone(), event.clone());
                    page.update(move |state| handler.handle(state, &event));
                });
                Attached::Event { _listener: listener }
            }
            Trigger::Resize(handler) => {
                let handler = Rc::new(handler);
                let resized = element.clone().unchecked_into::<HtmlElement>();
                let watch = SizeWatch::new(&element, move || {
                    let (handler, element) = (handler.clone(), resized.clone());
                    page.update(move |state| handler(state, &element));
                });
                Attached::Resize { _watch: watch }
            }
        }
    }
}
