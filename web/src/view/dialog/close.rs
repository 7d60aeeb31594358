//! Close the connection with a code and a reason.

use model::{CloseFrame, CloseFrameError, ConnectionMsg};

use crate::page::{CloseForm, Page};
use crate::view::controls::{button, number_field, problem, text_field, value_of};
use crate::view::{View, html};

pub(super) fn form() -> View {
    html("<form></form>")
        .child(number_field(
            "Code",
            |page| page.forms.close.code.as_str().into(),
            |page, event| page.forms.close.code = value_of(event),
        ))
        .child(text_field(
            "Reason",
            |page| page.forms.close.reason.as_str().into(),
            |page, event| page.forms.close.reason = value_of(event),
        ))
        .child(html("<p class=hint>Code: 1000, or 3000 to 4999. Reason: up to 123 bytes.</p>"))
        .child(problem("close-problem", |page| {
            frame(page).err().map(|error| error.to_string()).unwrap_or_default().into()
        }))
        .child(html("<footer></footer>").child(close_button()))
}

fn frame(page: &Page) -> Result<CloseFrame, CloseFrameError> {
    let CloseForm { code, reason } = &page.forms.close;
    CloseFrame::parse(code, reason)
}

fn close_button() -> View {
    button("primary", "Close", |page, _| {
        if let Ok(frame) = frame(page) {
            page.dialog = None;
            page.dispatch_shown(ConnectionMsg::Close(frame));
        }
    })
    .attr_if("disabled", |page| frame(page).is_err())
}
