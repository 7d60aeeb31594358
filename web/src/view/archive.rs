//! Taking a log out as a file, looking at one that was taken out, and sending again what it sent. It never reads a file
//! itself: the model does.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{ArchiveFormat, ConnectionMsg, Extent, Msg, Problem, State};

use super::controls::{button, button_unless, choice, file_button, problem};
use super::tab::Tab;
use crate::dynamic::text;
use crate::files;

pub(super) fn form(tab: Tab) -> AnyView {
    let extent = RwSignal::new(0);
    let formats = ArchiveFormat::ALL.map(|format| {
        button("ghost", format.name(), move || {
            let extent = if extent.get_untracked() == 0 { Extent::All } else { Extent::Shown };
            export(tab, format, extent);
        })
    });
    let not_open = tab.flag(|connection| !matches!(connection.state(), State::Open(_)));
    let why = text(move || {
        let task = tab.follow(|connection| match connection.problem() {
            Some(Problem::Task(words)) => Some(words.clone()),
            _ => None,
        });
        let file = tab.store.with(|workbench| workbench.saved_problem().map(str::to_owned));
        task.or(file).unwrap_or_default()
    });
    let import = move |read: Result<files::ReadFile, String>| {
        let Ok(file) = read else { return };
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        tab.store.dispatch(Msg::ImportLog { name: file.name, text });
        if tab.store.with_untracked(|workbench| workbench.saved_problem().is_none()) {
            tab.dialog.set(None);
        }
    };
    view! {
        <form>
            <fieldset>
                <legend>"Export as a file"</legend>
                {choice("What", &["all that is kept", "what the filter shows"], extent.into(), move |chosen| extent.set(chosen))}
                <div class="chips">{formats.into_iter().collect::<Vec<_>>()}</div>
                <p class="hint">"JSON Lines and HAR can be imported again, CSV is for spreadsheets"</p>
            </fieldset>
            <fieldset>
                <legend>"Import"</legend>
                <div>{file_button("Choose a file…", "Import a log", move |field| files::read_picked(&field, import))}</div>
                <p class="hint">"JSON Lines from here, HAR from here or from a browser's developer tools"</p>
            </fieldset>
            <fieldset>
                <legend>"Send again what this log has sent, with the same timing"</legend>
                <div class="chips">{replay_buttons(tab, not_open)}</div>
            </fieldset>
            {problem("archive-problem", why)}
        </form>
    }
    .into_any()
}

/// The messages of this log go out on any open connection, which is then shown.
fn replay_buttons(tab: Tab, not_open: Signal<bool>) -> Vec<AnyView> {
    let messages = move || tab.read(|connection| connection.sent_messages());
    let others = tab.store.with_untracked(|workbench| {
        let open = workbench.connections().iter().filter(|connection| matches!(connection.state(), State::Open(_)));
        open.filter(|connection| connection.id() != tab.id)
            .map(|connection| (connection.id(), connection.setup().title().to_owned()))
            .collect::<Vec<_>>()
    });
    let replay_on = move |id| {
        tab.store.dispatch(Msg::Connection(id, ConnectionMsg::StartReplay(messages())));
        tab.store.dispatch(Msg::Show(id));
        tab.dialog.set(None);
    };
    let mut buttons = vec![button_unless("ghost", "On this connection", not_open, move || replay_on(tab.id))];
    buttons
        .extend(others.into_iter().map(|(id, title)| button("ghost", ["On ", &title].concat(), move || replay_on(id))));
    buttons.push(button("ghost", "Stop", move || tab.tell(ConnectionMsg::StopReplay)));
    buttons
}

fn export(tab: Tab, format: ArchiveFormat, extent: Extent) {
    let mut pieces = files::Pieces::default();
    tab.store.with_untracked(|workbench| {
        workbench.export(tab.id, format, extent, &mut |piece| pieces.push(piece));
    });
    pieces.download(&["canyon-log.", format.extension()].concat(), format.media_type());
}
