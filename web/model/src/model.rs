//! The page's state and the one function that changes it. It never runs an effect: it returns them, for their one
//! owner to run.

use std::time::Duration;

use wire::Behaviour;

use crate::address::WsUrl;
use crate::close::CloseFrame;
use crate::ending::{Closed, Ending};
use crate::log::{Body, Log, Note};
use crate::payload::Payload;
use crate::state::{Opened, State};
use crate::subprotocols::Subprotocols;

/// A moment, in milliseconds since the page was opened: the clock of `Event.timeStamp` and `performance.now()`.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Time(pub f64);

impl Time {
    /// How long ago `earlier` was; none at all where a coarse clock has it later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::try_from_secs_f64((self.0 - earlier.0) / 1000.0).unwrap_or_default()
    }
}

/// Tells one socket from the one before, whose late events change nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SocketId(u32);

/// What a socket reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEvent {
    /// The handshake is done.
    Open {
        /// The subprotocol chosen, empty for none.
        protocol: String,
        /// The extensions agreed upon, empty for none.
        extensions: String,
    },
    /// A message came.
    Message(Payload),
    /// It is closed; nothing comes after this.
    Close(Closed),
}

/// Everything that can happen to the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// The address field holds this now.
    AddressTyped(String),
    /// The field of subprotocols holds this now.
    SubprotocolsTyped(String),
    /// The person wants this of the server.
    BehaviourChosen(Behaviour),
    /// The message box holds this now.
    DraftTyped(String),
    /// The person wants a connection.
    Connect,
    /// The person wants none: closes an open one, gives up on one that opens or closes.
    Disconnect,
    /// The person wants the draft sent.
    Send,
    /// The person wants an empty log.
    ClearLog,
    /// The browser would not make a socket, for this reason.
    NotConnected(String),
    /// A socket reports.
    Socket(SocketId, SocketEvent),
    /// The browser took this for sending.
    Sent(Payload),
    /// The browser did not take this, for there is no open connection any more.
    NotSent(Payload),
    /// So many bytes wait in the browser to be sent.
    Buffered(u64),
}

/// What the model wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make a socket, in place of any there is.
    Open {
        /// Its name in each of its events.
        id: SocketId,
        /// Where to.
        url: WsUrl,
        /// What to offer.
        subprotocols: Subprotocols,
    },
    /// Send on the socket, and report [`Msg::Sent`] or [`Msg::NotSent`].
    Send(Payload),
    /// Begin to close the socket.
    Close(CloseFrame),
    /// Let go of the socket: it is closed, or not wanted any more.
    Release,
}

/// Why there is no connection, told beside the field that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The address is wrong.
    Address(String),
    /// The subprotocols are.
    Subprotocols(String),
}

/// The page's state.
#[derive(Debug, Default)]
pub struct Model {
    /// What the address field holds.
    address: String,
    /// What the field of subprotocols holds.
    subprotocols: String,
    /// What the message box holds. Only sending it, or leaving by it, empties it.
    draft: String,
    /// What was wrong with the last wish to connect, until the field is changed.
    problem: Option<Problem>,
    state: State,
    /// The newest socket.
    socket: SocketId,
    /// Bytes that wait in the browser to be sent.
    buffered: u64,
    log: Log,
}

impl Model {
    /// A fresh page that shows this address.
    pub fn new(address: String) -> Self {
        Self { address, ..Self::default() }
    }

    /// What the address field holds.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What the field of subprotocols holds.
    pub fn subprotocols(&self) -> &str {
        &self.subprotocols
    }

    /// What the message box holds.
    pub fn draft(&self) -> &str {
        &self.draft
    }

    /// What was wrong with the last wish to connect.
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// Where the connection stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Bytes that wait in the browser to be sent.
    pub fn buffered(&self) -> u64 {
        self.buffered
    }

    /// What happened so far.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Takes in what happened at `now`, and returns what is to be done, in order.
    pub fn update(&mut self, now: Time, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::AddressTyped(text) => {
                self.address = text;
                self.problem = None;
            }
            Msg::SubprotocolsTyped(text) => {
                self.subprotocols = text;
                self.problem = None;
            }
            Msg::BehaviourChosen(behaviour) => self.choose(behaviour),
            Msg::DraftTyped(text) => self.draft = text,
            Msg::Connect => return self.connect(now),
            Msg::Disconnect => return self.disconnect(now),
            Msg::Send => return self.send(),
            Msg::ClearLog => self.log.clear(),
            Msg::NotConnected(why) => {
                self.note(now, Note::NotConnected(why.clone()));
                self.problem = Some(Problem::Address(why));
                self.state = State::Idle(None);
            }
            Msg::Socket(id, event) if id == self.socket => return self.socket_event(now, event),
            Msg::Socket(_, _) => {}
            Msg::Sent(payload) => self.log.push(now, Body::Sent(payload)),
            Msg::NotSent(payload) => self.not_sent(now, payload),
            Msg::Buffered(bytes) => self.buffered = bytes,
        }
        Vec::new()
    }

    /// Keeps the server of the address, and asks it for another behaviour.
    fn choose(&mut self, behaviour: Behaviour) {
        match self.address.parse::<WsUrl>() {
            Ok(url) => {
                self.address = url.at(&behaviour).to_string();
                self.problem = None;
            }
            Err(error) => self.problem = Some(Problem::Address(error.to_string())),
        }
    }

    fn connect(&mut self, now: Time) -> Vec<Effect> {
        if !matches!(self.state, State::Idle(_)) {
            return Vec::new();
        }
        let (url, subprotocols) = match self.parse_fields() {
            Ok(parsed) => parsed,
            Err(problem) => {
                self.problem = Some(problem);
                return Vec::new();
            }
        };
        self.problem = None;
        self.socket.0 += 1;
        self.state = State::Connecting { since: now };
        self.note(now, Note::Connecting(url.clone()));
        vec![Effect::Open { id: self.socket, url, subprotocols }]
    }

    fn parse_fields(&self) -> Result<(WsUrl, Subprotocols), Problem> {
        let url = self.address.parse::<WsUrl>().map_err(|error| Problem::Address(error.to_string()))?;
        let subprotocols =
            self.subprotocols.parse::<Subprotocols>().map_err(|error| Problem::Subprotocols(error.to_string()))?;
        Ok((url, subprotocols))
    }

    fn disconnect(&mut self, now: Time) -> Vec<Effect> {
        match std::mem::take(&mut self.state) {
            State::Idle(ending) => {
                self.state = State::Idle(ending);
                Vec::new()
            }
            State::Connecting { .. } => self.end(now, Ending::Cancelled),
            State::Open(opened) => {
                self.state = State::Closing(opened);
                vec![Effect::Close(CloseFrame::normal())]
            }
            State::Closing(_) => self.end(now, Ending::Unanswered),
        }
    }

    /// Sends the draft, or leaves by it. Without an open connection the draft stays as it is.
    fn send(&mut self) -> Vec<Effect> {
        let State::Open(opened) = &self.state else { return Vec::new() };
        let draft = std::mem::take(&mut self.draft);
        if draft.trim().eq_ignore_ascii_case("quit") {
            self.state = State::Closing(opened.clone());
            return vec![Effect::Close(CloseFrame::normal())];
        }
        vec![Effect::Send(Payload::Text(draft))]
    }

    /// What was not sent goes back into the box, unless something else has been typed there.
    fn not_sent(&mut self, now: Time, payload: Payload) {
        self.note(now, Note::NotSent);
        if let Payload::Text(text) = payload
            && self.draft.is_empty()
        {
            self.draft = text;
        }
    }

    fn socket_event(&mut self, now: Time, event: SocketEvent) -> Vec<Effect> {
        match (std::mem::take(&mut self.state), event) {
            (State::Connecting { since }, SocketEvent::Open { protocol, extensions }) => {
                let opened = Opened { handshake: now.since(since), protocol, extensions };
                self.note(now, Note::Opened(opened.clone()));
                self.state = State::Open(opened);
                Vec::new()
            }
            (State::Connecting { .. }, SocketEvent::Close(closed)) => self.end(now, Ending::Refused(closed)),
            (State::Open(_), SocketEvent::Close(closed)) => self.end(now, Ending::of_open(closed)),
            (State::Closing(_), SocketEvent::Close(closed)) => self.end(now, Ending::of_closing(closed)),
            (state @ (State::Open(_) | State::Closing(_)), SocketEvent::Message(payload)) => {
                self.log.push(now, Body::Received(payload));
                self.state = state;
                Vec::new()
            }
            // No browser sends these: a message before the open event, a second open, anything after the end.
            (state, _) => {
                self.state = state;
                Vec::new()
            }
        }
    }

    fn end(&mut self, now: Time, ending: Ending) -> Vec<Effect> {
        self.note(now, Note::Ended(ending.clone()));
        self.state = State::Idle(Some(ending));
        self.buffered = 0;
        vec![Effect::Release]
    }

    fn note(&mut self, now: Time, note: Note) {
        self.log.push(now, Body::Note(note));
    }
}

#[cfg(test)]
mod tests;
