//! Errors in a form's fields, of which the form shows one.

/// Each with the number of its field, newest last.
#[derive(Default)]
pub(crate) struct FieldErrors(Vec<(usize, String)>);

impl FieldErrors {
    /// Replaces the error of a field.
    pub(crate) fn set(&mut self, field: usize, error: Option<String>) {
        self.0.retain(|(known, _)| *known != field);
        self.0.extend(error.map(|error| (field, error)));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn has(&self, field: usize) -> bool {
        self.0.iter().any(|(known, _)| *known == field)
    }

    /// The newest error; empty if there is none.
    pub(crate) fn newest(&self) -> &str {
        self.0.last().map_or("", |(_, error)| error)
    }
}
