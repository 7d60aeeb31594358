//! The strip of facts about the connection. Each figure has its place, known or not, so that it never jumps.

use std::borrow::Cow;

use model::{Connection, ConnectionMsg, Count, Opened, Size, Span, State, Tally};

use super::controls::button;
use super::{View, html, tone_class};
use crate::browser::clock;

/// Stands where there is nothing to tell.
const NONE: &str = "–";

/// Reads a fact about a connection.
type Read = fn(&Connection) -> Cow<'_, str>;

/// What the style sheet calls a fact, what it is called on the page, and what it is.
const FACTS: [(&str, &str, Read); 6] = [
    ("", "handshake", |connection| agreed(connection, |opened| Span(opened.handshake).to_string().into())),
    ("tally", "sent", |connection| tally(connection.log().sent())),
    ("tally", "received", |connection| tally(connection.log().received())),
    ("agreed", "subprotocol", |connection| agreed(connection, |opened| opened.protocol.as_str().into())),
    ("agreed extensions", "extensions", |connection| agreed(connection, |opened| extensions(opened).into())),
    ("waiting", "waiting", waiting),
];

pub(super) fn facts() -> View {
    html("<section class=facts aria-label=Facts><p role=status></p></section>")
        .child(
            html("<div class=chips></div>")
                .attr_if("hidden", |page| !matches!(page.shown().state(), State::Reconnecting { .. }))
                .child(button("ghost", "Now", |page, _| page.tell(ConnectionMsg::Connect)))
                .child(button("ghost", "Stop", |page, _| page.tell(ConnectionMsg::Disconnect))),
        )
        .child(html("<dl tabindex=0></dl>").children(FACTS.map(fact)))
        .child(
            button("ghost", "", |page, _| page.tell(ConnectionMsg::DiscardQueued))
                .text_of(|page| format!("Drop {} waiting", Count(page.shown().outbox().len() as u64)).into())
                .attr_if("hidden", |page| {
                    matches!(page.shown().state(), State::Open(_)) || page.shown().outbox().is_empty()
                }),
        )
        .child(html("<p class=hint></p>").text_of(|page| explanation(page.shown())))
        .at("p")
        .attr_of("class", |page| ["state ", tone_class(page.shown().state().tone())].concat().into())
        .text_of(|page| summary(page.shown()))
}

/// Where the connection stands; with the seconds that are left until it is tried again.
fn summary(connection: &Connection) -> Cow<'_, str> {
    let state = connection.state();
    match state {
        State::Reconnecting { until, .. } => {
            let left = until.since(clock::now());
            let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
            ["Trying again in ", &seconds.to_string(), " s"].concat().into()
        }
        _ => state.summary().into(),
    }
}

/// What the close code means, once the connection has ended with one.
fn explanation(connection: &Connection) -> Cow<'_, str> {
    let ending = match connection.state() {
        State::Idle(Some(ending)) | State::Reconnecting { ending, .. } => ending,
        _ => return "".into(),
    };
    match ending.closed() {
        Some(closed) => [&closed.code.to_string(), ": ", model::close::explanation(closed.code)].concat().into(),
        None => "".into(),
    }
}

fn fact((class, name, read): (&str, &str, Read)) -> View {
    html("<div><dt></dt><dd></dd></div>")
        .attr("class", class)
        .at("dt")
        .text(name)
        .at("dd")
        .attr_of("title", move |page| read(page.shown()))
        .text_of(move |page| read(page.shown()))
}

/// What the handshake agreed upon, while there is a connection and it agreed upon something.
fn agreed(connection: &Connection, read: fn(&Opened) -> Cow<'_, str>) -> Cow<'_, str> {
    connection.state().opened().map(read).filter(|text| !text.is_empty()).unwrap_or(NONE.into())
}

/// The common ones all begin alike.
fn extensions(opened: &Opened) -> &str {
    let extensions = opened.extensions.as_str();
    extensions.strip_prefix("permessage-").unwrap_or(extensions)
}

fn tally(tally: Tally) -> Cow<'static, str> {
    format!("{} · {}", Count(tally.messages), Size(tally.bytes)).into()
}

/// What the browser holds, and the messages that the page holds back.
fn waiting(connection: &Connection) -> Cow<'_, str> {
    let buffered = Size(connection.outbox().buffered());
    match connection.outbox().len() {
        0 => buffered.to_string(),
        1 => format!("{buffered} + 1 message"),
        messages => format!("{buffered} + {} messages", Count(messages as u64)),
    }
    .into()
}
