//! The strip of facts about the connection. Each figure has its place, known or not, so that it never jumps.

use leptos::prelude::*;
use model::{Count, Model, Opened, Size, Span, Tally};

use super::tone_class;
use crate::store::Store;

/// Stands where there is nothing to tell.
const NONE: &str = "–";

#[component]
pub(super) fn Facts(store: Store) -> impl IntoView {
    let summary = store.fact(|model| model.state().summary());
    let tone = store.fact(|model| tone_class(model.state().tone()));
    let handshake = store.fact(|model| agreed(model, |opened| Span(opened.handshake).to_string()));
    let subprotocol = store.fact(|model| agreed(model, |opened| opened.protocol.clone()));
    let extensions = store.fact(|model| agreed(model, |opened| opened.extensions.clone()));
    let sent = store.fact(|model| tally(model.log().sent()));
    let received = store.fact(|model| tally(model.log().received()));
    let buffered = store.fact(|model| Size(model.buffered()).to_string());
    view! {
        <section class="facts" aria-label="Facts">
            <p class=move || format!("state {}", tone.get()) role="status">{summary}</p>
            <dl>
                <div><dt>"handshake"</dt><dd>{handshake}</dd></div>
                <div><dt>"subprotocol"</dt><dd>{subprotocol}</dd></div>
                <div class="extensions"><dt>"extensions"</dt><dd title=extensions>{extensions}</dd></div>
                <div class="tally"><dt>"sent"</dt><dd>{sent}</dd></div>
                <div class="tally"><dt>"received"</dt><dd>{received}</dd></div>
                <div><dt>"waiting to send"</dt><dd>{buffered}</dd></div>
            </dl>
        </section>
    }
}

/// What the handshake agreed upon, while there is a connection and it agreed upon something.
fn agreed(model: &Model, read: impl Fn(&Opened) -> String) -> String {
    model.state().opened().map(read).filter(|text| !text.is_empty()).unwrap_or_else(|| NONE.to_owned())
}

fn tally(tally: Tally) -> String {
    format!("{} · {}", Count(tally.messages), Size(tally.bytes))
}
