//! A file that was picked or dropped. It is sent only when the person says so and how.

use crate::browser::files::Read;

pub(crate) struct PickedFile {
    /// The file, or why it could not be read.
    pub(crate) read: Read,
    /// Distinguishes it from the file that was picked before.
    pub(crate) number: u32,
}

impl PickedFile {
    pub(crate) fn new(read: Read, before: Option<&Self>) -> Self {
        Self { read, number: before.map_or(0, |before| before.number + 1) }
    }
}
