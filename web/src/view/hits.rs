//! Marks what the filter has found, in the rows of the log and in the content of the selected entry, by the browser's
//! [custom highlights](https://developer.mozilla.org/en-US/docs/Web/API/CSS_Custom_Highlight_API): the elements stay as they
//! are. Only what is in the document is looked at.

use std::cell::RefCell;
use std::rc::Rc;

use compute::protocol::{Request, Response, Span};
use gloo_utils::document;
use js_sys::{JsString, Reflect, global};
use model::{Marked, MatchRequest, Regex};
use wasm_bindgen::UnwrapThrowExt;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Node, Range};

use super::View;
use crate::browser::task::Task;
use crate::compute_handle::{Answer, ComputeError};
use crate::page::Page;

/// What is searched: each has one text.
const TEXTS: &str = ".row .text, .lines span, .detail > pre:not(.dump)";
/// More marks than a person looks at.
const MAX_MARKS: usize = 2000;

#[wasm_bindgen]
extern "C" {
    type Highlight;

    #[wasm_bindgen(constructor)]
    fn new() -> Highlight;

    #[wasm_bindgen(method)]
    fn add(this: &Highlight, range: &Range);

    #[wasm_bindgen(js_namespace = ["CSS", "highlights"], js_name = set)]
    fn set_highlight(name: &str, highlight: &Highlight);
}

/// What a regular expression has found, and in what.
#[derive(Default)]
struct Found {
    regex: Regex,
    texts: Vec<String>,
    spans: Vec<Vec<Span>>,
    asking: Option<Task>,
}

pub(super) fn marked(view: View) -> View {
    // Chrome has it since version 105, Firefox since 140, Safari since 17.2. Without it nothing is marked.
    if !Reflect::has(&global(), &"Highlight".into()).unwrap_or_default() {
        return view;
    }
    let found = Rc::<RefCell<Found>>::default();
    let mut has_marks = false;
    view.on_render(move |page| {
        let marks = !matches!(page.shown().filter().marked(), Marked::Nothing);
        if let Some(loaded) = page.deferred.loaded().filter(|_| marks || has_marks) {
            has_marks = marks;
            loaded.run(|| mark_all(page, &found));
        }
    })
}

fn mark_all(page: &Page, found: &Rc<RefCell<Found>>) {
    let marked = page.shown().filter().marked();
    let texts = texts();
    let highlight = Highlight::new();
    match marked {
        Marked::Nothing => {}
        Marked::Text(needle) => {
            let needle: Vec<u16> = needle.encode_utf16().collect();
            for (node, text) in &texts {
                mark(&highlight, node, &spans(&text.iter().collect::<Vec<u16>>(), &needle));
            }
        }
        Marked::Regex(regex) => {
            let strings: Vec<String> = texts.iter().map(|(_, text)| String::from(text)).collect();
            find(page, found, regex, &strings);
            let found = found.borrow();
            if found.regex == *regex && found.texts == strings {
                texts.iter().zip(&found.spans).for_each(|((node, _), spans)| mark(&highlight, node, spans));
            }
        }
    }
    set_highlight("hit", &highlight);
}

/// The text nodes, and what is in them.
fn texts() -> Vec<(Node, JsString)> {
    let Ok(elements) = document().query_selector_all(TEXTS) else { return Vec::new() };
    let node = |index| elements.item(index)?.first_child();
    let nodes = (0..elements.length()).filter_map(node);
    nodes.filter_map(|node| Some((node.clone(), JsString::from(node.node_value()?)))).collect()
}

fn mark(highlight: &Highlight, node: &Node, spans: &[Span]) {
    for &(start, end) in spans {
        let range = document().create_range().expect_throw("a document has ranges");
        // The text may have changed since it was searched.
        if range.set_start(node, start).is_ok() && range.set_end(node, end).is_ok() {
            highlight.add(&range);
        }
    }
}

/// Where the needle is in a text; ASCII letters are alike in both cases.
fn spans(text: &[u16], needle: &[u16]) -> Vec<Span> {
    let lower = |unit: u16| if (0x41..=0x5a).contains(&unit) { unit + 0x20 } else { unit };
    let is_here = |window: &[u16]| window.iter().zip(needle).all(|(&one, &other)| lower(one) == lower(other));
    let places = text.windows(needle.len().max(1)).enumerate().filter(|(_, window)| is_here(window));
    places.take(MAX_MARKS).map(|(place, _)| (place as u32, (place + needle.len()) as u32)).collect()
}

/// Has the compute worker look for a regular expression, unless it has done so or is about to.
fn find(page: &Page, found: &Rc<RefCell<Found>>, regex: &Regex, texts: &[String]) {
    let state = &mut *found.borrow_mut();
    if state.asking.is_some() || state.regex == *regex && state.texts == texts {
        return;
    }
    (state.regex, state.texts) = (regex.clone(), texts.to_vec());
    let request = Request::Find {
        expression: &regex.expression,
        flags: &regex.flags,
        texts: texts.iter().map(String::as_str).collect(),
    };
    let answer = page.marker.ask_within(&request, MatchRequest::LIMIT_MS);
    let (found, handle) = (Rc::downgrade(found), page.handle.clone());
    state.asking = Some(Task::spawn(async move {
        let answer = answer.await;
        if let Some(found) = found.upgrade() {
            found.borrow_mut().spans = spans_of(&answer).unwrap_or_default();
            found.borrow_mut().asking = None;
        }
        // Renders.
        handle.update(|_| {});
    }));
}

/// None where it takes too long.
fn spans_of(answer: &Result<Answer, ComputeError>) -> Option<Vec<Vec<Span>>> {
    match answer.as_ref().ok()?.response() {
        Ok(Response::Found(spans)) => Some(spans),
        _ => None,
    }
}
