//! The parameters of a behaviour of Canyon's server. `wire` knows which there are.

use std::borrow::Cow;

use model::preset::Field;
use model::{ConnectionMsg, ConnectionState};
use wire::Parameter;

use crate::page::Page;
use crate::view::controls::{button, text_field, value_of};
use crate::view::{View, html};

pub(super) fn form(page: &Page) -> View {
    let behaviour = page.forms.preset.behaviour();
    html("<form></form>")
        .child(html("<p></p>").text(behaviour.summary()))
        .children(behaviour.parameters().iter().map(|&parameter| parameter_field(parameter)))
        .child(html("<p><code></code></p>").at("code").text_of(|page| page.forms.preset.behaviour().to_string().into()))
        .child(html("<footer></footer>").child(use_button()))
}

fn use_button() -> View {
    button("primary", "Use this URL", |page, _| {
        page.dialog = None;
        page.dispatch_shown(ConnectionMsg::BehaviourChosen(page.forms.preset.behaviour()));
    })
    .attr_if("disabled", |page| {
        let is_used = matches!(
            page.shown().state(),
            ConnectionState::Connecting | ConnectionState::Open(_) | ConnectionState::Closing(_)
        );
        is_used || !page.forms.preset.is_valid()
    })
}

fn parameter_field(parameter: Parameter) -> View {
    html("<div></div>")
        .child(text_field(
            parameter.name(),
            move |page| read(page, parameter, |field| &field.text),
            move |page, event| page.forms.preset.fill_in(parameter, value_of(event)),
        ))
        .child(
            html("<p class=hint><span></span>, for example <code></code></p>")
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
