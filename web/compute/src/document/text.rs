//! The lines of a text.

use super::{Kind, Line, part_end};

pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for whole in text.split('\n') {
        let next = start + whole.len() + 1;
        let end = start + whole.strip_suffix('\r').unwrap_or(whole).len();
        loop {
            let stop = part_end(text, start, end);
            let (start_of_line, len) = (start as u32, (stop - start) as u16);
            lines.push(Line {
                start: start_of_line,
                len,
                depth: 0,
                kind: Kind::Text,
                is_folded: false,
                rows: 1,
                close: 0,
            });
            start = stop;
            if stop == end {
                break;
            }
        }
        start = next;
    }
    lines
}
