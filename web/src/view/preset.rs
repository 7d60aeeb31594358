//! What Canyon's server can be asked for: a list in words, and a form for each. It never lists behaviours or parameters:
//! `wire` does.

use std::borrow::Cow;

use model::ConnectionMsg;
use model::preset::{Field, Form};
use wire::{Behaviour, Parameter};

use super::controls::{self, button, field, value_of};
use super::dialog::Dialog;
use super::{View, html};
use crate::page::Page;

/// The line of a behaviour in the list.
pub(super) fn item(behaviour: Behaviour) -> View {
    html("<li></li>").child(controls::item(behaviour.summary(), behaviour.path(), move |page, _| {
        page.open(Dialog::Preset);
        page.forms.preset = fresh(page, behaviour);
    }))
}

/// Filled in with what the address asks for already.
fn fresh(page: &Page, behaviour: Behaviour) -> Form {
    let asked = Form::from_address(&page.shown().setup().address);
    asked.filter(|form| form.behaviour().path() == behaviour.path()).unwrap_or_else(|| Form::new(behaviour))
}

/// A field for each parameter of the behaviour.
pub(super) fn form(page: &Page) -> View {
    let behaviour = page.forms.preset.behaviour();
    html("<form></form>")
        .child(html("<p></p>").text(behaviour.summary()))
        .children(behaviour.parameters().iter().map(|&parameter| parameter_field(parameter)))
        .child(html("<p><code></code></p>").at("code").text_of(|page| page.forms.preset.behaviour().to_string().into()))
        .child(html("<footer></footer>").child(choose_button()))
}

fn choose_button() -> View {
    button("primary", "Put into the address", |page, _| {
        page.dialog = None;
        page.tell(ConnectionMsg::BehaviourChosen(page.forms.preset.behaviour()));
    })
    .attr_if("disabled", |page| !page.forms.preset.is_right())
}

fn parameter_field(parameter: Parameter) -> View {
    html("<div></div>")
        .child(field(
            parameter.name(),
            move |page| read(page, parameter, |field| &field.text),
            move |page, event| page.forms.preset.fill_in(parameter, value_of(event)),
        ))
        .child(
            html("<p class=hint><span></span>, such as <code></code></p>")
                .at("span")
                .text(parameter.summary())
                .at("code")
                .text(parameter.example()),
        )
        .child(
            html("<p class=problem role=alert></p>")
                .text_of(move |page| read(page, parameter, |field| field.problem.as_deref().unwrap_or_default())),
        )
}

fn read(page: &Page, parameter: Parameter, read: fn(&Field) -> &str) -> Cow<'_, str> {
    let field = page.forms.preset.fields().iter().find(|field| field.parameter == parameter);
    field.map_or("", read).into()
}
