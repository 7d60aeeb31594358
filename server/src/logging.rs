//! What goes to standard output. Nobody waits for whoever reads it: a reader that is too slow loses lines, and cannot hold
//! up the server, nor its end.

use std::{
    fmt,
    io::{self, Write},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use tracing::{Event, Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Writer, debug_fn},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::arguments::LogFormat;

/// The target of the line that names the server's address: it is printed at every level.
const STARTED: &str = "canyon::started";

/// How many bytes of lines wait for a slow reader; what is more is lost, and counted.
const WAITING: usize = 1 << 20;
/// How long the end of the program waits for who reads its lines.
const LAST_LINES: Duration = Duration::from_millis(500);

/// Ends the log when it is dropped.
pub(crate) struct EndOfLog(pub(crate) Log);

impl Drop for EndOfLog {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The lines that wait to be written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Queue>);

#[derive(Debug, Default)]
struct Queue {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    /// Whole lines, each with its line break.
    waiting: Vec<u8>,
    /// How many are being written.
    in_writing: usize,
    lost: usize,
}

impl Log {
    /// Waits until all lines are written, or nobody has read them for too long; says on standard error what was lost.
    pub(crate) fn end(&self) {
        let is_busy = |lines: &mut Lines| lines.in_writing > 0 || !lines.waiting.is_empty();
        let waited = self.0.changed.wait_timeout_while(self.lines(), LAST_LINES, is_busy);
        let (lines, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let lost = lines.lost + lines.in_writing + count_lines(&lines.waiting);
        drop(lines);
        if lost > 0 {
            let lines = if lost == 1 { "line" } else { "lines" };
            say(&format!("{lost} {lines} of the log lost, because nobody read them in time"));
        }
    }

    fn add(&self, line: &[u8]) {
        let mut lines = self.lines();
        if lines.waiting.len() + line.len() > WAITING {
            lines.lost += count_lines(line);
        } else {
            lines.waiting.extend_from_slice(line);
            self.0.changed.notify_all();
        }
    }

    /// Writes lines as they come, all that wait at once.
    fn write(&self, mut output: impl Write) -> ! {
        let mut batch = Vec::new();
        loop {
            let is_idle = |lines: &mut Lines| lines.waiting.is_empty();
            let waited = self.0.changed.wait_while(self.lines(), is_idle);
            let mut lines = waited.unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut lines.waiting, &mut batch);
            lines.in_writing = count_lines(&batch);
            drop(lines);
            let written = output.write_all(&batch).and_then(|()| output.flush());
            batch.clear();
            let mut lines = self.lines();
            let count = std::mem::take(&mut lines.in_writing);
            if written.is_err() {
                lines.lost += count;
            }
            self.0.changed.notify_all();
        }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        // Nothing panics while it holds the lock, so what is in there is right.
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the subscriber writes to: each write is a line.
impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.add(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn count_lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

/// Starts logging; panics are logged, too.
///
/// # Errors
/// The system has no thread for it.
pub(crate) fn start(level: LevelFilter, format: LogFormat) -> io::Result<Log> {
    let log = Log::default();
    let writer = log.clone();
    thread::Builder::new().name("canyon-log".to_owned()).spawn(move || writer.write(io::stdout().lock()))?;
    let lines = log.clone();
    let layer = tracing_subscriber::fmt::layer().with_writer(move || lines.clone());
    let layer = match format {
        LogFormat::Text => layer.with_ansi(false).event_format(Sentence).fmt_fields(message_only()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    let levels = Targets::new().with_default(level).with_target(STARTED, Level::INFO);
    tracing_subscriber::registry().with(layer.with_filter(levels)).init();
    // The standard library's hook writes to standard error, which may be a pipe that nobody reads.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{}", panic.to_string().escape_debug())));
    Ok(log)
}

/// Says that the server can be connected to, and where.
pub(crate) fn started(scheme: &str, host: &str, port: u16) {
    let url = format!("{scheme}://{}:{port}", in_url(host));
    tracing::info!(target: STARTED, url, "WebSocket server started on {url}");
}

/// The same of a Unix socket.
pub(crate) fn started_on_unix_socket(path: &Path) {
    let url = format!("unix:{}", path.display());
    tracing::info!(target: STARTED, url, "WebSocket server started on {}", url.escape_debug());
}

/// Says what a person must do before a browser connects by TLS, and how to check that no other server answers.
pub(crate) fn self_signed(host: &str, port: u16, fingerprint: &str) {
    let url = format!("https://{}:{port}/", in_url(host));
    tracing::info!(
        target: STARTED,
        url,
        fingerprint,
        "The certificate is self-signed: open {url} once and accept it there, because a browser shows no warning for a \
         WebSocket. Its SHA-256 fingerprint is {fingerprint}"
    );
}

fn in_url(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

/// Says something on standard error, but does not wait for long where nobody reads that.
pub(crate) fn say(text: &str) {
    let line = format!("canyon: {text}\n");
    let (said, is_said) = mpsc::channel::<()>();
    let write = |line: String| drop(io::stderr().write_all(line.as_bytes()));
    let speaker = thread::Builder::new().spawn({
        let line = line.clone();
        move || {
            write(line);
            drop(said);
        }
    });
    match speaker {
        // It ends by the sender being dropped.
        Ok(_) => drop(is_said.recv_timeout(LAST_LINES)),
        Err(_) => write(line),
    }
}

/// Leaves out the fields, which repeat parts of the message for machines.
fn message_only() -> impl for<'writer> FormatFields<'writer> + Send + Sync {
    debug_fn(|writer, field, value| match field.name() {
        "message" => write!(writer, "{value:?}"),
        _ => Ok(()),
    })
}

/// The message alone, with its level in front where that is not the usual one.
struct Sentence;

impl<S, N> FormatEvent<S, N> for Sentence
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        match *event.metadata().level() {
            Level::INFO => {}
            level => write!(writer, "{}: ", level.as_str().to_ascii_lowercase())?,
        }
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
