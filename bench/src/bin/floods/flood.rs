//! What the peers of a flood send, as fast as the server takes it.

use anyhow::Result;
use bench::deflate;
use flate2::{Compress, Compression as Level};
use testkit::{
    frame::{BINARY, FIN, PING, PONG, RSV1, TEXT, frame},
    handshake::Compression,
};

/// One way to keep a server busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Flood {
    /// Nothing, to compare with
    Nothing,
    /// Compressed messages of 250 KiB of zeros, some 275 bytes each
    Bombs,
    /// Compressed messages of 1 MiB of zeros, some 1 KiB each
    LargeBombs,
    /// Messages of 4096 fragments of one byte
    Fragments,
    /// Messages of 16 KiB to `/echo?fragment=1`, which come back in 16 384 frames
    SplitAnswers,
    /// Pongs from peers that have sent no message
    Pongs,
    /// Pings without a payload
    Pings,
    /// Messages of 20 bytes
    Messages,
    /// Handshakes, reset as soon as they are answered
    Handshakes,
}

/// How much is written at once.
const WRITE: usize = 64 << 10;

impl Flood {
    pub(crate) fn path(self) -> &'static str {
        if self == Self::SplitAnswers { "/echo?fragment=1" } else { "/echo" }
    }

    pub(crate) fn compression(self) -> Compression {
        if matches!(self, Self::Bombs | Self::LargeBombs) { Compression::Deflate } else { Compression::Off }
    }

    /// The unit that is sent repeatedly: a message or a control frame. Empty for a flood of connections.
    pub(crate) fn unit(self) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Nothing | Self::Handshakes => Vec::new(),
            Self::Bombs => bomb(250 << 10)?,
            Self::LargeBombs => bomb(1 << 20)?,
            Self::Fragments => {
                let middle = frame(0, b"x").repeat(4094);
                [frame(TEXT, b"x"), middle, frame(FIN, b"x")].concat()
            }
            Self::SplitAnswers => frame(FIN | BINARY, &[0; 16 << 10]),
            Self::Pongs => frame(FIN | PONG, b""),
            Self::Pings => frame(FIN | PING, b""),
            Self::Messages => frame(FIN | TEXT, b"one of many messages"),
        })
    }

    /// Whole units of about [`WRITE`] bytes.
    pub(crate) fn block(self) -> Result<Vec<u8>> {
        let unit = self.unit()?;
        Ok(unit.repeat((WRITE / unit.len().max(1)).max(1)))
    }

    /// What the value is called on the command line.
    pub(crate) fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// A compressed message of zeros, which inflates whatever came before it.
fn bomb(size: usize) -> Result<Vec<u8>> {
    let payload = deflate::compress(&mut Compress::new(Level::best(), false), &vec![0; size])?;
    Ok(frame(FIN | RSV1 | BINARY, &payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_are_as_small_as_their_description_says() {
        let length = |flood: Flood| flood.unit().unwrap().len();
        assert!((250..300).contains(&length(Flood::Bombs)), "{}", length(Flood::Bombs));
        assert!((1000..1100).contains(&length(Flood::LargeBombs)), "{}", length(Flood::LargeBombs));
    }

    #[test]
    fn a_message_of_fragments_has_as_many_as_the_server_takes() {
        // Each frame has a header of 2 bytes, a mask of 4, and one byte.
        assert_eq!(Flood::Fragments.unit().unwrap().len(), 4096 * 7);
    }
}
