//! Taking a log out as a file, looking at one that was taken out, and sending again what it sent. It never reads a file
//! itself: the model does.

use model::{ArchiveFormat, ConnectionId, ConnectionMsg, Extent, Msg, Problem, State};

use super::controls::{button, choice, file_button, problem};
use super::{View, html};
use crate::browser::files;
use crate::page::Page;

pub(super) fn form(page: &Page) -> View {
    html("<form></form>")
        .child(
            html("<fieldset><legend>Export as a file</legend></fieldset>")
                .child(choice(
                    "What",
                    &["all that is kept", "what the filter shows"],
                    |page| page.forms.only_shown.into(),
                    |page, chosen| page.forms.only_shown = chosen > 0,
                ))
                .child(
                    html("<div class=chips></div>").children(
                        ArchiveFormat::ALL
                            .map(|format| button("ghost", format.name(), move |page, _| export(page, format))),
                    ),
                )
                .child(html("<p class=hint>JSON Lines and HAR can be imported again, CSV is for spreadsheets</p>")),
        )
        .child(
            html("<fieldset><legend>Import</legend></fieldset>")
                .child(html("<div></div>").child(file_button("Choose a file…", "Import a log", import)))
                .child(html(
                    "<p class=hint>JSON Lines from here, HAR from here or from a browser's developer tools</p>",
                )),
        )
        .child(
            html("<fieldset><legend>Send again with the same timing</legend></fieldset>")
                .child(html("<div class=chips></div>").children(replay_buttons(page))),
        )
        .child(problem("archive-problem", |page| {
            let task = match page.shown().problem() {
                Some(Problem::Task(words)) => Some(words.as_str()),
                _ => None,
            };
            task.or(page.store.workbench().saved_problem()).unwrap_or_default().into()
        }))
}

fn import(page: &mut Page, read: files::Read) {
    let Ok(file) = read else { return };
    page.dispatch(Msg::ImportLog { name: file.name.clone(), text: file.text() });
    page.close_if_done();
}

/// The messages of this log go out on any open connection, which is then shown.
fn replay_buttons(page: &Page) -> Vec<View> {
    let shown = page.pane.id;
    let mut buttons = vec![
        button("ghost", "On this connection", move |page, _| replay_on(page, shown))
            .attr_if("disabled", |page| !matches!(page.shown().state(), State::Open(_))),
    ];
    for connection in page.store.workbench().connections() {
        let id = connection.id();
        if id != shown && matches!(connection.state(), State::Open(_)) {
            let label = ["On ", connection.setup().title()].concat();
            buttons.push(button("ghost", &label, move |page, _| replay_on(page, id)));
        }
    }
    buttons.push(
        button("ghost", "Stop", |page, _| page.tell(ConnectionMsg::StopReplay))
            .attr_if("disabled", |page| page.shown().replay().is_none()),
    );
    buttons
}

fn replay_on(page: &mut Page, id: ConnectionId) {
    let messages = page.shown().sent_messages();
    page.dispatch(Msg::Connection(id, ConnectionMsg::StartReplay(messages)));
    page.dispatch(Msg::Show(id));
    page.dialog = None;
}

fn export(page: &Page, format: ArchiveFormat) {
    let extent = if page.forms.only_shown { Extent::Shown } else { Extent::All };
    let mut pieces = files::Pieces::default();
    page.store.workbench().export(page.pane.id, format, extent, &mut |piece| pieces.push(piece));
    pieces.download(&["canyon-log.", format.extension()].concat(), format.media_type());
}
