//! The controls that the page is made of, as plain functions: each is in the bundle once however often it is on the
//! page. They never hold a value: they show a signal and tell of what the person did.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use web_sys::{HtmlInputElement, HtmlSelectElement};

use crate::dynamic::{aria, click, flag, input};

/// A button that does something.
pub(super) fn button(class: &'static str, label: impl Into<Signal<String>>, act: impl Fn() + 'static) -> AnyView {
    boxed_button(class, label.into(), false.into(), Box::new(act))
}

/// A button that can be pressed only while that does not hold.
pub(super) fn button_unless(
    class: &'static str,
    label: impl Into<Signal<String>>,
    disabled: Signal<bool>,
    act: impl Fn() + 'static,
) -> AnyView {
    boxed_button(class, label.into(), disabled, Box::new(act))
}

fn boxed_button(class: &'static str, label: Signal<String>, disabled: Signal<bool>, act: Box<dyn Fn()>) -> AnyView {
    view! { <button type="button" class=class disabled=disabled on:click=click(act)>{label}</button> }.into_any()
}

/// A button of one sign, with the words that it stands for.
pub(super) fn sign_button(
    class: &'static str,
    sign: &'static str,
    name: &'static str,
    act: impl Fn() + 'static,
) -> AnyView {
    boxed_sign_button(class, sign, name, Box::new(act))
}

fn boxed_sign_button(class: &'static str, sign: &'static str, name: &'static str, act: Box<dyn Fn()>) -> AnyView {
    view! {
        <button type="button" class=class aria-label=name title=name on:click=click(act)>
            {sign}
        </button>
    }
    .into_any()
}

/// A button that is in or out.
pub(super) fn toggle(label: &'static str, pressed: Signal<bool>, act: impl Fn() + 'static) -> AnyView {
    boxed_toggle(label, pressed, Box::new(act))
}

fn boxed_toggle(label: &'static str, pressed: Signal<bool>, act: Box<dyn Fn()>) -> AnyView {
    view! {
        <button type="button" class="chip" aria-pressed=aria(move || pressed.get()) on:click=click(act)>
            {label}
        </button>
    }
    .into_any()
}

/// A line of text with its name before it.
pub(super) fn field(name: &'static str, value: Signal<String>, typed: impl Fn(String) + 'static) -> AnyView {
    boxed_field("text", name, value, Box::new(typed))
}

/// A whole number with its name before it.
pub(super) fn number(name: &'static str, value: Signal<String>, typed: impl Fn(String) + 'static) -> AnyView {
    boxed_field("number", name, value, Box::new(typed))
}

fn boxed_field(kind: &'static str, name: &'static str, value: Signal<String>, typed: Box<dyn Fn(String)>) -> AnyView {
    view! {
        <label class="field">
            <span>{name}</span>
            <input
                type=kind
                min="0"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                prop:value=value
                on:input=input(move |field| typed(field.value()))
            />
        </label>
    }
    .into_any()
}

/// A box to tick, with its name after it.
pub(super) fn check(name: &'static str, ticked: Signal<bool>, changed: impl Fn(bool) + 'static) -> AnyView {
    boxed_check(name, ticked, Box::new(changed))
}

fn boxed_check(name: &'static str, ticked: Signal<bool>, changed: Box<dyn Fn(bool)>) -> AnyView {
    view! {
        <label class="check">
            <input type="checkbox" prop:checked=ticked on:input=input(move |field| changed(field.checked())) />
            <span>{name}</span>
        </label>
    }
    .into_any()
}

/// A choice of a few, with its name before it; which one is told by its place among them.
pub(super) fn choice(
    name: &'static str,
    options: &[&'static str],
    chosen: Signal<usize>,
    changed: impl Fn(usize) + 'static,
) -> AnyView {
    boxed_choice(name, options, chosen, Box::new(changed))
}

fn boxed_choice(
    name: &'static str,
    options: &[&'static str],
    chosen: Signal<usize>,
    changed: Box<dyn Fn(usize)>,
) -> AnyView {
    let option = |(index, &label): (usize, &&'static str)| {
        view! { <option prop:selected=flag(move || chosen.get() == index)>{label}</option> }.into_any()
    };
    view! {
        <label class="field">
            <span>{name}</span>
            <select on:change=move |event| {
                changed(event_target::<HtmlSelectElement>(&event).selected_index().unsigned_abs() as usize);
            }>{options.iter().enumerate().map(option).collect::<Vec<_>>()}</select>
        </label>
    }
    .into_any()
}

/// A button that asks for a file.
pub(super) fn file_button(
    label: &'static str,
    name: &'static str,
    picked: impl Fn(HtmlInputElement) + 'static,
) -> AnyView {
    boxed_file_button(label, name, Box::new(picked))
}

fn boxed_file_button(label: &'static str, name: &'static str, picked: Box<dyn Fn(HtmlInputElement)>) -> AnyView {
    view! {
        <label class="ghost file" title=name>
            <input class="visually-hidden" type="file" aria-label=name on:input=input(picked) />
            {label}
        </label>
    }
    .into_any()
}

/// Controls that belong together, under one name.
pub(super) fn group(name: &'static str, controls: Vec<AnyView>) -> AnyView {
    view! { <div class="chips" role="group" aria-label=name>{controls}</div> }.into_any()
}

/// Why something cannot be done, told at once to those who listen.
pub(super) fn problem(id: &'static str, words: Signal<String>) -> AnyView {
    view! { <p class="problem" id=id role="alert">{words}</p> }.into_any()
}
