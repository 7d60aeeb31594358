//! The page's state and the one function that changes it. It never runs an effect: it returns them, for their one
//! owner to run.

mod message;
mod persist;

use self::persist::decoded;
use crate::archive::{self, ArchiveFormat};
use crate::connection::address::ParseUrl;
use crate::connection::setup::Setup;
use crate::connection::{Connection, ConnectionMsg};
use crate::data::payload::Payload;
use crate::data::time::Time;
use crate::log::filter::Compile;
use crate::sending::sequence::Sequence;
use crate::shared::{ConnectionId, Effect, Shared};
use crate::stored::document::Document;
use crate::stored::link::Link;
use crate::stored::saved::{History, Saved};
use crate::stored::settings::Settings;
use crate::stored::storage_error::StorageError;

pub use self::message::{Extent, Msg, Subject};

/// What the model cannot know by itself.
#[derive(Debug, Clone)]
pub struct Start {
    /// The address that a fresh connection shows.
    pub address: String,
    /// Any number, another one each time: all random numbers come from it.
    pub seed: u64,
    /// [`performance.timeOrigin`](https://developer.mozilla.org/en-US/docs/Web/API/Performance/timeOrigin): the moment
    /// zero of [`Time`], in milliseconds since 1970.
    pub time_origin: f64,
    /// Makes matchers of regular expressions.
    pub compile: Compile,
    pub parse_url: ParseUrl,
}

/// The page's state.
#[derive(Debug)]
pub struct Workbench {
    /// At least one, in the order of the tabs.
    connections: Vec<Connection>,
    /// The index of the one that is seen.
    shown: usize,
    last_id: ConnectionId,
    /// What was wrong with the last change or import of stored things.
    problem: Option<(Subject, String)>,
    /// Why the browser did not keep what it was given last.
    storage_error: Option<StorageError>,
    /// What a fresh connection shows as its address.
    address: String,
    shared: Shared,
}

impl Workbench {
    /// Connections at most: each has a log of its own.
    pub const MAX_CONNECTIONS: usize = 32;
    /// Saved sequences at most.
    pub const MAX_SEQUENCES: usize = 200;

    /// A fresh page with one connection.
    pub fn new(start: Start) -> Self {
        let shared = Shared::new(start.seed, start.time_origin, start.compile, start.parse_url);
        let mut workbench = Self {
            connections: Vec::new(),
            shown: 0,
            last_id: ConnectionId::default(),
            problem: None,
            storage_error: None,
            address: start.address,
            shared,
        };
        workbench.add();
        workbench
    }

    /// The connections, in the order of their tabs; never none.
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// The one that is seen.
    pub fn shown(&self) -> &Connection {
        &self.connections[self.shown]
    }

    /// The one of that id, if it has not been removed.
    pub fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.id() == id)
    }

    /// What the person has chosen for the page.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The saved messages.
    pub fn saved(&self) -> &[Saved] {
        self.shared.library.all()
    }

    /// The saved sequences, in the order of their names.
    pub fn sequences(&self) -> &[Sequence] {
        &self.shared.sequences
    }

    /// Another number whenever what is to be kept has changed.
    pub fn revision(&self, document: Document) -> u32 {
        self.shared.revisions[document as usize]
    }

    /// What was wrong with the last change or import of stored things, if that was about this.
    pub fn problem(&self, subject: Subject) -> Option<&str> {
        let (about, text) = self.problem.as_ref()?;
        (*about == subject).then_some(text)
    }

    /// Why what changes now is gone with a reload, where it is.
    pub fn storage_error(&self) -> Option<StorageError> {
        self.storage_error
    }

    /// What was sent by hand, newest first.
    pub fn history(&self) -> &History {
        &self.shared.history
    }

    /// The message that a connection's draft would become now, templates and all; what a person sends next is this.
    ///
    /// # Errors
    /// What is wrong with it, with place and value.
    pub fn preview(&self, id: ConnectionId, now: Time) -> Result<Payload, String> {
        let connection = self.connection(id).ok_or("this connection has been removed")?;
        connection.preview(self.shared.epoch_ms(now), self.shared.random.clone())
    }

    /// A moment in milliseconds since 1970.
    pub fn epoch_ms(&self, at: Time) -> u64 {
        self.shared.epoch_ms(at)
    }

    /// Writes the log of a connection, or what is shown of it, as a file, piece by piece.
    pub fn export(&self, id: ConnectionId, format: ArchiveFormat, extent: Extent, sink: &mut dyn FnMut(&str)) {
        let Some(connection) = self.connection(id) else { return };
        let (log, rows) = (connection.log(), connection.rows());
        let shown = (rows.first()..rows.end()).filter_map(|ordinal| log.entry(rows.seq(ordinal)?));
        let (url, origin) = (&connection.setup().address, self.shared.time_origin);
        match extent {
            Extent::All => archive::export(format, url, origin, &mut log.iter_from(0), sink),
            Extent::Shown => archive::export(format, url, origin, &mut { shown }, sink),
        }
    }

    /// When it wants [`Msg::Tick`] next, if at all: one timer is enough.
    pub fn due(&self, now: Time) -> Option<Time> {
        self.connections.iter().map(|connection| connection.due(now, &self.shared)).fold(None, Time::earliest)
    }

    /// Takes in what happened at `now`, and returns what is to be done, in order.
    pub fn update(&mut self, now: Time, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Connection(id, msg) => {
                if let Some(index) = self.index(id) {
                    self.connections[index].update(now, msg, &mut self.shared);
                }
            }
            Msg::Tick => {
                for connection in &mut self.connections {
                    connection.tick(now, &mut self.shared);
                }
            }
            Msg::Add => {
                if self.connections.len() < Self::MAX_CONNECTIONS {
                    self.add();
                    self.shared.persist_setups();
                }
            }
            Msg::Follow(link) => self.follow(now, link),
            Msg::Remove(id) => self.remove(id),
            Msg::Show(id) => {
                self.shown = self.index(id).unwrap_or(self.shown);
                self.shared.persist_setups();
            }
            Msg::Rename(id, name) => {
                if let Some(index) = self.index(id) {
                    self.connections[index].rename(name);
                    self.shared.persist_setups();
                }
            }
            Msg::Settings(settings) => {
                self.choose(settings);
                self.shared.persist(Document::Settings);
            }
            Msg::Save(saved) => self.change_saved(|library| library.save(saved)),
            Msg::RenameSaved(from, to) => self.change_saved(|library| library.rename(&from, to)),
            Msg::RemoveSaved(name) => self.change_saved(|library| {
                library.remove(&name);
                Ok(())
            }),
            Msg::ImportSaved(bytes) => self.change_saved(|library| library.add_json(&decoded(&bytes)?).map(drop)),
            Msg::SaveSequence(sequence) => self.save_sequences(vec![sequence]),
            Msg::RemoveSequence(name) => {
                self.shared.sequences.retain(|sequence| sequence.name != name);
                self.shared.persist(Document::Sequences);
            }
            Msg::ImportSequences(bytes) => self.import_sequences(&bytes),
            Msg::ImportLog { name, bytes } => self.import_logs(&name, &bytes),
            Msg::DismissProblem(subject) => {
                self.problem.take_if(|(about, _)| *about == subject);
            }
            Msg::Persisted(kept) => self.storage_error = kept.err(),
            Msg::ForgetEverything => self.forget(),
        }
        std::mem::take(&mut self.shared.effects)
    }

    /// Adds a connection at the end and shows it.
    fn add(&mut self) {
        self.add_with(Setup { address: self.address.clone(), ..Setup::default() });
    }

    fn add_with(&mut self, setup: Setup) {
        self.last_id.0 += 1;
        self.connections.push(Connection::new(self.last_id, setup, &self.shared));
        self.shown = self.connections.len() - 1;
    }

    /// Shows what a link carries, in the connection that is set up like this, or in a fresh one.
    fn follow(&mut self, now: Time, link: Link) {
        let known = self.connections.iter().position(|connection| *connection.setup() == link.setup);
        match known {
            Some(index) => self.shown = index,
            None if self.connections.len() >= Self::MAX_CONNECTIONS => return,
            None => self.add_with(link.setup),
        }
        if let Some(draft) = link.draft {
            self.connections[self.shown].update(now, ConnectionMsg::DraftChosen(draft), &mut self.shared);
        }
        self.shared.persist_setups();
    }

    /// Removes a connection and shows its neighbour, or a fresh one where there is none.
    fn remove(&mut self, id: ConnectionId) {
        let Some(index) = self.index(id) else { return };
        self.connections.remove(index);
        self.shared.effects.push(Effect::Release(id));
        if self.connections.is_empty() {
            self.add();
        }
        if self.shown > index || self.shown == self.connections.len() {
            self.shown -= 1;
        }
        self.shared.persist_setups();
    }

    fn choose(&mut self, settings: Settings) {
        self.shared.settings = settings;
        for connection in &mut self.connections {
            connection.apply(&self.shared);
        }
    }

    fn index(&self, id: ConnectionId) -> Option<usize> {
        self.connections.iter().position(|connection| connection.id() == id)
    }
}

#[cfg(test)]
mod tests;
