//! Closing with a code and a reason of one's choice. It never sends a code that a browser would refuse.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{CloseFrame, ConnectionMsg};

use super::controls::{button_unless, field, number, problem};
use super::tab::Tab;
use crate::dynamic::{flag, text};

pub(super) fn form(tab: Tab) -> AnyView {
    let code = RwSignal::new("1000".to_owned());
    let reason = RwSignal::new(String::new());
    let parse = move || CloseFrame::of_typed(&code.get(), &reason.get());
    let wrong = flag(move || parse().is_err());
    view! {
        <form method="dialog">
            {number("Code", code.into(), move |text| code.set(text))}
            {field("Reason", reason.into(), move |text| reason.set(text))}
            <p class="hint">"1000, or 3000 to 4999; up to 123 bytes of reason"</p>
            {problem("close-problem", text(move || parse().err().map_or_else(String::new, |error| error.to_string())))}
            <footer>
                {button_unless("primary", "Close", wrong, move || {
                    if let Ok(frame) = untrack(parse) {
                        tab.dialog.set(None);
                        tab.tell(ConnectionMsg::Close(frame));
                    }
                })}
            </footer>
        </form>
    }
    .into_any()
}
