//! Where to, and the one button that connects and disconnects. It never checks an address: the model does.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{ConnectionMsg, Problem, State};

use super::controls::{button, problem};
use super::dialog::Dialog;
use super::tab::Tab;
use crate::dynamic::{aria, input, key};

pub(super) fn connect(tab: Tab) -> AnyView {
    let address = tab.text(|connection| connection.setup().address.clone());
    let subprotocols = tab.text(|connection| connection.setup().subprotocols.clone());
    let connected = tab.flag(|connection| connection.state().opened().is_some());
    let not_open = tab.flag(|connection| !matches!(connection.state(), State::Open(_)));
    let wrong_address =
        aria(move || tab.follow(|connection| matches!(connection.problem(), Some(Problem::Address(_)))));
    let wrong_subprotocols =
        aria(move || tab.follow(|connection| matches!(connection.problem(), Some(Problem::Subprotocols(_)))));
    let connect_on_enter = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() {
            tab.tell(ConnectionMsg::Connect);
        }
    };
    view! {
        <section class="connect" aria-label="Connection">
            <label class="field address">
                <span>"Address"</span>
                <input
                    type="url"
                    inputmode="url"
                    autocomplete="url"
                    spellcheck="false"
                    prop:value=address
                    readonly=connected
                    aria-invalid=wrong_address
                    aria-describedby="problem"
                    on:input=input(move |field| tab.tell(ConnectionMsg::AddressTyped(field.value())))
                    on:keydown=key(connect_on_enter)
                />
            </label>
            <label class="field subprotocols">
                <span>"Subprotocols"</span>
                <input
                    type="text"
                    placeholder="none"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    prop:value=subprotocols
                    readonly=connected
                    aria-invalid=wrong_subprotocols
                    aria-describedby="problem"
                    on:input=input(move |field| tab.tell(ConnectionMsg::SubprotocolsTyped(field.value())))
                    on:keydown=key(connect_on_enter)
                />
            </label>
            {connect_button(tab)}
            <div class="chips" hidden=not_open>
                {button("ghost", "Close with…", move || tab.dialog.set(Some(Dialog::Close(tab.id))))}
            </div>
            {button("ghost", "Options…", move || tab.dialog.set(Some(Dialog::Options(tab.id))))}
            {problem("problem", tab.text(|connection| connection.problem().map_or_else(String::new, problem_text)))}
        </section>
    }
    .into_any()
}

fn problem_text(problem: &Problem) -> String {
    match problem {
        Problem::Address(text) | Problem::Subprotocols(text) => text.clone(),
        Problem::Draft(_) | Problem::Pin(_) | Problem::Task(_) => String::new(),
    }
}

/// One button in one place, so that the focus stays on it whatever it does next.
fn connect_button(tab: Tab) -> AnyView {
    let label = tab.text(|connection| {
        match connection.state() {
            State::Idle(_) => "Connect",
            State::Connecting { .. } | State::Waiting { .. } => "Cancel",
            State::Open(_) => "Disconnect",
            State::Closing(_) => "Close now",
        }
        .to_owned()
    });
    button("primary", label, move || {
        let idle = tab.read(|connection| matches!(connection.state(), State::Idle(_)));
        tab.tell(if idle { ConnectionMsg::Connect } else { ConnectionMsg::Disconnect });
    })
}
