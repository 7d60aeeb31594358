//! What goes to standard output. Never waits for whoever reads it: a reader that is too slow loses lines, not the
//! server its pace.

use std::fmt;

use tracing::{Event, Level, Subscriber, level_filters::LevelFilter};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
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

/// The target of the line that names the server's address: it is printed at every level.
const STARTED: &str = "canyon::started";

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// One sentence a line
    #[default]
    Text,
    /// One JSON object a line, with time, level and fields
    Json,
}

/// How many lines wait for a slow reader; more are lost, and counted.
const WAITING_LINES: usize = 10_000;

/// The log as long as it is written. Dropped, it writes out what waits, and says on standard error what was lost.
pub(crate) struct Log {
    writer: Option<WorkerGuard>,
    lost: ErrorCounter,
}

impl Drop for Log {
    fn drop(&mut self) {
        drop(self.writer.take());
        let lost = self.lost.dropped_lines();
        if lost > 0 {
            eprintln!("canyon: {lost} lines of the log were lost, for nobody read them in time");
        }
    }
}

/// Starts logging.
pub(crate) fn start(level: LevelFilter, format: LogFormat) -> Log {
    let (writer, guard) =
        NonBlockingBuilder::default().buffered_lines_limit(WAITING_LINES).lossy(true).finish(std::io::stdout());
    let log = Log { writer: Some(guard), lost: writer.error_counter() };
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    let layer = match format {
        LogFormat::Text => layer.with_ansi(false).event_format(Sentence).fmt_fields(message_only()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    let levels = Targets::new().with_default(level).with_target(STARTED, Level::INFO);
    tracing_subscriber::registry().with(layer.with_filter(levels)).init();
    log
}

/// Says that the server can be connected to, and where.
pub(crate) fn started(host: &str, port: u16) {
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    let url = format!("ws://{host}:{port}");
    tracing::info!(target: STARTED, url, "WebSocket server started on {url}");
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
