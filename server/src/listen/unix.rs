//! Unix sockets to listen on: made with their mode, in the place of one that nobody listens on any more, and removed at the
//! end.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use rustix::{fs::Mode, process::umask};
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::UnixListener;

use super::{BACKLOG, BindError};

/// A listening Unix socket. Its file is removed when this is dropped, if this made it.
#[derive(Debug)]
pub struct UnixSocket {
    pub(crate) listener: UnixListener,
    _made: Option<Made>,
}

/// A file that is there as long as the server listens.
#[derive(Debug)]
struct Made {
    path: PathBuf,
    /// Device and number of the file: another server may have put another in its place.
    identity: (u64, u64),
}

impl UnixSocket {
    /// Its path, if it has one.
    pub fn path(&self) -> Option<PathBuf> {
        Some(self.listener.local_addr().ok()?.as_pathname()?.to_owned())
    }
}

impl From<UnixListener> for UnixSocket {
    /// One that somebody else has made, and removes.
    fn from(listener: UnixListener) -> Self {
        Self { listener, _made: None }
    }
}

/// Listens on a Unix socket with that path; `mode` says who may connect, and is set from the first moment.
///
/// Called before there are threads that make files: meanwhile theirs would have the same mode.
///
/// # Errors
/// Somebody listens there, there is a file that is no socket, or the system refuses.
pub fn bind_unix(path: &Path, mode: u32) -> Result<UnixSocket, BindError> {
    let failed = |source| BindError::Unix { path: path.to_owned(), source };
    clear(path)?;
    let address = SockAddr::unix(path).map_err(failed)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(failed)?;
    let before = umask(Mode::from_raw_mode(!mode & 0o777));
    let bound = socket.bind(&address);
    umask(before);
    bound.map_err(failed)?;
    let listen = || {
        let file = fs::symlink_metadata(path)?;
        let made = Made { path: path.to_owned(), identity: (file.dev(), file.ino()) };
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(UnixSocket { listener: UnixListener::from_std(socket.into())?, _made: Some(made) })
    };
    listen().map_err(failed)
}

/// Removes a socket that nobody listens on.
fn clear(path: &Path) -> Result<(), BindError> {
    let failed = |source| BindError::Unix { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(file) if !file.file_type().is_socket() => return Err(BindError::NoSocket(path.to_owned())),
        Ok(_) => {}
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(failed)?;
    // A server whose queue is full would hold up a blocking connect.
    socket.set_nonblocking(true).map_err(failed)?;
    match socket.connect(&SockAddr::unix(path).map_err(failed)?) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(failed(error)),
        // An answer, a full queue, or a socket of another type.
        _ => Err(BindError::UnixInUse(path.to_owned())),
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|file| (file.dev(), file.ino()) == self.identity) {
            // It does no harm: the next server that listens there replaces it.
            let _ = fs::remove_file(&self.path);
        }
    }
}
