//! The sequence editor beside the log, with the results of the last run.

mod step;

use std::borrow::Cow;

use model::{ConnectionMsg, Document, Draft, Msg, Problem, Reply, Run, Sequence, Step, Subject, Verdict, visible};

use super::compose::MESSAGE_BOX;
use super::controls::{button, file_button, focus, group, number_field, problem, sign_button, text_field, value_of};
use super::{View, html};
use crate::browser::files;
use crate::page::{Editor, Page};

type MakeStep = fn() -> Step;

const STEPS: [(&str, MakeStep); 5] = [
    ("+ Send", || Step::Send(Draft::default())),
    ("+ Expect text", || expect(Reply::Text(String::new()))),
    ("+ Expect regex", || expect(Reply::Regex(String::new()))),
    ("+ Expect JSON", || expect(Reply::Json { path: "$".to_owned(), equals: String::new() })),
    ("+ Wait", || Step::Delay(1000)),
];

fn expect(reply: Reply) -> Step {
    Step::Expect { reply, within: Step::DEFAULT_TIMEOUT_MS }
}

/// Changes the steps. The results of the last run, which belong to other steps then, go.
fn edit(page: &mut Page, change: impl FnOnce(&mut Editor)) {
    if !page.shown().run().is_some_and(|run| run.verdict() == Verdict::Running) {
        page.dispatch_shown(ConnectionMsg::DismissSequence);
    }
    if let Some(editor) = &mut page.pane.editor {
        change(editor);
    }
}

pub(super) fn panel() -> View {
    let mut shape = None;
    html("<aside class=sequence aria-label=Sequence><header><h2>Sequence</h2></header><div class=steps></div></aside>")
        .at("header")
        .child(sign_button("×", "Close sequence", |page, _| {
            page.pane.editor_open = false;
            focus(MESSAGE_BOX);
        }))
        .at(".steps")
        .child(
            html("<slot></slot>")
                .keyed(|page| Some(page.store.workbench().revision(Document::Sequences).to_string()), saved),
        )
        .child(name_and_rounds())
        .child(actions())
        .child(
            html("<p role=status></p>").text_of(|page| page.shown().run().map(Run::summary).unwrap_or_default().into()),
        )
        .child(problem("sequence-problem", sequence_problem))
        .child(html("<slot></slot>").keyed(|page| Some(page.pane.editor.as_ref()?.shape.to_string()), steps))
        .child(group(
            "Add a step",
            STEPS.map(|(label, step)| {
                button("ghost", label, move |page, _| {
                    edit(page, |editor| editor.insert(editor.sequence.steps.len(), step()))
                })
            }),
        ))
        .on_render(move |page| {
            let Some(editor) = &page.pane.editor else { return };
            if shape.replace(editor.shape) != Some(editor.shape)
                && let Some((index, part)) = editor.focus
            {
                focus(&format!(".step:nth-child({}) {part}", index + 1));
            }
        })
}

fn sequence(page: &Page) -> Option<&Sequence> {
    page.pane.editor.as_ref().map(|editor| &editor.sequence)
}

fn input_error(page: &Page) -> &str {
    page.pane.editor.as_ref().map_or("", |editor| editor.errors.newest())
}

fn has_input_error(page: &Page) -> bool {
    !input_error(page).is_empty()
}

fn sequence_problem(page: &Page) -> Cow<'_, str> {
    match page.shown().problem() {
        _ if has_input_error(page) => input_error(page),
        Some(Problem::Task(text)) => text,
        _ => page.store.workbench().problem(Subject::Sequences).unwrap_or_default(),
    }
    .into()
}

/// The saved sequences: a click on one edits it.
fn saved(page: &Page) -> View {
    let sequences = page.store.workbench().sequences().iter().enumerate();
    group(
        "Saved sequences",
        sequences.map(|(index, saved)| {
            button("ghost", &visible(&saved.name), move |page, _| {
                if let Some(chosen) = page.store.workbench().sequences().get(index).cloned() {
                    edit(page, |editor| editor.open(chosen));
                }
            })
        }),
    )
}

fn name_and_rounds() -> View {
    html("<div class=named></div>")
        .child(text_field("Name", name, |page, event| {
            if let Some(editor) = &mut page.pane.editor {
                editor.sequence.name = value_of(event);
            }
        }))
        .child(number_field(
            "Rounds",
            |page| sequence(page).map_or(1, |sequence| sequence.rounds).to_string().into(),
            |page, event| {
                if let Some(editor) = &mut page.pane.editor
                    && let Some(rounds) = editor.parse_number(Editor::NO_STEP, &value_of(event))
                {
                    editor.sequence.rounds = rounds;
                }
            },
        ))
}

fn name(page: &Page) -> Cow<'_, str> {
    sequence(page).map_or("", |sequence| &sequence.name).into()
}

fn steps(page: &Page) -> View {
    let steps = sequence(page).map_or(&[][..], |sequence| &sequence.steps);
    let count = steps.len();
    html("<ol></ol>").children(steps.iter().enumerate().map(|(index, step)| step::view(index, count, step)))
}

fn actions() -> View {
    let is_running = |page: &Page| page.shown().run().is_some_and(|run| run.verdict() == Verdict::Running);
    let run = button("primary", "Run", |page, _| {
        if let Some(sequence) = sequence(page).cloned() {
            page.dispatch_shown(ConnectionMsg::StartSequence(sequence));
        }
    });
    let save = button("ghost", "Save", |page, _| {
        if let Some(sequence) = sequence(page).cloned() {
            page.dispatch(Msg::SaveSequence(sequence));
            if let Some(editor) = &mut page.pane.editor
                && page.store.workbench().problem(Subject::Sequences).is_none()
            {
                editor.saved();
            }
        }
    });
    group(
        "Sequence actions",
        [
            run.attr_if("disabled", move |page| is_running(page) || has_input_error(page)),
            button("ghost", "Stop", |page, _| page.dispatch_shown(ConnectionMsg::StopSequence))
                .attr_if("disabled", move |page| !is_running(page)),
            save.attr_if("disabled", has_input_error),
            button("ghost", "Undo", |page, _| edit(page, Editor::undo))
                .attr_if("disabled", |page| !page.pane.editor.as_ref().is_some_and(Editor::can_undo)),
            button("ghost", "Delete", |page, _| page.dispatch(Msg::RemoveSequence(name(page).into_owned()))),
            button("ghost", "Export", |page, _| {
                let document = Sequence::to_json(sequence(page));
                files::download("canyon-sequence.json", "application/json", document.as_bytes());
            }),
            file_button("Import", "Import sequences", |page, file| {
                page.import_text(&file, Subject::Sequences, Msg::ImportSequences)
            }),
        ],
    )
}
