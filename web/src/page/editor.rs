//! The sequence that is being edited.

use model::{Connection, Draft, Reply, Sequence, Step};

use super::field_errors::FieldErrors;

pub(crate) struct Editor {
    pub(crate) sequence: Sequence,
    /// Changes when steps are added or removed, and the list of steps is built again. It must not change while a person
    /// types into a step, whose field would lose the focus.
    pub(crate) shape: u32,
    /// By the indices of the steps; what belongs to no step has [`Self::NO_STEP`].
    pub(crate) errors: FieldErrors,
}

impl Editor {
    pub(crate) const NO_STEP: usize = usize::MAX;

    /// Starts with the sequence that ran last, or with an example.
    pub(crate) fn new(connection: &Connection) -> Self {
        Self {
            sequence: connection.run().map_or_else(example, |run| run.sequence().clone()),
            shape: 0,
            errors: FieldErrors::default(),
        }
    }

    /// Adds or removes steps, or replaces the whole sequence.
    pub(crate) fn reshape(&mut self, change: impl FnOnce(&mut Sequence)) {
        change(&mut self.sequence);
        self.shape += 1;
        self.errors.clear();
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
