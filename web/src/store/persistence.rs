//! Saves documents to local storage, [`SAVE_DELAY_MS`] after the first change.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use model::{Document, StorageError};

use crate::browser::storage;

/// Changes within this time are saved together.
const SAVE_DELAY_MS: u32 = 300;

pub(super) struct Persistence {
    /// Changed and not saved.
    dirty: Vec<Document>,
    save_timer: Option<Timeout>,
    on_timer: Rc<dyn Fn()>,
}

impl Persistence {
    /// `on_timer` is to call [`save`](Self::save).
    pub(super) fn new(on_timer: impl Fn() + 'static) -> Self {
        Self { dirty: Vec::new(), save_timer: None, on_timer: Rc::new(on_timer) }
    }

    pub(super) fn is_dirty(&self, document: Document) -> bool {
        self.dirty.contains(&document)
    }

    /// Has a document saved soon.
    pub(super) fn mark_dirty(&mut self, document: Document) {
        if !self.is_dirty(document) {
            self.dirty.push(document);
        }
        let on_timer = &self.on_timer;
        self.save_timer.get_or_insert_with(|| {
            let on_timer = on_timer.clone();
            Timeout::new(SAVE_DELAY_MS, move || on_timer())
        });
    }

    /// Saves what is dirty. A document for which there is no room stays dirty, and is saved with the next change.
    pub(super) fn save(&mut self, content: impl Fn(Document) -> String) -> Result<(), StorageError> {
        self.save_timer = None;
        let mut result = Ok(());
        self.dirty.retain(|&document| {
            let saved = storage::write(document.key(), &content(document));
            result = result.and(saved);
            saved.is_err()
        });
        result
    }

    pub(super) fn load(document: Document) -> Option<String> {
        storage::read(document.key())
    }

    /// Deletes all documents and drops changes that are not saved yet.
    pub(super) fn clear(&mut self) {
        self.dirty.clear();
        for document in Document::ALL {
            storage::remove(document.key());
            storage::remove(&document.quarantine_key());
        }
    }
}
