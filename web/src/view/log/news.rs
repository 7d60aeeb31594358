//! Tells those who listen to the page of new messages: politely, and never in a flood.

use gloo_timers::callback::Timeout;
use model::{Connection, Count, Direction};

use crate::dom::Handle;
use crate::page::Page;
use crate::view::{View, html};

/// Between two announcements, in milliseconds.
const PAUSE: u32 = 3_000;

/// What is read out: one message in full, many as their number.
pub(crate) struct News {
    words: String,
    /// How many messages have been told of.
    told: u64,
    /// When more may be told.
    pause: Option<Timeout>,
}

impl News {
    /// Of what comes from now on.
    pub(crate) fn new(connection: &Connection) -> Self {
        Self { words: String::new(), told: received(connection), pause: None }
    }

    /// Tells what has come, if it is time for that.
    pub(crate) fn settle(&mut self, connection: &Connection, page: &Handle<Page>) {
        let received = received(connection);
        if self.pause.is_some() || received == self.told {
            return;
        }
        match received.saturating_sub(self.told) {
            0 => {}
            1 => self.words = newest(connection),
            new => self.words = format!("{} new messages", Count(new)),
        }
        self.told = received;
        let page = page.clone();
        self.pause = Some(Timeout::new(PAUSE, move || page.act(|page| page.pane.news.pause = None)));
    }
}

fn received(connection: &Connection) -> u64 {
    connection.log().received().messages
}

fn newest(connection: &Connection) -> String {
    let log = connection.log();
    log.entry(log.last_seq())
        .filter(|entry| entry.label.direction == Some(Direction::Received))
        .map_or_else(|| "1 new message".to_owned(), |entry| ["Received ", &entry.content.preview()].concat())
}

/// Where it is read out.
pub(super) fn region() -> View {
    html("<p class=visually-hidden role=status data-region=news></p>")
        .text_of(|page| page.pane.news.words.as_str().into())
}
