//! Export the log to a file, import one, and replay the messages that a log has sent.

use compute::archive::ArchiveFormat;
use model::{ConnectionId, ConnectionMsg, ConnectionState, Msg, Problem, Subject};

use crate::page::Page;
use crate::view::controls::{button, file_button, problem, select};
use crate::view::{View, html};

pub(super) fn form(page: &Page) -> View {
    html("<form></form>")
        .child(
            html("<fieldset><legend>Export</legend></fieldset>")
                .child(select(
                    "Entries",
                    &["all", "filtered"],
                    |page| page.forms.export_filtered.into(),
                    |page, chosen| page.forms.export_filtered = chosen > 0,
                ))
                .child(html("<div class=chips></div>").children(
                    ArchiveFormat::ALL.map(|format| button("ghost", format.name(), move |page, _| page.export(format))),
                ))
                .child(
                    html("<p class=hint role=status></p>")
                        .text_of(|page| if page.exports.is_running() { "Writing the file…" } else { "" }.into()),
                )
                .child(html("<p class=hint>JSON Lines and HAR can be imported again; CSV is for spreadsheets</p>")),
        )
        .child(
            html("<fieldset><legend>Import</legend></fieldset>")
                .child(
                    html("<div></div>")
                        .child(file_button("Choose a file…", "Import a log", |page, file| page.import_log(&file))),
                )
                .child(html(
                    "<p class=hint>JSON Lines from Canyon; HAR from Canyon or a browser's developer tools</p>",
                )),
        )
        .child(
            html("<fieldset><legend>Replay sent messages with their timing</legend></fieldset>")
                .child(html("<div class=chips></div>").children(replay_buttons(page))),
        )
        .child(problem("archive-problem", |page| {
            let task = match page.shown().problem() {
                Some(Problem::Task(text)) => Some(text.as_str()),
                _ => None,
            };
            task.or(page.store.workbench().problem(Subject::Logs)).unwrap_or_default().into()
        }))
}

/// One for each open connection, and one for the connection that is shown, open or not.
fn replay_buttons(page: &Page) -> Vec<View> {
    let shown = page.pane.id;
    let mut buttons = vec![
        button("ghost", "On this connection", move |page, _| replay_on(page, shown))
            .attr_if("disabled", |page| !matches!(page.shown().state(), ConnectionState::Open(_))),
    ];
    for connection in page.store.workbench().connections() {
        let id = connection.id();
        if id != shown && matches!(connection.state(), ConnectionState::Open(_)) {
            let label = ["On ", &*connection.setup().title()].concat();
            buttons.push(button("ghost", &label, move |page, _| replay_on(page, id)));
        }
    }
    buttons.push(
        button("ghost", "Stop replay", |page, _| page.dispatch_shown(ConnectionMsg::StopReplay))
            .attr_if("disabled", |page| page.shown().replay().is_none()),
    );
    buttons
}

/// Replays what the shown connection's log has sent, and shows the connection that sends it.
fn replay_on(page: &mut Page, id: ConnectionId) {
    let messages = page.shown().sent_messages();
    page.dispatch(Msg::Connection(id, ConnectionMsg::StartReplay(messages)));
    page.dispatch(Msg::Show(id));
    page.dialog = None;
}
