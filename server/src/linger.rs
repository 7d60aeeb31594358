//! The end of a TCP connection. Never drops a socket with unread bytes in it: the reset that follows would take the last
//! answer from the peer before it could read it.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long the peer has to read the last answer and to close.
const TIME: Duration = Duration::from_secs(1);
/// How many bytes are thrown away in that time at the most; who sends more is not waiting for an answer.
const BYTES: u64 = 16 << 20;

/// Closes the write side, then reads and throws away until the peer closes its own, within bounds of time and bytes.
pub(crate) async fn close(mut stream: TcpStream) {
    let discard = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(BYTES), &mut tokio::io::sink()).await
    };
    // Whatever happens now, the connection ends here.
    let _ = timeout(TIME, discard).await;
}
