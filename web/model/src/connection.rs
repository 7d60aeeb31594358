//! One connection: where it goes, how it stands, what it has said and heard, and what is being written for it. It never
//! knows of another one, and never runs an effect: it leaves them with what all connections share.

mod lifecycle;
mod sending;
mod tasks;

use wire::Behaviour;

use crate::address::WsUrl;
use crate::archive::ImportedEntry;
use crate::back_off::BackOff;
use crate::close::CloseFrame;
use crate::draft::{Draft, Format, Templates};
use crate::ending::Closed;
use crate::filter::{Filter, Query, Rows};
use crate::log::{Direction, Log, Note, Tone};
use crate::outbox::{Outbox, Outgoing};
use crate::pace::{Repeat, Repetition};
use crate::payload::{Content, Payload};
use crate::replay::{Replay, ReplayMessage};
use crate::sequence::{Run, Sequence};
use crate::setup::{Offline, Reconnect, Setup};
use crate::state::State;
use crate::time::Time;
use crate::workbench::{ConnectionId, Shared};

/// Tells one socket from the one before, whose late events change nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SocketId(pub(crate) u32);

/// What a socket reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEvent {
    /// The handshake is done.
    Open {
        /// The subprotocol chosen, empty for none.
        protocol: String,
        /// The extensions agreed upon, empty for none.
        extensions: String,
    },
    /// A message came.
    Message(Payload),
    /// It is closed; nothing comes after this.
    Close(Closed),
}

/// Everything that can happen to a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum ConnectionMsg {
    /// The address field holds this now.
    AddressTyped(String),
    /// The field of subprotocols holds this now.
    SubprotocolsTyped(String),
    /// The person wants this of the server.
    BehaviourChosen(Behaviour),
    /// What is to happen when the connection is lost.
    ReconnectChosen(Reconnect),
    /// What is to happen to messages without a connection.
    OfflineChosen(Offline),
    /// The person wants a connection: now, where a try is only to come.
    Connect,
    /// The person wants none: closes an open one, gives up on one that opens, closes or is to be tried again.
    Disconnect,
    /// The same, with a code and a reason for an open one.
    Close(CloseFrame),
    /// The message box holds this now.
    DraftTyped(String),
    /// The message box is read like this.
    FormatChosen(Format),
    /// What `{{…}}` in the message box is.
    TemplatesChosen(Templates),
    /// The message box is to hold this: a saved message, or one from the history.
    DraftChosen(Draft),
    /// The message box is to hold what was sent before what it holds, if it is empty or from the history.
    Older,
    /// The message box is to hold what was sent after what it holds from the history.
    Newer,
    /// The person wants the draft sent.
    Send,
    /// The person wants this sent, such as a file.
    SendPayload(Payload),
    /// The person does not want sent any more what waits.
    DropWaiting,
    /// The person wants this sent again and again, in place of what is.
    StartRepeat(Repeat),
    /// That is enough.
    StopRepeat,
    /// The person wants this sequence run, in place of the one before.
    StartSequence(Sequence),
    /// That is enough.
    StopSequence,
    /// The person does not need its results any more.
    ForgetSequence,
    /// The person wants these sent with the gaps that they had.
    StartReplay(Vec<ReplayMessage>),
    /// That is enough.
    StopReplay,
    /// The log is to show this.
    Filter(Query),
    /// There is time to look at about so many bytes of the log for it.
    Scan {
        /// How many.
        bytes: usize,
    },
    /// This entry is to stay.
    Pin(u64),
    /// It need not any more.
    Unpin(u64),
    /// The person wants an empty log.
    ClearLog,
    /// The browser would not make a socket, for this reason.
    NotConnected(String),
    /// A socket reports.
    Socket(SocketId, SocketEvent),
    /// The browser took this for sending.
    Sent {
        /// What.
        message: Outgoing,
        /// Bytes that wait there now.
        buffered: u64,
    },
    /// The browser did not take this, for there is no open connection any more.
    NotSent(Outgoing),
    /// So many bytes wait in the browser to be sent.
    Buffered(u64),
}

/// Why something was not done, told beside the field that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The address is wrong.
    Address(String),
    /// The subprotocols are.
    Subprotocols(String),
    /// The draft is, or there is no room for it.
    Draft(String),
    /// A repetition, a sequence or a replay cannot go on.
    Task(String),
    /// No more entries can be pinned.
    Pin(String),
}

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
            ConnectionMsg::Older => self.recall_older(shared),
            ConnectionMsg::Newer => self.recall_newer(shared),
            ConnectionMsg::Send => self.send_draft(now, shared),
            ConnectionMsg::SendPayload(payload) => self.send_payload(payload, shared),
            ConnectionMsg::DropWaiting => self.outbox.clear(),
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
            ConnectionMsg::NotConnected(why) => self.not_connected(now, why),
            ConnectionMsg::Socket(id, event) if id == self.socket => self.socket_event(now, event, shared),
            ConnectionMsg::Socket(_, _) => {}
            ConnectionMsg::Sent { message, buffered } => self.sent(now, &message, buffered, shared),
            ConnectionMsg::NotSent(message) => self.not_sent(now, message),
            ConnectionMsg::Buffered(bytes) => self.buffered(bytes, shared),
        }
    }

    /// When it wants to be told the time next.
    pub(crate) fn due(&self, now: Time, shared: &Shared) -> Option<Time> {
        Time::earliest(self.next_try(now), self.next_task(now, shared))
    }

    pub(crate) fn tick(&mut self, now: Time, shared: &mut Shared) {
        self.try_again(now, shared);
        self.go_on(now, shared);
    }

    /// Fills the log with entries of a file.
    pub(crate) fn fill(&mut self, entries: Vec<ImportedEntry>, time_origin: f64) {
        for ImportedEntry { micros, kind, direction, source, payload } in entries {
            let at = Time(micros as f64 / 1000.0 - time_origin);
            match (direction, payload.content()) {
                (Some(direction), content) => self.log.push_message(at, direction, source, content),
                (None, Content::Text(words)) => self.log.push_news(at, kind, Tone::Neutral, words),
                // No note is binary.
                (None, Content::Binary(_)) => {}
            }
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
        shared.keep_setups();
    }

    /// Keeps the server of the address, and asks it for another behaviour.
    fn choose(&mut self, behaviour: Behaviour, shared: &mut Shared) {
        match self.setup.address.parse::<WsUrl>() {
            Ok(url) => self.change_setup(shared, |setup| setup.address = url.at(&behaviour).to_string()),
            Err(error) => self.problem = Some(Problem::Address(error.to_string())),
        }
    }

    fn note(&mut self, now: Time, note: &Note) {
        self.log.push_note(now, note);
    }
}

#[cfg(test)]
mod tests;
