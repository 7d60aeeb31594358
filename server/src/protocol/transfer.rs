//! Bytes between the stream and the decoder.

use std::{
    io, mem,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;

use super::{
    Leftovers, Protocol,
    counters::Sent,
    decoder::{Answers, BUDGET},
    output::Output,
    role::Reply,
    status::Status,
    thread_buffers::{EXTRA_READ, READ_SIZE, ThreadBuffers},
};

/// How much a connection reads before it yields, in bytes; the last read may go beyond.
const READ_BUDGET: usize = 256 << 10;

impl Protocol {
    /// 1. Answers what was read, and writes all answers at once.
    /// 2. Ends if the stream does not take them, the connection is over, or its budget is used up.
    /// 3. Reads behind what is left, a part of a frame, and starts again.
    ///
    /// From here to the system calls no function is called, everything is inlined: after a system call the processor
    /// predicts every return wrong, which costs as much as 20 instructions each. That is why it is one function, too.
    pub(super) fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        on_message: &mut impl FnMut(OpCode, &[u8]),
        ThreadBuffers { input: room, output, assembly, compressed, .. }: &mut ThreadBuffers,
    ) -> io::Result<Status> {
        let mut sent = self.decoder.reply.counts_output().then_some(&mut self.sent);
        let is_answering = matches!(self.decoder.reply, Reply::Echo { .. });
        let deflating = self.deflater.as_deref_mut().filter(|_| is_answering).map(|deflater| (deflater, compressed));
        let mut answers = Answers { output, assembly, deflating, budget: BUDGET, on_message };
        let (mut start, mut filled) = (0, take_input(&mut self.leftovers, &mut room[..READ_SIZE]));
        let mut budget = READ_BUDGET;
        let status = loop {
            let mut status = Status::NeedInput;
            if start < filled || self.decoder.has_more() {
                let mut rest = &room[start..filled];
                status = self.decoder.echo(&mut rest, &mut answers);
                start = filled - rest.len();
                if write(stream, answers.output, sent.as_deref_mut())?.is_pending() {
                    break Status::OutputFull;
                }
            }
            match status {
                Status::NeedInput if budget > 0 => {}
                Status::NeedInput | Status::Yield => break Status::Yield,
                Status::OutputFull => continue,
                Status::Done => break Status::Done,
            }
            if start < filled {
                room.copy_within(start..filled, 0);
            }
            (start, filled) = (0, filled - start);
            let room = &mut room[filled..READ_SIZE + self.decoder.expected().min(EXTRA_READ)];
            let count = match read(stream, &mut self.leftovers, room) {
                Poll::Ready(Ok(0)) => break Status::Done,
                Poll::Ready(count) => count?,
                Poll::Pending => break Status::NeedInput,
            };
            budget = budget.saturating_sub(count);
            filled += count;
        };
        if start < filled {
            let mut input = BytesMut::from(&room[start..filled]);
            input.unsplit(mem::take(&mut self.leftovers().input));
            self.leftovers().input = input;
        }
        Ok(status)
    }
}

/// Reads into `room`, first what was left over; 0 bytes are the end.
#[inline(always)]
fn read<S: AsyncRead + Unpin>(
    stream: &mut S,
    leftovers: &mut Option<Box<Leftovers>>,
    room: &mut [u8],
) -> Poll<io::Result<usize>> {
    let count = take_input(leftovers, room);
    if count > 0 {
        return Poll::Ready(Ok(count));
    }
    let mut buf = ReadBuf::new(room);
    let read = Pin::new(stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buf);
    read.map_ok(|()| buf.filled().len())
}

/// Moves input that was left over to the start of `room`, and returns how much.
#[inline(always)]
fn take_input(leftovers: &mut Option<Box<Leftovers>>, room: &mut [u8]) -> usize {
    let Some(Leftovers { input, .. }) = leftovers.as_deref_mut() else { return 0 };
    let count = input.len().min(room.len());
    room[..count].copy_from_slice(&input[..count]);
    input.advance(count);
    if input.is_empty() {
        *input = BytesMut::new();
    }
    count
}

/// Writes what is ready, and counts it in `sent`.
#[inline(always)]
pub(super) fn write<S: AsyncWrite + Unpin>(
    stream: &mut S,
    output: &mut Output,
    mut sent: Option<&mut Sent>,
) -> io::Result<Poll<()>> {
    while !output.ready().is_empty() {
        let taken = match Pin::new(&mut *stream).poll_write(&mut Context::from_waker(Waker::noop()), output.ready()) {
            Poll::Ready(taken) => taken?,
            Poll::Pending => return Ok(Poll::Pending),
        };
        if taken == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        match (&mut sent, output.answers(taken)) {
            (Some(sent), Some(answers)) => sent.took_whole(answers, taken),
            (Some(sent), None) => sent.took(output.ready(), taken),
            (None, _) => {}
        }
        output.took(taken);
    }
    Ok(Poll::Ready(()))
}
