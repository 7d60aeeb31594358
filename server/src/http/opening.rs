//! Answers to a handshake that HTTP would not write: late ones, those that a message follows in the same segment, and
//! wrong ones (`/handshake/{fault}`).

pub(crate) mod head;

use std::{io, time::Duration};

use bytes::BytesMut;
use hyper::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::sleep,
};
use wire::{Behaviour, HandshakeFault, LegalCase};

use super::{handshake::Accepted, last_words::response, refusal::Refusal};
use crate::{behaviour::frames, shared::Shared, transport::Transport};

/// How long `/handshake/hang` and `/fault/stall` hold a connection whose client does not leave.
pub(crate) const LONGEST_HOLD: Duration = Duration::from_secs(60);
/// Most bytes that are read before the handshake is answered.
const MOST_READ_AHEAD: usize = 64 << 10;

/// What has become of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// It is a WebSocket now.
    Open,
    /// It ends.
    Ended,
}

/// Whether HTTP leaves the answer to [`open`].
pub(super) fn is_special(accepted: &Accepted) -> bool {
    let options = accepted.target.connection_options();
    accepted.onward.is_some()
        || !options.open_delay.is_zero()
        || options.hello.is_some()
        || matches!(accepted.target.behaviour(), Behaviour::Handshake(_) | Behaviour::Legal(LegalCase::CloseAtOnce))
}

/// Answers a handshake; what the client sends meanwhile goes to `rest`.
pub(super) async fn open(
    transport: &mut Transport,
    rest: &mut BytesMut,
    accepted: &mut Accepted,
    server: &Shared,
) -> io::Result<Opening> {
    let fault = if let Behaviour::Handshake(fault) = accepted.target.behaviour() { Some(fault) } else { None };
    let open_delay = accepted.target.connection_options().open_delay;
    let time = if fault == Some(HandshakeFault::Hang) { LONGEST_HOLD } else { open_delay };
    if !time.is_zero() && wait(time, transport, rest, server).await? == Opening::Ended {
        return Ok(Opening::Ended);
    }
    match fault {
        Some(HandshakeFault::Hang | HandshakeFault::Closed) => return Ok(Opening::Ended),
        Some(HandshakeFault::Reset) => {
            transport.reset_at_end();
            return Ok(Opening::Ended);
        }
        _ => {}
    }
    let (head, frames) = (head::bytes(accepted, fault), first_frames(accepted));
    let bytes = [&head[..], &frames].concat();
    let is_slow = fault == Some(HandshakeFault::SlowHead);
    for piece in bytes.chunks(if is_slow { 1 } else { bytes.len() }) {
        transport.write_all(piece).await?;
        transport.flush().await?;
        if is_slow {
            sleep(Duration::from_millis(1)).await;
        }
    }
    if let Some(tap) = &mut accepted.tap {
        tap.written_response(&head);
        tap.sent(&frames);
    }
    let ended = matches!(fault, Some(HandshakeFault::CutHead | HandshakeFault::Garbage));
    Ok(if ended { Opening::Ended } else { Opening::Open })
}

/// Waits before the answer, unless the client leaves or the server drains.
async fn wait(time: Duration, transport: &mut Transport, rest: &mut BytesMut, server: &Shared) -> io::Result<Opening> {
    tokio::select! {
        () = sleep(time) => return Ok(Opening::Open),
        () = hang_up(transport, rest) => {}
        () = server.shutdown.draining() => {
            let answer = response(StatusCode::SERVICE_UNAVAILABLE, "", &Refusal::Draining.to_string());
            transport.write_all(answer.as_bytes()).await?;
        }
    }
    Ok(Opening::Ended)
}

/// What follows the head in the same segment.
fn first_frames(accepted: &Accepted) -> Vec<u8> {
    let hello = accepted.target.connection_options().hello;
    let mut bytes = hello.map_or_else(Vec::new, |hello| frames::frame(frames::FIN | frames::TEXT, hello.as_bytes()));
    if accepted.target.behaviour() == Behaviour::Legal(LegalCase::CloseAtOnce) {
        bytes.extend(frames::close(Some(1001), b""));
    }
    bytes
}

/// Completes when the client ends its side. Reads what it sends before that, as far as there is room.
async fn hang_up(transport: &mut Transport, rest: &mut BytesMut) {
    while rest.len() < MOST_READ_AHEAD {
        if transport.read_buf(rest).await.is_ok_and(|count| count > 0) {
            continue;
        }
        return;
    }
    while !transport.has_hung_up() {
        sleep(Duration::from_secs(1)).await;
    }
}
