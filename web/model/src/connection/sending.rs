//! The way of a message: from the message box through the outbox to the socket. A message that cannot be sent stays in
//! the box.

use fastrand::Rng;

use super::note::Note;
use super::{Connection, Problem};
use crate::composing::draft::{Draft, Format, Templates};
use crate::composing::template::Sources;
use crate::connection::close::CloseFrame;
use crate::connection::setup::Offline;
use crate::connection::state::ConnectionState;
use crate::data::format::Size;
use crate::data::payload::{Content, Payload};
use crate::data::time::Time;
use crate::log::{Direction, Source};
use crate::sending::outbox::Outgoing;
use crate::shared::{Effect, Shared, SocketId};

impl Connection {
    pub(super) fn type_draft(&mut self, text: String) {
        if text.is_empty() {
            return self.empty_draft();
        }
        self.draft.text = text;
        self.recalled = None;
        self.clear_draft_problem();
    }

    /// Puts a message into the box that was not typed there. It brings its format and templates along; those of the box
    /// come back when it is empty again.
    pub(super) fn replace_draft(&mut self, draft: Draft) {
        let Draft { format, templates, .. } = self.draft;
        self.own_format.get_or_insert((format, templates));
        self.draft = draft;
        self.recalled = None;
        self.clear_draft_problem();
    }

    fn empty_draft(&mut self) {
        let Draft { format, templates, .. } = self.draft;
        let (format, templates) = self.own_format.take().unwrap_or((format, templates));
        self.draft = Draft { format, templates, text: String::new() };
        self.recalled = None;
        self.clear_draft_problem();
    }

    pub(super) fn choose_format(&mut self, format: Format) {
        self.draft.format = format;
        self.own_format = None;
        self.clear_draft_problem();
    }

    pub(super) fn choose_templates(&mut self, templates: Templates) {
        self.draft.templates = templates;
        self.own_format = None;
        self.clear_draft_problem();
    }

    pub(super) fn recall_older(&mut self, shared: &Shared) {
        if self.recalled.is_none() && !self.draft.text.is_empty() {
            return;
        }
        let back = self.recalled.map_or(0, |back| back + 1);
        self.recall(back, shared);
    }

    pub(super) fn recall_newer(&mut self, shared: &Shared) {
        match self.recalled {
            None => {}
            Some(0) => self.empty_draft(),
            Some(back) => self.recall(back - 1, shared),
        }
    }

    fn recall(&mut self, back: usize, shared: &Shared) {
        if let Some(draft) = shared.history.draft(back) {
            self.replace_draft(draft.clone());
            self.recalled = Some(back);
        }
    }

    /// The message that the draft would become now; draws from copies of the sources.
    pub(crate) fn preview(&self, epoch_ms: u64, mut random: Rng) -> Result<Payload, String> {
        let mut sources = Sources { n: &mut self.n.clone(), epoch_ms, random: &mut random, last: self.last_json() };
        self.draft.payload(&mut sources)
    }

    /// The message that a draft becomes. Advances the sources, unless the draft is wrong.
    pub(super) fn payload(&mut self, draft: &Draft, now: Time, shared: &mut Shared) -> Result<Payload, String> {
        let mut n = self.n;
        let epoch_ms = shared.epoch_ms(now);
        let sources = &mut Sources { n: &mut n, epoch_ms, random: &mut shared.random, last: self.last_json() };
        let payload = draft.payload(sources)?;
        self.n = n;
        Ok(payload)
    }

    /// The newest received text that looks like JSON, if the log still has it.
    fn last_json(&self) -> Option<&str> {
        match self.log.entry(self.last_json?)?.content {
            Content::Text(text) => Some(text),
            Content::Binary(_) => None,
        }
    }

    fn clear_draft_problem(&mut self) {
        if matches!(self.problem, Some(Problem::Draft(_))) {
            self.problem = None;
        }
    }

    /// Sends the draft, or disconnects where it says `quit`. What cannot be sent stays in the box.
    pub(super) fn send_draft(&mut self, now: Time, shared: &mut Shared) {
        if self.draft.is_quit() {
            return self.quit(now, shared);
        }
        if !self.may_send() {
            return;
        }
        let draft = std::mem::take(&mut self.draft);
        let sent = self
            .payload(&draft, now, shared)
            .and_then(|payload| self.enqueue(Outgoing { payload, source: Source::Person }, shared));
        match sent {
            Ok(()) => {
                self.draft = draft.clone();
                self.empty_draft();
                shared.remember(draft);
            }
            Err(why) => {
                self.draft = draft;
                self.problem = Some(Problem::Draft(why));
            }
        }
    }

    fn quit(&mut self, now: Time, shared: &mut Shared) {
        match self.state {
            ConnectionState::Idle(_) | ConnectionState::Closing(_) => {}
            ConnectionState::Reconnecting { .. } | ConnectionState::Connecting | ConnectionState::Open(_) => {
                self.empty_draft();
                self.close(now, CloseFrame::normal(), shared);
            }
        }
    }

    pub(super) fn send_payload(&mut self, payload: Payload, shared: &mut Shared) {
        if !self.may_send() {
            let size = Size(payload.size() as u64);
            self.problem = Some(Problem::Draft(format!("not sent ({size}): there is no open connection")));
            return;
        }
        self.problem = self.enqueue(Outgoing { payload, source: Source::Person }, shared).err().map(Problem::Draft);
    }

    /// Whether a message can be sent or queued.
    fn may_send(&self) -> bool {
        let is_open = matches!(self.state, ConnectionState::Open(_)) && !self.outbox.is_closed();
        is_open || self.setup.offline == Offline::Wait
    }

    /// The error says why the outbox is full.
    pub(super) fn enqueue(&mut self, message: Outgoing, shared: &mut Shared) -> Result<(), String> {
        self.outbox.push(message).map_err(|(full, _)| full.to_string())?;
        self.pump(shared);
        Ok(())
    }

    /// Hands queued messages to the socket, up to the high watermark. Waits until all earlier ones are reported as
    /// accepted or returned: otherwise a returned message would come after its successors.
    pub(super) fn pump(&mut self, shared: &mut Shared) {
        if !matches!(self.state, ConnectionState::Open(_)) || !self.outbox.is_settled() {
            return;
        }
        while let Some(message) = self.outbox.next(shared.settings.watermarks) {
            shared.effects.push(Effect::Send { connection: self.id, message });
        }
    }

    pub(super) fn sent(&mut self, now: Time, message: &Outgoing, buffered: u64, shared: &mut Shared) {
        self.last_message_at = now;
        self.log.push_message(now, Direction::Sent, message.source, message.payload.content());
        self.outbox.accepted(buffered);
        self.pump(shared);
    }

    /// A message that the socket did not accept.
    pub(super) fn not_sent(&mut self, now: Time, message: Outgoing) {
        self.note(now, &Note::NotSent);
        self.outbox.close();
        match self.put_back(message) {
            Some(message) => self.outbox.return_unsent(message),
            None => self.outbox.dropped(),
        }
    }

    /// A message that a socket accepted and could not send, perhaps one that has ended and been replaced since. The log has
    /// it as sent, followed by the note.
    pub(super) fn unsent(&mut self, now: Time, by: SocketId, payload: Payload, shared: &mut Shared) {
        let message = Outgoing { source: self.sender(payload.content()), payload };
        self.note(now, &Note::NotSent);
        if by == self.socket && self.state.opened().is_some() {
            self.outbox.close();
        }
        if let Some(message) = self.put_back(message) {
            self.outbox.requeue(message);
            self.pump(shared);
        }
    }

    /// Puts a message back into an empty message box, where messages are not queued. Returns it where it is to be
    /// queued instead; automatic messages are dropped.
    fn put_back(&mut self, message: Outgoing) -> Option<Outgoing> {
        match message {
            Outgoing { source: Source::Automatic, .. } => None,
            Outgoing { payload: Payload::Text(text), .. }
                if self.setup.offline == Offline::Refuse && self.draft.text.is_empty() =>
            {
                self.replace_draft(Draft { format: Format::Text, templates: Templates::Literal, text });
                None
            }
            message => Some(message),
        }
    }

    /// Of the newest sent message with that content.
    fn sender(&self, content: Content<'_>) -> Source {
        let newest_first = (self.log.first_seq()..=self.log.last_seq()).rev().filter_map(|seq| self.log.entry(seq));
        let mut sent = newest_first.filter(|entry| entry.label.direction == Some(Direction::Sent));
        sent.find(|entry| entry.content == content).map_or(Source::Person, |entry| entry.label.source)
    }

    pub(super) fn buffered(&mut self, now: Time, bytes: u64, shared: &mut Shared) {
        if !self.outbox.is_settled() {
            return;
        }
        let was_held_up = !self.can_send_more(shared);
        self.outbox.set_buffered(bytes);
        self.pump(shared);
        if was_held_up && self.can_send_more(shared) {
            self.tasks_resume(now, shared);
        }
    }
}
