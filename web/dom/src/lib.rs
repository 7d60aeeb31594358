//! A small binding library: elements whose text, attributes and listeners are functions of a state.
//!
//! It is fewer than 700 lines of our own because a framework more than doubles the bundle (ARCHITECTURE.md has the figures).
//! It has no signals, no virtual DOM and no macros:
//!
//! - **Markup** that never changes is HTML, given to [`View::html`] as a literal. Nothing else is ever parsed as HTML, so
//!   a peer's message cannot become markup.
//! - A **binding** is a function that reads the state, together with the text, attribute or property that shows its
//!   result. After each change of the state every binding is read once, and the document is touched only where the
//!   result differs from the last one. So what a binding reads must be cheap.
//! - A **listener** is a function that changes the state.
//! - A **keyed** element is built again when its key changes; its bindings and listeners are dropped with it.
//! - [`Mounted`] owns the state and its views; a [`Handle`] changes the state from timers, sockets and promises.
//!
//! All functions are boxed where they enter this module. A generic method is compiled once for each closure that it is
//! called with; only the boxing is generic here.

mod binding;
mod bindings;
mod callback;
mod mounted;
mod resize;

use std::borrow::Cow;

use gloo_utils::document;
use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use web_sys::{Element, Event, HtmlElement, HtmlTemplateElement};

use self::binding::{Binding, Flag, Keyed, Text};
use self::bindings::{Bindings, Listener, Trigger};
pub use self::callback::{Build, Handler, ReadFlag, ReadKey, ReadText};
pub use self::mounted::{AppState, Handle, Mounted, PartHandle};

/// An element that shows a state `S`, with everything inside it. Dropping it drops its bindings and listeners.
///
/// The methods form a chain: each adds to the *current* element, which is the root at first and another one after
/// [`at`](Self::at).
pub struct View<S: AppState>(
    /// Boxed, because each method takes it and returns it by value.
    Box<Description<S>>,
);

struct Description<S: AppState> {
    root: Element,
    current: Element,
    bindings: Bindings<S>,
}

impl<S: AppState> View<S> {
    /// Parses markup that has exactly one outermost element.
    pub fn html(markup: &'static str) -> Self {
        let template = document().create_element("template").expect_throw("template is a valid tag name");
        let template: HtmlTemplateElement = template.unchecked_into();
        template.set_inner_html(markup);
        let root = template.content().first_element_child().expect_throw("the markup has an element");
        Self(Box::new(Description { current: root.clone(), root, bindings: Bindings::default() }))
    }

    /// Makes the first element inside the root that matches the current one.
    pub fn at(mut self, selector: &str) -> Self {
        let found = self.0.root.query_selector(selector).ok().flatten();
        self.0.current = found.expect_throw("the markup has the element that its own code asks for");
        self
    }

    /// Makes the root the current element again.
    pub fn at_root(mut self) -> Self {
        self.0.current = self.0.root.clone();
        self
    }

    /// The current element.
    pub fn element(&self) -> HtmlElement {
        self.0.current.clone().unchecked_into()
    }

    /// Sets an attribute once.
    pub fn attr(self, name: &str, value: &str) -> Self {
        set_attribute(&self.0.current, name, value);
        self
    }

    /// Replaces the content by a text, once.
    pub fn text(self, text: &str) -> Self {
        self.0.current.set_text_content(Some(text));
        self
    }

    /// Appends a view to the current element.
    pub fn child(mut self, view: Self) -> Self {
        // Fails only if one contains the other.
        let _ = self.0.current.append_child(&view.0.root);
        self.0.bindings.append(view.0.bindings);
        self
    }

    /// Appends views to the current element.
    pub fn children(self, views: impl IntoIterator<Item = Self>) -> Self {
        views.into_iter().fold(self, Self::child)
    }

    /// Replaces the current element by what `build` makes, as long as there is a key, and builds it again whenever the
    /// key changes. Without a key the current element itself is in the document.
    pub fn keyed(self, key: impl Fn(&S) -> Option<String> + 'static, build: impl Fn(&S) -> Self + 'static) -> Self {
        let keyed = Keyed::new(self.0.current.clone(), Box::new(key), Box::new(build));
        self.bind(Binding::Keyed(keyed))
    }

    /// Binds the text content.
    pub fn text_of(self, read: impl Fn(&S) -> Cow<'_, str> + 'static) -> Self {
        self.bind_text("", Box::new(read), |element, _, text| element.set_text_content(Some(text)))
    }

    /// Binds an attribute.
    pub fn attr_of(self, name: &'static str, read: impl Fn(&S) -> Cow<'_, str> + 'static) -> Self {
        self.bind_text(name, Box::new(read), set_attribute)
    }

    /// Binds a CSS property.
    pub fn style_of(self, name: &'static str, read: impl Fn(&S) -> Cow<'_, str> + 'static) -> Self {
        self.bind_text(name, Box::new(read), |element, name, value| {
            // An invalid value is ignored, not thrown.
            let _ = element.unchecked_ref::<HtmlElement>().style().set_property(name, value);
        })
    }

    /// Binds the value of a field. What a person types stays until the state gives another value.
    pub fn value_of(self, read: impl Fn(&S) -> Cow<'_, str> + 'static) -> Self {
        self.bind_text("value", Box::new(read), |element, name, value| set_property(element, name, &value.into()))
    }

    /// Binds the presence of a boolean attribute, such as `hidden`.
    pub fn attr_if(self, name: &'static str, read: impl Fn(&S) -> bool + 'static) -> Self {
        self.bind_flag(name, Box::new(read), |element, name, on| {
            // Throws only for an invalid name.
            let _ = element.toggle_attribute_with_force(name, on);
        })
    }

    /// Binds an attribute that is `true` or `false`, as those that begin with `aria-` are.
    pub fn aria_if(self, name: &'static str, read: impl Fn(&S) -> bool + 'static) -> Self {
        self.bind_flag(name, Box::new(read), |element, name, on| {
            set_attribute(element, name, if on { "true" } else { "false" });
        })
    }

    /// Binds a boolean property: `checked` of a box, `selected` of an option.
    pub fn property_if(self, name: &'static str, read: impl Fn(&S) -> bool + 'static) -> Self {
        self.bind_flag(name, Box::new(read), |element, name, on| set_property(element, name, &on.into()))
    }

    /// Calls `run` with the current element when the condition changes, and once at the beginning.
    pub fn on_toggle(self, read: impl Fn(&S) -> bool + 'static, run: fn(&Element, bool)) -> Self {
        let element = self.0.current.clone();
        let mut last = None;
        self.on_render(move |state| {
            let on = read(state);
            if last.replace(on) != Some(on) {
                run(&element, on);
            }
        })
    }

    /// Calls `run` on each render, whether the state has changed or not.
    pub fn on_render(self, run: impl FnMut(&S) + 'static) -> Self {
        self.bind(Binding::Run(Box::new(run)))
    }

    /// Listens for an event of the current element or, where the event bubbles, of an element inside it.
    pub fn on(self, event: &'static str, handle: impl Fn(&mut S, &Event) + 'static) -> Self {
        self.on_boxed(event, Box::new(handle))
    }

    /// [`on`](Self::on), for a handler that is boxed already.
    pub fn on_boxed(self, event: &'static str, handle: Box<dyn Handler<S>>) -> Self {
        self.listen(Trigger::Event(event, handle))
    }

    /// Calls `handle` once at the beginning and after each change of the current element's size.
    pub fn on_resize(self, handle: impl Fn(&mut S, &HtmlElement) + 'static) -> Self {
        self.listen(Trigger::Resize(Box::new(handle)))
    }

    fn listen(mut self, trigger: Trigger<S>) -> Self {
        self.0.bindings.listen(Listener { element: self.0.current.clone(), trigger });
        self
    }

    fn bind_text(self, name: &'static str, read: Box<dyn ReadText<S>>, write: binding::WriteText) -> Self {
        let element = self.0.current.clone();
        self.bind(Binding::Text(Text { element, name, write, read, shown: None }))
    }

    fn bind_flag(self, name: &'static str, read: Box<dyn ReadFlag<S>>, write: binding::WriteFlag) -> Self {
        let element = self.0.current.clone();
        self.bind(Binding::Flag(Flag { element, name, write, read, shown: None }))
    }

    fn bind(mut self, binding: Binding<S>) -> Self {
        self.0.bindings.bind(binding);
        self
    }
}

fn replace(old: &Element, new: &Element) {
    // Fails only if one contains the other.
    let _ = old.replace_with_with_node_1(new);
}

fn set_attribute(element: &Element, name: &str, value: &str) {
    element.set_attribute(name, value).expect_throw("the name of an attribute is valid");
}

/// Does nothing if the property has the value already: setting `value` moves the cursor of a field to its end.
fn set_property(element: &Element, name: &str, value: &JsValue) {
    let name = name.into();
    if Reflect::get(element, &name).is_ok_and(|now| now != *value) {
        // Fails only for a read-only property.
        let _ = Reflect::set(element, &name, value);
    }
}
