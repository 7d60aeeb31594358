//! Watches a connection at its server's `/inspect/{id}`.

use dom::Handle;
use inspect::address::Watch;
use wire::event::Event;
use worker::browser_socket::{self, BrowserSocket};

use super::{Inspector, Source};

pub(super) struct Live {
    pub(super) watch: Watch,
    pub(super) state: State,
    /// Dropped, it is closed.
    _socket: Option<BrowserSocket>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Opening,
    Watching,
    /// With a sentence.
    Ended(String),
}

impl Live {
    pub(super) fn open(watch: Watch, handle: &Handle<Inspector>) -> Self {
        match browser_socket::open(&watch.to_string(), &[]) {
            Ok(socket) => {
                let [opened, received, closed] = [handle.clone(), handle.clone(), handle.clone()];
                let socket = BrowserSocket::new(
                    socket,
                    move |_| opened.update(|inspector| inspector.set_state(State::Watching)),
                    move |event| {
                        // A binary message is none of Canyon's.
                        let Some(line) = event.data().as_string() else { return };
                        received.update_silently(move |inspector| match line.parse::<Event>() {
                            Ok(event) => inspector.push(event),
                            Err(error) => inspector.set_state(State::Ended(format!("{error}"))),
                        });
                    },
                    move |event| {
                        let (code, reason) = (event.code(), event.reason());
                        closed.update(move |inspector| inspector.has_closed(code, &reason));
                    },
                );
                Self { watch, state: State::Opening, _socket: Some(socket) }
            }
            Err(why) => Self { watch, state: State::Ended(why), _socket: None },
        }
    }
}

impl Inspector {
    fn set_state(&mut self, state: State) {
        if let Source::Live(live) = &mut self.source {
            live.state = state;
        }
    }

    fn has_closed(&mut self, code: u16, reason: &str) {
        let Source::Live(live) = &self.source else { return };
        let why = match (&live.state, code) {
            (State::Ended(_), _) => return,
            (State::Opening, _) => {
                "It does not open /inspect: only a Canyon server shows its wire, and to pages of origins that may connect".into()
            }
            (State::Watching, 1000) => "There was no connection with this id for a minute".into(),
            (State::Watching, 1006) => "The server cannot be reached any more".into(),
            (State::Watching, code) if reason.is_empty() => format!("The server closed with {code}"),
            (State::Watching, code) => format!("The server closed with {code}: {reason}"),
        };
        self.set_state(State::Ended(why));
    }

    pub(super) fn watch_again(&mut self) {
        if let Source::Live(live) = &self.source {
            let watch = live.watch.clone();
            self.watch(watch);
        }
    }
}
