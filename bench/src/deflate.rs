//! Messages as permessage-deflate sends them ([RFC 7692, section 7.2](https://www.rfc-editor.org/rfc/rfc7692#section-7.2)).

use anyhow::{Result, ensure};
use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

/// What a sync flush ends with, and permessage-deflate leaves out
/// ([RFC 7692, section 7.2.2](https://www.rfc-editor.org/rfc/rfc7692#section-7.2.2)).
pub const FLUSH: [u8; 4] = [0, 0, 0xff, 0xff];

/// Most bytes that are inflated at once.
const INFLATED: usize = 16 << 10;

/// A payload as it stands in a compressed message.
pub fn compress(stream: &mut Compress, payload: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(payload.len() + payload.len() / 8 + 64);
    stream.compress_vec(payload, &mut out, FlushCompress::Sync)?;
    ensure!(out.ends_with(&FLUSH), "the compressor needs more room than {} bytes", out.capacity());
    out.truncate(out.len() - FLUSH.len());
    Ok(out)
}

/// Inflates part of a message; `take` gets the output in pieces. A message ends with [`FLUSH`], which the sender
/// leaves out.
pub fn inflate(stream: &mut Decompress, mut bytes: &[u8], mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut out = Vec::with_capacity(INFLATED);
    loop {
        out.clear();
        let before = stream.total_in();
        let status = stream.decompress_vec(bytes, &mut out, FlushDecompress::None)?;
        ensure!(status != Status::StreamEnd, "the server ended its compressed stream");
        bytes = &bytes[(stream.total_in() - before) as usize..];
        take(&out)?;
        if bytes.is_empty() && out.len() < out.capacity() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;

    use super::*;

    #[test]
    fn what_is_compressed_is_inflated_to_the_same_with_what_came_before() {
        let (mut sender, mut receiver) = (Compress::new(Compression::fast(), false), Decompress::new(false));
        // Empty, small, the same again, and more than is inflated at once.
        for payload in [&b""[..], b"canyon", b"canyon", &[7; 3 * INFLATED]] {
            let compressed = compress(&mut sender, payload).unwrap();
            let mut inflated: Vec<u8> = Vec::new();
            for part in [&compressed[..], &FLUSH] {
                inflate(&mut receiver, part, |bytes| {
                    inflated.extend(bytes);
                    Ok(())
                })
                .unwrap();
            }
            assert!(inflated == payload, "{} bytes", payload.len());
        }
    }
}
