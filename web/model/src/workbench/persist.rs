//! What the page keeps over reloads, and what comes from files. It never touches the browser's storage.

use super::{Document, Effect, Workbench};
use crate::archive::{self, Imported};
use crate::connection::setup::Setup;
use crate::data::json::{self, Object, Value};
use crate::sending::sequence::Sequence;
use crate::stored::saved::{History, Library};
use crate::stored::settings::Settings;

impl Workbench {
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

    /// Takes up what was kept, in place of what there is. What cannot be read is as if it had not been kept. The set-ups
    /// are for a page in which nothing has happened yet.
    ///
    /// # Errors
    /// Something of worth cannot be read, perhaps because a newer page has left it: set the whole aside, as
    /// [`Document::aside`], for what is kept next takes its place.
    pub fn restore(&mut self, document: Document, text: &str) -> Result<(), String> {
        self.empty(document);
        let read = match document {
            Document::Settings => {
                self.choose(Settings::from_json(text));
                Ok(())
            }
            Document::Setups => self.restore_setups(text),
            Document::Saved => self.shared.library.take_in(text).map(drop),
            Document::History => {
                self.shared.history = History::from_json(text);
                Ok(())
            }
            Document::Sequences => self.restore_sequences(text),
        };
        self.shared.persist(document);
        self.shared.effects.clear();
        if let Err(why) = &read {
            let quarantine_key = document.quarantine_key();
            self.saved_problem =
                Some(format!("not all that was kept can be read, it is in local storage as {quarantine_key}: {why}"));
        }
        read
    }

    /// Has that as if nothing of it had been kept; but for the set-ups, for a page has a connection.
    pub fn forget_document(&mut self, document: Document) {
        let before = self.document(document);
        self.empty(document);
        if self.document(document) != before {
            self.shared.persist(document);
            self.shared.effects.clear();
        }
    }

    fn empty(&mut self, document: Document) {
        match document {
            Document::Settings => self.choose(Settings::default()),
            Document::Setups => {}
            Document::Saved => self.shared.library = Library::default(),
            Document::History => self.shared.history = History::default(),
            Document::Sequences => self.shared.sequences.clear(),
        }
    }

    pub(super) fn change_saved(&mut self, change: impl FnOnce(&mut Library) -> Result<(), String>) {
        self.saved_problem = change(&mut self.shared.library).err();
        if self.saved_problem.is_none() {
            self.shared.persist(Document::Saved);
        }
    }

    pub(super) fn import_sequences(&mut self, text: &str) {
        match Sequence::from_json(text) {
            Ok(sequences) => self.save_sequences(sequences),
            Err(why) => self.saved_problem = Some(why),
        }
    }

    pub(super) fn save_sequences(&mut self, sequences: Vec<Sequence>) {
        self.saved_problem = sequences.into_iter().try_for_each(|sequence| self.save_sequence(sequence)).err();
        self.shared.persist(Document::Sequences);
    }

    fn save_sequence(&mut self, sequence: Sequence) -> Result<(), String> {
        if sequence.name.trim().is_empty() {
            return Err("a saved sequence needs a name".to_owned());
        }
        let known = &mut self.shared.sequences;
        match known.binary_search_by(|known| known.name.cmp(&sequence.name)) {
            Ok(place) => known[place] = sequence,
            Err(_) if known.len() >= Self::MAX_SEQUENCES => {
                return Err(format!("{} sequences are saved already, which is the limit", Self::MAX_SEQUENCES));
            }
            Err(place) => known.insert(place, sequence),
        }
        Ok(())
    }

    fn restore_sequences(&mut self, text: &str) -> Result<(), String> {
        let mut all = Ok(());
        for sequence in Sequence::each_from_json(text)? {
            all = all.and(sequence.and_then(|sequence| self.save_sequence(sequence)));
        }
        all
    }

    pub(super) fn import_log(&mut self, name: &str, text: &str) {
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
    pub(super) fn forget(&mut self) {
        for connection in std::mem::take(&mut self.connections) {
            self.shared.effects.push(Effect::Release(connection.id()));
        }
        Document::ALL.into_iter().for_each(|document| self.empty(document));
        self.saved_problem = None;
        self.storage_error = None;
        self.add();
        self.shared.revisions.iter_mut().for_each(|revision| *revision += 1);
        self.shared.effects.push(Effect::ClearStorage);
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

    fn restore_setups(&mut self, text: &str) -> Result<(), String> {
        let document = json::parse(text).map_err(|error| error.to_string())?;
        let setups = document.member("connections").map(Value::elements).unwrap_or_default();
        if setups.is_empty() {
            return Err("there are no connections in it".to_owned());
        }
        self.connections.clear();
        for setup in setups.iter().take(Self::MAX_CONNECTIONS) {
            self.add_with(Setup::read(setup));
        }
        let shown = document.member("shown").and_then(Value::integer).unwrap_or_default();
        self.shown = usize::try_from(shown).unwrap_or_default().min(self.connections.len() - 1);
        Ok(())
    }
}
