//! The strip under the address: state, traffic, queue, handshake; and below the log, why the connection ended. Every figure
//! has a fixed place, so that none moves when another one grows.

use std::borrow::Cow;

use model::{Connection, ConnectionMsg, ConnectionState, Count, Counted, Opened, Size, Span, Tally};

use super::controls::button;
use super::{View, deferred, html, tone_class, why};
use crate::browser::clock;
use crate::page::Page;

/// Shown for a figure that is not known.
const NONE: &str = "–";

type Read = fn(&Connection) -> Cow<'_, str>;

/// CSS class, label, value.
const FIGURES: [(&str, &str, Read); 5] = [
    ("tally", "sent", |connection| tally(connection.log().sent())),
    ("tally", "received", |connection| tally(connection.log().received())),
    ("", "handshake", |connection| opened(connection, |opened| Span(opened.handshake).to_string().into())),
    ("queued", "queued", queue),
    ("negotiated", "negotiated", |connection| opened(connection, negotiated)),
];

pub(super) fn status() -> View {
    html("<section class=status aria-label='Connection status'><p role=status></p></section>")
        .child(html("<dl tabindex=0 aria-label=Figures></dl>").children(FIGURES.map(figure)))
        .at("p")
        .attr_of("class", |page| ["state ", tone_class(page.shown().state().tone())].concat().into())
        .text_of(|page| summary(page.shown()))
}

/// Below the log, where it moves nothing when it comes or grows: why the connection ended, and what can be done. It stays as
/// it is while one attempt to reconnect follows another.
pub(super) fn ending() -> View {
    html("<div><p></p><div class=chips></div></div>")
        .attr_of("class", |page| if page.shown().is_retrying() { "ending retrying" } else { "ending" }.into())
        .attr_if("hidden", |page| {
            page.shown().explanation().is_none()
                && page.shown().why().is_none()
                && !page.shown().is_retrying()
                && !has_queue_to_discard(page)
        })
        .at("p")
        .text_of(|page| page.shown().explanation().unwrap_or_default().into())
        .at_root()
        .child(deferred::slot(why::key, why::why))
        .at(".chips")
        .child(
            button("ghost", "Reconnect now", |page, _| page.dispatch_shown(ConnectionMsg::Connect))
                .attr_if("hidden", |page| !page.shown().is_retrying()),
        )
        .child(
            button("ghost", "Stop", |page, _| page.dispatch_shown(ConnectionMsg::Disconnect))
                .attr_if("hidden", |page| !page.shown().is_retrying()),
        )
        .child(
            button("ghost", "", |page, _| page.dispatch_shown(ConnectionMsg::DiscardQueued))
                .text_of(|page| {
                    format!("Discard {}", Counted(page.shown().outbox().len() as u64, "queued message")).into()
                })
                .attr_if("hidden", |page| !has_queue_to_discard(page)),
        )
}

fn has_queue_to_discard(page: &Page) -> bool {
    !matches!(page.shown().state(), ConnectionState::Open(_)) && !page.shown().outbox().is_empty()
}

/// The state, with the seconds until the next attempt to reconnect.
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

/// Subprotocol and extensions, these without the prefix that all registered ones have.
fn negotiated(opened: &Opened) -> Cow<'_, str> {
    let (protocol, extensions) = (opened.protocol.as_str(), opened.extensions.as_str());
    let extensions = extensions.strip_prefix("permessage-").unwrap_or(extensions);
    match (protocol, extensions) {
        ("", one) | (one, "") => one.into(),
        _ => [protocol, " · ", extensions].concat().into(),
    }
}

fn tally(tally: Tally) -> Cow<'static, str> {
    format!("{} · {}", Count(tally.messages), Size(tally.bytes)).into()
}

/// Bytes in the browser's buffer, and messages that the page holds back until there is room in it.
fn queue(connection: &Connection) -> Cow<'_, str> {
    let buffered = Size(connection.outbox().buffered());
    match connection.outbox().len() {
        0 => buffered.to_string(),
        messages => format!("{buffered} + {}", Counted(messages as u64, "message")),
    }
    .into()
}
