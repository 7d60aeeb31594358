//! Buttons, fields and other controls, each a function that returns a view.
//!
//! Those that take closures box them at once and pass them on, see `dom`.

use std::borrow::Cow;

use gloo_utils::document;
use model::cut_in_middle;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Event, File, HtmlElement, HtmlInputElement, HtmlSelectElement};

use super::{View, html};
use crate::browser::files;
use crate::page::Page;

type Handler = Box<dyn dom::Handler<Page>>;

/// A button of class `primary` is its form's submit button: Enter in a field presses it.
pub(super) fn button(class: &str, label: &str, click: impl Fn(&mut Page, &Event) + 'static) -> View {
    boxed_button(class, label, Box::new(click))
}

fn boxed_button(class: &str, label: &str, click: Handler) -> View {
    let kind = if class == "primary" { "submit" } else { "button" };
    html("<button></button>").attr("type", kind).attr("class", class).text(label).on_boxed("click", click)
}

/// A button that shows a symbol. `name` is its tooltip and what screen readers say.
pub(super) fn sign_button(sign: &str, name: &str, click: impl Fn(&mut Page, &Event) + 'static) -> View {
    boxed_sign_button(sign, name, Box::new(click))
}

fn boxed_sign_button(sign: &str, name: &str, click: Handler) -> View {
    boxed_button("ghost", sign, click).attr("aria-label", name).attr("title", name)
}

/// A button in a list, with a name and, in the monospaced font, a code.
pub(super) fn item(name: &str, code: &str, click: impl Fn(&mut Page, &Event) + 'static) -> View {
    boxed_item(name, code, Box::new(click))
}

fn boxed_item(name: &str, code: &str, click: Handler) -> View {
    let (start, end) = cut_in_middle(name);
    html("<button type=button class=item><span class=name><span></span><span></span></span><code></code></button>")
        .attr("aria-label", &[name, ", ", code].concat())
        .on_boxed("click", click)
        .at(".name")
        .attr("title", name)
        .at(".name span")
        .text(start)
        .at(".name span:last-child")
        .text(end)
        .at("code")
        .text(code)
}

pub(super) fn toggle(
    label: &str,
    pressed: impl Fn(&Page) -> bool + 'static,
    click: impl Fn(&mut Page, &Event) + 'static,
) -> View {
    boxed_button("chip", label, Box::new(click)).aria_if("aria-pressed", pressed)
}

pub(super) fn text_field(
    label: &str,
    value: impl Fn(&Page) -> Cow<'_, str> + 'static,
    input: impl Fn(&mut Page, &Event) + 'static,
) -> View {
    boxed_field("text", label, "input", Box::new(input)).value_of(value)
}

/// A field for a whole number, handled at each change.
pub(super) fn number_field(
    label: &str,
    value: impl Fn(&Page) -> Cow<'_, str> + 'static,
    input: impl Fn(&mut Page, &Event) + 'static,
) -> View {
    boxed_field("numeric", label, "input", Box::new(input)).value_of(value)
}

/// A field for a whole number, handled when the person has finished: by Enter, or by leaving the field.
pub(super) fn finished_number_field(
    label: &str,
    value: impl Fn(&Page) -> Cow<'_, str> + 'static,
    change: impl Fn(&mut Page, &Event) + 'static,
) -> View {
    boxed_field("numeric", label, "change", Box::new(change)).value_of(value)
}

/// Also for numbers: `<input type=number>` has an empty `value` while what is typed is not a number, so no error could
/// quote it. `keyboard` is the on-screen keyboard (`inputmode`).
fn boxed_field(keyboard: &str, label: &str, event: &'static str, handle: Handler) -> View {
    html(
        "<label class=field><span></span>\
           <input autocomplete=off autocapitalize=none spellcheck=false>\
         </label>",
    )
    .at("span")
    .text(label)
    .at("input")
    .attr("inputmode", keyboard)
    .on_boxed(event, handle)
}

pub(super) fn checkbox(label: &str, checked: fn(&Page) -> bool, changed: fn(&mut Page, bool)) -> View {
    html("<label class=check><input type=checkbox><span></span></label>")
        .at("span")
        .text(label)
        .at("input")
        .property_if("checked", checked)
        .on("input", move |page, event| changed(page, target::<HtmlInputElement>(event).checked()))
}

/// A drop-down list. `selected` and `changed` count the options from 0.
pub(super) fn select(
    label: &str,
    options: &[&str],
    selected: fn(&Page) -> usize,
    changed: fn(&mut Page, usize),
) -> View {
    let option = |(index, label): (usize, &&str)| {
        html("<option></option>").text(label).property_if("selected", move |page| selected(page) == index)
    };
    html("<label class=field><span></span><select></select></label>")
        .at("span")
        .text(label)
        .at("select")
        .children(options.iter().enumerate().map(option))
        .on("change", move |page, event| {
            changed(page, target::<HtmlSelectElement>(event).selected_index().unsigned_abs() as usize);
        })
}

/// A button that opens a file picker. `picked` gets the file.
pub(super) fn file_button(label: &str, name: &str, picked: fn(&mut Page, File)) -> View {
    html("<label class='ghost file'><input class=visually-hidden type=file><span></span></label>")
        .attr("title", name)
        .at("span")
        .text(label)
        .at("input")
        .attr("aria-label", name)
        .on("input", move |page, event| {
            if let Some(file) = files::take_picked(&target(event)) {
                picked(page, file);
            }
        })
}

/// Controls side by side. Screen readers say the name.
pub(super) fn group(name: &str, controls: impl IntoIterator<Item = View>) -> View {
    html("<div class=chips role=group></div>").attr("aria-label", name).children(controls)
}

/// Controls that a small window folds away into a [popover](https://developer.mozilla.org/en-US/docs/Web/API/Popover_API);
/// elsewhere they stand where the fold is, and its button is not there. `name` is what screen readers say. The current
/// element is the fold.
pub(super) fn fold(id: &str, sign: &str, name: &str) -> View {
    popover("folding", id, sign, name).attr("class", "fold")
}

/// A button and, next to it when the button is pressed, the current element. `class` is that of both together.
pub(super) fn popover(class: &str, id: &str, sign: &str, name: &str) -> View {
    html(
        "<span>\
           <button type=button class=ghost></button>\
           <div popover></div>\
         </span>",
    )
    .attr("class", class)
    .at("button")
    .attr("popovertarget", id)
    .attr("aria-label", name)
    .attr("title", name)
    .text(sign)
    .at("div")
    .attr("id", id)
}

/// An error message; nothing while `text` is empty. Screen readers say it at once.
pub(super) fn problem(id: &str, text: impl Fn(&Page) -> Cow<'_, str> + 'static) -> View {
    html("<p class=problem role=alert></p>").attr("id", id).text_of(text)
}

/// Moves the focus to the first element that matches. Needed where the focused element is about to be removed.
pub(super) fn focus(selector: &str) {
    if let Some(element) = document().query_selector(selector).ok().flatten() {
        // An element that cannot have the focus ignores it.
        let _ = element.unchecked_into::<HtmlElement>().focus();
    }
}

/// The value of the field that fired the event.
pub(super) fn value_of(event: &Event) -> String {
    // `value` is read by name: text areas and selects have it too.
    target::<HtmlInputElement>(event).value()
}

/// The element that fired the event. The caller knows its type.
pub(super) fn target<T: JsCast>(event: &Event) -> T {
    event.target().expect_throw("an event has a target while it is dispatched").unchecked_into()
}
