//! Composing a message: the message box, its templates, and the presets for Canyon's server.

pub(crate) mod draft;
pub mod preset;
pub(crate) mod template;
