//! How a connection through the relay came about, or did not: each step with its time, the response, pings, and the cause
//! of a failure.

use std::time::Duration;

use model::why::Told;
use model::{Span, encode_hex};
use wire::relay::{Event, Request};

use crate::why::of_relay;

/// The newest connection of one of the page's connections through the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Through {
    /// Without the relay's token.
    pub request: Request,
    /// What the relay has told, without pings and pongs.
    events: Vec<Event>,
}

/// A step of connecting, and the time that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectStep {
    pub name: &'static str,
    pub time: Duration,
    pub result: String,
}

/// The server's answer to the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    pub status: u16,
    pub headers: &'a [(String, String)],
    pub body: &'a str,
}

impl Through {
    pub fn new(request: Request) -> Self {
        Self { request, events: Vec::new() }
    }

    /// Takes note of an event. Returns what the page has to know of it, in this order.
    pub fn add(&mut self, event: Event) -> Vec<Told> {
        let step = words(&event).map(Told::Step);
        if matches!(event, Event::Ping(_) | Event::Pong(_)) {
            return step.into_iter().collect();
        }
        self.events.push(event.clone());
        let outcome = match event {
            Event::Opened { subprotocol, extensions } => Some(Told::Opened {
                handshake_us: self.steps().iter().map(|step| step.time.as_micros() as u64).sum(),
                protocol: subprotocol,
                extensions,
            }),
            Event::Failed { evidence, .. } => of_relay(&self.events, false).map(|why| Told::Failed { evidence, why }),
            _ => None,
        };
        step.into_iter().chain(outcome).collect()
    }

    /// In the order in which they were taken.
    pub fn steps(&self) -> Vec<ConnectStep> {
        self.events.iter().filter_map(step).collect()
    }

    pub fn answer(&self) -> Option<Answer<'_>> {
        self.events.iter().find_map(|event| match event {
            Event::Responded { status, headers, body, .. } => Some(Answer { status: *status, headers, body }),
            _ => None,
        })
    }
}

fn step(event: &Event) -> Option<ConnectStep> {
    let (name, us, result) = match event {
        Event::Resolved { us, addresses } => ("DNS", us, addresses.join(", ")),
        Event::Connected { us, address } => ("TCP", us, address.clone()),
        Event::Secured { us, version, cipher } => ("TLS", us, [version, " · ", cipher].concat()),
        Event::Responded { us, status, .. } => ("Upgrade", us, format!("status {status}")),
        _ => return None,
    };
    Some(ConnectStep { name, time: Duration::from_micros(*us), result })
}

/// For the log.
fn words(event: &Event) -> Option<String> {
    let with = |what: &str, bytes: &[u8]| match bytes {
        [] => what.to_owned(),
        bytes => format!("{what}, payload {}", encode_hex(bytes)),
    };
    match event {
        Event::Ping(payload) => Some(with("The server sent a ping, and has its pong", payload)),
        Event::Pong(payload) => Some(with("The server sent a pong", payload)),
        event => step(event).map(|step| format!("{}: {} after {}", step.name, step.result, Span(step.time))),
    }
}

#[cfg(test)]
mod tests {
    use wire::relay::Cause;

    use super::*;

    fn through() -> Through {
        Through::new(Request::new("", "ws://localhost/"))
    }

    #[test]
    fn the_steps_of_the_relay_add_up_to_the_handshake() {
        let mut through = through();
        let told = through.add(Event::Connected { us: 300, address: "127.0.0.1:1".to_owned() });
        assert_eq!(told, [Told::Step("TCP: 127.0.0.1:1 after 0.30 ms".to_owned())]);
        through.add(Event::Responded { us: 200, status: 101, headers: Vec::new(), body: String::new() });
        let opened = through.add(Event::Opened { subprotocol: "chat".to_owned(), extensions: String::new() });
        let expected = Told::Opened { handshake_us: 500, protocol: "chat".to_owned(), extensions: String::new() };
        assert_eq!(opened, [expected]);
        assert_eq!(
            through.add(Event::Ping(vec![1, 2])),
            [Told::Step("The server sent a ping, and has its pong, payload 01 02".to_owned())]
        );
        assert_eq!((through.steps().len(), through.answer().map(|answer| answer.status)), (2, Some(101)));
    }

    #[test]
    fn a_failure_is_told_with_its_cause() {
        let failed = Event::Failed { cause: Cause::Refused, evidence: "127.0.0.1:1: refused".to_owned() };
        let told = through().add(failed);
        let [Told::Failed { evidence, why }] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((evidence.as_str(), why.cause.as_str()), ("127.0.0.1:1: refused", "Nothing listens on this port"));
    }
}
