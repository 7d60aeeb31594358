//! The selected entry beside the log, with its whole content.

mod content;
mod document;

use model::{Content, Counted, Entry, Kind, Size, TimeFormat};
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

use super::controls::{button, focus, group, sign_button, toggle};
use super::log::{LIST, time};
use super::{View, html};
use crate::browser::{clock, files};
use crate::page::{ContentFormat, Page};

/// CSS selector of the content.
pub(super) const CONTENT: &str = ".detail pre";

pub(super) fn detail(page: &Page) -> View {
    let view = html(
        "<aside class=detail aria-label='Selected entry'>\
           <header><h2></h2></header><dl></dl><div class=actions></div><slot></slot>\
         </aside>",
    );
    let Some(entry) = page.selected() else { return view };
    let (kind, seq) = (entry.label.kind, entry.seq);
    let formats = ContentFormat::of(kind).iter().map(|&format| {
        toggle(
            content::name(format),
            move |page| page.content_format(kind) == format,
            move |page, _| page.pane.detail.preferred = Some(format),
        )
    });
    let view = view
        .at("h2")
        .text(&title(entry))
        .at("header")
        .child(group("Show as", formats))
        .child(sign_button("×", "Close details", |page, _| close(page)))
        .at("dl")
        .children(facts(page, entry))
        .at(".actions");
    let view = match kind {
        Kind::Text | Kind::Binary => view.child(copy_button()).child(button("ghost", "Download", download)),
        Kind::Open | Kind::Close | Kind::Error | Kind::Note => view,
    };
    view.child(toggle("Pin", move |page| page.shown().log().is_pinned(seq), move |page, _| page.toggle_pin(seq)))
        .at_root()
        .on("keydown", |page, event| {
            if event.unchecked_ref::<KeyboardEvent>().key() == "Escape" {
                close(page);
            }
        })
        .at("slot")
        .keyed(
            move |page| Some(content::name(page.content_format(kind)).to_owned()),
            move |page| match page.layout() {
                Some(_) => document::rows(),
                None => content::content(page, page.content_format(kind)),
            },
        )
}

fn close(page: &mut Page) {
    page.pane.detail.select(None);
    focus(LIST);
}

fn title(entry: Entry<'_>) -> String {
    let label = entry.label;
    format!("#{} {}", entry.seq, label.direction.map_or(label.kind.name(), |direction| direction.name()))
}

fn facts(page: &Page, entry: Entry<'_>) -> Vec<View> {
    let log = page.shown().log();
    let mut facts = Vec::new();
    let mut fact = |term: &str, text: &str| {
        facts.push(html("<dt></dt>").text(term));
        facts.push(html("<dd></dd>").text(text));
    };
    fact("Time", &[&clock::day(entry.at), " ", &time(log, entry, TimeFormat::Clock)].concat());
    fact("Since previous", &time(log, entry, TimeFormat::SincePrevious));
    if entry.label.direction.is_some() {
        let kind = match entry.content {
            Content::Text(_) => "text",
            Content::Binary(_) => "binary",
        };
        fact("Message", &format!("{kind}, {}", Counted(entry.size(), "byte")));
        if entry.cut > 0 {
            fact("Kept", &format!("the first {}", Size(entry.content.size() as u64)));
        }
    }
    facts
}

/// Copies text as it is, JSON and what is decoded as they are seen, and binary as hex.
fn copy_button() -> View {
    button("ghost", "", |page, _| {
        if page.pane.detail.document.is_laid_out() {
            return page.copy_document();
        }
        let text = match page.selected().map(|entry| entry.content) {
            Some(Content::Text(text)) => text.to_owned(),
            Some(Content::Binary(bytes)) => model::encode_hex(bytes),
            None => return,
        };
        page.copy(&text);
    })
    .text_of(|page| {
        match page.pane.detail.copied {
            None => "Copy",
            Some(true) => "Copied",
            Some(false) => "Copy failed",
        }
        .into()
    })
}

fn download(page: &mut Page, _: &Event) {
    let Some(entry) = page.selected() else { return };
    let name = format!("message-{}", entry.seq);
    match entry.content {
        Content::Text(text) => files::download(&(name + ".txt"), "text/plain", text.as_bytes()),
        Content::Binary(bytes) => files::download(&(name + ".bin"), "application/octet-stream", bytes),
    }
}
