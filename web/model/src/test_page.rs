//! A test double of the page: runs effects as a browser would, and records them.

use std::time::Duration;

use crate::connection::ending::Closed;
use crate::connection::{Connection, ConnectionMsg, SocketEvent};
use crate::data::payload::Payload;
use crate::data::time::Time;
use crate::deferred::Loaded;
use crate::log::Entry;
use crate::matching::{MatchRequest, Regex};
use crate::shared::{ConnectionId, Effect, SocketId};
use crate::why::Attempt;
use crate::workbench::{Msg, Start, Workbench};

pub(crate) const URL: &str = "ws://localhost:12345/";

pub(crate) struct TestPage {
    pub(crate) workbench: Workbench,
    pub(crate) id: ConnectionId,
    pub(crate) now: Time,
    /// Of the last message, and of the reports that followed it, except `Send` and `Persist`.
    pub(crate) effects: Vec<Effect>,
    /// All that were opened.
    sockets: Vec<(ConnectionId, SocketId)>,
    /// Failures that were asked about.
    pub(crate) asked: Vec<(SocketId, Attempt)>,
    /// What the browser accepted.
    pub(crate) sent: Vec<Payload>,
    /// Whether the browser accepts messages.
    pub(crate) takes: bool,
    /// The `bufferedAmount` of the browser.
    pub(crate) buffered: u64,
}

impl TestPage {
    pub(crate) fn new() -> Self {
        let mut workbench = Workbench::new(Start {
            address: URL.to_owned(),
            seed: 42,
            time_origin: 1_795_368_000_000.0,
            check_regex,
            keep: |bytes| Box::new(bytes),
            parse_url,
        });
        workbench.update(Time::default(), Msg::DeferredLoaded(Loaded::proven()));
        let id = workbench.shown().id();
        let now = Time(1000.0);
        Self {
            workbench,
            id,
            now,
            effects: Vec::new(),
            sockets: Vec::new(),
            asked: Vec::new(),
            sent: Vec::new(),
            takes: true,
            buffered: 0,
        }
    }

    pub(crate) fn connecting() -> Self {
        let mut page = Self::new();
        page.dispatch(ConnectionMsg::Connect);
        page
    }

    pub(crate) fn open() -> Self {
        let mut page = Self::connecting();
        page.opens();
        page
    }

    pub(crate) fn closing() -> Self {
        let mut page = Self::open();
        page.dispatch(ConnectionMsg::Disconnect);
        page
    }

    pub(crate) fn connection(&self) -> &Connection {
        self.workbench.connection(self.id).unwrap()
    }

    pub(crate) fn dispatch(&mut self, msg: ConnectionMsg) {
        self.update(Msg::Connection(self.id, msg));
    }

    pub(crate) fn update(&mut self, msg: Msg) {
        self.effects.clear();
        self.run(msg);
    }

    fn run(&mut self, msg: Msg) {
        for effect in self.workbench.update(self.now, msg) {
            match effect {
                Effect::Send { connection, message } => {
                    let report = if self.takes {
                        self.sent.push(message.payload.clone());
                        ConnectionMsg::Sent { message, buffered: self.buffered }
                    } else {
                        ConnectionMsg::NotSent(message)
                    };
                    self.run(Msg::Connection(connection, report));
                }
                Effect::Match { connection, request } => {
                    let matches = Ok(matches(&request));
                    self.run(Msg::Connection(connection, ConnectionMsg::Matched(request.id, matches)));
                }
                Effect::Persist(_) => {}
                Effect::Diagnose { socket, attempt, .. } => self.asked.push((socket, *attempt)),
                Effect::Open { connection, socket, .. } => {
                    self.sockets.push((connection, socket));
                    self.effects.push(effect);
                }
                effect => self.effects.push(effect),
            }
        }
    }

    /// Lets time pass, with a tick whenever one is due.
    pub(crate) fn wait(&mut self, ms: f64) {
        let end = self.now.after(ms);
        while let Some(due) = self.workbench.due(self.now).filter(|&due| due <= end) {
            assert!(due > self.now, "what is due at {due:?} was so at {:?} already", self.now);
            self.now = due;
            self.update(Msg::Tick);
        }
        self.now = end;
    }

    pub(crate) fn newest_socket(&self) -> SocketId {
        self.sockets.iter().rev().find(|(id, _)| *id == self.id).map(|&(_, socket)| socket).unwrap()
    }

    pub(crate) fn socket(&mut self, event: SocketEvent) {
        self.dispatch(ConnectionMsg::Socket(self.newest_socket(), event));
    }

    pub(crate) fn opens(&mut self) {
        self.socket(SocketEvent::Open {
            handshake: Duration::ZERO,
            protocol: String::new(),
            extensions: String::new(),
        });
    }

    pub(crate) fn closes(&mut self, code: u16) {
        self.socket(SocketEvent::Close(closed(code)));
    }

    pub(crate) fn receives(&mut self, message: &str) {
        self.socket(SocketEvent::Message(text(message)));
    }

    pub(crate) fn send(&mut self, draft: &str) {
        self.dispatch(ConnectionMsg::DraftTyped(draft.to_owned()));
        self.dispatch(ConnectionMsg::Send);
    }

    pub(crate) fn last(&self) -> Entry<'_> {
        let log = self.connection().log();
        log.entry(log.last_seq()).unwrap()
    }

    /// The previews of all entries.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.connection().log().iter_from(0).map(|entry| entry.content.preview()).collect()
    }
}

/// Test doubles of `RegExp`, which knows `^` at the beginning and the flag `i`.
pub(crate) fn check_regex(regex: &Regex) -> Result<(), String> {
    if regex.expression.starts_with('^') { Ok(()) } else { Err(format!("no ^ in {}", regex.expression)) }
}

pub(crate) fn matches(request: &MatchRequest) -> Vec<bool> {
    let Regex { expression, flags } = &request.regex;
    let is_match = |text: &String| match flags.as_str() {
        "i" => text.to_lowercase().starts_with(&expression[1..].to_lowercase()),
        _ => text.starts_with(&expression[1..]),
    };
    request.texts.iter().map(is_match).collect()
}

/// The same standard as the browser's parser.
pub(crate) fn parse_url(text: &str) -> Option<String> {
    url::Url::parse(text).ok().map(String::from)
}

pub(crate) fn text(text: &str) -> Payload {
    Payload::Text(text.to_owned())
}

pub(crate) fn closed(code: u16) -> Closed {
    Closed { code, reason: String::new(), was_clean: code != 1006 }
}
