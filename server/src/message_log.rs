//! The tutorial's lines: who comes, what it says, that it goes. Made safe to print, and few enough to read. Never the only
//! place where something is counted: what is left out here is left out of the log alone.

use std::{
    fmt::{self, Write},
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;

use crate::{peer::Peer, proxy::UNREAD};

/// How many lines there are of each kind in each [`PERIOD`], over all connections.
const LINES: u64 = 20;
const PERIOD: Duration = Duration::from_secs(1);
/// How many characters of a message are logged.
const WIDTH: usize = 200;

/// The limits on the lines, shared by all connections.
#[derive(Debug, Default)]
pub(crate) struct MessageLog {
    messages: Budget,
    comings: Budget,
    goings: Budget,
    /// Those who do not get as far as HTTP.
    strangers: Budget,
}

/// The lines of one kind in a period. Many threads count at once, and each message is in one of the counts.
#[derive(Debug, Default)]
struct Budget {
    /// How many have been asked for.
    asked: AtomicU64,
    /// How many there are not.
    left_out: AtomicU64,
}

impl Budget {
    /// Whether there may be one more.
    fn take(&self) -> bool {
        if !tracing::enabled!(tracing::Level::INFO) {
            return false;
        }
        let is_within = self.asked.fetch_add(1, Ordering::Relaxed) < LINES;
        if !is_within {
            self.leave_out(1);
        }
        is_within
    }

    /// Whether there may be more, as far as can be seen without asking for one.
    fn has_more(&self) -> bool {
        self.asked.load(Ordering::Relaxed) < LINES && tracing::enabled!(tracing::Level::INFO)
    }

    /// Counts lines that were not asked for because there may be no more.
    fn leave_out(&self, count: u64) {
        self.left_out.fetch_add(count, Ordering::Relaxed);
    }

    /// Ends a period, and returns how many lines were left out.
    fn end_period(&self) -> u64 {
        self.asked.store(0, Ordering::Relaxed);
        self.left_out.swap(0, Ordering::Relaxed)
    }
}

impl MessageLog {
    /// Logs that a client has come.
    pub(crate) fn connected(&self, peer: Peer, connection: u64) {
        if self.comings.take() {
            tracing::info!(connection, %peer, "Client connected from {peer}");
        }
    }

    /// Logs a message of a client.
    pub(crate) fn received(&self, connection: u64, data: Data, payload: &[u8]) {
        if !self.messages.take() {
            return;
        }
        let bytes = payload.len();
        match (data, str::from_utf8(payload)) {
            (Data::Text, Ok(text)) => tracing::info!(connection, bytes, "Received from client: {}", Escaped(text)),
            _ => tracing::info!(connection, bytes, "Received from client: {bytes} bytes of binary"),
        }
    }

    /// Whether messages get lines now.
    pub(crate) fn has_room(&self) -> bool {
        self.messages.has_more()
    }

    /// Counts messages that were not given to the log because it [has no room](Self::has_room).
    pub(crate) fn leave_out(&self, messages: u64) {
        if messages > 0 {
            self.messages.leave_out(messages);
        }
    }

    /// Logs that a client is gone.
    pub(crate) fn disconnected(&self, peer: Peer, connection: u64) {
        if self.goings.take() {
            tracing::info!(connection, %peer, "Client {peer} disconnected");
        }
    }

    /// Logs that a client speaks TLS to a port where it is not spoken: what that answers, clients do not show.
    pub(crate) fn tls_on_plain_port(&self, peer: Peer, connection: u64) {
        if self.strangers.take() {
            tracing::info!(connection, %peer, "Client {peer} speaks TLS to the port for ws:// and http://");
        }
    }

    /// Logs that a trusted proxy has not said for whom it connects.
    pub(crate) fn no_proxy_header(&self, peer: Peer, connection: u64, error: &io::Error) {
        if self.strangers.take() {
            let reason = error.to_string();
            tracing::warn!(
                connection,
                %peer,
                reason,
                "No header of the PROXY protocol from the trusted proxy {peer}, whose connection is ended: {}",
                Escaped(&reason)
            );
        }
    }

    /// Logs that a client sends a header of the PROXY protocol that nobody reads.
    pub(crate) fn unread_proxy_header(&self, peer: Peer, connection: u64) {
        if self.strangers.take() {
            tracing::warn!(connection, %peer, "Client {peer} is no trusted proxy, and speaks like one: {UNREAD}");
        }
    }

    /// Logs that there is no TLS with a client; its reason may be that it does not trust the certificate, and browsers do
    /// not say so.
    pub(crate) fn no_tls(&self, peer: Peer, connection: u64, error: &io::Error) {
        if self.strangers.take() {
            let reason = error.to_string();
            tracing::info!(connection, %peer, reason, "No TLS with client {peer}: {}", Escaped(&reason));
        }
    }

    /// Ends a period and says what had no line of its own.
    fn end_period(&self) {
        let [messages, comings, goings, strangers] =
            [&self.messages, &self.comings, &self.goings, &self.strangers].map(Budget::end_period);
        if messages > 0 {
            tracing::info!(messages, "Received from clients: {messages} more messages, left out of this log");
        }
        if comings + goings > 0 {
            tracing::info!(
                comings,
                goings,
                "Clients: {comings} more connected and {goings} more disconnected, left out of this log"
            );
        }
        if strangers > 0 {
            tracing::info!(strangers, "Clients: {strangers} more failed to agree on TLS, left out of this log");
        }
    }

    /// Ends one period after the other for as long as it is polled, and the last one when it is dropped.
    pub(crate) async fn run(&self) {
        let _last = EndPeriod(self);
        let mut periods = tokio::time::interval(PERIOD);
        loop {
            periods.tick().await;
            self.end_period();
        }
    }
}

struct EndPeriod<'log>(&'log MessageLog);

impl Drop for EndPeriod<'_> {
    fn drop(&mut self) {
        self.0.end_period();
    }
}

/// A peer's text on one line: the first [`WIDTH`] characters, with those escaped that could forge a line, drive a
/// terminal or turn the direction of writing.
pub(crate) struct Escaped<'text>(pub(crate) &'text str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(WIDTH) {
            match character {
                '\\' | '\n' | '\r' | '\t' => write!(f, "{}", character.escape_default())?,
                character if is_unsafe(character) => write!(f, "{}", character.escape_unicode())?,
                character => f.write_char(character)?,
            }
        }
        match characters.as_str().len() {
            0 => Ok(()),
            left_out => write!(f, "… and {left_out} more bytes"),
        }
    }
}

/// Control characters, line and paragraph separators, and the characters that turn the direction of writing
/// ([UAX #9](https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters)).
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_of_any_language_stays_as_it_is() {
        assert_eq!(Escaped("hello \"wörld\" 世界 🏜").to_string(), "hello \"wörld\" 世界 🏜");
    }

    #[test]
    fn what_could_forge_a_line_or_drive_a_terminal_is_escaped() {
        let hostile = "a\nClient connected\r\t\\\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{2028}\0";
        let escaped = r"a\nClient connected\r\t\\\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{2028}\u{0}";
        assert_eq!(Escaped(hostile).to_string(), escaped);
    }

    #[test]
    fn a_long_text_is_cut_and_says_by_how_much() {
        let line = Escaped(&"é".repeat(WIDTH + 3)).to_string();
        assert_eq!(line, format!("{}… and 6 more bytes", "é".repeat(WIDTH)));
    }
}
