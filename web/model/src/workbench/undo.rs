//! Saved messages and sequences that were deleted or replaced by the last change, to be brought back.

use super::Workbench;
use crate::data::visible::Quoted;
use crate::sending::sequence::Sequence;
use crate::stored::saved::Saved;

#[derive(Debug, Default)]
pub(super) struct Undo {
    messages: Vec<Saved>,
    sequences: Vec<Sequence>,
    /// What happened to them.
    text: String,
}

impl Workbench {
    /// What the last change has deleted or replaced, if that can be undone.
    pub fn undoable(&self) -> Option<&str> {
        self.undo.as_ref().map(|undo| undo.text.as_str())
    }

    /// Makes a change of what is saved, and remembers what it deletes or replaces.
    pub(super) fn change_undoably(&mut self, change: impl FnOnce(&mut Self)) {
        let (messages, sequences) = (self.shared.library.all().to_vec(), self.shared.sequences.clone());
        change(self);
        let lost = |gone: &Saved| !self.shared.library.all().contains(gone);
        let messages: Vec<Saved> = messages.into_iter().filter(lost).collect();
        let lost = |gone: &Sequence| !self.shared.sequences.contains(gone);
        let sequences: Vec<Sequence> = sequences.into_iter().filter(lost).collect();
        let replaced = messages.iter().any(|gone| self.shared.library.find(&gone.name).is_some())
            || sequences.iter().any(|gone| self.shared.sequences.iter().any(|known| known.name == gone.name));
        let what = match (messages.as_slice(), sequences.as_slice()) {
            ([], []) => return self.undo = None,
            ([Saved { name, .. }], []) => Quoted(&name.name).to_string(),
            ([], [Sequence { name, .. }]) => Quoted(name).to_string(),
            ([], several) => format!("{} sequences", several.len()),
            (several, _) => format!("{} messages", several.len()),
        };
        let text = [what.as_str(), if replaced { " replaced" } else { " deleted" }].concat();
        self.undo = Some(Undo { messages, sequences, text });
    }

    /// Brings back what the last change has deleted or replaced.
    pub(super) fn undo(&mut self) {
        let Undo { messages, sequences, .. } = self.undo.take().unwrap_or_default();
        if !messages.is_empty() {
            self.change_saved(|library| messages.into_iter().try_for_each(|saved| library.save(saved)));
        }
        if !sequences.is_empty() {
            self.save_sequences(sequences);
        }
    }
}
