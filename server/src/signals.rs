//! Signals, and the bound on how long the program goes on after one that ends it.

use std::{
    io, process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use signal_hook::{
    consts::{SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ},
    flag,
    iterator::Signals,
    low_level::signal_name,
};
use tokio::sync::oneshot;

use crate::logging::Log;

/// What is left for the last steps after the drain's time: the goodbye to those who are cut off, and the totals.
const MOMENT: Duration = Duration::from_millis(250);
/// `timeout` and some shells send a signal to the process and to its group: what comes within this is one signal.
const ONE_SIGNAL: Duration = Duration::from_millis(10);
const END_AT_ONCE: [i32; 3] = [SIGINT, SIGTERM, SIGQUIT];
/// These would end the program, and are logged instead.
const WITHOUT_MEANING: [i32; 5] = [SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF];

/// Completes when the program is to stop.
///
/// The first SIGINT, SIGTERM, SIGQUIT, SIGHUP or SIGXCPU stops it, and `drain_timeout` and a moment later it is ended
/// wherever it stands. A further SIGINT, SIGTERM or SIGQUIT ends it at once with exit code 1; a terminal that closes sends
/// SIGHUP twice, and a limit on processor time SIGXCPU every second, so these do not. Under `nohup` SIGHUP does nothing.
/// SIGUSR1 and others that have no meaning here are logged.
///
/// With something to `reload`, SIGHUP does that instead, unless it says that the program's terminal is gone.
///
/// # Errors
/// The system has no thread for it.
pub(crate) fn stop(
    drain_timeout: Duration,
    log: Log,
    reload: Option<impl Fn() + Send + 'static>,
) -> io::Result<impl Future<Output = ()>> {
    let is_stopping = Arc::new(AtomicBool::new(false));
    for signal in END_AT_ONCE {
        // Within the handler, so that nothing that hangs can hold it up. It does nothing until the flag is set.
        flag::register_conditional_shutdown(signal, 1, Arc::clone(&is_stopping))?;
    }
    // A log that has become too large for its file loses lines, and ends nothing.
    flag::register(SIGXFSZ, Arc::default())?;
    let ends_with_terminal = !is_ignored(SIGHUP) && has_terminal();
    let hangup = (!is_ignored(SIGHUP) || reload.is_some()).then_some(SIGHUP);
    let stopping = [SIGINT, SIGTERM, SIGQUIT, SIGXCPU].into_iter().chain(hangup);
    let mut signals = Signals::new(stopping.chain(WITHOUT_MEANING))?;
    let (stop, is_stopped) = oneshot::channel::<()>();
    thread::Builder::new().name("canyon-signals".to_owned()).spawn(move || {
        wait(&mut signals, reload, ends_with_terminal);
        // Whoever sees the goodbye can count on it that a second signal is one.
        thread::sleep(ONE_SIGNAL);
        is_stopping.store(true, Ordering::Relaxed);
        drop(stop);
        thread::sleep(drain_timeout.saturating_add(MOMENT));
        tracing::warn!("too busy to end in time, and ended where it stood");
        log.end();
        process::exit(0);
    })?;
    Ok(async { drop(is_stopped.await) })
}

/// Returns at the first signal that stops the program.
fn wait(signals: &mut Signals, reload: Option<impl Fn()>, ends_with_terminal: bool) {
    for signal in signals.forever() {
        match &reload {
            Some(reload) if signal == SIGHUP && (!ends_with_terminal || has_terminal()) => reload(),
            _ if WITHOUT_MEANING.contains(&signal) => {
                let name = signal_name(signal).unwrap_or_default();
                tracing::warn!("{name} has no meaning here, and changes nothing");
            }
            _ => return,
        }
    }
}

/// Whether the program was started with a signal ignored, as by `nohup`. Only Linux can tell.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Whether the program has a terminal that could hang up.
fn has_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}
