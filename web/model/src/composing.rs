//! What is being written: the message box, the templates in it, and what Canyon's server can be asked for.

pub(crate) mod draft;
pub mod preset;
pub(crate) mod template;
