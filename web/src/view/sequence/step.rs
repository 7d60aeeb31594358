//! One step of a sequence: its fields, and how it went in the last round.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{Outcome, Reply, Run, Span, Step};

use super::Editor;
use crate::view::controls::{field, number, sign_button};

pub(super) fn view(editor: Editor, index: usize) -> AnyView {
    let step = editor.sequence.with_untracked(|sequence| sequence.steps[index].clone());
    let (name, fields) = match step {
        Step::Send(_) => (
            "send",
            vec![text(editor, index, "Message", |step| match step {
                Step::Send(draft) => Some(&mut draft.text),
                _ => None,
            })],
        ),
        Step::Delay(_) => ("wait", vec![milliseconds(editor, index, "ms")]),
        Step::Expect { reply, .. } => {
            let (name, mut fields) = match reply {
                Reply::Text(_) => ("expect a message with", vec![text(editor, index, "Text", sought)]),
                Reply::Regex(_) => ("expect a message that matches", vec![text(editor, index, "Regex", sought)]),
                Reply::Json { .. } => (
                    "expect JSON",
                    vec![
                        text(editor, index, "with a path", sought),
                        text(editor, index, "that equals", |step| match step {
                            Step::Expect { reply: Reply::Json { equals, .. }, .. } => Some(equals),
                            _ => None,
                        }),
                    ],
                ),
            };
            fields.push(milliseconds(editor, index, "within ms"));
            (name, fields)
        }
    };
    let result = editor.tab.text(move |connection| connection.run().map(|run| result(run, index)).unwrap_or_default());
    let verdict = editor.tab.text(move |connection| {
        let outcome = connection.run().and_then(|run| newest(run, index)).map(|(outcome, _)| outcome);
        match outcome {
            Some(Outcome::Passed) => "passed",
            Some(Outcome::Failed(_)) => "failed",
            None => "",
        }
        .to_owned()
    });
    view! {
        <li class="step" data-verdict=verdict>
            <div class="bar">
                <span class="name">{format!("{}. {name}", index + 1)}</span>
                <div class="spacer"></div>
                {sign_button("ghost", "×", "Remove this step", move || {
                    editor.change_shape(|sequence| drop(sequence.steps.remove(index)));
                })}
            </div>
            {fields}
            <p class="hint">{result}</p>
        </li>
    }
    .into_any()
}

fn sought(step: &mut Step) -> Option<&mut String> {
    match step {
        Step::Expect { reply: Reply::Text(text) | Reply::Regex(text) | Reply::Json { path: text, .. }, .. } => {
            Some(text)
        }
        _ => None,
    }
}

fn text(editor: Editor, index: usize, name: &'static str, part: fn(&mut Step) -> Option<&mut String>) -> AnyView {
    let mut step = editor.sequence.with_untracked(|sequence| sequence.steps[index].clone());
    let value = part(&mut step).cloned().unwrap_or_default();
    field(name, value.into(), move |typed| {
        editor.sequence.update(|sequence| {
            if let Some(text) = sequence.steps.get_mut(index).and_then(part) {
                *text = typed;
            }
        });
    })
}

fn milliseconds(editor: Editor, index: usize, name: &'static str) -> AnyView {
    let part = |step: &mut Step| match step {
        Step::Delay(ms) | Step::Expect { within: ms, .. } => std::mem::take(ms),
        Step::Send(_) => 0,
    };
    let mut step = editor.sequence.with_untracked(|sequence| sequence.steps[index].clone());
    number(name, part(&mut step).to_string().into(), move |typed| {
        let Ok(typed) = typed.parse() else { return };
        editor.sequence.update(|sequence| match sequence.steps.get_mut(index) {
            Some(Step::Delay(ms) | Step::Expect { within: ms, .. }) => *ms = typed,
            Some(Step::Send(_)) | None => {}
        });
    })
}

/// How the step went the last time.
fn newest(run: &Run, index: usize) -> Option<(&Outcome, Span)> {
    run.results().iter().rev().find(|result| result.step == index).map(|result| (&result.outcome, Span(result.took)))
}

fn result(run: &Run, index: usize) -> String {
    match newest(run, index) {
        Some((Outcome::Passed, took)) => format!("✓ passed in {took}"),
        Some((Outcome::Failed(why), took)) => format!("✗ failed after {took}: {why}"),
        None => String::new(),
    }
}
