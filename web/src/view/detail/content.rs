//! The content of an entry as text or as a hex dump.

use std::borrow::Cow;

use model::{Content, HexDump, visible};
use web_sys::HtmlElement;

use crate::page::{ContentFormat, Page};
use crate::view::controls::target;
use crate::view::{View, html};

/// Bytes in a line of the hex dump.
const WIDTH: usize = 8;

pub(super) fn name(format: ContentFormat) -> &'static str {
    match format {
        ContentFormat::Text => "Text",
        ContentFormat::Json => "JSON",
        ContentFormat::Hex => "Hex",
        ContentFormat::Decoded => "Decoded",
    }
}

/// The content of the selected entry, where the page shows it without the compute worker.
pub(super) fn content(page: &Page, format: ContentFormat) -> View {
    let content = page.selected().map(|entry| entry.content);
    let pre = html("<pre tabindex=0 role=group aria-label=Content></pre>");
    match (format, content) {
        (ContentFormat::Hex, Some(content)) => hex_dump(content.bytes().len()),
        (_, Some(Content::Text(text))) => pre.text(&visible(text)),
        (_, Some(Content::Binary(_)) | None) => pre,
    }
}

/// Like the log: an element as high as all lines, and in it a text with those on the screen.
fn hex_dump(bytes: usize) -> View {
    let lines = bytes.div_ceil(WIDTH);
    html("<pre class=dump tabindex=0 role=group aria-label=Content><div><div></div></div></pre>")
        .on("scroll", move |page, event| scrolled(page, &target(event), lines))
        .on_resize(move |page, scroller| scrolled(page, scroller, lines))
        .at("div")
        .style_of("height", move |page| format!("{}px", page.pane.detail.hex_viewport.list_height(lines) as u64).into())
        .at("div div")
        .style_of("transform", move |page| {
            let viewport = page.pane.detail.hex_viewport;
            format!("translateY({}px)", viewport.row_top(viewport.rows(lines).start, lines) as i64).into()
        })
        .text_of(move |page| visible_lines(page, lines))
}

fn scrolled(page: &mut Page, scroller: &HtmlElement, lines: usize) {
    let viewport = &mut page.pane.detail.hex_viewport;
    viewport.height = scroller.client_height().into();
    *viewport = viewport.scrolled(scroller.scroll_top().into(), lines);
}

fn visible_lines(page: &Page, lines: usize) -> Cow<'_, str> {
    let Some(entry) = page.selected() else { return "".into() };
    let dump = HexDump::new(entry.content.bytes(), WIDTH);
    let mut text = String::new();
    for line in page.pane.detail.hex_viewport.rows(lines).filter_map(|index| dump.line(index)) {
        text += &format!("{}  {:width$}  {}\n", line.offset, line.hex, line.ascii, width = 3 * WIDTH - 1);
    }
    text.into()
}
