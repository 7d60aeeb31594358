//! A WebSocket whose events are waited for one after the other.

use futures_channel::mpsc::UnboundedReceiver;
use gloo_timers::callback::Timeout;
use js_sys::{JSON, JsString, Reflect};
use measure::compare::bytes::DATE;
use measure::compare::{Comparison, bytes};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::browser_socket::{self, BrowserSocket};

use super::{ECHO, LIMIT, queue};
use crate::browser_clock::now;

#[wasm_bindgen]
extern "C" {
    /// A `WebSocket` that sends a text as `fetch` sends it: without a copy of it from WebAssembly, whose time would count.
    type TextSocket;

    #[wasm_bindgen(method, catch)]
    fn send(this: &TextSocket, text: &JsString) -> Result<(), JsValue>;
}

pub(super) struct Socket {
    socket: BrowserSocket,
    events: UnboundedReceiver<Event>,
    _limit: Timeout,
}

enum Event {
    Open,
    Message(f64, JsValue),
    Closed(String),
}

impl Socket {
    pub(super) async fn open(url: &str) -> Result<Self, String> {
        let socket = browser_socket::open(url, &[])?;
        let (opened, events) = queue();
        let [received, closed, late] = [(); 3].map(|()| opened.clone());
        let socket = BrowserSocket::new(
            socket,
            move |_| opened(Event::Open),
            move |event| received(Event::Message(now(), event.data())),
            move |event| closed(Event::Closed(format!("the WebSocket closed with code {}", event.code()))),
        );
        let limit = Timeout::new(LIMIT, move || late(Event::Closed(format!("it took longer than {} s", LIMIT / 1000))));
        let mut socket = Self { socket, events, _limit: limit };
        match socket.events.recv().await {
            Ok(Event::Open) => Ok(socket),
            Ok(Event::Closed(why)) => Err(why),
            Ok(Event::Message(..)) | Err(_) => Err("the WebSocket did not open".to_owned()),
        }
    }

    pub(super) fn send(&self, message: &JsString) -> Result<(), String> {
        let socket: &TextSocket = self.socket.socket.unchecked_ref();
        socket.send(message).map_err(|thrown| super::thrown(&thrown))
    }

    /// The next message, and when it came.
    pub(super) async fn next(&mut self) -> Result<(f64, JsValue), String> {
        match self.events.recv().await {
            Ok(Event::Message(at, data)) => Ok((at, data)),
            Ok(Event::Closed(why)) => Err(why),
            Ok(Event::Open) | Err(_) => Err("the WebSocket has ended".to_owned()),
        }
    }

    /// Closes it, and waits for the server to do the same.
    pub(super) async fn close(mut self) {
        // It fails only for a code that is not allowed.
        let _ = self.socket.socket.close_with_code(1000);
        while self.next().await.is_ok() {}
    }
}

/// Learns the sizes of a handshake's heads from a server that shows its wire; else they stay unknown.
pub(super) async fn learn(found: &mut Comparison) {
    // A refusal is no failure: the figures are dashes.
    let _ = learned(found).await;
}

async fn learned(found: &mut Comparison) -> Result<(), String> {
    let id = random_id();
    let parameter = format!("&inspect={id}");
    let mut watcher = Socket::open(&found.plan.socket(&format!("/inspect/{id}"))).await?;
    let watched = Socket::open(&found.plan.socket(&[ECHO, &parameter].concat())).await?;
    loop {
        let (_, line) = watcher.next().await?;
        let event = line.as_string().and_then(|line| JSON::parse(&line).ok()).unwrap_or_default();
        match field(&event, "event").as_string().as_deref() {
            Some("request") => {
                let head = field(&event, "head_bytes").as_f64();
                found.heads.handshake_request = head.map(|head| head as u64 - parameter.len() as u64);
            }
            Some("response") => {
                // Over HTTP/2 heads are compressed.
                if found.heads.handshake_request.is_some() {
                    found.heads.handshake_response = Some(response_head(&field(&event, "headers")));
                }
                watched.close().await;
                return Ok(());
            }
            _ => {}
        }
    }
}

/// The event has no date, and the response has.
fn response_head(headers: &JsValue) -> u64 {
    let pairs: Vec<[String; 2]> = js_sys::Array::from(headers)
        .iter()
        .map(|pair| [0, 1].map(|at| js_sys::Array::from(&pair).get(at).as_string().unwrap_or_default()))
        .collect();
    bytes::response_head("Switching Protocols", pairs.iter().map(|[name, value]| (&**name, &**value))) + DATE
}

pub(super) fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

/// 16 bytes in base64url, of which the last digit has two.
fn random_id() -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digit = |_| char::from(digits[(js_sys::Math::random() * 64.0) as usize % 64]);
    (0..21).map(digit).chain(['A']).collect()
}
