//! Where to, and the one button that connects and disconnects. It never checks an address: the model does.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use model::{Msg, Problem, State, preset};
use wire::Behaviour;

use crate::store::Store;

#[component]
pub(super) fn Connect(store: Store) -> impl IntoView {
    let address = store.fact(|model| model.address().to_owned());
    let subprotocols = store.fact(|model| model.subprotocols().to_owned());
    let problem = store.fact(|model| model.problem().cloned());
    let idle = store.fact(|model| matches!(model.state(), State::Idle(_)));
    let connect_on_enter = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() {
            store.dispatch(Msg::Connect);
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
                    readonly=move || !idle.get()
                    aria-invalid=move || matches!(problem.get(), Some(Problem::Address(_))).to_string()
                    aria-describedby="problem"
                    on:input:target=move |event| store.dispatch(Msg::AddressTyped(event.target().value()))
                    on:keydown=connect_on_enter
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
                    readonly=move || !idle.get()
                    aria-invalid=move || matches!(problem.get(), Some(Problem::Subprotocols(_))).to_string()
                    aria-describedby="problem"
                    on:input:target=move |event| store.dispatch(Msg::SubprotocolsTyped(event.target().value()))
                    on:keydown=connect_on_enter
                />
            </label>
            <ConnectButton store />
            <p id="problem" class="problem" role="alert">{move || problem.get().map(problem_text)}</p>
            <Presets store idle />
        </section>
    }
}

fn problem_text(problem: Problem) -> String {
    match problem {
        Problem::Address(text) | Problem::Subprotocols(text) => text,
    }
}

/// One button in one place, so that the focus stays on it whatever it does next.
#[component]
fn ConnectButton(store: Store) -> impl IntoView {
    let label = store.fact(|model| match model.state() {
        State::Idle(_) => "Connect",
        State::Connecting { .. } => "Cancel",
        State::Open(_) => "Disconnect",
        State::Closing(_) => "Close now",
    });
    let click = move |_| {
        let idle = store.with_untracked(|model| matches!(model.state(), State::Idle(_)));
        store.dispatch(if idle { Msg::Connect } else { Msg::Disconnect });
    };
    view! { <button type="button" class="primary" on:click=click>{label}</button> }
}

/// What Canyon's server can be asked for, in words, with the path that asks for it.
#[component]
fn Presets(store: Store, idle: Memo<bool>) -> impl IntoView {
    let preset_button = move |behaviour: Behaviour| {
        view! {
            <button
                type="button"
                class="chip"
                disabled=move || !idle.get()
                on:click=move |_| store.dispatch(Msg::BehaviourChosen(behaviour))
            >
                {preset::words(behaviour)} <code>{behaviour.to_string()}</code>
            </button>
        }
    };
    view! {
        <div class="presets" role="group" aria-labelledby="presets">
            <span id="presets">"Ask the server to"</span>
            {Behaviour::ALL.map(preset_button)}
        </div>
    }
}
