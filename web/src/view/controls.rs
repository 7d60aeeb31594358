//! The controls that the page is made of, as plain functions. They never hold a value: they show the page's state and
//! tell of what the person did.

use std::borrow::Cow;

use gloo_utils::document;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Event, HtmlElement, HtmlInputElement, HtmlSelectElement};

use super::{View, html};
use crate::browser::files::{self, Read};
use crate::dom;
use crate::page::Page;

/// What an event does.
type Act = Box<dyn dom::Act<Page>>;

/// What was typed and cannot be, each with the number of its field, the newest at last.
#[derive(Default)]
pub(crate) struct Wrong(Vec<(usize, String)>);

impl Wrong {
    /// Notes what is wrong with a field, or that nothing is.
    pub(super) fn note(&mut self, field: usize, why: Option<String>) {
        self.0.retain(|(known, _)| *known != field);
        self.0.extend(why.map(|why| (field, why)));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn has(&self, field: usize) -> bool {
        self.0.iter().any(|(known, _)| *known == field)
    }

    /// What is wrong with the newest; nothing where nothing is.
    pub(super) fn words(&self) -> &str {
        self.0.last().map_or("", |(_, why)| why)
    }
}

/// A button that does something.
pub(super) fn button(class: &str, label: &str, act: impl Fn(&mut Page, &Event) + 'static) -> View {
    boxed_button(class, label, Box::new(act))
}

fn boxed_button(class: &str, label: &str, act: Act) -> View {
    let kind = if class == "primary" { "submit" } else { "button" };
    html("<button></button>").attr("type", kind).attr("class", class).text(label).on_boxed("click", act)
}

/// A button of one sign, with the words that it stands for.
pub(super) fn sign_button(sign: &str, name: &str, act: impl Fn(&mut Page, &Event) + 'static) -> View {
    boxed_sign_button(sign, name, Box::new(act))
}

fn boxed_sign_button(sign: &str, name: &str, act: Act) -> View {
    boxed_button("ghost", sign, act).attr("aria-label", name).attr("title", name)
}

/// A button with a name, and with code beside it, in a list.
pub(super) fn item(name: &str, code: &str, act: impl Fn(&mut Page, &Event) + 'static) -> View {
    boxed_item(name, code, Box::new(act))
}

fn boxed_item(name: &str, code: &str, act: Act) -> View {
    html("<button type=button class=item><span class=name></span><code></code></button>")
        .on_boxed("click", act)
        .at("span")
        .text(name)
        .at("code")
        .text(code)
}

/// A button that is in or out.
pub(super) fn toggle(
    label: &str,
    pressed: impl Fn(&Page) -> bool + 'static,
    act: impl Fn(&mut Page, &Event) + 'static,
) -> View {
    boxed_button("chip", label, Box::new(act)).aria_if("aria-pressed", pressed)
}

/// A line of text with its name before it.
pub(super) fn field(
    name: &str,
    value: impl Fn(&Page) -> Cow<'_, str> + 'static,
    typed: impl Fn(&mut Page, &Event) + 'static,
) -> View {
    boxed_field("text", name, "input", Box::new(typed)).value_of(value)
}

/// A whole number with its name before it.
pub(super) fn number(
    name: &str,
    value: impl Fn(&Page) -> Cow<'_, str> + 'static,
    typed: impl Fn(&mut Page, &Event) + 'static,
) -> View {
    boxed_field("numeric", name, "input", Box::new(typed)).value_of(value)
}

/// The same, told of when the person has finished it: by Enter, or by leaving the field.
pub(super) fn finished_number(
    name: &str,
    value: impl Fn(&Page) -> Cow<'_, str> + 'static,
    typed: impl Fn(&mut Page, &Event) + 'static,
) -> View {
    boxed_field("numeric", name, "change", Box::new(typed)).value_of(value)
}

/// Numbers are texts, too: of what is none, a field of the browser's for numbers would not tell.
fn boxed_field(keyboard: &str, name: &str, event: &'static str, typed: Act) -> View {
    html(
        "<label class=field><span></span>\
           <input autocomplete=off autocapitalize=none spellcheck=false>\
         </label>",
    )
    .at("span")
    .text(name)
    .at("input")
    .attr("inputmode", keyboard)
    .on_boxed(event, typed)
}

/// A box to tick, with its name after it.
pub(super) fn check(name: &str, ticked: fn(&Page) -> bool, changed: fn(&mut Page, bool)) -> View {
    html("<label class=check><input type=checkbox><span></span></label>")
        .at("span")
        .text(name)
        .at("input")
        .property_if("checked", ticked)
        .on("input", move |page, event| changed(page, target::<HtmlInputElement>(event).checked()))
}

/// A choice of a few, with its name before it; which one is told by its place among them.
pub(super) fn choice(name: &str, options: &[&str], chosen: fn(&Page) -> usize, changed: fn(&mut Page, usize)) -> View {
    let option = |(index, label): (usize, &&str)| {
        html("<option></option>").text(label).property_if("selected", move |page| chosen(page) == index)
    };
    html("<label class=field><span></span><select></select></label>")
        .at("span")
        .text(name)
        .at("select")
        .children(options.iter().enumerate().map(option))
        .on("change", move |page, event| {
            changed(page, target::<HtmlSelectElement>(event).selected_index().unsigned_abs() as usize);
        })
}

/// A button that asks for a file, and gives what came of reading it.
pub(super) fn file_button(label: &str, name: &str, picked: fn(&mut Page, Read)) -> View {
    html("<label class='ghost file'><input class=visually-hidden type=file><span></span></label>")
        .attr("title", name)
        .at("span")
        .text(label)
        .at("input")
        .attr("aria-label", name)
        .on("input", move |page, event| {
            let page = page.handle.clone();
            files::read_picked(&target(event), move |read| page.act(move |page| picked(page, read)));
        })
}

/// Controls that belong together, under one name.
pub(super) fn group(name: &str, controls: impl IntoIterator<Item = View>) -> View {
    html("<div class=chips role=group></div>").attr("aria-label", name).children(controls)
}

/// Why something cannot be done, told at once to those who listen.
pub(super) fn problem(id: &str, words: impl Fn(&Page) -> Cow<'_, str> + 'static) -> View {
    html("<p class=problem role=alert></p>").attr("id", id).text_of(words)
}

/// Moves the keyboard to the first element like that, from something that goes away.
pub(super) fn focus(css: &str) {
    if let Some(element) = document().query_selector(css).ok().flatten() {
        // It fails only for an element that cannot have the focus.
        let _ = element.unchecked_into::<HtmlElement>().focus();
    }
}

/// What the field that an event is about holds.
pub(super) fn value_of(event: &Event) -> String {
    // Fields of any kind have it.
    target::<HtmlInputElement>(event).value()
}

/// The element that an event is about, which is known to be of that type.
pub(super) fn target<T: JsCast>(event: &Event) -> T {
    event.target().expect_throw("an event that is being told has a target").unchecked_into()
}
