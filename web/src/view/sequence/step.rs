//! One step of a sequence: its fields, and how it went in the last round.

use std::borrow::Cow;

use model::{Outcome, Reply, Span, Step};

use super::{change, change_shape, number_in};
use crate::page::Page;
use crate::view::controls::{field, focus, number, sign_button, value_of};
use crate::view::{View, html};

pub(super) fn view(index: usize, step: &Step) -> View {
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
        .child(sign_button("×", "Remove this step", move |page, _| {
            change_shape(page, |sequence| drop(sequence.steps.remove(index)));
            focus("[aria-label='Add a step'] button");
        }))
}

fn name(step: &Step) -> &'static str {
    match step {
        Step::Send(_) => "send",
        Step::Delay(_) => "wait",
        Step::Expect { reply: Reply::Text(_), .. } => "expect a message with",
        Step::Expect { reply: Reply::Regex(_), .. } => "expect a message that matches",
        Step::Expect { reply: Reply::Json { .. }, .. } => "expect JSON",
    }
}

fn fields(index: usize, step: &Step) -> Vec<View> {
    match step {
        Step::Send(draft) => vec![text(index, "Message", &draft.text, sought)],
        Step::Delay(ms) => vec![milliseconds(index, "ms", *ms)],
        Step::Expect { reply, within } => {
            let mut fields = match reply {
                Reply::Text(part) => vec![text(index, "Text", part, sought)],
                Reply::Regex(part) => vec![text(index, "Regex", part, sought)],
                Reply::Json { path, equals } => {
                    vec![text(index, "with a path", path, sought), text(index, "that equals", equals, equal)]
                }
            };
            fields.push(milliseconds(index, "within ms", *within));
            fields
        }
    }
}

fn sought(step: &mut Step) -> Option<&mut String> {
    match step {
        Step::Send(draft) => Some(&mut draft.text),
        Step::Expect { reply: Reply::Text(text) | Reply::Regex(text) | Reply::Json { path: text, .. }, .. } => {
            Some(text)
        }
        Step::Delay(_) => None,
    }
}

fn equal(step: &mut Step) -> Option<&mut String> {
    match step {
        Step::Expect { reply: Reply::Json { equals, .. }, .. } => Some(equals),
        _ => None,
    }
}

fn text(index: usize, name: &str, value: &str, part: fn(&mut Step) -> Option<&mut String>) -> View {
    let value = value.to_owned();
    field(
        name,
        move |_| value.clone().into(),
        move |page, event| {
            change(page, |sequence| {
                if let Some(text) = sequence.steps.get_mut(index).and_then(part) {
                    *text = value_of(event);
                }
            });
        },
    )
}

fn milliseconds(index: usize, name: &str, value: u32) -> View {
    number(
        name,
        move |_| value.to_string().into(),
        move |page, event| {
            let Some(typed) = number_in(page, index, &value_of(event)) else { return };
            change(page, |sequence| match sequence.steps.get_mut(index) {
                Some(Step::Delay(ms) | Step::Expect { within: ms, .. }) => *ms = typed,
                Some(Step::Send(_)) | None => {}
            });
        },
    )
}

/// How the step went the last time, and how long it took.
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
