//! The end of a connection. A socket that is closed with unread bytes in it is reset, and then the peer loses the last
//! answer before it could read it; so what still comes is read and discarded.

use std::{io, time::Duration};

use tokio::{io::AsyncWriteExt, time::timeout};

use crate::socket::Socket;

/// How long the peer has to read the last answer and to close.
pub(crate) const TIME: Duration = Duration::from_secs(1);
/// Most bytes that are discarded in that time: a peer that sends more is not waiting for an answer.
pub(crate) const BYTES: usize = 16 << 20;
/// How many of them are read at a time.
pub(crate) const PIECE: usize = 4096;

/// Closes the write side, then reads and discards until the peer closes its own, within limits of time and bytes.
pub(crate) async fn close(mut stream: Socket) {
    // Whatever happens now, the connection ends here.
    let _ = timeout(TIME, async {
        stream.shutdown().await?;
        discard(&stream).await
    })
    .await;
}

async fn discard(stream: &Socket) -> io::Result<()> {
    let mut discarded = 0;
    while discarded < BYTES {
        stream.readable().await?;
        match stream.try_read(&mut [0; PIECE]) {
            Ok(0) => break,
            Ok(count) => discarded += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
