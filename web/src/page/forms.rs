//! The fields of the dialogs, which are emptied when a dialog is opened.

use model::preset::Form as PresetForm;
use model::{ConnectionId, SavedName};
use wire::Path;

use super::field_errors::FieldErrors;
use crate::browser::task::Task;

pub(crate) struct Forms {
    pub(crate) close: CloseForm,
    pub(crate) share: ShareForm,
    /// Which behaviour is asked for.
    pub(crate) path: Path,
    /// Made from it and from the address.
    pub(crate) preset: Option<PresetForm>,
    pub(crate) saved: SavedForm,
    pub(crate) settings: SettingsForm,
    /// The connection that is to be removed.
    pub(crate) removed: Option<ConnectionId>,
    /// Whether an export leaves out what the filter hides.
    pub(crate) export_filtered: bool,
}

impl Default for Forms {
    fn default() -> Self {
        Self {
            close: CloseForm::default(),
            share: ShareForm::default(),
            path: Path::Tutorial,
            preset: None,
            saved: SavedForm::default(),
            settings: SettingsForm::default(),
            removed: None,
            export_filtered: false,
        }
    }
}

/// As typed.
pub(crate) struct CloseForm {
    pub(crate) code: String,
    pub(crate) reason: String,
}

impl Default for CloseForm {
    fn default() -> Self {
        Self { code: "1000".to_owned(), reason: String::new() }
    }
}

#[derive(Default)]
pub(crate) struct ShareForm {
    /// Whether the link carries the content of the message box.
    pub(crate) with_draft: bool,
    pub(crate) copied: bool,
    pub(crate) copying: Option<Task>,
}

#[derive(Default)]
pub(crate) struct SavedForm {
    pub(crate) name: SavedName,
    /// The message's name when the dialog was opened.
    pub(crate) old_name: SavedName,
}

#[derive(Default)]
pub(crate) struct SettingsForm {
    /// By the setting's number in its enum.
    pub(crate) errors: FieldErrors,
}
