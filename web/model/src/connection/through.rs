//! Connections through Canyon's relay, and why a connection failed. Code that is loaded after the start.

use std::time::Duration;

use super::Connection;
use super::note::Note;
use crate::connection::ending::Ending;
use crate::connection::retry::BackOff;
use crate::connection::state::{ConnectionState, Opened};
use crate::data::time::Time;
use crate::shared::{Effect, Shared, SocketId};
use crate::why::{Attempt, Told, Why};

impl Connection {
    /// Whether one of its connections has gone through the relay, or has tried to.
    pub fn has_gone_through(&self) -> bool {
        self.has_gone_through
    }

    pub(super) fn connect_through(&mut self, now: Time, shared: &mut Shared) {
        if !matches!(self.state, ConnectionState::Idle(_) | ConnectionState::Reconnecting { .. }) {
            return;
        }
        self.back_off = BackOff::default();
        self.lost_at = None;
        (self.why, self.asked) = (None, None);
        self.is_through = true;
        self.open_socket(now, shared);
    }

    /// In the place of a socket of the browser's own.
    pub(super) fn open_through(&mut self, now: Time, url: String, subprotocols: Vec<String>, shared: &mut Shared) {
        self.note(now, &Note::Through("Connecting through Canyon".to_owned()));
        self.has_gone_through = true;
        let (connection, socket) = (self.id, self.socket);
        shared.effects.push(Effect::OpenThrough { connection, socket, url, subprotocols });
    }

    pub(super) fn relay_told(&mut self, now: Time, told: Told, shared: &mut Shared) {
        let is_connecting = self.state == ConnectionState::Connecting;
        match told {
            Told::Step(text) => self.note(now, &Note::Through(text)),
            Told::Opened { handshake_us, protocol, extensions } if is_connecting => {
                let handshake = Duration::from_micros(handshake_us);
                self.opened(now, Opened { handshake, protocol, extensions }, shared);
            }
            Told::Opened { .. } => {}
            Told::Failed { evidence, why } => {
                self.why = Some(Box::new(why));
                self.end(now, Ending::Through { evidence, was_open: !is_connecting }, shared);
            }
        }
    }

    /// Has the page find out why a connection of the browser's own failed, once for what the person has begun.
    pub(super) fn ask_why(&mut self, now: Time, ending: &Ending, shared: &mut Shared) {
        let was_open = matches!(ending, Ending::Lost(_));
        let is_failure = was_open || matches!(ending, Ending::Refused(_));
        if !is_failure || self.is_through || self.why.is_some() || self.asked.is_some() {
            return;
        }
        let Ok((url, subprotocols)) = self.parse_fields(shared) else { return };
        let attempt = Box::new(Attempt {
            url: url.to_string(),
            subprotocols: subprotocols.names().to_vec(),
            lasted_ms: now.0 - if was_open { self.opened_at } else { self.begun_at }.0,
            was_open,
            idle_ms: now.0 - self.last_message_at.0,
            code: ending.closed().map_or(0, |closed| closed.code),
            was_cached: false,
        });
        self.asked = Some(self.socket);
        shared.effects.push(Effect::Diagnose { connection: self.id, socket: self.socket, attempt });
    }

    pub(super) fn diagnosed(&mut self, socket: SocketId, why: Option<Box<Why>>) {
        if self.asked.take_if(|asked| *asked == socket).is_some() {
            self.why = why;
        }
    }

    /// Whether the page is finding out why the connection failed.
    pub fn is_asking_why(&self) -> bool {
        self.asked.is_some()
    }

    /// What is known about why the connection ended.
    pub fn why(&self) -> Option<&Why> {
        self.why.as_deref()
    }
}
