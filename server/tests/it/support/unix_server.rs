//! A Unix socket in front of a server.

use std::net::SocketAddr;

use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpStream, UnixListener},
    task::JoinHandle,
};

/// Passes the bytes of each connection on to a server; ends with its owner.
pub struct UnixServer {
    folder: TempDir,
    task: JoinHandle<()>,
}

impl UnixServer {
    pub fn before(server: SocketAddr) -> Self {
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        let task = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(server).await.unwrap();
                    // Whichever side ends it, the other sees.
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        Self { folder, task }
    }

    /// The socket's URL, with this behind it.
    pub fn url(&self, rest: &str) -> String {
        format!("unix:{}{rest}", self.folder.path().join("socket").display())
    }
}

impl Drop for UnixServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
