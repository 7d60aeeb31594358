//! Elements, and what in them is as the state says. It knows no element by name and no state by type, and never makes
//! HTML of what is not written in the page's own source.
//!
//! What never changes is written as HTML. What does is a *binding*: a function of the state, and the place in the
//! document that is to be as it says. After each change of the state all bindings are read once, and the document is
//! touched only where one differs from what it said before. What an event does is a function of the state, too.
//!
//! Functions are boxed as soon as they are given, so that each function here is in the bundle once, however often it
//! is used.

mod binding;
mod function;
mod life;
mod mounted;

use std::borrow::Cow;

use gloo_utils::document;
use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use web_sys::{Element, Event, HtmlElement, HtmlTemplateElement};

use self::binding::{Binding, Flag, Part, Text};
pub use self::function::{Act, Key, Make, Read, Test};
use self::life::{Life, Listener, Trigger};
pub use self::mounted::{Handle, Mounted, State};

/// A part of a page that shows an `S`: an element with what is in it. Dropped, it follows the state no more and hears
/// no event.
pub struct View<S: State>(
    /// Boxed, for each function here takes it and gives it back.
    Box<Description<S>>,
);

struct Description<S: State> {
    root: Element,
    /// What is being described: the root or an element inside it.
    place: Element,
    life: Life<S>,
}

impl<S: State> View<S> {
    /// The one element that this markup is.
    pub fn html(markup: &'static str) -> Self {
        let template = document().create_element("template").expect_throw("it is the name of an element");
        let template: HtmlTemplateElement = template.unchecked_into();
        template.set_inner_html(markup);
        let root = template.content().first_element_child().expect_throw("there is an element in the markup");
        Self(Box::new(Description { place: root.clone(), root, life: Life::default() }))
    }

    /// Goes on with the first element inside that matches.
    pub fn at(mut self, selector: &str) -> Self {
        let place = self.0.root.query_selector(selector).ok().flatten();
        self.0.place = place.expect_throw("the markup has what its own code looks for");
        self
    }

    /// Goes on with the whole.
    pub fn top(mut self) -> Self {
        self.0.place = self.0.root.clone();
        self
    }

    /// The element that is being described.
    pub fn element(&self) -> HtmlElement {
        self.0.place.clone().unchecked_into()
    }

    /// An attribute, whatever the state.
    pub fn attr(self, name: &str, value: &str) -> Self {
        set_attribute(&self.0.place, name, value);
        self
    }

    /// A text in place of all that is in the element, whatever the state.
    pub fn text(self, words: &str) -> Self {
        self.0.place.set_text_content(Some(words));
        self
    }

    /// That at the end of the element.
    pub fn child(mut self, view: Self) -> Self {
        // It fails only where one is inside the other.
        let _ = self.0.place.append_child(&view.0.root);
        self.0.life.take_in(view.0.life);
        self
    }

    /// All of that at the end of the element.
    pub fn children(self, views: impl IntoIterator<Item = Self>) -> Self {
        views.into_iter().fold(self, Self::child)
    }

    /// That in place of the element.
    pub fn put(mut self, view: Self) -> Self {
        replace(&self.0.place, &view.0.root);
        self.0.life.take_in(view.0.life);
        self
    }

    /// What is in place of the element as long as there is a key, made anew whenever that is another one.
    pub fn part(self, key: impl Fn(&S) -> Option<String> + 'static, make: impl Fn(&S) -> Self + 'static) -> Self {
        let part = Part::new(self.0.place.clone(), Box::new(key), Box::new(make));
        self.bind(Binding::Part(part))
    }

    /// A text in place of all that is in the element.
    pub fn text_of(self, read: impl Fn(&S) -> Cow<'_, str> + 'static) -> Self {
        self.bind_text("", Box::new(read), |element, _, words| element.set_text_content(Some(words)))
    }

    /// An attribute.
    pub fn attr_of(self, name: &'static str, read: impl Fn(&S) -> Cow<'_, str> + 'static) -> Self {
        self.bind_text(name, Box::new(read), set_attribute)
    }

    /// A property of the style sheet's.
    pub fn style_of(self, name: &'static str, read: impl Fn(&S) -> Cow<'_, str> + 'static) -> Self {
        self.bind_text(name, Box::new(read), |element, name, value| {
            // It is the name of a property.
            let _ = element.unchecked_ref::<HtmlElement>().style().set_property(name, value);
        })
    }

    /// What a field holds, until the person changes it.
    pub fn value_of(self, read: impl Fn(&S) -> Cow<'_, str> + 'static) -> Self {
        self.bind_text("value", Box::new(read), |element, name, value| set_property(element, name, &value.into()))
    }

    /// An attribute that is there or not, such as `hidden`.
    pub fn attr_if(self, name: &'static str, read: impl Fn(&S) -> bool + 'static) -> Self {
        self.bind_flag(name, Box::new(read), |element, name, holds| {
            // It is the name of an attribute.
            let _ = element.toggle_attribute_with_force(name, holds);
        })
    }

    /// An attribute that is `true` or `false`, as those are that begin with `aria-`.
    pub fn aria_if(self, name: &'static str, read: impl Fn(&S) -> bool + 'static) -> Self {
        self.bind_flag(name, Box::new(read), |element, name, holds| {
            set_attribute(element, name, if holds { "true" } else { "false" });
        })
    }

    /// Whether a box is ticked (`checked`), or an option chosen (`selected`).
    pub fn property_if(self, name: &'static str, read: impl Fn(&S) -> bool + 'static) -> Self {
        self.bind_flag(name, Box::new(read), |element, name, holds| set_property(element, name, &holds.into()))
    }

    /// What is done with the element when something begins to hold and when it ends, at the latest the first time that
    /// it is looked at.
    pub fn when(self, read: impl Fn(&S) -> bool + 'static, run: fn(&Element, bool)) -> Self {
        let (element, run) = (self.0.place.clone(), run);
        let mut held = None;
        self.follow(move |state| {
            let holds = read(state);
            if held.replace(holds) != Some(holds) {
                run(&element, holds);
            }
        })
    }

    /// What is done each time that the state may have changed. It should find out by itself whether it has.
    pub fn follow(self, run: impl FnMut(&S) + 'static) -> Self {
        self.bind(Binding::Run(Box::new(run)))
    }

    /// What an event does that happens to the element or inside it.
    pub fn on(self, event: &'static str, act: impl Fn(&mut S, &Event) + 'static) -> Self {
        self.on_boxed(event, Box::new(act))
    }

    /// The same.
    pub fn on_boxed(self, event: &'static str, act: Box<dyn Act<S>>) -> Self {
        self.listen(Trigger::Event(event, act))
    }

    /// What is done once at the beginning, and whenever the element has changed its size.
    pub fn on_resize(self, act: impl Fn(&mut S, &HtmlElement) + 'static) -> Self {
        self.listen(Trigger::Size(Box::new(act)))
    }

    fn listen(mut self, trigger: Trigger<S>) -> Self {
        self.0.life.listen(Listener { element: self.0.place.clone(), trigger });
        self
    }

    fn bind_text(self, name: &'static str, read: Box<dyn Read<S>>, write: binding::WriteText) -> Self {
        let element = self.0.place.clone();
        self.bind(Binding::Text(Text { element, name, write, read, shown: None }))
    }

    fn bind_flag(self, name: &'static str, read: Box<dyn Test<S>>, write: binding::WriteFlag) -> Self {
        let element = self.0.place.clone();
        self.bind(Binding::Flag(Flag { element, name, write, read, shown: None }))
    }

    fn bind(mut self, binding: Binding<S>) -> Self {
        self.0.life.bind(binding);
        self
    }
}

fn replace(old: &Element, new: &Element) {
    // It fails only where one is inside the other.
    let _ = old.replace_with_with_node_1(new);
}

fn set_attribute(element: &Element, name: &str, value: &str) {
    element.set_attribute(name, value).expect_throw("it is the name of an attribute");
}

/// Leaves alone what is so already: a text that is set anew moves the cursor in its field.
fn set_property(element: &Element, name: &str, value: &JsValue) {
    let name = name.into();
    if Reflect::get(element, &name).is_ok_and(|now| now != *value) {
        // It is a property that can be set.
        let _ = Reflect::set(element, &name, value);
    }
}
