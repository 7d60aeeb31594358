//! The page's state, and [`Workbench::update`], the only function that changes it. Effects are returned, and run by the
//! page.

mod message;
mod persist;
mod undo;

use std::ops::ControlFlow;

use self::undo::Undo;
use crate::connection::address::ParseUrl;
use crate::connection::setup::Setup;
use crate::connection::{Connection, ConnectionMsg};
use crate::data::payload::Payload;
use crate::data::time::Time;
use crate::deferred::Loaded;
use crate::log::{Entry, Keep};
use crate::matching::CheckRegex;
use crate::sending::sequence::Sequence;
use crate::shared::{ConnectionId, Effect, Shared};
use crate::stored::document::Document;
use crate::stored::link::Link;
use crate::stored::saved::{History, Saved};
use crate::stored::settings::Settings;
use crate::stored::storage_error::StorageError;

pub use self::message::{ExportScope, ImportedLogs, Msg, Subject};

/// What only the browser knows.
#[derive(Debug, Clone)]
pub struct Start {
    /// The address of new connections.
    pub address: String,
    /// The seed of all random numbers.
    pub seed: u64,
    /// [`performance.timeOrigin`](https://developer.mozilla.org/en-US/docs/Web/API/Performance/timeOrigin): the moment
    /// zero of [`Time`], in milliseconds since 1970.
    pub time_origin: f64,
    pub check_regex: CheckRegex,
    pub keep: Keep,
    pub parse_url: ParseUrl,
}

#[derive(Debug)]
pub struct Workbench {
    /// At least one.
    connections: Vec<Connection>,
    /// Index.
    shown: usize,
    last_id: ConnectionId,
    /// The problem with the last change or import.
    problem: Option<(Subject, String)>,
    /// For each log of the file that was imported last, its connection, as far as there was room.
    imported: Vec<ConnectionId>,
    /// What the last change of what is saved has deleted or replaced.
    undo: Option<Undo>,
    /// Of the last attempt to save.
    storage_error: Option<StorageError>,
    /// Of new connections.
    address: String,
    shared: Shared,
}

impl Workbench {
    /// Each has a log of its own.
    pub const MAX_CONNECTIONS: usize = 32;
    /// What to do where there are as many.
    pub const FULL: &str = "32 connections are the limit, remove one first";
    pub const MAX_SEQUENCES: usize = 200;

    /// With one connection.
    pub fn new(start: Start) -> Self {
        let shared = Shared::new(start.seed, start.time_origin, start.check_regex, start.keep, start.parse_url);
        let mut workbench = Self {
            connections: Vec::new(),
            shown: 0,
            last_id: ConnectionId::default(),
            problem: None,
            imported: Vec::new(),
            undo: None,
            storage_error: None,
            address: start.address,
            shared,
        };
        workbench.add();
        workbench
    }

    /// At least one.
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    pub fn shown(&self) -> &Connection {
        &self.connections[self.shown]
    }

    /// Whether there are as many connections as can be.
    pub fn is_full(&self) -> bool {
        self.connections.len() >= Self::MAX_CONNECTIONS
    }

    /// `None` after it was removed.
    pub fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.id() == id)
    }

    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Sorted by folder and name.
    pub fn saved(&self) -> &[Saved] {
        self.shared.library.all()
    }

    /// Sorted by name.
    pub fn sequences(&self) -> &[Sequence] {
        &self.shared.sequences
    }

    /// Incremented with each change of the document.
    pub fn revision(&self, document: Document) -> u32 {
        self.shared.revisions[document as usize]
    }

    /// What was wrong with the last change or import, if it was about this subject.
    pub fn problem(&self, subject: Subject) -> Option<&str> {
        let (about, text) = self.problem.as_ref()?;
        (*about == subject).then_some(text)
    }

    /// Code that is loaded after the start, once it is.
    pub fn deferred(&self) -> Option<Loaded> {
        self.shared.deferred
    }

    /// Why changes are lost at a reload.
    pub fn storage_error(&self) -> Option<StorageError> {
        self.storage_error
    }

    /// Messages that were sent by hand, newest first.
    pub fn history(&self) -> &History {
        &self.shared.history
    }

    /// The message that a connection's draft would become now, with its templates substituted.
    ///
    /// # Errors
    /// The mistake in the draft, with its place.
    pub fn preview(&self, id: ConnectionId, now: Time) -> Result<Payload, String> {
        let connection = self.connection(id).ok_or("this connection has been removed")?;
        connection.preview(self.shared.epoch_ms(now), self.shared.random.clone())
    }

    /// Milliseconds since 1970.
    pub fn epoch_ms(&self, at: Time) -> u64 {
        self.shared.epoch_ms(at)
    }

    /// Calls `visit` with the entries of a connection's log from this number on, until it breaks.
    pub fn each_entry<'a>(
        &'a self,
        id: ConnectionId,
        extent: ExportScope,
        from: u64,
        visit: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>,
    ) {
        let Some(connection) = self.connection(id) else { return };
        let (log, rows) = (connection.log(), connection.rows());
        let _ = match extent {
            ExportScope::All => log.iter_from(from).try_for_each(visit),
            ExportScope::Shown => {
                (rows.ordinal(from)..rows.end()).filter_map(|ordinal| log.entry(rows.seq(ordinal)?)).try_for_each(visit)
            }
        };
    }

    /// Adds entries to a log of the file that was imported last. `log` is its index.
    pub fn load(&mut self, log: usize, entries: &[Entry<'_>]) {
        let index = self.imported.get(log).and_then(|&id| self.index(id));
        if let Some(index) = index {
            self.connections[index].load(entries);
        }
    }

    /// When [`Msg::Tick`] is due. One timer serves the whole page.
    pub fn due(&self, now: Time) -> Option<Time> {
        self.connections.iter().map(|connection| connection.due(now, &self.shared)).fold(None, Time::earliest)
    }

    /// The effects are to be run in order.
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
                if !self.is_full() {
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
            Msg::Settings(settings) => {
                self.choose(settings);
                self.shared.persist(Document::Settings);
            }
            Msg::DismissUndo => self.undo = None,
            Msg::FileFailed(subject, why) => self.problem = Some((subject, why)),
            Msg::DismissProblem(subject) => {
                self.problem.take_if(|(about, _)| *about == subject);
            }
            Msg::Persisted(kept) => self.storage_error = kept.err(),
            Msg::DeferredLoaded(loaded) => self.shared.deferred = Some(loaded),
            msg => {
                if let Some(loaded) = self.shared.deferred {
                    loaded.run(|| self.update_deferred(msg));
                }
            }
        }
        self.connections[self.shown].mark_seen();
        std::mem::take(&mut self.shared.effects)
    }

    /// Handles what comes from views that are deferred themselves.
    fn update_deferred(&mut self, msg: Msg) {
        match msg {
            Msg::Rename(id, name) => {
                if let Some(index) = self.index(id) {
                    self.connections[index].rename(name);
                    self.shared.persist_setups();
                }
            }
            Msg::Save(saved) => self.change_undoably(|page| page.change_saved(|library| library.save(saved))),
            Msg::RenameSaved(from, to) => self.change_saved(|library| library.rename(&from, to)),
            Msg::RemoveSaved(name) => self.change_undoably(|page| {
                page.change_saved(|library| {
                    library.remove(&name);
                    Ok(())
                });
            }),
            Msg::ImportSaved(text) => {
                self.change_undoably(|page| page.change_saved(|library| library.add_json(&text).map(drop)));
            }
            Msg::SaveSequence(sequence) => self.change_undoably(|page| page.save_sequences(vec![sequence])),
            Msg::RemoveSequence(name) => self.change_undoably(|page| {
                page.shared.sequences.retain(|sequence| sequence.name != name);
                page.shared.persist(Document::Sequences);
            }),
            Msg::ImportSequences(text) => self.change_undoably(|page| page.import_sequences(&text)),
            Msg::Undo => self.undo(),
            Msg::ImportLogs(logs) => self.import_logs(logs),
            Msg::ClearAllData => self.clear_all_data(),
            _ => {}
        }
    }

    fn add(&mut self) {
        self.add_with(Setup { address: self.address.clone(), ..Setup::default() });
    }

    fn add_with(&mut self, setup: Setup) {
        self.last_id.0 += 1;
        self.connections.push(Connection::new(self.last_id, setup, &self.shared));
        self.shown = self.connections.len() - 1;
    }

    /// Shows the connection with the setup in the link, or adds it.
    fn follow(&mut self, now: Time, link: Link) {
        let known = self.connections.iter().position(|connection| {
            // A link has nothing of the relay.
            let shared = Setup { relay: link.setup.relay.clone(), ..connection.setup().clone() };
            shared == link.setup
        });
        match known {
            Some(index) => self.shown = index,
            None if self.is_full() => {
                self.problem = Some((Subject::Link, ["the link is not opened: ", Self::FULL].concat()));
                return;
            }
            None => self.add_with(link.setup),
        }
        if let Some(draft) = link.draft {
            self.connections[self.shown].update(now, ConnectionMsg::DraftChosen(draft), &mut self.shared);
        }
        self.shared.persist_setups();
    }

    /// Shows the neighbour, or a new connection after the last one.
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
