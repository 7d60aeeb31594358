//! The message box. It never loses what is typed: the model keeps it until it is sent.

use leptos::ev::KeyboardEvent;
use leptos::html::Textarea;
use leptos::prelude::*;
use model::{Msg, State};

use crate::store::Store;

#[component]
pub(super) fn Compose(store: Store) -> impl IntoView {
    let draft = store.fact(|model| model.draft().to_owned());
    let open = store.fact(|model| matches!(model.state(), State::Open(_)));
    let message_box = NodeRef::<Textarea>::new();
    let send_on_enter = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            store.dispatch(Msg::Send);
        }
    };
    // Whoever has just connected wants to type.
    Effect::new(move |_| {
        if let Some(message_box) = message_box.get().filter(|_| open.get()) {
            // It fails only for an element that cannot have the focus.
            let _ = message_box.focus();
        }
    });
    view! {
        <section class="compose" aria-label="Message">
            <textarea
                node_ref=message_box
                aria-label="Message"
                aria-describedby="compose-hint"
                placeholder="Enter message (or 'quit' to exit)"
                rows="2"
                prop:value=draft
                on:input:target=move |event| store.dispatch(Msg::DraftTyped(event.target().value()))
                on:keydown=send_on_enter
            ></textarea>
            <button type="button" class="primary" disabled=move || !open.get() on:click=move |_| store.dispatch(Msg::Send)>
                "Send"
            </button>
            <p id="compose-hint" class="hint">
                {move || {
                    if open.get() {
                        "Enter sends, Shift+Enter makes a line"
                    } else {
                        "Not connected: what you type stays here, connect to send it"
                    }
                }}
            </p>
        </section>
    }
}
