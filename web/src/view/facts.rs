//! The strip of facts about the connection. Each figure has its place, known or not, so that it never jumps.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{Connection, ConnectionMsg, Count, Opened, Size, Span, State, Tally};

use super::controls::button;
use super::tab::Tab;
use super::tone_class;
use crate::clock;

/// Stands where there is nothing to tell.
const NONE: &str = "–";

pub(super) fn facts(tab: Tab) -> AnyView {
    let summary = tab.text(summary);
    let tone = tab.text(|connection| ["state ", tone_class(connection.state().tone())].concat());
    let settled = tab.flag(|connection| !matches!(connection.state(), State::Waiting { .. }));
    let facts = [
        ("", "handshake", tab.text(|connection| agreed(connection, |opened| Span(opened.handshake).to_string()))),
        ("", "subprotocol", tab.text(|connection| agreed(connection, |opened| opened.protocol.clone()))),
        ("extensions", "extensions", tab.text(|connection| agreed(connection, |opened| opened.extensions.clone()))),
        ("tally", "sent", tab.text(|connection| tally(connection.log().sent()))),
        ("tally", "received", tab.text(|connection| tally(connection.log().received()))),
        ("", "waiting", tab.text(waiting)),
    ];
    view! {
        // On a phone it scrolls, which needs the keyboard, too.
        <section class="facts" aria-label="Facts" tabindex="0">
            <p class=tone role="status">{summary}</p>
            <div class="chips" hidden=settled>
                {button("ghost", "Now", move || tab.tell(ConnectionMsg::Connect))}
                {button("ghost", "Stop", move || tab.tell(ConnectionMsg::Disconnect))}
            </div>
            <dl>{facts.into_iter().map(fact).collect::<Vec<_>>()}</dl>
            <p class="hint">{tab.text(explanation)}</p>
        </section>
    }
    .into_any()
}

/// Where the connection stands; with the seconds that are left until it is tried again.
fn summary(connection: &Connection) -> String {
    let state = connection.state();
    match state {
        State::Waiting { until, .. } => {
            let left = until.since(clock::now()).as_millis().div_ceil(1000);
            ["Trying again in ", &left.to_string(), " s"].concat()
        }
        _ => state.summary().to_owned(),
    }
}

/// What the close code means, once the connection has ended with one.
fn explanation(connection: &Connection) -> String {
    let ending = match connection.state() {
        State::Idle(Some(ending)) | State::Waiting { ending, .. } => ending,
        _ => return String::new(),
    };
    ending.closed().map_or_else(String::new, |closed| {
        [&closed.code.to_string(), ": ", model::close::explanation(closed.code)].concat()
    })
}

fn fact((class, name, value): (&'static str, &'static str, Signal<String>)) -> AnyView {
    view! { <div class=class><dt>{name}</dt><dd title=value>{value}</dd></div> }.into_any()
}

/// What the handshake agreed upon, while there is a connection and it agreed upon something.
fn agreed(connection: &Connection, read: impl Fn(&Opened) -> String) -> String {
    connection.state().opened().map(read).filter(|text| !text.is_empty()).unwrap_or_else(|| NONE.to_owned())
}

fn tally(tally: Tally) -> String {
    format!("{} · {}", Count(tally.messages), Size(tally.bytes))
}

/// What the browser holds, and the messages that the page holds back.
fn waiting(connection: &Connection) -> String {
    let buffered = Size(connection.outbox().buffered());
    match connection.outbox().len() {
        0 => buffered.to_string(),
        1 => format!("{buffered} + 1 message"),
        messages => format!("{buffered} + {} messages", Count(messages as u64)),
    }
}
