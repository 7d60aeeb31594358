//! The parameters of a behaviour of Canyon's server. `wire` knows which there are.

use std::borrow::Cow;

use model::preset::{Field, Form};
use model::{ConnectionMsg, ConnectionState};
use wire::Parameter;

use crate::page::Page;
use crate::view::controls::{button, text_field, value_of};
use crate::view::{View, html};

pub(super) fn form(page: &Page) -> View {
    let path = page.forms.path;
    let (of_connection, own): (Vec<_>, Vec<_>) =
        path.parameters().partition(|parameter| Parameter::OF_CONNECTIONS.contains(parameter));
    html("<form></form>")
        .child(html("<p></p>").text(path.summary()))
        .children(own.into_iter().map(parameter_field))
        .child(
            html("<details><summary>The connection</summary></details>")
                .children(of_connection.into_iter().map(parameter_field)),
        )
        .child(
            html("<p><code></code></p>").at("code").text_of(|page| {
                page.forms.preset.as_ref().map_or(Cow::default(), |form| form.target().to_string().into())
            }),
        )
        .child(html("<footer></footer>").child(use_button()))
}

fn use_button() -> View {
    button("primary", "Use this URL", |page, _| {
        page.dialog = None;
        if let Some(form) = &page.forms.preset {
            page.dispatch_shown(ConnectionMsg::TargetChosen(form.target().clone()));
        }
    })
    .attr_if("disabled", |page| {
        let is_used = matches!(
            page.shown().state(),
            ConnectionState::Connecting | ConnectionState::Open(_) | ConnectionState::Closing(_)
        );
        is_used || !page.forms.preset.as_ref().is_some_and(Form::is_valid)
    })
}

fn parameter_field(parameter: Parameter) -> View {
    html("<div></div>")
        .child(text_field(
            parameter.name(),
            move |page| read(page, parameter, |field| &field.text),
            move |page, event| {
                if let Some(form) = &mut page.forms.preset {
                    form.fill_in(parameter, value_of(event));
                }
            },
        ))
        .child(
            html("<p class=hint><span></span>, for example <code></code></p>")
                .at("span")
                .text(parameter.summary())
                .at("code")
                .text(&match parameter.choices() {
                    [] => parameter.example().to_owned(),
                    choices => choices.join(", "),
                }),
        )
        .child(
            html("<p class=problem role=alert></p>")
                .text_of(move |page| read(page, parameter, |field| field.problem.as_deref().unwrap_or_default())),
        )
}

fn read(page: &Page, parameter: Parameter, read: fn(&Field) -> &str) -> Cow<'_, str> {
    let fields = page.forms.preset.as_ref().map_or(&[][..], Form::fields);
    let field = fields.iter().find(|field| field.parameter == parameter);
    field.map_or("", read).into()
}
