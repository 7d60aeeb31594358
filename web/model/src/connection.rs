//! One connection: where it goes, how it stands, what it has said and heard, and what is being written for it. It never
//! knows of another one, and never runs an effect: it leaves them with what all connections share.

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

use wire::Behaviour;

use crate::archive::ImportedEntry;
use crate::composing::draft::Draft;
use crate::connection::address::WsUrl;
use crate::connection::close::CloseFrame;
use crate::connection::retry::BackOff;
use crate::connection::setup::Setup;
use crate::connection::state::State;
use crate::data::time::Time;
use crate::log::filter::{Filter, Rows};
use crate::log::{Direction, Log};
use crate::sending::outbox::Outbox;
use crate::sending::repeat::Repetition;
use crate::sending::replay::{Replay, ReplayMessage};
use crate::sending::sequence::Run;
use crate::shared::{ConnectionId, Shared, SocketId};

pub use self::message::{ConnectionMsg, Problem, SocketEvent};
use self::note::Note;

/// One connection and all that belongs to it.
#[derive(Debug)]
pub struct Connection {
    id: ConnectionId,
    setup: Setup,
    /// What the message box holds. Only sending it, or leaving by it, empties it.
    draft: Draft,
    /// How far back in the history the draft is from, until it is changed.
    recalled: Option<usize>,
    /// The number of the next message with `{{n}}`.
    n: u64,
    /// The entry with the last text that came and looks like JSON.
    last_json: Option<u64>,
    /// What was wrong with the last wish, until what it was wrong with is changed.
    problem: Option<Problem>,
    state: State,
    /// The newest socket.
    socket: SocketId,
    /// When it opened.
    opened_at: Time,
    /// When the connection was lost that is being tried again.
    lost_at: Option<Time>,
    back_off: BackOff,
    outbox: Outbox,
    repetition: Option<Repetition>,
    /// The newest sequence, at its end until it is forgotten.
    run: Option<Run>,
    replay: Option<Replay>,
    log: Log,
    filter: Filter,
}

impl Connection {
    pub(crate) fn new(id: ConnectionId, setup: Setup, shared: &Shared) -> Self {
        Self {
            id,
            setup,
            draft: Draft::default(),
            recalled: None,
            n: 1,
            last_json: None,
            problem: None,
            state: State::default(),
            socket: SocketId::default(),
            opened_at: Time::default(),
            lost_at: None,
            back_off: BackOff::default(),
            outbox: Outbox::default(),
            repetition: None,
            run: None,
            replay: None,
            log: Log::new(shared.settings.limits),
            filter: Filter::default(),
        }
    }

    /// What tells it from the others.
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// Where it goes, and what the person has chosen for it.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// What is being written.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Whether the arrow keys go through the history: in an empty message box, and in one that it has filled.
    pub fn recalls(&self) -> bool {
        self.draft.text.is_empty() || self.recalled.is_some()
    }

    /// What was wrong with the last wish.
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// Where it stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What waits to be sent.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// What is sent again and again.
    pub fn repetition(&self) -> Option<&Repetition> {
        self.repetition.as_ref()
    }

    /// The newest sequence, on its way or at its end.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// What is sent as it was once.
    pub fn replay(&self) -> Option<&Replay> {
        self.replay.as_ref()
    }

    /// What happened so far.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The messages sent that the log still has, with the gaps between them.
    pub fn sent_messages(&self) -> Vec<ReplayMessage> {
        let mut first = None;
        let sent = self.log.iter_from(0).filter(|entry| entry.label.direction == Some(Direction::Sent));
        sent.map(|entry| {
            let first = *first.get_or_insert(entry.at);
            ReplayMessage { offset: (entry.at.0 - first.0).max(0.0), payload: entry.content.to_payload() }
        })
        .collect()
    }

    /// Which entries are shown.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The rows that are shown.
    pub fn rows(&self) -> Rows<'_> {
        self.filter.rows(&self.log)
    }

    pub(crate) fn update(&mut self, now: Time, msg: ConnectionMsg, shared: &mut Shared) {
        match msg {
            ConnectionMsg::AddressTyped(text) => self.change_setup(shared, |setup| setup.address = text),
            ConnectionMsg::SubprotocolsTyped(text) => self.change_setup(shared, |setup| setup.subprotocols = text),
            ConnectionMsg::BehaviourChosen(behaviour) => self.choose(behaviour, shared),
            ConnectionMsg::ReconnectChosen(reconnect) => self.change_setup(shared, |setup| setup.reconnect = reconnect),
            ConnectionMsg::OfflineChosen(offline) => self.change_setup(shared, |setup| setup.offline = offline),
            ConnectionMsg::Connect => self.connect(now, shared),
            ConnectionMsg::Disconnect => self.close(now, CloseFrame::normal(), shared),
            ConnectionMsg::Close(frame) => self.close(now, frame, shared),
            ConnectionMsg::DraftTyped(text) => self.type_draft(text),
            ConnectionMsg::FormatChosen(format) => self.choose_format(format),
            ConnectionMsg::TemplatesChosen(templates) => self.choose_templates(templates),
            ConnectionMsg::DraftChosen(draft) => self.choose_draft(draft),
            ConnectionMsg::RecallOlder => self.recall_older(shared),
            ConnectionMsg::RecallNewer => self.recall_newer(shared),
            ConnectionMsg::Send => self.send_draft(now, shared),
            ConnectionMsg::SendPayload(payload) => self.send_payload(payload, shared),
            ConnectionMsg::DiscardQueued => self.outbox.clear(),
            ConnectionMsg::StartRepeat(repeat) => self.start_repeat(now, repeat, shared),
            ConnectionMsg::StopRepeat => self.repetition = None,
            ConnectionMsg::StartSequence(sequence) => self.start_sequence(now, sequence, shared),
            ConnectionMsg::StopSequence => self.stop_sequence(now),
            ConnectionMsg::ForgetSequence => self.run = None,
            ConnectionMsg::StartReplay(messages) => self.start_replay(now, messages, shared),
            ConnectionMsg::StopReplay => self.replay = None,
            ConnectionMsg::Filter(query) => self.filter = Filter::new(query, shared.compile),
            ConnectionMsg::Scan { bytes } => {
                self.filter.scan(&self.log, bytes);
            }
            ConnectionMsg::Pin(seq) => {
                self.problem = self.log.pin(seq).err().map(|error| Problem::Pin(error.to_string()));
            }
            ConnectionMsg::Unpin(seq) => self.log.unpin(seq),
            ConnectionMsg::ClearLog => self.log.clear(),
            ConnectionMsg::Socket(id, event) if id == self.socket => self.socket_event(now, event, shared),
            ConnectionMsg::Socket(_, _) => {}
            ConnectionMsg::Sent { message, buffered } => self.sent(now, &message, buffered, shared),
            ConnectionMsg::NotSent(message) => self.not_sent(now, message),
            ConnectionMsg::Buffered(bytes) => self.buffered(bytes, shared),
        }
    }

    /// When it wants to be told the time next.
    pub(crate) fn due(&self, now: Time, shared: &Shared) -> Option<Time> {
        Time::earliest(self.next_retry_tick(now), self.next_task(now, shared))
    }

    pub(crate) fn tick(&mut self, now: Time, shared: &mut Shared) {
        self.retry_if_due(now, shared);
        self.drive(now, shared);
    }

    /// Fills the log with entries of a file.
    pub(crate) fn load(&mut self, entries: Vec<ImportedEntry>, time_origin: f64) {
        for entry in entries {
            self.log.push_imported(entry, time_origin);
        }
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

    /// Keeps the server of the address, and asks it for another behaviour.
    fn choose(&mut self, behaviour: Behaviour, shared: &mut Shared) {
        match WsUrl::parse(&self.setup.address, shared.parse_url) {
            Ok(url) => self.change_setup(shared, |setup| setup.address = url.at(&behaviour).to_string()),
            Err(error) => self.problem = Some(Problem::Address(error.to_string())),
        }
    }

    fn note(&mut self, now: Time, note: &Note) {
        self.log.push_note(now, note.kind(), note.tone(), &note.to_string());
    }
}

#[cfg(test)]
mod tests;
