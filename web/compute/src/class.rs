//! What the parts of a message are that is laid out: colours follow from it.

use serde::{Deserialize, Serialize};

/// What a part of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Class {
    Plain,
    Name,
    String,
    Number,
    /// `true`, `false` or `null`.
    Word,
    /// Not in the text: what stands for a folded part.
    Note,
}
