//! The content of an entry in one of its forms. It never makes more of a hex dump than is seen.

use std::borrow::Cow;

use model::{Content, HexDump, Kind};
use web_sys::HtmlElement;

use crate::page::Page;
use crate::view::controls::target;
use crate::view::{View, html};

/// Bytes on a line of the hex dump.
const WIDTH: usize = 8;
/// Height of a line of the hex dump, in CSS pixels.
pub(super) const LINE: u32 = 19;

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

/// The content of the selected entry in that form.
pub(super) fn content(page: &Page, form: Form) -> View {
    let content = super::entry(page).map(|entry| entry.content);
    let pre = html("<pre tabindex=0 aria-label=Content></pre>");
    match (form, content) {
        (Form::Hex, Some(content)) => dump(content.bytes().len()),
        (Form::Json, Some(Content::Text(text))) => match model::json::parse(text) {
            Ok(json) => pre.text(&json.pretty()),
            Err(error) => html("<p id=json-problem class=problem role=alert></p>")
                .text(&["This is no JSON: ", &error.to_string()].concat()),
        },
        (_, Some(Content::Text(text))) => pre.text(text),
        (_, Some(Content::Binary(_)) | None) => pre,
    }
}

/// A dump of any length, of which only the lines on the screen exist.
fn dump(bytes: usize) -> View {
    let len = bytes.div_ceil(WIDTH);
    html("<pre class=dump tabindex=0 aria-label=Content><div><div></div></div></pre>")
        .on("scroll", move |page, event| sees(page, &target(event), len))
        .on_resize(move |page, scroller| sees(page, scroller, len))
        .at("div")
        .style_of("height", move |page| format!("{}px", page.pane.detail.dump.list_height(len) as u64).into())
        .at("div div")
        .style_of("transform", move |page| {
            let viewport = page.pane.detail.dump;
            format!("translateY({}px)", viewport.row_top(viewport.rows(len).start, len) as i64).into()
        })
        .text_of(move |page| lines(page, len))
}

fn sees(page: &mut Page, scroller: &HtmlElement, len: usize) {
    let viewport = &mut page.pane.detail.dump;
    viewport.height = scroller.client_height().into();
    *viewport = viewport.scrolled(scroller.scroll_top().into(), len);
}

/// The lines on the screen.
fn lines(page: &Page, len: usize) -> Cow<'_, str> {
    let Some(entry) = super::entry(page) else { return "".into() };
    let dump = HexDump::new(entry.content.bytes(), WIDTH);
    let mut text = String::new();
    for line in page.pane.detail.dump.rows(len).filter_map(|index| dump.line(index)) {
        text += &format!("{}  {:width$}  {}\n", line.offset, line.hex, line.ascii, width = 3 * WIDTH - 1);
    }
    text.into()
}
