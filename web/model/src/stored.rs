//! What outlives a reload, or travels in a link: settings, saved messages, the history.

pub(crate) mod document;
pub(crate) mod layout;
pub(crate) mod link;
pub(crate) mod saved;
pub(crate) mod settings;
pub(crate) mod storage_error;
