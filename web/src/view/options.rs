//! How one connection behaves: its name, what happens when it is lost, what happens to messages meanwhile.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{ConnectionMsg, Msg, Offline, Reconnect};

use super::controls::{check, field};
use super::tab::Tab;

pub(super) fn form(tab: Tab) -> AnyView {
    let name = tab.text(|connection| connection.setup().name.clone());
    let reconnects = tab.flag(|connection| connection.setup().reconnect == Reconnect::WhenLost);
    let waits = tab.flag(|connection| connection.setup().offline == Offline::Wait);
    view! {
        <form>
            {field("Name", name, move |name| tab.store.dispatch(Msg::Rename(tab.id, name)))}
            {check("Connect again when the connection is lost, ever more patiently", reconnects, move |ticked| {
                let chosen = if ticked { Reconnect::WhenLost } else { Reconnect::Never };
                tab.tell(ConnectionMsg::ReconnectChosen(chosen));
            })}
            {check("Messages written meanwhile wait, and go out when it is open again", waits, move |ticked| {
                tab.tell(ConnectionMsg::OfflineChosen(if ticked { Offline::Wait } else { Offline::Refuse }));
            })}
        </form>
    }
    .into_any()
}
