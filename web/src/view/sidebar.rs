//! The lists beside the connection: the connections, the saved messages, and what the server can be asked for. It
//! never shows what is in a connection.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{Connection, ConnectionId, Msg};
use wire::Behaviour;

use super::controls::{button, sign_button};
use super::dialog::Dialog;
use super::{preset, saved, tone_class};
use crate::dynamic::{aria, click, part};
use crate::store::Store;

pub(super) fn sidebar(store: Store, dialog: RwSignal<Option<Dialog>>, drawer: RwSignal<bool>) -> AnyView {
    view! {
        <aside class="sidebar" aria-label="Connections and messages" on:click=click(move || drawer.set(false))>
            <nav aria-label="Connections">
                <h2>"Connections"</h2>
                <ul>{connections(store)}</ul>
                {button("item new", "New connection", move || store.dispatch(Msg::Add))}
            </nav>
            {saved::list(store, dialog)}
            <section aria-label="Ask the server to">
                <h2>"Ask the server to"</h2>
                <ul>{Behaviour::ALL.iter().map(|&behaviour| preset::item(dialog, behaviour)).collect::<Vec<_>>()}</ul>
            </section>
        </aside>
    }
    .into_any()
}

/// What is listed of a connection.
#[derive(Clone, PartialEq)]
struct Item {
    id: ConnectionId,
    name: String,
    class: String,
    state: &'static str,
}

impl Item {
    fn of(connection: &Connection) -> Self {
        let state = connection.state();
        Self {
            id: connection.id(),
            name: connection.setup().title().to_owned(),
            class: ["dot ", tone_class(state.tone())].concat(),
            state: state.summary(),
        }
    }
}

fn connections(store: Store) -> AnyView {
    let items = store.fact(|workbench| workbench.connections().iter().map(Item::of).collect::<Vec<_>>());
    part(move || {
        let items = items.get();
        let several = items.len() > 1;
        Some(items.into_iter().map(|item| connection(store, item, several)).collect::<Vec<_>>().into_any())
    })
    .into_any()
}

fn connection(store: Store, item: Item, several: bool) -> AnyView {
    let Item { id, name, class, state } = item;
    let current = aria(move || store.with(|workbench| workbench.shown().id() == id));
    let close = move || sign_button("ghost", "×", "Close this connection", move || store.dispatch(Msg::Remove(id)));
    view! {
        <li>
            <button type="button" class="item" aria-current=current on:click=click(move || store.dispatch(Msg::Show(id)))>
                <span class=class></span>
                <span class="name">{name}</span>
                <span class="visually-hidden">{state}</span>
            </button>
            {several.then(close)}
        </li>
    }
    .into_any()
}
