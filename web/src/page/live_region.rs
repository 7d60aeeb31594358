//! Announces new messages to screen readers, through a
//! [live region](https://developer.mozilla.org/en-US/docs/Web/Accessibility/ARIA/Guides/Live_regions). Screen readers
//! queue what such a region says, so announcements are at least [`PAUSE_MS`] apart and say no more than one sentence.

use dom::PartHandle;
use gloo_timers::callback::Timeout;
use model::{Connection, Counted, Direction};

const PAUSE_MS: u32 = 3_000;

pub(crate) struct LiveRegion {
    text: String,
    /// Messages received up to the last announcement.
    announced: u64,
    /// Runs for [`PAUSE_MS`] after an announcement.
    pause: Option<Timeout>,
    handle: PartHandle<Self>,
}

impl LiveRegion {
    /// Announces what comes from now on.
    pub(super) fn new(connection: &Connection, handle: PartHandle<Self>) -> Self {
        Self { text: String::new(), announced: received(connection), pause: None, handle }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Announces a single new message with its content, several with their number; nothing during the pause. The end of
    /// the pause renders the page, which calls this again.
    pub(super) fn announce(&mut self, connection: &Connection) {
        let received = received(connection);
        if self.pause.is_some() || received == self.announced {
            return;
        }
        match received.saturating_sub(self.announced) {
            0 => {}
            1 => self.text = newest(connection),
            new => self.text = Counted(new, "new message").to_string(),
        }
        self.announced = received;
        let handle = self.handle.clone();
        self.pause = Some(Timeout::new(PAUSE_MS, move || handle.update(|region| region.pause = None)));
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
