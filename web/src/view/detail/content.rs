//! The content of an entry in one of its forms. It never makes more of a hex dump than is seen.

use leptos::html::Pre;
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{Content, HexDump, Kind, Viewport};

use crate::dynamic::text;
use crate::resize::SizeWatch;
use crate::view::controls::problem;
use crate::view::tab::Tab;

/// Bytes on a line of the hex dump.
const WIDTH: usize = 8;
/// Height of a line of the hex dump, in CSS pixels.
const LINE: u32 = 19;

/// In which form a content is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it came.
    Text,
    /// Spread over lines.
    Json,
    /// Byte for byte.
    Hex,
}

impl Form {
    /// The forms that there are for what is of that kind.
    pub(super) fn of(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Text => &[Self::Text, Self::Json, Self::Hex],
            Kind::Binary => &[Self::Hex],
            Kind::Open | Kind::Close | Kind::Error | Kind::Note => &[Self::Text],
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Json => "JSON",
            Self::Hex => "Hex",
        }
    }
}

/// The content of that entry in that form.
pub(super) fn content(tab: Tab, seq: u64, form: Form) -> AnyView {
    if form == Form::Hex {
        return dump(tab, seq);
    }
    let text = tab.read(|connection| match connection.log().entry(seq).map(|entry| entry.content) {
        Some(Content::Text(text)) if form == Form::Json => model::json::parse(text).map(|json| json.pretty()),
        Some(Content::Text(text)) => Ok(text.to_owned()),
        Some(Content::Binary(_)) | None => Ok(String::new()),
    });
    match text {
        Ok(text) => view! { <pre tabindex="0" aria-label="Content" node_ref=tab.content>{text}</pre> }.into_any(),
        Err(error) => problem("json-problem", ["This is no JSON: ", &error.to_string()].concat().into()),
    }
}

/// A dump of any length, of which only the lines on the screen exist.
fn dump(tab: Tab, seq: u64) -> AnyView {
    let viewport = RwSignal::new(Viewport { row: LINE, ..Viewport::default() });
    let len = tab.read(|connection| with_dump(connection, seq, |dump| dump.len()).unwrap_or(0));
    let lines = Memo::new(move |_| viewport.get().rows(len));
    let shown = text(move || {
        let lines = lines.get();
        tab.read(|connection| with_dump(connection, seq, |dump| text_of(dump, lines)).unwrap_or_default())
    });
    let above = text(move || {
        let top = viewport.get().row_top(lines.get().start, len);
        format!("translateY({}px)", top as i64)
    });
    let scroller: NodeRef<Pre> = tab.content;
    let seen = move || {
        let Some(scroller) = scroller.get_untracked() else { return };
        viewport.update(|viewport| {
            viewport.height = scroller.client_height().into();
            *viewport = viewport.scrolled(scroller.scroll_top().into(), len);
        });
    };
    Effect::new(move |_| scroller.get().map(|scroller| SizeWatch::new(&scroller, seen)));
    view! {
        <pre class="dump" tabindex="0" aria-label="Content" node_ref=scroller on:scroll=move |_| seen()>
            <div style:height=format!("{}px", viewport.get_untracked().list_height(len) as u64)>
                <div style:transform=above>{shown}</div>
            </div>
        </pre>
    }
    .into_any()
}

fn with_dump<T>(connection: &model::Connection, seq: u64, read: impl FnOnce(HexDump<'_>) -> T) -> Option<T> {
    connection.log().entry(seq).map(|entry| read(HexDump::new(entry.content.bytes(), WIDTH)))
}

fn text_of(dump: HexDump<'_>, lines: std::ops::Range<usize>) -> String {
    let mut text = String::new();
    for line in lines.filter_map(|index| dump.line(index)) {
        text += &format!("{}  {:width$}  {}\n", line.offset, line.hex, line.ascii, width = 3 * WIDTH - 1);
    }
    text
}
