//! One connection: its setup, state, draft, queue, tasks, log and filter. It knows of no other connection, and leaves
//! its effects in [`Shared`].

pub(crate) mod address;
pub mod close;
pub(crate) mod ending;
mod lifecycle;
mod message;
pub(crate) mod note;
pub(crate) mod retry;
mod sending;
pub(crate) mod setup;
pub(crate) mod state;
pub(crate) mod subprotocols;
mod tasks;
mod through;

use wire::Target;

use crate::composing::draft::{Draft, Format, Templates};
use crate::connection::address::WsUrl;
use crate::connection::close::CloseFrame;
use crate::connection::ending::{Ending, HandshakeOptions};
use crate::connection::retry::BackOff;
use crate::connection::setup::Setup;
use crate::connection::state::ConnectionState;
use crate::data::format::Count;
use crate::data::time::Time;
use crate::data::visible::Quoted;
use crate::log::filter::{Filter, Rows};
use crate::log::{Direction, Entry, Log, Tally};
use crate::sending::outbox::Outbox;
use crate::sending::repeat::Repetition;
use crate::sending::replay::{Replay, ReplayMessage};
use crate::sending::sequence::{Run, RunEvent, Verdict};
use crate::shared::{ConnectionId, Effect, Shared, SocketId};
use crate::why::Why;

pub use self::message::{ConnectionMsg, Problem, SocketEvent};
use self::note::Note;

#[derive(Debug)]
pub struct Connection {
    id: ConnectionId,
    setup: Setup,
    /// The content of the message box.
    draft: Draft,
    /// The index in the history of the message in the box, 0 for the newest; `None` once it is edited.
    recalled: Option<usize>,
    /// What the box had before a message was put into it that was not typed there; `None` where it has that still.
    own_format: Option<(Format, Templates)>,
    /// The value of the next `{{n}}`.
    n: u64,
    /// The number of the newest received entry that looks like JSON.
    last_json: Option<u64>,
    /// Shown until the field that it is about changes.
    problem: Option<Problem>,
    state: ConnectionState,
    /// Events of older sockets are ignored.
    socket: SocketId,
    /// How the connection before ended, while an attempt to reconnect runs.
    retried: Option<Ending>,
    /// Of the newest handshake.
    handshake_options: HandshakeOptions,
    /// Whether `socket` leads through Canyon's relay, and the next attempt to reconnect does.
    is_through: bool,
    has_gone_through: bool,
    /// When the newest handshake began.
    begun_at: Time,
    /// When the last message crossed.
    last_message_at: Time,
    /// Why the connection before did not open, or was lost.
    why: Option<Box<Why>>,
    /// The failure that is being asked about.
    asked: Option<SocketId>,
    /// When `socket` opened.
    opened_at: Time,
    /// When an unanswered close is given up; only while [`ConnectionState::Closing`].
    close_deadline: Time,
    /// Messages that arrived while [`ConnectionState::Closing`].
    after_close: Tally,
    /// When the connection was lost; `None` unless it is being reconnected.
    lost_at: Option<Time>,
    back_off: BackOff,
    outbox: Outbox,
    repetition: Option<Repetition>,
    /// The newest sequence; it stays after its end, with its results.
    run: Option<Run>,
    replay: Option<Replay>,
    /// Bytes that are left out of the next message.
    cut: u64,
    log: Log,
    filter: Filter,
    /// Messages received up to when the connection was last shown.
    seen: u64,
}

impl Connection {
    pub(crate) fn new(id: ConnectionId, setup: Setup, shared: &Shared) -> Self {
        Self {
            id,
            setup,
            draft: Draft::default(),
            recalled: None,
            own_format: None,
            n: 1,
            last_json: None,
            problem: None,
            state: ConnectionState::default(),
            socket: SocketId::default(),
            retried: None,
            handshake_options: HandshakeOptions::default(),
            is_through: false,
            has_gone_through: false,
            begun_at: Time::default(),
            last_message_at: Time::default(),
            why: None,
            asked: None,
            opened_at: Time::default(),
            close_deadline: Time::default(),
            after_close: Tally::default(),
            lost_at: None,
            back_off: BackOff::default(),
            outbox: Outbox::default(),
            repetition: None,
            run: None,
            replay: None,
            cut: 0,
            log: Log::new(shared.settings.limits, shared.keep),
            filter: Filter::default(),
            seen: 0,
        }
    }

    pub fn id(&self) -> ConnectionId {
        self.id
    }

    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Whether the arrow keys recall the history: in an empty message box, and in one with a recalled message.
    pub fn recalls(&self) -> bool {
        self.draft.text.is_empty() || self.recalled.is_some()
    }

    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    pub fn state(&self) -> &ConnectionState {
        &self.state
    }

    /// After the connection has ended with a close event, and until it is open again: the code, what it means and what may
    /// help.
    pub fn explanation(&self) -> Option<String> {
        self.state.ending().or(self.retried.as_ref())?.explanation(self.handshake_options)
    }

    /// Whether the connection was lost and is being reconnected, by an attempt that runs or waits.
    pub fn is_retrying(&self) -> bool {
        self.retried.is_some() || matches!(self.state, ConnectionState::Reconnecting { .. })
    }

    /// Messages received since the connection was last shown.
    pub fn unread(&self) -> u64 {
        self.log.received().messages.saturating_sub(self.seen)
    }

    pub(crate) fn mark_seen(&mut self) {
        self.seen = self.log.received().messages;
    }

    /// Whether it sends by itself: a repetition, a sequence or a replay runs.
    pub fn is_sending(&self) -> bool {
        let runs = |run: &Run| run.verdict() == Verdict::Running;
        self.repetition.is_some() || self.replay.is_some() || self.run.as_ref().is_some_and(runs)
    }

    /// What is lost when the connection is removed or the page is left.
    pub fn losses(&self) -> Vec<String> {
        let (messages, queued) = (self.log.sent().messages + self.log.received().messages, self.outbox.len() as u64);
        let some = |number: u64, one: &str, several: &str| match number {
            0 => None,
            1 => Some(one.to_owned()),
            number => Some([&Count(number).to_string(), several].concat()),
        };
        [
            (!matches!(self.state, ConnectionState::Idle(_))).then(|| "the open connection".to_owned()),
            some(messages, "the message in its log", " messages in its log"),
            some(queued, "the queued message", " queued messages"),
            (!self.draft.text.is_empty()).then(|| "the unsent text".to_owned()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub fn repetition(&self) -> Option<&Repetition> {
        self.repetition.as_ref()
    }

    /// The newest sequence, running or ended.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    pub fn replay(&self) -> Option<&Replay> {
        self.replay.as_ref()
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The sent messages that the log still has, with their offsets from the first.
    pub fn sent_messages(&self) -> Vec<ReplayMessage> {
        let mut first = None;
        let sent = self.log.iter_from(0).filter(|entry| entry.label.direction == Some(Direction::Sent));
        sent.map(|entry| {
            let first = *first.get_or_insert(entry.at);
            ReplayMessage { offset: (entry.at.0 - first.0).max(0.0), payload: entry.content.to_payload() }
        })
        .collect()
    }

    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    pub fn rows(&self) -> Rows<'_> {
        self.filter.rows(&self.log)
    }

    pub(crate) fn update(&mut self, now: Time, msg: ConnectionMsg, shared: &mut Shared) {
        match msg {
            ConnectionMsg::AddressTyped(text) => self.change_setup(shared, |setup| setup.address = text),
            ConnectionMsg::SubprotocolsTyped(text) => self.change_setup(shared, |setup| setup.subprotocols = text),
            ConnectionMsg::ReconnectChosen(reconnect) => self.change_setup(shared, |setup| setup.reconnect = reconnect),
            ConnectionMsg::OfflineChosen(offline) => self.change_setup(shared, |setup| setup.offline = offline),
            ConnectionMsg::Connect => self.connect(now, shared),
            ConnectionMsg::Disconnect => self.close(now, CloseFrame::normal(), shared),
            ConnectionMsg::Close(frame) => self.close(now, frame, shared),
            ConnectionMsg::DraftTyped(text) => self.type_draft(text),
            ConnectionMsg::FormatChosen(format) => self.choose_format(format),
            ConnectionMsg::TemplatesChosen(templates) => self.choose_templates(templates),
            ConnectionMsg::DraftChosen(draft) => self.replace_draft(draft),
            ConnectionMsg::RecallOlder => self.recall_older(shared),
            ConnectionMsg::RecallNewer => self.recall_newer(shared),
            ConnectionMsg::Send => self.send_draft(now, shared),
            ConnectionMsg::SendPayload(payload) => self.send_payload(payload, shared),
            ConnectionMsg::DiscardQueued => self.outbox.clear(),
            ConnectionMsg::StopRepeat => self.repetition = None,
            ConnectionMsg::DismissSequence => self.run = None,
            ConnectionMsg::StopReplay => self.replay = None,
            ConnectionMsg::Filter(query) => self.filter = Filter::new(query, shared.check_regex),
            ConnectionMsg::Scan { bytes } => {
                self.log.evict();
                self.filter.scan(&self.log, bytes);
                self.match_next_batch(shared);
            }
            ConnectionMsg::Matched(id, result) => {
                if self.filter.matched(id, &result) {
                    self.match_next_batch(shared);
                } else {
                    self.run_event(now, RunEvent::Matched(id, result), shared);
                }
            }
            ConnectionMsg::Pin(seq) => {
                self.problem = self.log.pin(seq).err().map(|error| Problem::Pin(error.to_string()));
            }
            ConnectionMsg::Unpin(seq) => self.log.unpin(seq),
            ConnectionMsg::ClearLog => {
                self.log.clear();
                self.mark_seen();
            }
            ConnectionMsg::Socket(id, SocketEvent::Unsent(payload)) => self.unsent(now, id, payload, shared),
            ConnectionMsg::Socket(id, event) if id == self.socket => self.socket_event(now, event, shared),
            ConnectionMsg::Socket(_, _) => {}
            ConnectionMsg::Sent { message, buffered } => self.sent(now, &message, buffered, shared),
            ConnectionMsg::NotSent(message) => self.not_sent(now, message),
            msg => {
                if let Some(loaded) = shared.deferred {
                    loaded.run(|| self.update_deferred(now, msg, shared));
                }
            }
        }
    }

    /// Handles what comes from views that are deferred themselves.
    fn update_deferred(&mut self, now: Time, msg: ConnectionMsg, shared: &mut Shared) {
        match msg {
            ConnectionMsg::TargetChosen(target) => self.choose(&target, shared),
            ConnectionMsg::RelayChosen(options) => self.change_setup(shared, |setup| setup.relay = options),
            ConnectionMsg::ConnectThrough => self.connect_through(now, shared),
            ConnectionMsg::Relayed(id, told) if id == self.socket => self.relay_told(now, told, shared),
            ConnectionMsg::Diagnosed(socket, why) => self.diagnosed(socket, why),
            ConnectionMsg::StartRepeat(repeat) => self.start_repeat(now, repeat, shared),
            ConnectionMsg::StartSequence(sequence) => self.start_sequence(now, sequence, shared),
            ConnectionMsg::StopSequence => self.stop_sequence(now),
            ConnectionMsg::StartReplay(messages) => self.start_replay(now, messages, shared),
            _ => {}
        }
    }

    /// When `tick` is due.
    pub(crate) fn due(&self, now: Time, shared: &Shared) -> Option<Time> {
        let closing = matches!(self.state, ConnectionState::Closing(_)).then_some(self.close_deadline);
        Time::earliest(closing, Time::earliest(self.next_retry_tick(now), self.next_task(shared)))
    }

    pub(crate) fn tick(&mut self, now: Time, shared: &mut Shared) {
        self.retry_if_due(now, shared);
        self.cut_off_if_due(now, shared);
        self.drive(now, shared);
    }

    pub(crate) fn load(&mut self, entries: &[Entry<'_>]) {
        entries.iter().for_each(|&entry| self.log.push_entry(entry));
    }

    pub(crate) fn rename(&mut self, name: String) {
        self.setup.name = name;
    }

    pub(crate) fn apply(&mut self, shared: &Shared) {
        self.log.set_limits(shared.settings.limits);
    }

    fn change_setup(&mut self, shared: &mut Shared, change: impl FnOnce(&mut Setup)) {
        change(&mut self.setup);
        self.problem = None;
        shared.persist_setups();
    }

    /// Replaces path and query of the address.
    fn choose(&mut self, target: &Target, shared: &mut Shared) {
        if !matches!(self.state, ConnectionState::Idle(_) | ConnectionState::Reconnecting { .. }) {
            return;
        }
        match WsUrl::parse(&self.setup.address, shared.parse_url) {
            Ok(url) if url.target().parse::<Target>().is_err() => {
                let why = format!("{} is not a path of Canyon's server, so it is not replaced", Quoted(url.target()));
                self.problem = Some(Problem::Address(why));
            }
            Ok(url) => self.change_setup(shared, |setup| setup.address = url.at(target).to_string()),
            Err(error) => self.problem = Some(Problem::Address(error.to_string())),
        }
    }

    fn match_next_batch(&mut self, shared: &mut Shared) {
        if let Some(request) = self.filter.next_batch(&self.log, shared.next_match()) {
            shared.effects.push(Effect::Match { connection: self.id, request });
        }
    }

    fn note(&mut self, now: Time, note: &Note) {
        self.log.push_note(now, note.kind(), note.tone(), &note.to_string());
    }
}

#[cfg(test)]
mod tests;
