//! The selected message in rows: JSON in colours, with parts that can be folded, and long text. As in the log, only the
//! rows on the screen and around it are in the document.

use std::borrow::Cow;

use compute::decode::Format;
use compute::document::{Class, Fold, Layout, Row};
use gloo_utils::document;
use wasm_bindgen::UnwrapThrowExt;
use web_sys::{Element, HtmlElement};

use crate::page::Page;
use crate::view::controls::{button, select, target};
use crate::view::{View, html};

/// Columns in the element that measures one.
const MEASURED: f64 = 100.0;

pub(super) fn rows() -> View {
    let view = html(
        "<div class=document>\
           <div class=decoder><slot></slot><span class=found></span></div>\
           <p id=json-problem class=problem role=alert></p>\
           <pre class=lines tabindex=0 role=group aria-label=Content><i class=measure></i><div><div></div></div></pre>\
         </div>",
    )
    .child(
        button("ghost", "Try again", |page, _| page.pane.detail.document.retry())
            .attr_if("hidden", |page| !page.pane.detail.document.has_failed()),
    )
    .at(".decoder")
    .attr_if("hidden", |page| !matches!(page.layout(), Some(Layout::Decoded(_))))
    .at(".decoder slot")
    .child(decoders())
    .at(".found")
    .text_of(found)
    .at("p")
    .text_of(|page| page.pane.detail.document.problem().into())
    .at("pre")
    .on("scroll", |page, event| scrolled(page, &target(event)))
    .on_resize(resized)
    .on("click", fold_clicked)
    .at("pre > div")
    .style_of("height", |page| {
        let document = &page.pane.detail.document;
        format!("{}px", document.viewport.list_height(document.rows()) as u64).into()
    })
    .at("pre > div > div")
    .style_of("transform", |page| {
        let document = &page.pane.detail.document;
        let top = document.viewport.row_top(document.window().0, document.rows());
        format!("translateY({}px)", top as i64).into()
    });
    let lines = view.element();
    let mut drawn = None;
    view.on_render(move |page| {
        let document = &page.pane.detail.document;
        if drawn != Some(document.revision()) {
            drawn = Some(document.revision());
            draw(&lines, document.window().1);
        }
    })
}

/// What the message is decoded as.
fn decoders() -> View {
    let names: Vec<&str> = std::iter::once("Automatic").chain(Format::ALL.iter().map(|format| format.name())).collect();
    let selected = |page: &Page| match page.pane.detail.decoder {
        Some(chosen) => 1 + Format::ALL.iter().take_while(|&&format| format != chosen).count(),
        None => 0,
    };
    select("Format", &names, selected, |page, index| {
        page.pane.detail.decoder = index.checked_sub(1).and_then(|index| Format::ALL.get(index)).copied();
    })
}

/// What was found without a choice.
fn found(page: &Page) -> Cow<'_, str> {
    let detail = &page.pane.detail;
    match detail.document.decoded_as().filter(|_| detail.decoder.is_none()) {
        Some(format) => format.name().into(),
        None => "".into(),
    }
}

fn resized(page: &mut Page, scroller: &HtmlElement) {
    // A column, in a font that may still have to be loaded.
    let measured = scroller.first_element_child().map_or(0, |measure| measure.client_width());
    let column = f64::from(measured) / MEASURED;
    // Both sides are padded by three columns: on the left are the signs to fold.
    let width = f64::from(scroller.client_width()) - 6.0 * column;
    page.pane.detail.document.resized(scroller.client_height().into(), width, column);
    scrolled(page, scroller);
}

fn scrolled(page: &mut Page, scroller: &HtmlElement) {
    let document = &mut page.pane.detail.document;
    document.viewport = document.viewport.scrolled(scroller.scroll_top().into(), document.rows());
}

fn fold_clicked(page: &mut Page, event: &web_sys::Event) {
    let line = target::<Element>(event).get_attribute("data-line");
    if let Some(line) = line.and_then(|line| line.parse().ok()) {
        page.pane.detail.document.toggle_fold(line);
    }
}

fn draw(lines: &HtmlElement, rows: &[Row]) {
    lines.set_text_content(None);
    for (index, row) in rows.iter().enumerate() {
        let element = append(lines, "div", "");
        if row.fold != Fold::No {
            let sign = append(&element, "button", "");
            let (name, is_unfolded) = if row.fold == Fold::Folded { ("Unfold", "false") } else { ("Fold", "true") };
            for (attribute, value) in [
                ("class", "fold-sign"),
                ("aria-label", name),
                ("aria-expanded", is_unfolded),
                ("data-line", &row.line.to_string()),
            ] {
                sign.set_attribute(attribute, value).expect_throw(POSSIBLE);
            }
        }
        for (class, text) in &row.spans {
            let span = append(&element, "span", text);
            span.set_class_name(class_name(*class));
        }
        // A person who selects rows and copies them gets the lines, however wide the view is.
        if rows.get(index + 1).is_some_and(|next| next.line != row.line) {
            append(&element, "span", "\n");
        }
    }
}

const POSSIBLE: &str = "names of elements and attributes are valid";

fn append(parent: &Element, tag: &str, text: &str) -> Element {
    let child = document().create_element(tag).expect_throw(POSSIBLE);
    child.set_text_content(Some(text));
    // Fails only if one contains the other.
    let _ = parent.append_child(&child);
    child
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Plain => "",
        Class::Name => "name",
        Class::String => "string",
        Class::Number => "number",
        Class::Word => "word",
        Class::Note => "note",
    }
}
