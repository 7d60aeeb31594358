//! What a connection is answered. Pure: given a message or a time it says what to do, and never does it.

mod fault;
pub(crate) mod frames;
mod legal;
pub(crate) mod stream;

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Message;
use wire::{ConnectionOptions, On, ReplyOptions, Target};

use self::stream::Stream;
use crate::protocol::Reply;

/// What the tutorial's server says before what it received.
const TUTORIAL: &str = "Server received: ";
/// The text that ends `/sink`, as it ends web-platform-tests' handlers.
const GOODBYE: &str = "Goodbye";

/// One thing that the session does for its behaviour, in the order in which they were asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// Let that time pass before the next action.
    Wait(Duration),
    /// The same, and read nothing meanwhile.
    Pause(Duration),
    /// Send this message.
    Send(Message),
    /// Send this message to everyone in the room.
    Publish(Message),
    /// Write these bytes as they are, beneath the protocol.
    Write(Bytes),
    /// End the connection.
    End(Ending),
}

/// How a connection ends that the server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A close frame was written: the client's is awaited, and not answered.
    Closed,
    /// Nothing more is written, and the connection stays until the client leaves, or a minute has passed.
    Silent,
    /// The server's side ends, and the client's is awaited for as long as that of a close frame.
    HalfClosed,
    /// By the end of the stream.
    Fin,
    /// By a reset.
    Rst,
}

/// What becomes of a client's close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnClose {
    /// It is answered after that time.
    Answer(Duration),
    /// The connection ends instead.
    End(Ending),
}

/// A behaviour of the URL language, at work on one connection.
#[derive(Debug)]
pub(crate) struct Behaviour {
    rule: wire::Behaviour,
    reply: ReplyOptions,
    connection: ConnectionOptions,
    /// What `/stream` has sent so far.
    stream: Option<Stream>,
    /// Messages that were taken in.
    received: u64,
    /// The source of jitter; seeded once a connection.
    random: fastrand::Rng,
}

impl Behaviour {
    pub(crate) fn new(target: &Target, seed: u64) -> Self {
        let rule = target.behaviour();
        let stream = if let wire::Behaviour::Stream(stream) = &rule { Some(Stream::new(stream.clone())) } else { None };
        Self {
            rule,
            reply: target.reply_options(),
            connection: target.connection_options(),
            stream,
            received: 0,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// How the answers are to be sent.
    pub(crate) fn answer(&self) -> &ReplyOptions {
        &self.reply
    }

    /// What is answered to every message, if that is the same for all of them and is sent at once and in one frame, and
    /// nothing else is sent or awaited.
    pub(crate) fn reply(&self) -> Option<Reply> {
        if self.reply != ReplyOptions::default() || !self.connection.close_delay.is_zero() {
            return None;
        }
        match self.rule {
            wire::Behaviour::Tutorial => Some(Reply::Echo { prefix: TUTORIAL }),
            wire::Behaviour::Echo
            | wire::Behaviour::Status(_)
            | wire::Behaviour::Redirect { .. }
            | wire::Behaviour::Auth(_)
            | wire::Behaviour::Cookie(_)
            | wire::Behaviour::Subprotocol(_)
            | wire::Behaviour::Handshake(_) => Some(Reply::Echo { prefix: "" }),
            _ => None,
        }
    }

    /// What becomes of the client's close frame.
    pub(crate) fn on_close(&self) -> OnClose {
        match &self.rule {
            wire::Behaviour::Drop { how, on: On::Close, .. } => OnClose::End((*how).into()),
            _ => OnClose::Answer(self.connection.close_delay),
        }
    }

    /// Appends what is to be done when the connection is open; `request` describes the request.
    pub(crate) fn on_open(&mut self, request: Option<String>, actions: &mut VecDeque<Action>) {
        if let Some(request) = request {
            actions.push_back(Action::Send(Message::text(request)));
        }
        match &self.rule {
            wire::Behaviour::Legal(case) => actions.extend(legal::actions(*case)),
            wire::Behaviour::Drop { how, on: On::Open, .. } => actions.push_back(Action::End((*how).into())),
            _ => self.after_messages(actions),
        }
    }

    /// Appends what is to be done about a text or binary message; anything else asks for nothing.
    pub(crate) fn on_message(&mut self, message: Message, actions: &mut VecDeque<Action>) {
        if !matches!(message, Message::Text(_) | Message::Binary(_)) {
            return;
        }
        self.received += 1;
        let reply = match (&self.rule, message) {
            (wire::Behaviour::Tutorial, Message::Text(text)) => Message::text([TUTORIAL, text.as_str()].concat()),
            (wire::Behaviour::Raw, message) => return actions.push_back(Action::Write(message.into_data())),
            (wire::Behaviour::Broadcast { .. }, message) => return actions.push_back(Action::Publish(message)),
            (wire::Behaviour::Stream(_) | wire::Behaviour::Legal(_) | wire::Behaviour::Inspect, _) => return,
            (wire::Behaviour::Sink { .. }, Message::Text(text)) if text == GOODBYE => {
                actions.push_back(Action::Write(frames::close(Some(1000), b"").into()));
                return actions.push_back(Action::End(Ending::Closed));
            }
            (&wire::Behaviour::Sink { read, acknowledges }, message) => {
                let size = message.len();
                if let Some(rate) = read {
                    actions.push_back(Action::Pause(Duration::from_secs(1).mul_f64(size as f64 / rate as f64)));
                }
                if !acknowledges {
                    return;
                }
                Message::text(size.to_string())
            }
            (_, message) => message,
        };
        self.reply_with(reply, actions);
        self.after_messages(actions);
    }

    /// Appends what is to be done about a message that somebody sent to the room.
    pub(crate) fn on_published(&mut self, message: Message, actions: &mut VecDeque<Action>) {
        self.reply_with(message, actions);
    }

    /// When something is to be sent next without being asked for, counted from the opening.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.stream.as_ref().map(Stream::due)
    }

    /// Appends what is due; `unix` is what the clock said at the opening.
    pub(crate) fn on_time(&mut self, since_open: Duration, unix: Duration, actions: &mut VecDeque<Action>) {
        if let Some(stream) = &mut self.stream
            && stream.send(since_open, unix, actions) == stream::State::Over
        {
            self.stream = None;
        }
    }

    fn reply_with(&mut self, message: Message, actions: &mut VecDeque<Action>) {
        let wait = self.wait();
        if !wait.is_zero() {
            actions.push_back(Action::Wait(wait));
        }
        actions.push_back(Action::Send(message));
    }

    /// What comes after a number of messages.
    fn after_messages(&mut self, actions: &mut VecDeque<Action>) {
        match &self.rule {
            wire::Behaviour::Close { code, reason, after } if *after == self.received => {
                actions.push_back(Action::Write(frames::close(*code, reason.as_bytes()).into()));
                actions.push_back(Action::End(Ending::Closed));
            }
            wire::Behaviour::Drop { how, on: On::Message, after } if *after == self.received => {
                actions.push_back(Action::End((*how).into()));
            }
            wire::Behaviour::Fault { fault, after } if *after == self.received => {
                actions.extend(fault::actions(*fault));
            }
            _ => {}
        }
    }

    fn wait(&mut self) -> Duration {
        let ReplyOptions { delay, jitter, .. } = self.reply;
        if jitter.is_zero() { delay } else { delay + jitter.mul_f64(self.random.f64()) }
    }
}

impl From<wire::How> for Ending {
    fn from(how: wire::How) -> Self {
        match how {
            wire::How::Fin => Self::Fin,
            wire::How::Rst => Self::Rst,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behaviour(url: &str) -> Behaviour {
        Behaviour::new(&url.parse().unwrap(), 1)
    }

    fn actions(url: &str, message: Message) -> Vec<Action> {
        let mut actions = VecDeque::new();
        behaviour(url).on_message(message, &mut actions);
        actions.into()
    }

    #[test]
    fn the_tutorial_prefixes_text_and_returns_binary() {
        assert_eq!(actions("/", Message::text("hi")), [Action::Send(Message::text("Server received: hi"))]);
        assert_eq!(actions("/", Message::text("")), [Action::Send(Message::text("Server received: "))]);
        assert_eq!(actions("/", Message::binary(vec![0, 255])), [Action::Send(Message::binary(vec![0, 255]))]);
    }

    #[test]
    fn echo_returns_what_came() {
        for message in [Message::text("ß☃"), Message::binary(vec![1, 2, 3])] {
            assert_eq!(actions("/echo", message.clone()), [Action::Send(message)]);
        }
    }

    #[test]
    fn control_frames_ask_for_nothing() {
        assert_eq!(actions("/echo", Message::Ping("x".into())), []);
        assert_eq!(actions("/", Message::Close(None)), []);
    }

    #[test]
    fn a_delay_comes_before_its_answer() {
        let expected = [Action::Wait(Duration::from_millis(200)), Action::Send(Message::text("x"))];
        assert_eq!(actions("/echo?delay=200ms", Message::text("x")), expected);
    }

    #[test]
    fn jitter_is_added_to_the_delay_and_differs() {
        let mut behaviour = behaviour("/echo?delay=100ms&jitter=50ms");
        let waits: Vec<_> = (0..100).map(|_| behaviour.wait()).collect();
        assert!(waits.iter().all(|wait| (100..=150).contains(&wait.as_millis())), "{waits:?}");
        assert!(waits.iter().any(|wait| wait.as_millis() < 110) && waits.iter().any(|wait| wait.as_millis() > 140));
    }

    #[test]
    fn a_close_comes_after_the_asked_number_of_echoes() {
        let mut behaviour = behaviour("/close/4000?reason=bye&after=2");
        let mut actions = VecDeque::new();
        behaviour.on_open(None, &mut actions);
        assert_eq!(actions, []);
        behaviour.on_message(Message::text("a"), &mut actions);
        behaviour.on_message(Message::text("b"), &mut actions);
        let close = Action::Write(Bytes::from_static(b"\x88\x05\x0f\xa0bye"));
        let expected =
            [Action::Send(Message::text("a")), Action::Send(Message::text("b")), close, Action::End(Ending::Closed)];
        assert_eq!(actions, expected);
    }

    #[test]
    fn a_slow_sink_reads_as_fast_as_asked_and_acknowledges() {
        let pause = || Action::Pause(Duration::from_millis(500));
        assert_eq!(actions("/sink?read=1KiB/s", Message::binary(vec![0; 512])), [pause()]);
        let expected = [pause(), Action::Send(Message::text("512"))];
        assert_eq!(actions("/sink?read=1KiB/s&ack=yes", Message::binary(vec![0; 512])), expected);
        assert_eq!(actions("/sink", Message::text("x")), []);
    }

    #[test]
    fn a_sink_ends_at_goodbye_as_a_text() {
        let close = Action::Write(Bytes::from_static(b"\x88\x02\x03\xe8"));
        assert_eq!(actions("/sink?ack=yes", Message::text("Goodbye")), [close, Action::End(Ending::Closed)]);
        assert_eq!(actions("/sink", Message::binary("Goodbye")), []);
        assert_eq!(actions("/sink", Message::text("Goodbye!")), []);
    }

    #[test]
    fn plain_echoes_are_the_event_loops() {
        let reply = |url: &str| behaviour(url).reply();
        assert_eq!(reply("/"), Some(Reply::Echo { prefix: TUTORIAL }));
        for url in
            ["/echo", "/cookie?name=a", "/echo?deflate=no&subprotocol=a&open-delay=1s&hello=hi", "/status/503?first=1"]
        {
            assert_eq!(reply(url), Some(Reply::Echo { prefix: "" }), "{url}");
        }
        for url in
            ["/echo?delay=1s", "/echo?ping=1s", "/echo?close-delay=1s", "/sink", "/raw", "/close/1000", "/stream"]
        {
            assert_eq!(reply(url), None, "{url}");
        }
    }
}
