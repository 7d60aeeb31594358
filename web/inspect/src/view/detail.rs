//! The selected event: a frame bit by bit, or a request or response with its headers.

use gloo_utils::window;
use inspect::flow::Part;
use inspect::handshake::origin;
use inspect::trace::Row;
use inspect::words::{bytes, compression, hex, kind, opcode_name, span, wire_hex};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlElement, KeyboardEvent};
use wire::event::{Direction, Frame, Happened, Request, Response};

use super::drawing::drawing;
use super::list::LIST;
use super::source::button;
use super::{Inspector, View, html};

/// Facts about an event, and their names.
type Facts = Vec<(String, String)>;

pub(super) fn detail() -> View {
    html("<slot></slot>").keyed(key, |inspector| match inspector.selected_row() {
        Some(row) => aside(row),
        None => html("<aside></aside>"),
    })
}

/// A ping's detail changes with its pong.
fn key(inspector: &Inspector) -> Option<String> {
    let row = inspector.selected_row()?;
    Some(format!("{} {:?}", inspector.selected?, row.answered_after))
}

fn aside(row: &Row) -> View {
    let view = html(
        "<aside class=detail aria-label='Selected event'>\
           <header><h2></h2></header><div class=wire-detail tabindex=0 role=group aria-label='What it has'></div>\
         </aside>",
    )
    .at("h2")
    .text(&title(row))
    .at("header")
    .child(html("<div class=chips></div>").children(copy_buttons(row)))
    .child(button("ghost", "×", close).attr("aria-label", "Close details").attr("title", "Close details"))
    .at(".wire-detail")
    .children(
        row.violations
            .iter()
            .map(|broken| html("<p class=problem></p>").text(&format!("{} ({}).", broken.what, broken.section))),
    );
    let view = match &row.event.happened {
        Happened::Request(request) => view.child(facts(request_facts(request))).child(request_headers(request)),
        Happened::Response(response) => {
            view.child(facts(response_facts(row, response))).child(response_headers(response))
        }
        Happened::Frame(frame) => {
            view.child(drawing(frame)).child(facts(frame_facts(row, frame))).child(payload(frame))
        }
        Happened::Violation { .. } | Happened::Missed { .. } | Happened::End => view.child(facts(times(row))),
    };
    view.at_root().on("keydown", |inspector, event| {
        if event.unchecked_ref::<KeyboardEvent>().key() == "Escape" {
            close(inspector);
        }
    })
}

fn close(inspector: &mut Inspector) {
    inspector.select(None);
    let list = gloo_utils::document().query_selector(LIST).ok().flatten();
    if let Some(list) = list {
        // It only throws for wrong options.
        let _ = list.unchecked_into::<HtmlElement>().focus();
    }
}

fn title(row: &Row) -> String {
    let Happened::Frame(frame) = &row.event.happened else { return kind(row).to_owned() };
    let way = match frame.direction {
        Direction::In => "to the server",
        Direction::Out => "from the server",
    };
    format!("{} frame {way}", opcode_name(frame.opcode))
}

fn copy_buttons(row: &Row) -> Vec<View> {
    match &row.event.happened {
        Happened::Frame(_) => vec![
            button("ghost", "", |inspector| inspector.copy(frame_hex))
                .text_of(|inspector| copied(inspector, "Copy as hex").into()),
        ],
        _ => vec![
            button("ghost", "", |inspector| inspector.copy(|row| Some(row.event.to_string())))
                .text_of(|inspector| copied(inspector, "Copy as JSON").into()),
        ],
    }
}

fn copied(inspector: &Inspector, label: &'static str) -> &'static str {
    match inspector.copied {
        None => label,
        Some(true) => "Copied",
        Some(false) => "Copy failed",
    }
}

fn frame_hex(row: &Row) -> Option<String> {
    if let Happened::Frame(frame) = &row.event.happened { Some(wire_hex(frame)) } else { None }
}

impl Inspector {
    fn copy(&mut self, text: fn(&Row) -> Option<String>) {
        let Some(text) = self.selected_row().and_then(text) else { return };
        let written = JsFuture::from(window().navigator().clipboard().write_text(&text));
        let handle = self.handle.clone();
        spawn_local(async move {
            let outcome = written.await.is_ok();
            handle.update(move |inspector| inspector.copied = Some(outcome));
        });
    }
}

fn facts(facts: Facts) -> View {
    let pair = |(name, value): (String, String)| [html("<dt></dt>").text(&name), html("<dd></dd>").text(&value)];
    html("<dl></dl>").children(facts.into_iter().flat_map(pair))
}

fn fact(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn times(row: &Row) -> Facts {
    vec![
        fact("Connection", format!("#{}", row.event.connection)),
        fact("Time", format!("{} after its first event", span(row.since))),
    ]
}

fn request_facts(request: &Request) -> Facts {
    let mut facts = vec![
        fact("Request", format!("{} {} {}", request.method, request.target, request.version)),
        fact("Client", &*request.peer),
    ];
    if let Some(count) = request.head_bytes {
        facts.push(fact("Head", bytes(count)));
    }
    if let Some(number) = request.stream_of {
        facts.push(fact("HTTP/2", format!("a stream of connection #{number}")));
    }
    if let Some(tls) = &request.tls {
        let alpn = tls.alpn.as_deref().map_or_else(String::new, |alpn| format!(", ALPN {alpn}"));
        let name = tls.server_name.as_deref().map_or_else(String::new, |name| format!(", for {name}"));
        facts.push(fact("TLS", format!("{}, {}{alpn}{name}", tls.version, tls.cipher)));
    }
    facts
}

fn response_facts(row: &Row, response: &Response) -> Facts {
    let mut facts = times(row);
    if let Some(status) = response.status {
        facts.push(fact("Status", status.to_string()));
    }
    facts.extend(response.line.as_deref().map(|line| fact("First line", line)));
    facts.extend(response.body.as_deref().map(|body| fact("Body", body)));
    facts
}

/// The headers of a request, with who has put each there.
fn request_headers(request: &Request) -> View {
    let row = |(name, value): &(String, String)| {
        header(name, value).child(html("<td class=origin></td>").text(origin(name).words()))
    };
    headers("Headers as they reached the server, and who wrote each")
        .at("tbody")
        .children(request.headers.iter().map(row))
        .at_root()
}

fn response_headers(response: &Response) -> View {
    headers("Headers as the server wrote them")
        .at("tbody")
        .children(response.headers.iter().map(|(name, value)| header(name, value)))
        .at_root()
}

fn headers(caption: &str) -> View {
    html("<table class=headers><caption></caption><tbody></tbody></table>").at("caption").text(caption)
}

fn header(name: &str, value: &str) -> View {
    html("<tr><th scope=row></th><td></td></tr>").at("th").text(name).at("td").text(value).at_root()
}

fn frame_facts(row: &Row, frame: &Frame) -> Facts {
    let mut facts = times(row);
    if let Some(Part { message, frame: place, opcode, wire, is_compressed }) = row.part {
        let last = if frame.fin { ", the last" } else { "" };
        facts.push(fact(
            "Message",
            format!("{} message {message} of this direction, frame {place}{last}", opcode_name(opcode)),
        ));
        match frame.plain {
            Some(plain) => facts.push(fact("Compression", compression(wire, plain))),
            None if is_compressed => {
                facts.push(fact("Compression", "compressed; the message's last frame has its size"))
            }
            None if place > 1 => facts.push(fact("Up to here", format!("{} on the wire", bytes(wire)))),
            None => {}
        }
    }
    if let Some(answered) = row.answers {
        facts.push(fact("Answers", format!("a ping, after {}", span(answered.after))));
    }
    match row.answered_after {
        Some(after) => facts.push(fact("Answered", format!("by a pong after {}", span(after)))),
        None if frame.opcode == 9 => facts.push(fact("Answered", "not yet")),
        None => {}
    }
    let header = frame.header.len() as u64;
    let overhead =
        format!("{}: {header} of the header, {} of the payload", bytes(frame.wire), frame.wire.saturating_sub(header));
    facts.push(fact("On the wire", overhead));
    let expected = header.saturating_add(frame.length);
    if frame.wire < expected {
        facts.push(fact(
            "Cut",
            format!("{} of {}: the connection ended within the frame", bytes(frame.wire), bytes(expected)),
        ));
    }
    facts
}

/// The beginning of the payload without its mask, as text where it is one.
fn payload(frame: &Frame) -> View {
    let more = frame.length.saturating_sub(frame.first.len() as u64);
    let rest = if more > 0 { format!(" … {} more", bytes(more)) } else { String::new() };
    html("<div class=payload><h3>Payload</h3><pre></pre><pre></pre></div>")
        .attr_if("hidden", {
            let is_empty = frame.first.is_empty();
            move |_| is_empty
        })
        .at("pre")
        .text(&[&hex(&frame.first), &*rest].concat())
        .at("pre:last-child")
        .text(&inspect::words::payload(frame))
        .at_root()
}
