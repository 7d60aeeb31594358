//! What a peer does to make the server hold as much as possible for it.

use anyhow::Result;
use bench::deflate;
use flate2::{Compress, Compression as Level};
use testkit::{
    frame::{BINARY, FIN, RSV1, frame},
    handshake::Compression,
};

/// One way to have memory held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Attack {
    /// A compressed message of 1 MiB of zeros, some 1 KiB long, without its last frame
    Inflated,
    /// A message of just under 1 MiB in fragments of 16 KiB, without its last frame
    Fragments,
    /// A frame of 1 MiB in one piece but for its end, of which a byte comes each second
    Drips,
    /// Compressed messages of 1 MiB that repeat 24 KiB of noise, beyond the window that the server compresses with, so
    /// that 34 KiB are answered with 1 MiB; the answers are never read
    Noise,
    /// The same to `/echo?fragment=100000`, so that a task and tungstenite carry each connection
    NoiseInSessions,
    /// Two compressed messages of 1 MiB of zeros to `/echo?delay=1h`
    Delayed,
    /// Messages of 64 KiB whose echoes are never read
    Unread,
    /// One compressed message of 1 KiB, so that a compressor is there: what an idle peer with compression costs
    Compressors,
}

/// The largest message that the server takes with its default settings.
const LARGEST: usize = 1 << 20;
/// What repeats in [`Attack::Noise`]: within the client's window of 32 KiB, beyond the server's of 4 KiB.
const NOISE: usize = 24 << 10;

impl Attack {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Delayed => "/echo?delay=1h",
            Self::NoiseInSessions => "/echo?fragment=100000",
            _ => "/echo",
        }
    }

    pub(crate) fn compression(self) -> Compression {
        match self {
            Self::Inflated | Self::Noise | Self::NoiseInSessions | Self::Delayed | Self::Compressors => {
                Compression::Deflate
            }
            Self::Fragments | Self::Drips | Self::Unread => Compression::Off,
        }
    }

    /// What each peer sends at first; as much of it as the server takes.
    pub(crate) fn opening(self) -> Result<Vec<u8>> {
        let zeros = [0; LARGEST];
        Ok(match self {
            Self::Inflated => frame(RSV1 | BINARY, &deflated(&zeros)?),
            Self::Fragments => {
                let fragment = [0; 16 << 10];
                [frame(BINARY, &fragment), frame(0, &fragment).repeat(LARGEST / fragment.len() - 2)].concat()
            }
            Self::Drips => {
                let mut whole = frame(FIN | BINARY, &zeros);
                whole.truncate(whole.len() - (1 << 10));
                whole
            }
            Self::Noise | Self::NoiseInSessions => {
                let message: Vec<u8> = noise(NOISE).iter().copied().cycle().take(LARGEST).collect();
                frame(FIN | RSV1 | BINARY, &deflated(&message)?).repeat(4)
            }
            Self::Delayed => frame(FIN | RSV1 | BINARY, &deflated(&zeros)?).repeat(2),
            Self::Unread => frame(FIN | BINARY, &[0; 64 << 10]).repeat(256),
            Self::Compressors => frame(FIN | RSV1 | BINARY, &deflated(&noise(1 << 10))?),
        })
    }

    /// What each peer sends once a second from then on.
    pub(crate) fn each_second(self) -> &'static [u8] {
        if self == Self::Drips { b"." } else { b"" }
    }

    /// What the value is called on the command line.
    pub(crate) fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Bytes that no compressor makes smaller, the same each time.
fn noise(size: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(13);
    std::iter::repeat_with(|| random.u8(..)).take(size).collect()
}

/// A message's payload as permessage-deflate sends it, by a compressor of its own with a window of 32 KiB.
fn deflated(message: &[u8]) -> Result<Vec<u8>> {
    deflate::compress(&mut Compress::new(Level::best(), false), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(attack: Attack) -> usize {
        attack.opening().unwrap().len()
    }

    #[test]
    fn what_is_cheap_to_send_is_as_small_as_its_description_says() {
        assert!((1000..1100).contains(&length(Attack::Inflated)), "{}", length(Attack::Inflated));
        assert!((30 << 10..36 << 10).contains(&(length(Attack::Noise) / 4)), "{}", length(Attack::Noise) / 4);
    }

    #[test]
    fn unfinished_messages_stay_below_the_limit() {
        // 63 fragments of 16 KiB, each with a header of 4 bytes and a mask of 4.
        assert_eq!(length(Attack::Fragments), 63 * ((16 << 10) + 8));
        assert_eq!(length(Attack::Drips), LARGEST + 14 - 1024);
    }
}
