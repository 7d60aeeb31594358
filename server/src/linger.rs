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

/// Closes the write side, then reads and throws away until the peer closes its own, for a bounded time.
pub(crate) async fn close(mut stream: TcpStream) {
    let discard = async {
        stream.shutdown().await?;
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer).await? > 0 {}
        std::io::Result::Ok(())
    };
    // Whatever happens now, the connection ends here.
    let _ = timeout(TIME, discard).await;
}
