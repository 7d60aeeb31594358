//! Systems without Unix's signals.

use std::{io, time::Duration};

use crate::logging::Log;

/// Completes at the first Ctrl-C.
pub(crate) fn stop(_: Duration, _: Log, _: Option<impl Fn()>) -> io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
