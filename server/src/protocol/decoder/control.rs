//! Control frames ([RFC 6455, 5.5](https://www.rfc-editor.org/rfc/rfc6455#section-5.5)), which are taken whole.

use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, OpCode};

use super::{Answers, Decoder, Position, Stop};
use crate::protocol::{
    MAX_CONTROL_PAYLOAD, close,
    header::{Header, mask},
    output::{CLOSE, PING, PONG},
    role::{Reply, Role},
    status::Status,
    violation::ProtocolViolation,
};

impl Decoder {
    /// Answers or passes on a ping, answers a close frame, and takes in a pong.
    pub(super) fn take_control<F: FnMut(OpCode, &[u8])>(
        &mut self,
        control: Control,
        header: &Header,
        size: usize,
        input: &mut &[u8],
        answers: &mut Answers<'_, F>,
    ) -> Result<(), Stop> {
        match control {
            Control::Reserved(code) => return Err(ProtocolViolation::ReservedOpcode(code).into()),
            _ if header.rsv() != 0 => return Err(ProtocolViolation::ReservedBits.into()),
            _ if !header.fin() => return Err(ProtocolViolation::FragmentedControl.into()),
            _ if header.length > MAX_CONTROL_PAYLOAD => {
                return Err(ProtocolViolation::LongControl(header.length).into());
            }
            _ => {}
        }
        let (masked, rest) = input[size..].split_at_checked(header.length as usize).ok_or(Status::NeedInput)?;
        let mut plain = [0; MAX_CONTROL_PAYLOAD as usize];
        let plain = &mut plain[..masked.len()];
        mask(plain, masked, header.key.unwrap_or_default());
        self.controls.count(control, size, plain);
        match (control, self.reply) {
            (Control::Ping, Reply::Echo { .. }) => answers.output.frame(PONG, plain.len()).copy_from_slice(plain),
            (Control::Ping, Reply::PassOn(_)) => answers.output.frame(PING, plain.len()).copy_from_slice(plain),
            (Control::Pong, Reply::PassOn(Role::Client)) => {
                answers.output.frame(PONG, plain.len()).copy_from_slice(plain);
            }
            (Control::Close, reply) => {
                close::read(plain)?;
                (answers.on_message)(header.opcode(), plain);
                if let Reply::Echo { .. } = reply {
                    answers.output.frame(CLOSE, plain.len()).copy_from_slice(plain);
                }
                self.position = Position::Closed;
            }
            _ => {}
        }
        *input = rest;
        Ok(())
    }
}
