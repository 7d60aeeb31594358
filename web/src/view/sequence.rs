//! A sequence of steps beside the log: its editor, and how it went. It never runs a step: the model does.

mod step;

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{ConnectionMsg, Draft, Msg, Problem, Reply, Sequence, Step, Verdict};

use super::controls::{button, button_unless, field, file_button, group, number, problem, sign_button};
use super::tab::Tab;
use crate::dynamic::{flag, part, text};
use crate::files;

/// What is being edited.
#[derive(Clone, Copy)]
struct Editor {
    tab: Tab,
    sequence: RwSignal<Sequence>,
    /// Bumped when steps come or go, not when one is typed into: then its field would lose the keyboard.
    shape: RwSignal<u32>,
}

impl Editor {
    fn change_shape(self, change: impl FnOnce(&mut Sequence)) {
        self.sequence.update(change);
        self.shape.update(|shape| *shape += 1);
    }

    fn runs(self) -> Signal<bool> {
        self.tab.flag(|connection| connection.run().is_some_and(|run| run.verdict() == Verdict::Running))
    }
}

pub(super) fn panel(tab: Tab) -> AnyView {
    let sequence = tab.read(|connection| connection.run().map(|run| run.sequence().clone()));
    let editor = Editor { tab, sequence: RwSignal::new(sequence.unwrap_or_else(fresh)), shape: RwSignal::new(0) };
    let steps = part(move || {
        editor.shape.track();
        let count = editor.sequence.with_untracked(|sequence| sequence.steps.len());
        Some((0..count).map(|index| step::view(editor, index)).collect::<Vec<_>>().into_any())
    });
    view! {
        <aside class="sequence" aria-label="Sequence">
            <header>
                <h2>"Sequence"</h2>
                {sign_button("ghost", "×", "Close the sequence", move || tab.sequence.set(false))}
            </header>
            <div class="steps">
                {saved(editor)}
                {named(editor)}
                <ol>{steps}</ol>
                {group("Add a step", vec![
                    add(editor, "+ send", || Step::Send(Draft::default())),
                    add(editor, "+ text", || expect(Reply::Text(String::new()))),
                    add(editor, "+ regex", || expect(Reply::Regex(String::new()))),
                    add(editor, "+ JSON", || expect(Reply::Json { path: "$".to_owned(), equals: String::new() })),
                    add(editor, "+ wait", || Step::Delay(1000)),
                ])}
                {actions(editor)}
                <p role="status">{tab.text(|connection| connection.run().map(|run| run.summary()).unwrap_or_default())}</p>
                {problem("sequence-problem", tab.text(|connection| match connection.problem() {
                    Some(Problem::Task(words)) => words.clone(),
                    _ => String::new(),
                }))}
            </div>
        </aside>
    }
    .into_any()
}

fn fresh() -> Sequence {
    let hello = Draft { text: "hello".to_owned(), ..Draft::default() };
    Sequence {
        name: "hello".to_owned(),
        rounds: 1,
        steps: vec![Step::Send(hello), expect(Reply::Text("hello".to_owned()))],
    }
}

fn expect(reply: Reply) -> Step {
    Step::Expect { reply, within: Step::PATIENCE }
}

/// The saved ones, to be taken into the editor.
fn saved(editor: Editor) -> AnyView {
    let names = editor
        .tab
        .store
        .fact(|workbench| workbench.sequences().iter().map(|sequence| sequence.name.clone()).collect::<Vec<_>>());
    let choose = move |place: usize| {
        let chosen = editor.tab.store.with_untracked(|workbench| workbench.sequences().get(place).cloned());
        if let Some(chosen) = chosen {
            editor.change_shape(|sequence| *sequence = chosen);
        }
    };
    part(move || {
        let buttons = names.get().into_iter().enumerate();
        let buttons = buttons.map(|(place, name)| button("ghost", name, move || choose(place))).collect();
        Some(group("Saved sequences", buttons))
    })
    .into_any()
}

fn named(editor: Editor) -> AnyView {
    let sequence = editor.sequence;
    let name = text(move || sequence.with(|sequence| sequence.name.clone()));
    let rounds = text(move || sequence.with(|sequence| sequence.rounds.to_string()));
    view! {
        <div class="named">
            {field("Name", name, move |text| sequence.update(|sequence| sequence.name = text))}
            {number("Rounds", rounds, move |text| {
                if let Ok(rounds) = text.parse() {
                    sequence.update(|sequence| sequence.rounds = rounds);
                }
            })}
        </div>
    }
    .into_any()
}

fn add(editor: Editor, label: &'static str, step: fn() -> Step) -> AnyView {
    button("ghost", label, move || editor.change_shape(|sequence| sequence.steps.push(step())))
}

fn actions(editor: Editor) -> AnyView {
    let Editor { tab, sequence, .. } = editor;
    let runs = editor.runs();
    let import = move |read: Result<files::ReadFile, String>| {
        if let Ok(file) = read {
            tab.store.dispatch(Msg::ImportSequences(String::from_utf8_lossy(&file.bytes).into_owned()));
        }
    };
    group(
        "The sequence",
        vec![
            button_unless("primary", "Run", runs, move || {
                tab.tell(ConnectionMsg::StartSequence(sequence.get_untracked()));
            }),
            button_unless("ghost", "Stop", flag(move || !runs.get()), move || {
                tab.tell(ConnectionMsg::StopSequence);
            }),
            button("ghost", "Save", move || tab.store.dispatch(Msg::SaveSequence(sequence.get_untracked()))),
            button("ghost", "Delete", move || {
                tab.store.dispatch(Msg::RemoveSequence(sequence.with_untracked(|sequence| sequence.name.clone())));
            }),
            button("ghost", "Export", move || {
                let document = sequence.with_untracked(|sequence| Sequence::to_json([sequence]));
                files::download("canyon-sequence.json", "application/json", document.as_bytes());
            }),
            file_button("Import", "Import sequences", move |picked| files::read_picked(&picked, import)),
        ],
    )
}
