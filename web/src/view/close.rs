//! Closing with a code and a reason of one's choice. It never sends a code that a browser would refuse.

use model::{CloseFrame, CloseFrameError, ConnectionMsg};

use super::controls::{button, field, number, problem, value_of};
use super::{View, html};
use crate::page::Page;

/// What is typed.
pub(crate) struct Typed {
    code: String,
    reason: String,
}

impl Default for Typed {
    fn default() -> Self {
        Self { code: "1000".to_owned(), reason: String::new() }
    }
}

pub(super) fn form() -> View {
    html("<form></form>")
        .child(number(
            "Code",
            |page| page.forms.close.code.as_str().into(),
            |page, event| page.forms.close.code = value_of(event),
        ))
        .child(field(
            "Reason",
            |page| page.forms.close.reason.as_str().into(),
            |page, event| page.forms.close.reason = value_of(event),
        ))
        .child(html("<p class=hint>1000, or 3000 to 4999; up to 123 bytes of reason</p>"))
        .child(problem("close-problem", |page| {
            frame(page).err().map(|error| error.to_string()).unwrap_or_default().into()
        }))
        .child(html("<footer></footer>").child(close_button()))
}

fn frame(page: &Page) -> Result<CloseFrame, CloseFrameError> {
    let Typed { code, reason } = &page.forms.close;
    CloseFrame::parse(code, reason)
}

fn close_button() -> View {
    button("primary", "Close", |page, _| {
        if let Ok(frame) = frame(page) {
            page.dialog = None;
            page.tell(ConnectionMsg::Close(frame));
        }
    })
    .attr_if("disabled", |page| frame(page).is_err())
}
