//! What Canyon's server can be asked for: a list in words, and a form for each. It never lists behaviours or parameters:
//! `wire` does.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::preset::Form;
use model::{ConnectionMsg, Msg};
use wire::{Behaviour, Parameter};

use super::controls::{button_unless, field};
use super::dialog::Dialog;
use crate::dynamic::{click, flag, text};
use crate::store::Store;

type Open = RwSignal<Option<Dialog>>;

/// The line of a behaviour in the list.
pub(super) fn item(dialog: Open, behaviour: Behaviour) -> AnyView {
    view! {
        <li>
            <button type="button" class="item" on:click=click(move || dialog.set(Some(Dialog::Preset(behaviour))))>
                <span class="name">{behaviour.summary()}</span>
                <code>{behaviour.path()}</code>
            </button>
        </li>
    }
    .into_any()
}

/// A field for each parameter of the behaviour, filled in with what the address asks for already.
pub(super) fn form(store: Store, dialog: Open, behaviour: Behaviour) -> AnyView {
    let asked = store.with_untracked(|workbench| Form::of_address(&workbench.shown().setup().address));
    let form = asked.filter(|form| form.behaviour().path() == behaviour.path()).unwrap_or_else(|| Form::new(behaviour));
    let form = RwSignal::new(form);
    let choose = move || {
        dialog.set(None);
        let id = store.with_untracked(|workbench| workbench.shown().id());
        let chosen = form.with_untracked(Form::behaviour);
        store.dispatch(Msg::Connection(id, ConnectionMsg::BehaviourChosen(chosen)));
    };
    view! {
        <form>
            <p>{behaviour.summary()}</p>
            {behaviour.parameters().iter().map(|&parameter| parameter_field(form, parameter)).collect::<Vec<_>>()}
            <p><code>{text(move || form.with(|form| form.behaviour().to_string()))}</code></p>
            <footer>{button_unless("primary", "Put into the address", flag(move || !form.with(Form::is_right)), choose)}</footer>
        </form>
    }
    .into_any()
}

fn parameter_field(form: RwSignal<Form>, parameter: Parameter) -> AnyView {
    let of_field = move |read: fn(&model::preset::Field) -> String| {
        text(move || {
            form.with(|form| form.fields().iter().find(|field| field.parameter == parameter).map(read))
                .unwrap_or_default()
        })
    };
    let typed = move |text| form.update(|form| form.fill_in(parameter, text));
    view! {
        <div>
            {field(parameter.name(), of_field(|field| field.text.clone()), typed)}
            <p class="hint">{parameter.summary()} ", such as " <code>{parameter.example()}</code></p>
            <p class="problem" role="alert">{of_field(|field| field.problem.clone().unwrap_or_default())}</p>
        </div>
    }
    .into_any()
}
