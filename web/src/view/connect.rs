//! Address, subprotocols, and the button that connects and disconnects.

use model::{ConnectionMsg, ConnectionState, Problem};
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

use super::controls::{button, fold, problem, value_of};
use super::{View, html};
use crate::page::{Dialog, Page};

pub(super) fn connect() -> View {
    html(
        "<section class=connect aria-label=Connection>\
           <label class='field address'><span>URL</span>\
             <input type=url inputmode=url autocomplete=url spellcheck=false aria-describedby=problem>\
           </label>\
         </section>",
    )
    .child(connect_button())
    .child(
        fold("connection-menu", "⋯", "More about the connection")
            .child(subprotocols())
            .child(
                button("ghost", "Close with…", |page, _| page.open(Dialog::Close))
                    .attr_if("disabled", |page| !matches!(page.shown().state(), ConnectionState::Open(_))),
            )
            .child(button("ghost", "Through Canyon…", |page, _| page.open(Dialog::Through)))
            .child(button("ghost", "Options…", |page, _| page.open(Dialog::Options))),
    )
    .child(problem("problem", |page| match page.shown().problem() {
        Some(Problem::Address(text) | Problem::Subprotocols(text)) => text.as_str().into(),
        _ => "".into(),
    }))
    .at("[type=url]")
    .attr_if("readonly", is_connected)
    .aria_if("aria-invalid", |page| matches!(page.shown().problem(), Some(Problem::Address(_))))
    .value_of(|page| page.shown().setup().address.as_str().into())
    .on("input", |page, event| page.dispatch_shown(ConnectionMsg::AddressTyped(value_of(event))))
    .on("keydown", connect_on_enter)
}

fn subprotocols() -> View {
    html(
        "<label class='field subprotocols'><span>Subprotocols</span>\
           <input type=text placeholder=none autocomplete=off autocapitalize=none spellcheck=false \
             aria-describedby=problem>\
         </label>",
    )
    .at("input")
    .attr_if("readonly", is_connected)
    .aria_if("aria-invalid", |page| matches!(page.shown().problem(), Some(Problem::Subprotocols(_))))
    .value_of(|page| page.shown().setup().subprotocols.as_str().into())
    .on("input", |page, event| page.dispatch_shown(ConnectionMsg::SubprotocolsTyped(value_of(event))))
    .on("keydown", connect_on_enter)
}

fn is_connected(page: &Page) -> bool {
    page.shown().state().opened().is_some()
}

fn connect_on_enter(page: &mut Page, event: &Event) {
    let event: &KeyboardEvent = event.unchecked_ref();
    if event.key() == "Enter" && !event.is_composing() {
        page.dispatch_shown(ConnectionMsg::Connect);
    }
}

/// One button for all states, so that it keeps the focus when it is pressed.
fn connect_button() -> View {
    button("primary", "", |page, _| {
        let idle = matches!(page.shown().state(), ConnectionState::Idle(_));
        page.dispatch_shown(if idle { ConnectionMsg::Connect } else { ConnectionMsg::Disconnect });
    })
    .text_of(|page| {
        match page.shown().state() {
            ConnectionState::Idle(_) => "Connect",
            ConnectionState::Connecting | ConnectionState::Reconnecting { .. } => "Cancel",
            ConnectionState::Open(_) => "Disconnect",
            ConnectionState::Closing(_) => "Close now",
        }
        .into()
    })
}
