//! The sidebar: connections, saved messages, and the behaviours of Canyon's server.

mod presets;
mod saved;

use std::borrow::Cow;

use model::{Connection, ConnectionId, Count, Msg, Workbench, cut_in_middle};

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
    .child(
        button("item new", "New connection", |page, _| page.dispatch(Msg::Add))
            .attr_if("disabled", |page| page.store.workbench().is_full()),
    )
    .child(html("<p class=hint></p>").text(Workbench::FULL).attr_if("hidden", |page| !page.store.workbench().is_full()))
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
        focus(".item.new");
        page.remove(id);
    }))
}

fn item(id: ConnectionId) -> View {
    html(
        "<li><button type=button class=item>\
           <span></span><span class=name><span></span><span></span></span>\
           <span class=sends title='Sends by itself'>↻</span><span class=unread></span>\
         </button></li>",
    )
    .at("button")
    .aria_if("aria-current", move |page| page.shown().id() == id)
    .on("click", move |page, _| page.dispatch(Msg::Show(id)))
    .at("span")
    .attr_of("class", move |page| ["dot ", tone_class(connection(page, id).state().tone())].concat().into())
    .at(".name")
    .attr_of("title", move |page| connection(page, id).setup().title())
    .at(".name span")
    .text_of(move |page| cut_in_middle(&connection(page, id).setup().title()).0.to_owned().into())
    .at(".name span:last-child")
    .text_of(move |page| cut_in_middle(&connection(page, id).setup().title()).1.to_owned().into())
    .at(".sends")
    .attr_if("hidden", move |page| !connection(page, id).is_sending())
    .at(".unread")
    .attr_if("hidden", move |page| connection(page, id).unread() == 0)
    .text_of(move |page| unread(connection(page, id)))
    .at("button")
    .attr_of("aria-label", move |page| described(connection(page, id)).into())
}

/// Narrow enough to leave room for the name.
fn unread(connection: &Connection) -> Cow<'static, str> {
    match connection.unread() {
        more @ 1000.. => [&(more / 1000).min(999).to_string(), "k"].concat().into(),
        few => few.to_string().into(),
    }
}

/// What the item shows, in words.
fn described(connection: &Connection) -> String {
    let mut words = [&*connection.setup().title(), ", ", connection.state().summary()].concat();
    if connection.is_sending() {
        words += ", sends by itself";
    }
    match connection.unread() {
        0 => {}
        unread => words += &format!(", {} unread", Count(unread)),
    }
    words
}

fn connection(page: &Page, id: ConnectionId) -> &Connection {
    page.store.workbench().connection(id).unwrap_or_else(|| page.shown())
}
