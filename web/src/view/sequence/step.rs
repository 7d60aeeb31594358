//! One step of a sequence: its fields, and its result in the last round.

use std::borrow::Cow;

use model::{Outcome, Reply, SequenceEdit, Span, Step};

use super::{STEPS, edit};
use crate::page::Page;
use crate::view::controls::{button, focus, number_field, popover, sign_button, text_field, value_of};
use crate::view::{View, html};

/// `count` is the number of steps.
pub(super) fn view(index: usize, count: usize, step: &Step) -> View {
    html("<li class=step><div class=bar><span class=name></span><div class=spacer></div></div></li>")
        .attr_of("data-verdict", move |page| match outcome(page, index) {
            Some((Outcome::Passed, _)) => "passed".into(),
            Some((Outcome::Failed(_), _)) => "failed".into(),
            None => "".into(),
        })
        .children(fields(index, step))
        .child(html("<p class=hint></p>").text_of(move |page| result(page, index)))
        .at(".name")
        .text(&format!("{}. {}", index + 1, name(step)))
        .at(".bar")
        .child(move_button("↑", "Move step up", index, index.checked_sub(1)))
        .child(move_button("↓", "Move step down", index, (index + 1 < count).then_some(index + 1)))
        .child(popover("insert", &format!("insert-{index}"), "+", "Add a step below").children(STEPS.map(
            |(label, step)| {
                button("ghost", label, move |page, _| edit(page, |editor| editor.insert(index + 1, step())))
            },
        )))
        .child(sign_button("×", "Remove step", move |page, _| {
            edit(page, |editor| editor.edit(SequenceEdit::Remove(index), None));
            focus("[aria-label='Add a step'] button");
        }))
}

fn move_button(sign: &'static str, name: &'static str, from: usize, to: Option<usize>) -> View {
    let part = if sign == "↑" { "[aria-label='Move step up']" } else { "[aria-label='Move step down']" };
    let button = sign_button(sign, name, move |page, _| {
        if let Some(to) = to {
            edit(page, |editor| editor.edit(SequenceEdit::Move { from, to }, Some((to, part))));
        }
    });
    // Not `disabled`, which would lose the focus at the end of the list.
    button.attr("aria-disabled", if to.is_some() { "false" } else { "true" })
}

fn name(step: &Step) -> &'static str {
    match step {
        Step::Send(_) => "Send",
        Step::Delay(_) => "Wait",
        Step::Expect { reply: Reply::Text(_), .. } => "Expect text",
        Step::Expect { reply: Reply::Regex(_), .. } => "Expect regex",
        Step::Expect { reply: Reply::Json { .. }, .. } => "Expect JSON",
    }
}

fn fields(index: usize, step: &Step) -> Vec<View> {
    match step {
        Step::Send(draft) => vec![text(index, "Message", &draft.text, first_text)],
        Step::Delay(ms) => vec![milliseconds(index, "Duration (ms)", *ms)],
        Step::Expect { reply, within } => {
            let mut fields = match reply {
                Reply::Text(part) => vec![text(index, "Text", part, first_text)],
                Reply::Regex(part) => vec![text(index, "Regex", part, first_text)],
                Reply::Json { path, equals } => {
                    vec![text(index, "Path", path, first_text), text(index, "Equals", equals, json_value)]
                }
            };
            fields.push(milliseconds(index, "Timeout (ms)", *within));
            fields
        }
    }
}

/// The text that a step sends or expects, or the JSON path.
fn first_text(step: &mut Step) -> Option<&mut String> {
    match step {
        Step::Send(draft) => Some(&mut draft.text),
        Step::Expect { reply: Reply::Text(text) | Reply::Regex(text) | Reply::Json { path: text, .. }, .. } => {
            Some(text)
        }
        Step::Delay(_) => None,
    }
}

fn json_value(step: &mut Step) -> Option<&mut String> {
    match step {
        Step::Expect { reply: Reply::Json { equals, .. }, .. } => Some(equals),
        _ => None,
    }
}

/// The value is set once: nothing but this field changes the text while the step exists.
fn text(index: usize, label: &str, value: &str, part: fn(&mut Step) -> Option<&mut String>) -> View {
    let value = value.to_owned();
    text_field(
        label,
        move |_| value.clone().into(),
        move |page, event| {
            let step = page.pane.editor.as_mut().and_then(|editor| editor.sequence.steps.get_mut(index));
            if let Some(text) = step.and_then(part) {
                *text = value_of(event);
            }
        },
    )
}

fn milliseconds(index: usize, label: &str, value: u32) -> View {
    number_field(
        label,
        move |_| value.to_string().into(),
        move |page, event| {
            let Some(editor) = &mut page.pane.editor else { return };
            let Some(typed) = editor.parse_number(index, &value_of(event)) else { return };
            match editor.sequence.steps.get_mut(index) {
                Some(Step::Delay(ms) | Step::Expect { within: ms, .. }) => *ms = typed,
                Some(Step::Send(_)) | None => {}
            }
        },
    )
}

/// The last result of the step, and how long the step took.
fn outcome(page: &Page, index: usize) -> Option<(&Outcome, Span)> {
    let result = page.shown().run()?.results().iter().rev().find(|result| result.step == index)?;
    Some((&result.outcome, Span(result.took)))
}

fn result(page: &Page, index: usize) -> Cow<'_, str> {
    match outcome(page, index) {
        Some((Outcome::Passed, took)) => format!("✓ passed in {took}").into(),
        Some((Outcome::Failed(why), took)) => format!("✗ failed after {took}: {why}").into(),
        None => "".into(),
    }
}
