//! The relay: a WebSocket of the page at `/relay` becomes a connection to any other server, with headers, certificates and
//! proxies that a browser has no say in.
//!
//! It is a door to a person's network. So it is shut unless `--relay` opens it, and then needs all of these:
//! 1. an `Origin` that may connect ([`Access::check_relay`](crate::http::access::Access::check_relay));
//! 2. the [`Token`] of this start of the server, which its own page reads at `/relay`;
//! 3. a target that the [rules](target::Rules) allow: its name, and each address that the name has.
//!
//! A server that others than this machine can reach has a relay only to what `--relay-to` names.

pub(crate) mod dial;
mod failure;
pub(crate) mod gateway;
mod host;
pub(crate) mod middle;
pub(crate) mod onward;
pub(crate) mod open;
mod plan;
mod pump;
pub(crate) mod settings;
mod target;
mod token;
mod trust;
mod upgrade;
mod url;

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message, Utf8Bytes,
        protocol::{CloseFrame, Role, frame::coding::CloseCode},
    },
};
use wire::relay::{Cause, Command, Event, FromPage, Request, from_page};

use self::{
    dial::{Far, Io},
    failure::Failure,
    plan::Plan,
    pump::{End, Pair, Side, Socket, Translate, Treatment, Treatments},
    target::Rules,
};
pub use self::{
    gateway::{FarUrl, FarUrlError, Gateway, GatewayTrust},
    settings::{OpenRelay, RelaySettings},
    target::{RelayTarget, RelayTargetError},
    token::{Token, TokenError},
};
use crate::{
    budget::Charge,
    config::bytes,
    connection::{Connected, Guards},
    inspect::Tap,
    protocol,
    session::{self, Farewell, FrameLayer, Meter},
    shared::Shared,
};

/// Serves one WebSocket of the page at `/relay`, and gives its stream back to be closed.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    near: FrameLayer<S>,
    guards: &Guards,
    mut connected: Connected,
    shared: Arc<Shared>,
) -> (S, Farewell) {
    let limits = &shared.config.limits;
    let most = usize::try_from(near_limits(shared.frame_limits()).message).unwrap_or(usize::MAX);
    let near_settings = session::settings(limits).max_message_size(Some(most)).max_frame_size(Some(most));
    let mut near = WebSocketStream::from_raw_socket(near, Role::Server, Some(near_settings)).await;
    let far_charge = guards.charge_for_far_side();
    let opened = tokio::select! {
        () = shared.shutdown.draining() => Err(None),
        opened = open(&mut near, &shared) => opened.map_err(Some),
    };
    let charged = opened.and_then(|opened| {
        let charge = far_charge.map_err(|overdrawn| Some(Failure::new(Cause::NotAllowed, overdrawn)))?;
        Ok((opened, charge))
    });
    let ((plan, far), charge) = match charged {
        Ok(opened) => opened,
        Err(failure) => return (refuse(near, failure, *limits.close_timeout).await, Farewell::Close),
    };
    let mut pair = Pair { near, far: far.into_socket(charge, None, &shared).await };
    let to_far = Treatment { fragment: plan.fragment, ..Treatment::default() };
    let treatments = Treatments { to_far, ping: plan.ping, ..Treatments::default() };
    let end = pair.run(treatments, &mut ForPage, &shared).await;
    pair.count(&mut connected);
    if let Some(failure) = why(&end) {
        let _ = timeout(*limits.close_timeout, pair.near.send(event(&failure.into_event()))).await;
    }
    (pair.finish(&end, *limits.close_timeout).await, Farewell::Close)
}

/// Tells the page why there is no connection, and closes. Without a failure, the server shuts down.
async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(mut near: Socket<S>, failure: Option<Failure>, time: Duration) -> S {
    let frame = match failure {
        None => crate::shared::going_away(),
        Some(failure) => {
            let code = match failure.cause {
                Cause::NotAllowed | Cause::Request => CloseCode::Policy,
                _ => CloseCode::Normal,
            };
            let _ = timeout(time, near.send(event(&failure.into_event()))).await;
            CloseFrame { code, reason: "no connection".into() }
        }
    };
    let _ = timeout(time, async {
        near.close(Some(frame)).await?;
        while near.next().await.transpose()?.is_some() {}
        Ok::<_, tokio_tungstenite::tungstenite::Error>(())
    })
    .await;
    near.into_inner().into_inner()
}

impl Far {
    /// The other server's WebSocket, of which `charge` is counted; its wire is told to `tap`.
    async fn into_socket(self, charge: Charge, tap: Option<Box<Tap>>, shared: &Shared) -> Socket<Box<dyn Io>> {
        let Self { stream, read_ahead, terms, .. } = self;
        let limits = &shared.config.limits;
        let mut tap = tap;
        if let Some(tap) = &mut tap {
            tap.received(&read_ahead);
        }
        let layer =
            FrameLayer::with_role(protocol::Role::Client, stream, read_ahead, shared.frame_limits(), terms.deflate);
        let layer = layer.with_meter(Meter::new(charge, *limits.message_timeout), |_| false).with_tap(tap);
        WebSocketStream::from_raw_socket(layer, Role::Client, Some(session::settings(limits))).await
    }
}

/// Whether a text is a request that keeps the rules of a relay without named targets: what fuzzing calls.
#[doc(hidden)]
pub fn is_relay_request(text: &str) -> bool {
    let request = Request::from_json(text);
    request.is_ok_and(|request| Plan::new(&request, Rules::OfPage(&[]), &crate::Limits::default()).is_ok())
}

/// The limits of a page's messages: its texts have a character in front.
pub(crate) fn near_limits(limits: protocol::Limits) -> protocol::Limits {
    protocol::Limits { message: limits.message + 1, ..limits }
}

/// What the page is told where a close frame does not say it.
fn why(end: &End) -> Option<Failure> {
    match end {
        End::Cut(Side::Far) => {
            Some(Failure::new(Cause::Cut, "the other server ended the connection without a close frame"))
        }
        End::Fault(Side::Far, frame) => {
            Some(Failure::new(Cause::Protocol, format!("the other server was given up: {}", frame.reason)))
        }
        End::Fault(Side::Near, frame) if frame.code == CloseCode::Policy => {
            Some(Failure::new(Cause::Request, &frame.reason))
        }
        _ => None,
    }
}

/// Reads the request, and carries it out. While that takes, the page may only leave.
async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    near: &mut Socket<S>,
    shared: &Shared,
) -> Result<(Plan, Far), Failure> {
    let limits = &shared.config.limits;
    let wrong = |sentence: &str| Failure::new(Cause::Request, sentence);
    let request = match timeout(*limits.handshake_timeout, next(near)).await {
        Ok(Some(Message::Text(text))) => Request::from_json(&text).map_err(|error| wrong(&error.to_string()))?,
        Ok(Some(_)) => return Err(wrong("the first message must be a text, the request")),
        Ok(None) => return Err(wrong("the page has left")),
        Err(_) => return Err(wrong("the request did not come in time")),
    };
    let relay = shared.relay.as_ref().ok_or_else(|| Failure::new(Cause::NotAllowed, "there is no relay here"))?;
    if !relay.token().is(&request.token) {
        return Err(Failure::new(Cause::NotAllowed, "the token is not the one of this server: load the page again"));
    }
    let rules = Rules::OfPage(&shared.config.relay.relay_to);
    let plan = Plan::new(&request, rules, limits)?;
    drop(request);
    let (events, mut happened) = mpsc::unbounded_channel();
    let threshold = bytes(shared.config.compression.deflate_threshold);
    let far = {
        let mut dial = std::pin::pin!(shared.dialer.dial(&plan, rules, (threshold, *limits.write_timeout), &events));
        loop {
            tokio::select! {
                biased;
                Some(happened) = happened.recv() => report(near, &happened).await?,
                message = next(near) => return Err(match message {
                    Some(_) => wrong("nothing may be sent until the other server is connected"),
                    None => wrong("the page has left"),
                }),
                far = &mut dial => break far,
            }
        }
    };
    while let Ok(happened) = happened.try_recv() {
        report(near, &happened).await?;
    }
    Ok((plan, far?))
}

/// The next message or close of the page, without pings and pongs.
async fn next<S: AsyncRead + AsyncWrite + Unpin>(near: &mut Socket<S>) -> Option<Message> {
    loop {
        match near.next().await?.ok()? {
            Message::Ping(_) | Message::Pong(_) => {}
            message => return Some(message),
        }
    }
}

async fn report<S: AsyncRead + AsyncWrite + Unpin>(near: &mut Socket<S>, happened: &Event) -> Result<(), Failure> {
    near.send(event(happened)).await.map_err(|error| Failure::new(Cause::Request, error))
}

fn event(event: &Event) -> Message {
    Message::text(event.to_text())
}

/// Messages as the page writes and reads them.
struct ForPage;

impl Translate for ForPage {
    fn to_far(&mut self, message: Message) -> Result<Option<Message>, CloseFrame> {
        let wrong = |reason: String| CloseFrame { code: CloseCode::Policy, reason: shortened(reason).into() };
        let text = match message {
            Message::Binary(_) => return Ok(Some(message)),
            Message::Text(text) => text,
            _ => return Ok(None),
        };
        match from_page(&text).map_err(|error| wrong(error.to_string()))? {
            FromPage::Text(rest) => Ok(Some(Message::Text(slice(&text, rest)))),
            FromPage::Command(Command::Ping(payload)) if payload.len() <= 125 => {
                Ok(Some(Message::Ping(payload.into())))
            }
            FromPage::Command(Command::Ping(payload)) => {
                Err(wrong(format!("a ping of {} bytes, 125 are the most", payload.len())))
            }
            FromPage::Command(Command::Close { code, reason }) => {
                let code = CloseCode::from(code);
                if !code.is_allowed() || reason.len() > 123 {
                    return Err(wrong(format!(
                        "close code {code} with a reason of {} bytes must not be sent",
                        reason.len()
                    )));
                }
                Ok(Some(Message::Close(Some(CloseFrame { code, reason: reason.into() }))))
            }
        }
    }

    fn to_near(&mut self, message: Message) -> Option<Message> {
        match message {
            Message::Binary(_) => Some(message),
            Message::Text(text) => Some(Message::text(["t", &text].concat())),
            Message::Ping(payload) => Some(event(&Event::Ping(payload.to_vec()))),
            Message::Pong(payload) => Some(event(&Event::Pong(payload.to_vec()))),
            Message::Close(_) | Message::Frame(_) => None,
        }
    }
}

/// A part of a text without a copy.
fn slice(text: &Utf8Bytes, part: &str) -> Utf8Bytes {
    let whole: &bytes::Bytes = text.as_ref();
    // A part of a text is a text.
    Utf8Bytes::try_from(whole.slice_ref(part.as_bytes())).unwrap_or_default()
}

/// The reason of a close frame has 123 bytes.
fn shortened(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(123));
    reason
}
