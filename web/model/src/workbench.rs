//! The page's state and the one function that changes it. It never runs an effect: it returns them, for their one
//! owner to run.

use fastrand::Rng;

use crate::address::WsUrl;
use crate::archive::{self, ArchiveFormat, Imported};
use crate::close::CloseFrame;
use crate::connection::{Connection, ConnectionMsg, SocketId};
use crate::draft::Draft;
use crate::filter::Compile;
use crate::json::{self, Object, Value};
use crate::link::Link;
use crate::outbox::Outgoing;
use crate::payload::Payload;
use crate::saved::{History, Library, Saved, SavedName};
use crate::sequence::Sequence;
use crate::settings::Settings;
use crate::setup::Setup;
use crate::subprotocols::Subprotocols;
use crate::time::Time;

/// Tells one connection from another as long as the page is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ConnectionId(u32);

impl ConnectionId {
    /// Its number, for names in the document.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// Everything that can happen to the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// The person wants one connection more.
    Add,
    /// The page was opened by a link: what it carries becomes a connection, unless there is one that goes there.
    Follow(Link),
    /// The person does not want this one any more.
    Remove(ConnectionId),
    /// The person wants to see this one.
    Show(ConnectionId),
    /// The person calls it this.
    Rename(ConnectionId, String),
    /// Something happened to this one.
    Connection(ConnectionId, ConnectionMsg),
    /// The moment that [`Workbench::due`] named has come.
    Tick,
    /// The person has chosen this.
    Settings(Settings),
    /// The person wants a message kept under a name.
    Save(Saved),
    /// The person calls a saved message something else.
    RenameSaved(SavedName, SavedName),
    /// The person does not want a saved message any more.
    RemoveSaved(SavedName),
    /// The person wants the messages of a document added to the saved ones.
    ImportSaved(String),
    /// The person wants a sequence kept, in place of any with its name.
    SaveSequence(Sequence),
    /// The person does not want the sequence of that name any more.
    RemoveSequence(String),
    /// The person wants the sequences of a document added.
    ImportSequences(String),
    /// The person wants to look at the logs in a file, each as a connection of its own.
    ImportLog {
        /// What the connections are to be called.
        name: String,
        /// What the file holds.
        text: String,
    },
    /// The person wants nothing kept over reloads, nor for now.
    ForgetEverything,
}

/// What the model wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make a socket, in place of any that the connection has.
    Open {
        /// Whose.
        connection: ConnectionId,
        /// Its name in each of its events.
        socket: SocketId,
        /// Where to.
        url: WsUrl,
        /// What to offer.
        subprotocols: Subprotocols,
    },
    /// Send on the connection's socket, and report [`ConnectionMsg::Sent`] or [`ConnectionMsg::NotSent`].
    Send {
        /// Whose.
        connection: ConnectionId,
        /// What.
        message: Outgoing,
    },
    /// Begin to close the connection's socket.
    Close {
        /// Whose.
        connection: ConnectionId,
        /// With what.
        frame: CloseFrame,
    },
    /// Let go of the connection's socket: it is closed, or not wanted any more.
    Release(ConnectionId),
    /// Write [`Workbench::document`] to the browser's storage when there is time for it: it has changed.
    Keep(Document),
    /// Delete what was ever kept.
    Forget,
}

/// What is kept over reloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// The [`Settings`].
    Settings,
    /// The [`Setup`] of each connection.
    Setups,
    /// The saved messages; this one can be exported and imported, too.
    Saved,
    /// What was sent by hand.
    History,
    /// The saved sequences; these can be exported and imported, too.
    Sequences,
}

impl Document {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Settings, Self::Setups, Self::Saved, Self::History, Self::Sequences];

    /// Where the browser keeps it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Settings => "canyon.settings",
            Self::Setups => "canyon.connections",
            Self::Saved => "canyon.messages",
            Self::History => "canyon.history",
            Self::Sequences => "canyon.sequences",
        }
    }
}

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
}

/// How much of a log is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every entry that is kept.
    All,
    /// Those that the filter has found.
    Shown,
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) random: Rng,
    pub(crate) compile: Compile,
    pub(crate) history: History,
    library: Library,
    /// In the order of their names.
    sequences: Vec<Sequence>,
    time_origin: f64,
    /// What is to be done, in order.
    pub(crate) effects: Vec<Effect>,
    last_socket: SocketId,
}

impl Shared {
    pub(crate) fn next_socket(&mut self) -> SocketId {
        self.last_socket.0 += 1;
        self.last_socket
    }

    pub(crate) fn keep_setups(&mut self) {
        self.keep(Document::Setups);
    }

    /// Remembers what was sent by hand.
    pub(crate) fn remember(&mut self, draft: Draft) {
        if self.history.push(draft) {
            self.keep(Document::History);
        }
    }

    /// In milliseconds since 1970.
    pub(crate) fn epoch_ms(&self, now: Time) -> u64 {
        (self.time_origin + now.0) as u64
    }

    fn keep(&mut self, document: Document) {
        self.effects.push(Effect::Keep(document));
    }
}

/// The page's state.
#[derive(Debug)]
pub struct Workbench {
    /// At least one, in the order of the tabs.
    connections: Vec<Connection>,
    /// The index of the one that is seen.
    shown: usize,
    last_id: ConnectionId,
    /// What was wrong with the last wish about saved messages, sequences or a file.
    saved_problem: Option<String>,
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
        let shared = Shared {
            settings: Settings::default(),
            random: Rng::with_seed(start.seed),
            compile: start.compile,
            history: History::default(),
            library: Library::default(),
            sequences: Vec::new(),
            time_origin: start.time_origin,
            effects: Vec::new(),
            last_socket: SocketId::default(),
        };
        let mut workbench = Self {
            connections: Vec::new(),
            shown: 0,
            last_id: ConnectionId::default(),
            saved_problem: None,
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

    /// What was wrong with the last wish about saved messages, sequences or a file.
    pub fn saved_problem(&self) -> Option<&str> {
        self.saved_problem.as_deref()
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

    /// What is to be kept, as JSON.
    pub fn document(&self, document: Document) -> String {
        match document {
            Document::Settings => self.shared.settings.to_json(),
            Document::Setups => self.setups(),
            Document::Saved => self.shared.library.to_json(),
            Document::History => self.shared.history.to_json(),
            Document::Sequences => Sequence::to_json(&self.shared.sequences),
        }
    }

    /// Takes up what was kept, before anything has happened. What cannot be read is as if it had not been kept.
    pub fn restore(&mut self, document: Document, text: &str) {
        match document {
            Document::Settings => self.choose(Settings::of_json(text)),
            Document::Setups => self.restore_setups(text),
            Document::Saved => self.saved_problem = self.shared.library.add_json(text).err(),
            Document::History => self.shared.history = History::of_json(text),
            Document::Sequences => self.import_sequences(text),
        }
        self.shared.effects.clear();
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
                    self.shared.keep_setups();
                }
            }
            Msg::Follow(link) => self.follow(now, link),
            Msg::Remove(id) => self.remove(id),
            Msg::Show(id) => {
                self.shown = self.index(id).unwrap_or(self.shown);
                self.shared.keep_setups();
            }
            Msg::Rename(id, name) => {
                if let Some(index) = self.index(id) {
                    self.connections[index].rename(name);
                    self.shared.keep_setups();
                }
            }
            Msg::Settings(settings) => self.choose(settings),
            Msg::Save(saved) => self.change_saved(|library| library.save(saved)),
            Msg::RenameSaved(from, to) => self.change_saved(|library| library.rename(&from, to)),
            Msg::RemoveSaved(name) => self.change_saved(|library| {
                library.remove(&name);
                Ok(())
            }),
            Msg::ImportSaved(text) => self.change_saved(|library| library.add_json(&text).map(drop)),
            Msg::SaveSequence(sequence) => self.save_sequences(vec![sequence]),
            Msg::RemoveSequence(name) => {
                self.shared.sequences.retain(|sequence| sequence.name != name);
                self.shared.keep(Document::Sequences);
            }
            Msg::ImportSequences(text) => self.import_sequences(&text),
            Msg::ImportLog { name, text } => self.import_log(&name, &text),
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
        self.shared.keep_setups();
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
        self.shared.keep_setups();
    }

    fn choose(&mut self, settings: Settings) {
        self.shared.settings = settings;
        for connection in &mut self.connections {
            connection.apply(&self.shared);
        }
        self.shared.keep(Document::Settings);
    }

    fn change_saved(&mut self, change: impl FnOnce(&mut Library) -> Result<(), String>) {
        self.saved_problem = change(&mut self.shared.library).err();
        if self.saved_problem.is_none() {
            self.shared.keep(Document::Saved);
        }
    }

    fn import_sequences(&mut self, text: &str) {
        match Sequence::of_json(text) {
            Ok(sequences) => self.save_sequences(sequences),
            Err(why) => self.saved_problem = Some(why),
        }
    }

    fn save_sequences(&mut self, sequences: Vec<Sequence>) {
        self.saved_problem = None;
        for sequence in sequences {
            let known = &mut self.shared.sequences;
            match known.binary_search_by(|known| known.name.cmp(&sequence.name)) {
                Ok(place) => known[place] = sequence,
                Err(_) if known.len() >= Self::MAX_SEQUENCES => {
                    let limit = Self::MAX_SEQUENCES;
                    self.saved_problem = Some(format!("{limit} sequences are saved already, which is the limit"));
                    break;
                }
                Err(place) => known.insert(place, sequence),
            }
        }
        self.shared.keep(Document::Sequences);
    }

    fn import_log(&mut self, name: &str, text: &str) {
        self.saved_problem = self.add_logs(name, text).err();
    }

    /// Adds a connection for each log in a file.
    fn add_logs(&mut self, name: &str, text: &str) -> Result<(), String> {
        let logs = archive::import(text).map_err(|error| error.to_string())?;
        if self.connections.len() + logs.len() > Self::MAX_CONNECTIONS {
            let limit = Self::MAX_CONNECTIONS;
            return Err(format!("with {} more there would be more than {limit} connections", logs.len()));
        }
        for Imported { url, entries } in logs {
            self.add_with(Setup { name: name.to_owned(), address: url, ..Setup::default() });
            self.connections[self.shown].fill(entries, self.shared.time_origin);
        }
        Ok(())
    }

    /// Back to a fresh page; ids go on, so that what is late stays late.
    fn forget(&mut self) {
        for connection in std::mem::take(&mut self.connections) {
            self.shared.effects.push(Effect::Release(connection.id()));
        }
        self.shared.history = History::default();
        self.shared.library = Library::default();
        self.shared.sequences.clear();
        self.shared.settings = Settings::default();
        self.saved_problem = None;
        self.add();
        self.shared.effects.push(Effect::Forget);
    }

    fn setups(&self) -> String {
        let mut out = String::new();
        let mut document = Object::new(&mut out);
        document.number("shown", self.shown as u64);
        document.array("connections", &self.connections, |out, connection| {
            let mut object = Object::new(out);
            connection.setup().write(&mut object);
            object.end();
        });
        document.end();
        out
    }

    fn restore_setups(&mut self, text: &str) {
        let Ok(document) = json::parse(text) else { return };
        let setups = document.member("connections").map(Value::elements).unwrap_or_default();
        if setups.is_empty() {
            return;
        }
        self.connections.clear();
        for setup in setups.iter().take(Self::MAX_CONNECTIONS) {
            self.add_with(Setup::read(setup));
        }
        let shown = document.member("shown").and_then(Value::integer).unwrap_or_default();
        self.shown = usize::try_from(shown).unwrap_or_default().min(self.connections.len() - 1);
    }

    fn index(&self, id: ConnectionId) -> Option<usize> {
        self.connections.iter().position(|connection| connection.id() == id)
    }
}

#[cfg(test)]
mod tests;
