//! The stored documents, and imports from files.

use super::{Document, Effect, ImportedLogs, Subject, Workbench};
use crate::connection::setup::Setup;
use crate::data::format::Count;
use crate::data::json::{self, Object, Value};
use crate::sending::sequence::Sequence;
use crate::stored::saved::{History, Library};
use crate::stored::settings::Settings;

impl Workbench {
    /// As JSON.
    pub fn document(&self, document: Document) -> String {
        match document {
            Document::Settings => self.shared.settings.to_json(),
            Document::Setups => self.setups(),
            Document::Saved => self.shared.library.to_json(),
            Document::History => self.shared.history.to_json(),
            Document::Sequences => Sequence::to_json(&self.shared.sequences),
        }
    }

    /// Replaces the current content by a stored document. What cannot be read is left out. [`Document::Setups`] is only
    /// for a page that has just been opened.
    ///
    /// # Errors
    /// A part cannot be read, perhaps because a newer version of the page wrote it. Keep the whole under
    /// [`Document::quarantine_key`], because the next change overwrites it.
    pub fn restore(&mut self, document: Document, text: &str) -> Result<(), String> {
        self.empty(document);
        let read = match document {
            Document::Settings => Settings::from_json(text).map(|settings| self.choose(settings)),
            Document::Setups => self.restore_setups(text),
            Document::Saved => self.shared.library.take_in(text).map(drop),
            Document::History => self.shared.history.take_in(text),
            Document::Sequences => self.restore_sequences(text),
        };
        self.shared.persist(document);
        self.shared.effects.clear();
        if let Err(why) = &read {
            let quarantine_key = document.quarantine_key();
            let text = format!(
                "stored data could not be read completely ({why}): a copy is in local storage as {quarantine_key}"
            );
            // Beside the saved messages, which are always on the page.
            self.problem = Some((Subject::SavedMessages, text));
        }
        read
    }

    /// Empties a document, because another tab has deleted it. The connections stay.
    pub fn clear_document(&mut self, document: Document) {
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
        self.problem = change(&mut self.shared.library).err().map(|text| (Subject::SavedMessages, text));
        if self.problem.is_none() {
            self.shared.persist(Document::Saved);
        }
    }

    pub(super) fn import_sequences(&mut self, text: &str) {
        match Sequence::from_json(text) {
            Ok(sequences) => self.save_sequences(sequences),
            Err(text) => self.problem = Some((Subject::Sequences, text)),
        }
    }

    pub(super) fn save_sequences(&mut self, sequences: Vec<Sequence>) {
        let saved = sequences.into_iter().try_for_each(|sequence| self.save_sequence(sequence));
        self.problem = saved.err().map(|text| (Subject::Sequences, text));
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
                return Err(format!("no more than {} sequences can be saved", Self::MAX_SEQUENCES));
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

    pub(super) fn import_logs(&mut self, logs: ImportedLogs) {
        let problem = self.add_logs(logs).unwrap_or_else(Some);
        self.problem = problem.map(|text| (Subject::Logs, text));
    }

    /// Adds a connection for each log in a file, as far as there is room. Returns what was left out.
    fn add_logs(&mut self, logs: ImportedLogs) -> Result<Option<String>, String> {
        let limit = Self::MAX_CONNECTIONS;
        let ImportedLogs { name, urls, skipped, first_skipped } = logs;
        self.imported.clear();
        let room = limit - self.connections.len();
        if room == 0 {
            return Err(format!("no more than {limit} connections can exist: close one to import a log"));
        }
        let (total, loaded) = (urls.len(), urls.len().min(room));
        for (url, number) in urls.into_iter().zip(1..=loaded) {
            let name = if total == 1 { name.clone() } else { format!("{name} {number}") };
            self.add_with(Setup { name, address: url, ..Setup::default() });
            self.imported.push(self.shown().id());
        }
        let mut left_out = Vec::new();
        if loaded < total {
            left_out.push(format!(
                "{loaded} of the {total} connections in the file are loaded, because {limit} connections are the limit"
            ));
        }
        if let Some(first) = first_skipped {
            left_out.push(format!("skipped entries: {}, the first: {first}", Count(skipped)));
        }
        Ok(if left_out.is_empty() { None } else { Some(left_out.join("; ")) })
    }

    /// Ids continue, so that late events of old connections are still ignored.
    pub(super) fn clear_all_data(&mut self) {
        for connection in std::mem::take(&mut self.connections) {
            self.shared.effects.push(Effect::Release(connection.id()));
        }
        Document::ALL.into_iter().for_each(|document| self.empty(document));
        self.problem = None;
        self.undo = None;
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
