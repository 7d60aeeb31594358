//! A sequence of steps beside the log: its editor, and how it went. It never runs a step: the model does.

mod step;

use std::borrow::Cow;

use model::{Connection, ConnectionMsg, Document, Draft, Msg, Problem, Reply, Run, Sequence, Step, Verdict};

use super::compose::MESSAGE_BOX;
use super::controls::{Wrong, button, field, file_button, focus, group, number, problem, sign_button, value_of};
use super::{View, html};
use crate::browser::files;
use crate::page::Page;

/// What is being edited.
pub(crate) struct Editor {
    sequence: Sequence,
    /// Another number when steps come or go, not when one is typed into: then its field would lose the keyboard.
    shape: u32,
    /// What is no number though it should be, by the indices of the steps.
    wrong: Wrong,
}

impl Editor {
    /// With the sequence that was run last, or with a simple one.
    pub(super) fn new(connection: &Connection) -> Self {
        Self {
            sequence: connection.run().map_or_else(fresh, |run| run.sequence().clone()),
            shape: 0,
            wrong: Wrong::default(),
        }
    }
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
    Step::Expect { reply, within: Step::DEFAULT_TIMEOUT_MS }
}

/// The index of no step.
const OUTSIDE: usize = usize::MAX;

type Make = fn() -> Step;

/// What can be added, and what it is called.
const STEPS: [(&str, Make); 5] = [
    ("+ send", || Step::Send(Draft::default())),
    ("+ text", || expect(Reply::Text(String::new()))),
    ("+ regex", || expect(Reply::Regex(String::new()))),
    ("+ JSON", || expect(Reply::Json { path: "$".to_owned(), equals: String::new() })),
    ("+ wait", || Step::Delay(1000)),
];

pub(super) fn panel() -> View {
    html("<aside class=sequence aria-label=Sequence><header><h2>Sequence</h2></header><div class=steps></div></aside>")
        .at("header")
        .child(sign_button("×", "Close the sequence", |page, _| {
            page.pane.editor = None;
            focus(MESSAGE_BOX);
        }))
        .at(".steps")
        .child(
            html("<slot></slot>")
                .part(|page| Some(page.store.workbench().revision(Document::Sequences).to_string()), saved),
        )
        .child(named())
        .child(actions())
        .child(
            html("<p role=status></p>").text_of(|page| page.shown().run().map(Run::summary).unwrap_or_default().into()),
        )
        .child(problem("sequence-problem", wrong))
        .child(html("<slot></slot>").part(|page| Some(page.pane.editor.as_ref()?.shape.to_string()), steps))
        .child(group(
            "Add a step",
            STEPS.map(|(label, step)| {
                button("ghost", label, move |page, _| change_shape(page, |sequence| sequence.steps.push(step())))
            }),
        ))
}

/// The sequence that is edited, while there is an editor.
fn sequence(page: &Page) -> Option<&Sequence> {
    page.pane.editor.as_ref().map(|editor| &editor.sequence)
}

fn change(page: &mut Page, change: impl FnOnce(&mut Sequence)) {
    if let Some(editor) = &mut page.pane.editor {
        change(&mut editor.sequence);
    }
}

fn change_shape(page: &mut Page, change: impl FnOnce(&mut Sequence)) {
    if let Some(editor) = &mut page.pane.editor {
        change(&mut editor.sequence);
        editor.shape += 1;
        editor.wrong.clear();
    }
}

/// The number that is typed in that step, or outside of all. What is none is told, and changes nothing.
fn number_in(page: &mut Page, step: usize, typed: &str) -> Option<u32> {
    let number = typed.trim().parse::<u64>().ok().and_then(|number| number.try_into().ok());
    let why = number.is_none().then(|| ["\"", typed, "\" is no whole number"].concat());
    page.pane.editor.as_mut()?.wrong.note(step, why);
    number
}

/// What was typed that is no number.
fn no_number(page: &Page) -> &str {
    page.pane.editor.as_ref().map_or("", |editor| editor.wrong.words())
}

fn wrong(page: &Page) -> Cow<'_, str> {
    match page.shown().problem() {
        _ if is_wrong(page) => no_number(page),
        Some(Problem::Task(words)) => words,
        _ => page.store.workbench().saved_problem().unwrap_or_default(),
    }
    .into()
}

fn is_wrong(page: &Page) -> bool {
    !no_number(page).is_empty()
}

/// The saved ones, to be taken into the editor.
fn saved(page: &Page) -> View {
    let names = page.store.workbench().sequences().iter().enumerate();
    group(
        "Saved sequences",
        names.map(|(place, saved)| {
            button("ghost", &saved.name, move |page, _| {
                if let Some(chosen) = page.store.workbench().sequences().get(place).cloned() {
                    change_shape(page, |sequence| *sequence = chosen);
                }
            })
        }),
    )
}

fn named() -> View {
    html("<div class=named></div>")
        .child(field("Name", name, |page, event| change(page, |sequence| sequence.name = value_of(event))))
        .child(number(
            "Rounds",
            |page| sequence(page).map_or(1, |sequence| sequence.rounds).to_string().into(),
            |page, event| {
                if let Some(rounds) = number_in(page, OUTSIDE, &value_of(event)) {
                    change(page, |sequence| sequence.rounds = rounds);
                }
            },
        ))
}

fn name(page: &Page) -> Cow<'_, str> {
    sequence(page).map_or("", |sequence| &sequence.name).into()
}

fn steps(page: &Page) -> View {
    let steps = sequence(page).map_or(&[][..], |sequence| &sequence.steps);
    html("<ol></ol>").children(steps.iter().enumerate().map(|(index, step)| step::view(index, step)))
}

fn actions() -> View {
    let runs = |page: &Page| page.shown().run().is_some_and(|run| run.verdict() == Verdict::Running);
    let run = button("primary", "Run", |page, _| {
        if let Some(sequence) = sequence(page).cloned() {
            page.tell(ConnectionMsg::StartSequence(sequence));
        }
    });
    let save = button("ghost", "Save", |page, _| {
        if let Some(sequence) = sequence(page).cloned() {
            page.dispatch(Msg::SaveSequence(sequence));
        }
    });
    group(
        "The sequence",
        [
            run.attr_if("disabled", move |page| runs(page) || is_wrong(page)),
            button("ghost", "Stop", |page, _| page.tell(ConnectionMsg::StopSequence))
                .attr_if("disabled", move |page| !runs(page)),
            save.attr_if("disabled", is_wrong),
            button("ghost", "Delete", |page, _| page.dispatch(Msg::RemoveSequence(name(page).into_owned()))),
            button("ghost", "Export", |page, _| {
                let document = Sequence::to_json(sequence(page));
                files::download("canyon-sequence.json", "application/json", document.as_bytes());
            }),
            file_button("Import", "Import sequences", |page, read| {
                if let Ok(file) = read {
                    page.dispatch(Msg::ImportSequences(file.text()));
                }
            }),
        ],
    )
}
