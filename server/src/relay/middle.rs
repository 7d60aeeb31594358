//! One WebSocket of `canyon relay`: the other server is connected to before the client is answered, so that the answer is the
//! other server's.

use std::{io, mem, sync::Arc};

use bytes::BytesMut;
use hyper::StatusCode;
use tokio::{io::AsyncWriteExt, sync::mpsc};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{CloseFrame, Role},
    },
};
use wire::{
    event,
    relay::{Cause, Event},
};

use super::{
    dial::Far,
    failure::Failure,
    onward::Onward,
    plan::is_reserved,
    pump::{End, Pair, Side, Translate},
    target::Rules,
};
use crate::{
    budget::Charge,
    config::bytes,
    connection::{Connected, Guards},
    http::{handshake::Accepted, opening, response},
    inspect::Tap,
    peer::Peer,
    session::{self, FrameLayer, Meter},
    shared::Shared,
    traffic::Carrier,
    transport::Transport,
};

/// A client whose handshake is in order, and not answered yet.
pub(crate) struct Client {
    pub(crate) transport: Transport,
    /// What it has sent behind the handshake.
    pub(crate) read_ahead: BytesMut,
    pub(crate) accepted: Box<Accepted>,
}

/// Connects to the other server, answers the client with what came of it, and passes messages until one of them ends. Gives the
/// client's stream back to be closed.
pub(crate) async fn serve(mut client: Client, onward: Onward, guards: &mut Guards, shared: Arc<Shared>) -> Transport {
    let (events, mut happened) = mpsc::unbounded_channel();
    let dialed = tokio::select! {
        () = shared.shutdown.draining() => Err(Failure::new(Cause::NotAllowed, "the server is shutting down")),
        dialed = dial(&onward, &shared, &events) => dialed,
    };
    drop(events);
    let mut way = Way::default();
    while let Ok(event) = happened.try_recv() {
        way.note(event);
    }
    let charged = dialed.and_then(|far| match guards.charge_for_far_side() {
        Ok(charge) => Ok((far, charge)),
        Err(overdrawn) => Err(Failure::new(Cause::NotAllowed, overdrawn)),
    });
    let (answer, far) = match charged {
        Ok((far, charge)) => {
            client.accepted.choose_subprotocol(&far.terms.subprotocol);
            (opening::head::with_headers(&client.accepted, way.passed_headers()), Some((far, charge)))
        }
        Err(failure) => {
            tracing::info!(
                connection = guards.connection,
                "No WebSocket to {}: {}",
                onward.plan.authority,
                failure.evidence
            );
            (way.refusal(&failure).into_bytes(), None)
        }
    };
    if let Some(tap) = &client.accepted.tap {
        tap.written_response(&answer);
    }
    let written = write(&mut client.transport, &answer).await;
    match (far, written) {
        (Some((far, charge)), Ok(())) => {
            let tap = tap_of_far_side(&onward, &far, way, (client.accepted.peer, guards.connection), &shared);
            carry(client, far, (charge, tap), &onward, guards, shared).await
        }
        // Nobody is there to be told.
        (_, Err(_)) | (None, Ok(())) => client.transport,
    }
}

async fn write(transport: &mut Transport, answer: &[u8]) -> io::Result<()> {
    transport.write_all(answer).await?;
    transport.flush().await
}

async fn dial(onward: &Onward, shared: &Shared, events: &mpsc::UnboundedSender<Event>) -> Result<Far, Failure> {
    let threshold = bytes(shared.config.compression.deflate_threshold);
    let times = (threshold, *shared.config.limits.write_timeout);
    shared.dialer.dial(&onward.plan, Rules::OfOperator, times, events).await
}

/// Passes messages until one side ends, and says in the log which one is at fault.
async fn carry(
    client: Client,
    far: Far,
    (charge, far_tap): (Charge, Option<Box<Tap>>),
    onward: &Onward,
    guards: &mut Guards,
    shared: Arc<Shared>,
) -> Transport {
    let Client { transport, read_ahead, mut accepted } = client;
    let mut connected = Connected::new(accepted.peer, guards.connection, Arc::clone(&shared));
    connected.carried_by(Carrier::Session);
    let limits = &shared.config.limits;
    let mut tap = accepted.tap.take();
    if let Some(tap) = &mut tap {
        tap.received(&read_ahead);
    }
    let meter = Meter::new(mem::take(&mut guards.charge), *limits.message_timeout);
    let near = FrameLayer::new(transport, read_ahead, shared.frame_limits(), accepted.deflate)
        .with_meter(meter, Transport::has_hung_up)
        .with_tap(tap);
    let near = WebSocketStream::from_raw_socket(near, Role::Server, Some(session::settings(limits))).await;
    let mut pair = Pair { near, far: far.into_socket(charge, far_tap, &shared).await };
    let treatments = shared.config.gateway.as_ref().map(|gateway| gateway.treatments()).unwrap_or_default();
    let end = pair.run(treatments, &mut AsItIs, &shared).await;
    pair.count(&mut connected);
    if let Some(verdict) = verdict(&end, &onward.plan.authority) {
        tracing::info!(connection = guards.connection, "{verdict}");
    }
    pair.finish(&end, *limits.close_timeout).await
}

/// Which side is at fault for an end, if one is.
fn verdict(end: &End, authority: &str) -> Option<String> {
    let name = |side: &Side| match side {
        Side::Near => "The client".to_owned(),
        Side::Far => format!("The server {authority}"),
    };
    match end {
        End::Fault(side, frame) => Some(format!("{} was given up ({}): {}", name(side), frame.code, frame.reason)),
        End::Cut(side) => Some(format!("{} ended the connection without a close frame", name(side))),
        End::Spent => {
            Some("The connection was dropped: as many messages have passed as --drop-after allows".to_owned())
        }
        End::Closed | End::Drained => None,
    }
}

/// Tells the wire of the far side, under a number of its own, to those who may see the client's.
fn tap_of_far_side(
    onward: &Onward,
    far: &Far,
    way: Way,
    (peer, near): (Peer, u64),
    shared: &Shared,
) -> Option<Box<Tap>> {
    // Without room for it, the client's side is told alone.
    let tap = shared.inspect.tap(&onward.uri, peer, shared.inspect.number()).ok().flatten()?;
    let lines = far.request.lines().skip(1).filter_map(|line| line.split_once(": "));
    tap.request(event::Request {
        peer: way.address,
        stream_of: None,
        relay_of: Some(near),
        tls: way.tls,
        version: "HTTP/1.1".to_owned(),
        method: "GET".to_owned(),
        target: onward.plan.target.clone(),
        headers: lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        head_bytes: Some(far.request.len() as u64),
    });
    tap.response_of_server(way.status, way.headers);
    Some(tap.into())
}

/// What has happened on the way to the other server.
#[derive(Debug, Default)]
struct Way {
    address: String,
    tls: Option<event::Tls>,
    /// 0 before there is a response.
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Way {
    fn note(&mut self, event: Event) {
        match event {
            Event::Connected { address, .. } => self.address = address,
            Event::Secured { version, cipher, .. } => {
                self.tls = Some(event::Tls { version, cipher, alpn: None, server_name: None });
            }
            Event::Responded { status, headers, body, .. } => {
                (self.status, self.headers, self.body) = (status, headers, body);
            }
            _ => {}
        }
    }

    /// The headers of the other server that are not about its connection, nor about a body that is not passed as it was.
    fn passed_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_own = |name: &str| ["date", "content-length", "content-type", "content-encoding"].contains(&name);
        let headers = self.headers.iter().filter(move |(name, value)| {
            let lower = name.to_ascii_lowercase();
            // A line of another server that would be two of ours is left out.
            !is_reserved(&lower) && !is_own(&lower) && !value.contains(['\r', '\n'])
        });
        headers.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The answer to a client for which there is no WebSocket: the other server's, or a sentence of this one.
    fn refusal(&self, failure: &Failure) -> String {
        let passed = StatusCode::from_u16(self.status).ok().filter(|status| status.as_u16() >= 200);
        match passed {
            Some(status) => {
                let headers = self.passed_headers().map(|(name, value)| format!("{name}: {value}\r\n"));
                response(status, &headers.collect::<String>(), self.body.trim_end())
            }
            None => {
                let status = match failure.cause {
                    Cause::NotAllowed => StatusCode::SERVICE_UNAVAILABLE,
                    Cause::TimedOut => StatusCode::GATEWAY_TIMEOUT,
                    _ => StatusCode::BAD_GATEWAY,
                };
                response(status, "", &failure.evidence)
            }
        }
    }
}

/// Messages as they are. Pings and pongs are each connection's own.
struct AsItIs;

impl Translate for AsItIs {
    fn to_far(&mut self, message: Message) -> Result<Option<Message>, CloseFrame> {
        Ok(self.to_near(message))
    }

    fn to_near(&mut self, message: Message) -> Option<Message> {
        matches!(message, Message::Text(_) | Message::Binary(_)).then_some(message)
    }
}
