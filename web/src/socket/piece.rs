//! Reads what the worker has gathered: message after message, each behind a head that says when it came, its kind and
//! its size (`web/sockets.js` writes it). It never fails: the worker is the page's own.

use model::Payload;

const TEXT: u8 = 0;

/// The messages, with the milliseconds since 1970 at which they came.
pub(super) fn messages(piece: &[u8]) -> impl Iterator<Item = (f64, Payload)> {
    let mut rest = piece;
    std::iter::from_fn(move || {
        let (time, after_time) = rest.split_first_chunk()?;
        let (&kind, after_kind) = after_time.split_first()?;
        let (size, content) = after_kind.split_first_chunk()?;
        let (content, next) = content.split_at_checked(u32::from_le_bytes(*size) as usize)?;
        rest = next;
        Some((f64::from_le_bytes(*time), payload(kind, content)))
    })
}

fn payload(kind: u8, content: &[u8]) -> Payload {
    match kind {
        // The worker has encoded it.
        TEXT => Payload::Text(String::from_utf8(content.to_vec()).unwrap_or_default()),
        _ => Payload::Binary(content.to_vec()),
    }
}
