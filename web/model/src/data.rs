//! Values without a state: what a message carries, its encodings, JSON, times, and figures as people read them.

pub(crate) mod codec;
pub(crate) mod cut;
pub(crate) mod format;
pub mod json;
pub(crate) mod payload;
pub(crate) mod time;
pub(crate) mod visible;
