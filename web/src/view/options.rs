//! How one connection behaves: its name, what happens when it is lost, what happens to messages meanwhile.

use model::{ConnectionMsg, Msg, Offline, Reconnect};

use super::controls::{check, field, value_of};
use super::{View, html};

pub(super) fn form() -> View {
    html("<form></form>")
        .child(field(
            "Name",
            |page| page.shown().setup().name.as_str().into(),
            |page, event| page.dispatch(Msg::Rename(page.shown().id(), value_of(event))),
        ))
        .child(check(
            "Connect again when the connection is lost, ever more patiently",
            |page| page.shown().setup().reconnect == Reconnect::WhenLost,
            |page, ticked| {
                let chosen = if ticked { Reconnect::WhenLost } else { Reconnect::Never };
                page.tell(ConnectionMsg::ReconnectChosen(chosen));
            },
        ))
        .child(check(
            "Messages written meanwhile wait, and go out when it is open again",
            |page| page.shown().setup().offline == Offline::Wait,
            |page, ticked| {
                let chosen = if ticked { Offline::Wait } else { Offline::Refuse };
                page.tell(ConnectionMsg::OfflineChosen(chosen));
            },
        ))
}
