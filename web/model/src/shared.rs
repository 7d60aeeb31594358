//! ConnectionState that all connections share, and the effects that they leave for the page.

mod effect;

use fastrand::Rng;

use crate::composing::draft::Draft;
use crate::connection::address::ParseUrl;
use crate::data::time::Time;
use crate::deferred::Loaded;
use crate::log::Keep;
use crate::matching::{CheckRegex, MatchId};
use crate::sending::sequence::Sequence;
use crate::stored::document::Document;
use crate::stored::saved::{History, Library};
use crate::stored::settings::Settings;

pub use self::effect::{ConnectionId, Effect, SocketId};

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) random: Rng,
    pub(crate) check_regex: CheckRegex,
    /// For the logs.
    pub(crate) keep: Keep,
    pub(crate) parse_url: ParseUrl,
    pub(crate) history: History,
    pub(crate) library: Library,
    /// Sorted by name.
    pub(crate) sequences: Vec<Sequence>,
    /// The moment zero of [`Time`], in milliseconds since 1970.
    pub(crate) time_origin: f64,
    /// Incremented with each change of a document.
    pub(crate) revisions: [u32; Document::ALL.len()],
    /// Taken by [`Workbench::update`](crate::Workbench::update).
    pub(crate) effects: Vec<Effect>,
    /// What is not needed until the first click.
    pub(crate) deferred: Option<Loaded>,
    last_socket: SocketId,
    last_match: MatchId,
}

impl Shared {
    pub(crate) fn new(seed: u64, time_origin: f64, check_regex: CheckRegex, keep: Keep, parse_url: ParseUrl) -> Self {
        Self {
            settings: Settings::default(),
            random: Rng::with_seed(seed),
            check_regex,
            keep,
            parse_url,
            history: History::default(),
            library: Library::default(),
            sequences: Vec::new(),
            time_origin,
            revisions: [0; Document::ALL.len()],
            effects: Vec::new(),
            deferred: None,
            last_socket: SocketId::default(),
            last_match: MatchId::default(),
        }
    }

    pub(crate) fn next_socket(&mut self) -> SocketId {
        self.last_socket.0 += 1;
        self.last_socket
    }

    pub(crate) fn next_match(&mut self) -> MatchId {
        self.last_match.0 += 1;
        self.last_match
    }

    pub(crate) fn persist_setups(&mut self) {
        self.persist(Document::Setups);
    }

    pub(crate) fn remember(&mut self, draft: Draft) {
        if self.history.push(draft) {
            self.persist(Document::History);
        }
    }

    pub(crate) fn epoch_ms(&self, now: Time) -> u64 {
        (self.time_origin + now.0) as u64
    }

    pub(crate) fn persist(&mut self, document: Document) {
        self.revisions[document as usize] += 1;
        self.effects.push(Effect::Persist(document));
    }
}
