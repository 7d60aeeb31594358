//! Changes of a sequence's steps that can be undone.

use super::{Sequence, Step};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SequenceEdit {
    /// At an index; at the end beyond it.
    Insert(usize, Step),
    Remove(usize),
    Move {
        from: usize,
        to: usize,
    },
    /// Name and rounds, too.
    Replace(Sequence),
}

impl SequenceEdit {
    /// Changes the sequence, and returns what changes it back; `None` if there is no such step. What was typed into other
    /// steps meanwhile stays when the change is undone.
    pub fn apply(self, sequence: &mut Sequence) -> Option<Self> {
        let steps = &mut sequence.steps;
        match self {
            Self::Insert(index, step) => {
                let index = index.min(steps.len());
                steps.insert(index, step);
                Some(Self::Remove(index))
            }
            Self::Remove(index) => (index < steps.len()).then(|| Self::Insert(index, steps.remove(index))),
            Self::Move { from, to } => (from.max(to) < steps.len()).then(|| {
                let step = steps.remove(from);
                steps.insert(to, step);
                Self::Move { from: to, to: from }
            }),
            Self::Replace(other) => Some(Self::Replace(std::mem::replace(sequence, other))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sequence(delays: &[u32]) -> Sequence {
        let steps = delays.iter().map(|&delay| Step::Delay(delay)).collect();
        Sequence { name: "s".to_owned(), rounds: 1, steps }
    }

    #[test]
    fn steps_are_inserted_moved_and_removed() {
        let mut edited = sequence(&[1, 2, 3]);
        SequenceEdit::Move { from: 0, to: 2 }.apply(&mut edited).unwrap();
        assert_eq!(edited, sequence(&[2, 3, 1]));
        SequenceEdit::Insert(1, Step::Delay(9)).apply(&mut edited).unwrap();
        assert_eq!(edited, sequence(&[2, 9, 3, 1]));
        SequenceEdit::Insert(99, Step::Delay(8)).apply(&mut edited).unwrap();
        SequenceEdit::Remove(0).apply(&mut edited).unwrap();
        assert_eq!(edited, sequence(&[9, 3, 1, 8]));
    }

    #[test]
    fn an_edit_of_a_step_that_is_not_there_changes_nothing() {
        let mut edited = sequence(&[1]);
        for edit in [SequenceEdit::Remove(1), SequenceEdit::Move { from: 0, to: 1 }] {
            assert_eq!(edit.apply(&mut edited), None);
        }
        assert_eq!(edited, sequence(&[1]));
    }

    #[test]
    fn undoing_a_removal_keeps_what_was_typed_since() {
        let mut edited = sequence(&[1, 2]);
        let undo = SequenceEdit::Remove(0).apply(&mut edited).unwrap();
        edited.steps[0] = Step::Delay(20);
        undo.apply(&mut edited);
        assert_eq!(edited, sequence(&[1, 20]));
    }

    proptest! {
        #[test]
        fn what_an_edit_returns_undoes_it(
            before in proptest::collection::vec(0u32..9, 0..5),
            (kind, at, to, other) in (0..4, 0..6usize, 0..6usize, proptest::collection::vec(0u32..9, 0..3)),
        ) {
            let before = sequence(&before);
            let edit = match kind {
                0 => SequenceEdit::Insert(at, Step::Delay(7)),
                1 => SequenceEdit::Remove(at),
                2 => SequenceEdit::Move { from: at, to },
                _ => SequenceEdit::Replace(sequence(&other)),
            };
            let mut edited = before.clone();
            if let Some(undo) = edit.apply(&mut edited) {
                undo.apply(&mut edited);
            }
            prop_assert_eq!(edited, before);
        }
    }
}
