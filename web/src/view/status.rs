//! The strip under the address: state, handshake, traffic, queue. Every figure has a fixed place, so that none moves when
//! another one grows.

use std::borrow::Cow;

use model::{Connection, ConnectionMsg, ConnectionState, Count, Opened, Size, Span, Tally};

use super::controls::button;
use super::{View, html, tone_class};
use crate::browser::clock;

/// Shown for a figure that is not known.
const NONE: &str = "–";

type Read = fn(&Connection) -> Cow<'_, str>;

/// CSS class, label, value.
const FIGURES: [(&str, &str, Read); 6] = [
    ("", "handshake", |connection| opened(connection, |opened| Span(opened.handshake).to_string().into())),
    ("tally", "sent", |connection| tally(connection.log().sent())),
    ("tally", "received", |connection| tally(connection.log().received())),
    ("negotiated", "subprotocol", |connection| opened(connection, |opened| opened.protocol.as_str().into())),
    ("negotiated extensions", "extensions", |connection| opened(connection, |opened| extensions(opened).into())),
    ("queued", "queued", queue),
];

pub(super) fn status() -> View {
    html("<section class=status aria-label='Connection status'><p role=status></p></section>")
        .child(
            html("<div class=chips></div>")
                .attr_if("hidden", |page| !matches!(page.shown().state(), ConnectionState::Reconnecting { .. }))
                .child(button("ghost", "Reconnect now", |page, _| page.dispatch_shown(ConnectionMsg::Connect)))
                .child(button("ghost", "Stop", |page, _| page.dispatch_shown(ConnectionMsg::Disconnect))),
        )
        .child(html("<dl tabindex=0></dl>").children(FIGURES.map(figure)))
        .child(
            button("ghost", "", |page, _| page.dispatch_shown(ConnectionMsg::DiscardQueued))
                .text_of(|page| discard_label(page.shown().outbox().len()))
                .attr_if("hidden", |page| {
                    matches!(page.shown().state(), ConnectionState::Open(_)) || page.shown().outbox().is_empty()
                }),
        )
        .child(html("<p class=hint></p>").text_of(|page| page.shown().explanation().unwrap_or_default().into()))
        .at("p")
        .attr_of("class", |page| ["state ", tone_class(page.shown().state().tone())].concat().into())
        .text_of(|page| summary(page.shown()))
}

fn discard_label(messages: usize) -> Cow<'static, str> {
    match messages {
        1 => "Discard 1 queued message".into(),
        messages => format!("Discard {} queued messages", Count(messages as u64)).into(),
    }
}

/// The state, with the seconds until the next try to reconnect.
fn summary(connection: &Connection) -> Cow<'_, str> {
    let state = connection.state();
    match state {
        ConnectionState::Reconnecting { until, .. } => {
            let left = until.since(clock::now());
            let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
            ["Reconnecting in ", &seconds.to_string(), " s"].concat().into()
        }
        _ => state.summary().into(),
    }
}

fn figure((class, label, read): (&str, &str, Read)) -> View {
    html("<div><dt></dt><dd></dd></div>")
        .attr("class", class)
        .at("dt")
        .text(label)
        .at("dd")
        .attr_of("title", move |page| read(page.shown()))
        .text_of(move |page| read(page.shown()))
}

/// A result of the handshake, or [`NONE`].
fn opened(connection: &Connection, read: fn(&Opened) -> Cow<'_, str>) -> Cow<'_, str> {
    connection.state().opened().map(read).filter(|text| !text.is_empty()).unwrap_or(NONE.into())
}

/// Without the prefix that all registered extensions have.
fn extensions(opened: &Opened) -> &str {
    let extensions = opened.extensions.as_str();
    extensions.strip_prefix("permessage-").unwrap_or(extensions)
}

fn tally(tally: Tally) -> Cow<'static, str> {
    format!("{} · {}", Count(tally.messages), Size(tally.bytes)).into()
}

/// Bytes in the browser's buffer, and messages that the page holds back until there is room in it.
fn queue(connection: &Connection) -> Cow<'_, str> {
    let buffered = Size(connection.outbox().buffered());
    match connection.outbox().len() {
        0 => buffered.to_string(),
        1 => format!("{buffered} + 1 message"),
        messages => format!("{buffered} + {} messages", Count(messages as u64)),
    }
    .into()
}
