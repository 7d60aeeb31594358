//! The end of a TCP connection. Never drops a socket with unread bytes in it: the reset that follows would take the last
//! answer from the peer before it could read it.

use std::{io, time::Duration};

use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

/// How long the peer has to read the last answer and to close.
const TIME: Duration = Duration::from_secs(1);
/// How many bytes are thrown away in that time at the most; who sends more is not waiting for an answer.
const BYTES: usize = 16 << 20;
/// How many of them are read at once.
const PIECE: usize = 4096;

/// Closes the write side, then reads and throws away until the peer closes its own, within bounds of time and bytes.
pub(crate) async fn close(mut stream: TcpStream) {
    // Whatever happens now, the connection ends here.
    let _ = timeout(TIME, async {
        stream.shutdown().await?;
        discard(&stream).await
    })
    .await;
}

async fn discard(stream: &TcpStream) -> io::Result<()> {
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
