//! The sequence that is being edited.

use model::{Connection, Draft, Reply, Sequence, SequenceEdit, Step};

use super::field_errors::FieldErrors;

pub(crate) struct Editor {
    pub(crate) sequence: Sequence,
    /// What the sequence was when it was opened or saved.
    unchanged: Sequence,
    /// What undoes the edits, newest last; at most [`Self::MAX_UNDO`].
    undo: Vec<SequenceEdit>,
    /// Where the focus goes when the list of steps has been built again: a step, and a CSS selector inside it.
    pub(crate) focus: Option<(usize, &'static str)>,
    /// Changes when steps are added or removed, and the list of steps is built again. It must not change while a person
    /// types into a step, whose field would lose the focus.
    pub(crate) shape: u32,
    /// By the indices of the steps; what belongs to no step has [`Self::NO_STEP`].
    pub(crate) errors: FieldErrors,
}

impl Editor {
    pub(crate) const NO_STEP: usize = usize::MAX;
    const MAX_UNDO: usize = 100;
    const FIRST_FIELD: &'static str = "input";

    /// Starts with the sequence that ran last, or with an example.
    pub(crate) fn new(connection: &Connection) -> Self {
        let sequence = connection.run().map_or_else(example, |run| run.sequence().clone());
        Self {
            unchanged: sequence.clone(),
            sequence,
            undo: Vec::new(),
            focus: None,
            shape: 0,
            errors: FieldErrors::default(),
        }
    }

    /// Adds, moves or removes steps, or replaces the whole sequence. The focus goes to that part of the step.
    pub(crate) fn edit(&mut self, edit: SequenceEdit, focus: Option<(usize, &'static str)>) {
        if let Some(undo) = edit.apply(&mut self.sequence) {
            if self.undo.len() == Self::MAX_UNDO {
                self.undo.remove(0);
            }
            self.undo.push(undo);
            self.reshaped(focus);
        }
    }

    pub(crate) fn insert(&mut self, index: usize, step: Step) {
        self.edit(SequenceEdit::Insert(index, step), Some((index, Self::FIRST_FIELD)));
    }

    /// A saved sequence in place of the one that is edited.
    pub(crate) fn open(&mut self, sequence: Sequence) {
        self.unchanged = sequence.clone();
        self.edit(SequenceEdit::Replace(sequence), None);
    }

    pub(crate) fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Undoes the newest edit.
    pub(crate) fn undo(&mut self) {
        if let Some(edit) = self.undo.pop() {
            edit.apply(&mut self.sequence);
            self.reshaped(None);
        }
    }

    /// Whether there are changes that have not been saved.
    pub(crate) fn is_changed(&self) -> bool {
        self.sequence != self.unchanged
    }

    pub(crate) fn saved(&mut self) {
        self.unchanged = self.sequence.clone();
    }

    fn reshaped(&mut self, focus: Option<(usize, &'static str)>) {
        self.shape += 1;
        self.errors.clear();
        self.focus = focus;
    }

    /// Parses a number that was typed into a step. If it is none, the error is shown and the step keeps its number.
    pub(crate) fn parse_number(&mut self, step: usize, typed: &str) -> Option<u32> {
        let number = typed.trim().parse().ok();
        let error = number.is_none().then(|| ["\"", typed, "\" is not a whole number"].concat());
        self.errors.set(step, error);
        number
    }
}

fn example() -> Sequence {
    let hello = Draft { text: "hello".to_owned(), ..Draft::default() };
    let reply = Reply::Text("hello".to_owned());
    Sequence {
        name: "hello".to_owned(),
        rounds: 1,
        steps: vec![Step::Send(hello), Step::Expect { reply, within: Step::DEFAULT_TIMEOUT_MS }],
    }
}
