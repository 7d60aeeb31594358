//! The sidebar: connections, saved messages, and the behaviours of Canyon's server.

mod presets;
mod saved;

use model::{Connection, ConnectionId, Msg};

pub(super) use self::saved::saved_problem;

use super::controls::{button, focus, sign_button};
use super::{View, html, tone_class};
use crate::page::Page;

pub(super) fn sidebar() -> View {
    html(
        "<aside class=sidebar aria-label='Connections and messages'>\
           <nav aria-label=Connections><h2>Connections</h2><slot></slot></nav>\
         </aside>",
    )
    .child(saved::list())
    .child(presets::list())
    .at("nav")
    .child(button("item new", "New connection", |page, _| page.dispatch(Msg::Add)))
    .at("slot")
    .keyed(
        |page| Some(connections(page).iter().map(|connection| connection.id().number().to_string() + " ").collect()),
        |page| {
            let connections = connections(page);
            // The last connection cannot be removed.
            let item = if connections.len() > 1 { removable_item } else { item };
            html("<ul></ul>").children(connections.iter().map(|connection| item(connection.id())))
        },
    )
}

fn connections(page: &Page) -> &[Connection] {
    page.store.workbench().connections()
}

fn removable_item(id: ConnectionId) -> View {
    item(id).at_root().child(sign_button("×", "Remove connection", move |page, _| {
        page.dispatch(Msg::Remove(id));
        focus(".item.new");
    }))
}

fn item(id: ConnectionId) -> View {
    html(
        "<li><button type=button class=item>\
           <span></span><span class=name></span><span class=visually-hidden></span>\
         </button></li>",
    )
    .at("button")
    .aria_if("aria-current", move |page| page.shown().id() == id)
    .on("click", move |page, _| page.dispatch(Msg::Show(id)))
    .at("span")
    .attr_of("class", move |page| ["dot ", tone_class(connection(page, id).state().tone())].concat().into())
    .at(".name")
    .text_of(move |page| connection(page, id).setup().title().into())
    .at(".visually-hidden")
    .text_of(move |page| connection(page, id).state().summary().into())
}

fn connection(page: &Page, id: ConnectionId) -> &Connection {
    page.store.workbench().connection(id).unwrap_or_else(|| page.shown())
}
