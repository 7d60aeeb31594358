//! Options of one connection: its name, reconnecting, queueing.

use model::{ConnectionMsg, Msg, Offline, Reconnect};

use crate::view::controls::{checkbox, text_field, value_of};
use crate::view::{View, html};

pub(super) fn form() -> View {
    html("<form></form>")
        .child(text_field(
            "Name",
            |page| page.shown().setup().name.as_str().into(),
            |page, event| page.dispatch(Msg::Rename(page.shown().id(), value_of(event))),
        ))
        .child(checkbox(
            "Reconnect automatically, with exponential back-off",
            |page| page.shown().setup().reconnect == Reconnect::WhenLost,
            |page, checked| {
                let chosen = if checked { Reconnect::WhenLost } else { Reconnect::Never };
                page.dispatch_shown(ConnectionMsg::ReconnectChosen(chosen));
            },
        ))
        .child(checkbox(
            "Queue messages while disconnected, and send them once connected",
            |page| page.shown().setup().offline == Offline::Wait,
            |page, checked| {
                let chosen = if checked { Offline::Wait } else { Offline::Refuse };
                page.dispatch_shown(ConnectionMsg::OfflineChosen(chosen));
            },
        ))
}
