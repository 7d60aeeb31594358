//! Compares HTTP and WebSocket in the worker: the same exchanges one way after the other, so that none disturbs another.

mod fetching;
mod pushing;
mod socket;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use js_sys::JsString;
use measure::compare::bytes::{CLOSE_RECEIVED, CLOSE_SENT, Masked, frame};
use measure::compare::{Comparison, FEW, Measured, Plan, Way};
use measure::echo::Kind;
use measure::message::Messages;
use measure::round_trip::RoundTrips;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::WorkerGlobalScope;

use self::fetching::Fetching;
use self::socket::Socket;
use crate::browser_clock::now;

/// For all exchanges of one way, in milliseconds.
const LIMIT: u32 = 60_000;
/// Where each exchange goes over a WebSocket: nothing is compressed, as over HTTP.
const ECHO: &str = "/echo?deflate=no";

/// Compares, and has `post` pass on what was found after each way.
pub(crate) async fn compare(plan: Plan, post: impl Fn(&Comparison)) {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let mut found = Comparison::new(plan, scope.navigator().user_agent().unwrap_or_default());
    post(&found);
    let fetching = Fetching::new(scope, &found.plan);
    if let Err(why) = fetching.learn(&mut found).await {
        found.failure = Some(why);
    } else {
        socket::learn(&mut found).await;
        for way in Way::ALL {
            let measured = measured(way, &fetching, &found).await;
            found.measured.push(measured);
            post(&found);
        }
    }
    found.is_done = true;
    post(&found);
}

async fn measured(way: Way, fetching: &Fetching, found: &Comparison) -> Measured {
    let mut taken = Taken::default();
    let result = match way {
        Way::FetchOneByOne | Way::FetchLarge => fetching.one_by_one(way, found, &mut taken).await,
        Way::FetchAtOnce => fetching.at_once(found, &mut taken).await,
        Way::SocketOneByOne | Way::SocketLarge => one_by_one(way, found, &mut taken).await,
        Way::SocketAtOnce => at_once(found, &mut taken).await,
        Way::SocketEach => each(found, &mut taken).await,
        Way::Events => pushing::events(fetching, found, &mut taken).await,
        Way::SocketPushes => pushing::socket(found, &mut taken).await,
    };
    taken.measured(way, result.err())
}

/// What a way takes, while it is measured. Times are milliseconds.
#[derive(Default)]
struct Taken {
    times: RoundTrips,
    total: f64,
    sent: Option<u64>,
    received: Option<u64>,
    connections: Option<u32>,
    handshake: Option<f64>,
    wrong: u32,
}

impl Taken {
    fn measured(self, way: Way, failure: Option<String>) -> Measured {
        let micros = |milliseconds: f64| (milliseconds * 1000.0).round() as u64;
        let wrong = match self.wrong {
            0 => None,
            1 => Some("1 reply was not what was sent".to_owned()),
            wrong => Some(format!("{wrong} replies were not what was sent")),
        };
        Measured {
            way,
            times: self.times.percentiles(),
            total: micros(self.total),
            sent: self.sent,
            received: self.received,
            connections: self.connections,
            handshake: self.handshake.map(micros),
            failure: failure.or(wrong),
        }
    }
}

/// The text of exchange `number`.
fn message(way: Way, plan: &Plan, number: u32) -> JsString {
    let mut message = Vec::new();
    Messages::new(Kind::Text, 1).write(number.into(), plan.bytes(way) as usize, &mut message);
    String::from_utf8_lossy(&message).as_ref().into()
}

/// Before the time is taken.
fn messages(way: Way, plan: &Plan) -> Vec<JsString> {
    (0..plan.exchanges(way)).map(|number| message(way, plan, number)).collect()
}

async fn one_by_one(way: Way, found: &Comparison, taken: &mut Taken) -> Result<(), String> {
    let messages = messages(way, &found.plan);
    let begun = now();
    let mut socket = Socket::open(&found.plan.socket(ECHO)).await?;
    taken.handshake = Some(now() - begun);
    for message in &messages {
        let sent = now();
        socket.send(message)?;
        receive(&mut socket, message, sent, begun, taken).await?;
    }
    socket_bytes(way, found, taken, 1);
    Ok(())
}

async fn at_once(found: &Comparison, taken: &mut Taken) -> Result<(), String> {
    let way = Way::SocketAtOnce;
    let messages = messages(way, &found.plan);
    let begun = now();
    let mut socket = Socket::open(&found.plan.socket(ECHO)).await?;
    taken.handshake = Some(now() - begun);
    let mut sent = Vec::new();
    for message in &messages {
        sent.push(now());
        socket.send(message)?;
    }
    for (message, sent) in messages.iter().zip(sent) {
        receive(&mut socket, message, sent, begun, taken).await?;
    }
    socket_bytes(way, found, taken, 1);
    Ok(())
}

async fn each(found: &Comparison, taken: &mut Taken) -> Result<(), String> {
    let messages = messages(Way::SocketEach, &found.plan);
    let first = now();
    for message in &messages {
        let begun = now();
        let mut socket = Socket::open(&found.plan.socket(ECHO)).await?;
        socket.send(message)?;
        receive(&mut socket, message, begun, first, taken).await?;
        socket.close().await;
    }
    socket_bytes(Way::SocketEach, found, taken, FEW);
    Ok(())
}

/// Takes the answer to a message that was sent then, in a run that began then.
async fn receive(
    socket: &mut Socket,
    message: &JsString,
    sent: f64,
    begun: f64,
    taken: &mut Taken,
) -> Result<(), String> {
    let (at, data) = socket.next().await?;
    taken.times.record(at - sent);
    taken.total = at - begun;
    taken.wrong += u32::from(data != ***message);
    Ok(())
}

/// What exchanges over that many WebSockets come to, by the heads that the server counted and the sizes of frames.
fn socket_bytes(way: Way, found: &Comparison, taken: &mut Taken, sockets: u32) {
    let (count, size) = (u64::from(found.plan.exchanges(way)), u64::from(found.plan.bytes(way)));
    let heads = &found.heads;
    let of =
        |head: Option<u64>, close, masked| Some(u64::from(sockets) * (head? + close) + count * frame(size, masked));
    taken.sent = of(heads.handshake_request, CLOSE_SENT, Masked::Yes);
    taken.received = of(heads.handshake_response, CLOSE_RECEIVED, Masked::No);
    // Over HTTP/2 they are streams of a connection that serves requests as well.
    taken.connections = heads.handshake_request.map(|_| sockets);
}

/// A queue of what a browser's events bring.
fn queue<T>() -> (impl Fn(T) + Clone, UnboundedReceiver<T>) {
    let (sender, receiver) = unbounded();
    // It fails when nobody waits any more.
    (move |item| drop(sender.unbounded_send(item)), receiver)
}

/// What the browser threw, in words.
fn thrown(thrown: &JsValue) -> String {
    thrown
        .dyn_ref::<js_sys::Error>()
        .map_or_else(|| "the browser does not say why".to_owned(), |error| error.message().into())
}
