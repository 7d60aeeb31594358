//! Faults that tests inject where the system hardly ever fails. The program has none.

use std::io;

/// What can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A poll of an event loop's sockets.
    Poll,
    /// The registration of a new connection's socket.
    Register,
    /// The program's own code in an event loop, outside of a connection.
    Panic,
}

/// The faults that a test wants now.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    #[cfg(test)]
    pub(crate) wanted: std::sync::Mutex<Vec<Fault>>,
}

impl Faults {
    /// Fails if a test wants that.
    #[cfg(test)]
    pub(crate) fn check(&self, fault: Fault) -> io::Result<()> {
        if !self.wanted.lock().is_ok_and(|wanted| wanted.contains(&fault)) {
            return Ok(());
        }
        assert_ne!(fault, Fault::Panic, "the fault that the test wants");
        Err(io::Error::other("the fault that the test wants"))
    }

    #[cfg(not(test))]
    #[inline(always)]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the signature of the one for tests")]
    pub(crate) fn check(&self, _: Fault) -> io::Result<()> {
        Ok(())
    }
}
