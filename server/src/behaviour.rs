//! What a connection answers. Pure: given a message it says what to do, and never does it.

use std::{collections::VecDeque, time::Duration};

use tokio_tungstenite::tungstenite::Message;
use wire::ReplyOptions;

use crate::protocol::Reply;

/// What the tutorial's server says before what it received.
const TUTORIAL: &str = "Server received: ";

/// One thing that the session does for its behaviour, in the order in which they were asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// Let that time pass before the next action.
    Wait(Duration),
    /// Send this message.
    Send(Message),
}

/// A behaviour of the URL language, at work on one connection.
#[derive(Debug)]
pub(crate) struct Behaviour {
    rule: wire::Behaviour,
    /// The source of jitter; seeded once a connection.
    random: fastrand::Rng,
}

impl Behaviour {
    pub(crate) fn new(rule: wire::Behaviour, seed: u64) -> Self {
        Self { rule, random: fastrand::Rng::with_seed(seed) }
    }

    /// How the answers are to be sent.
    pub(crate) fn answer(&self) -> &ReplyOptions {
        self.rule.options()
    }

    /// What is answered to every message, if that is the same for all of them and is sent at once and in one frame.
    pub(crate) fn reply(&self) -> Option<Reply> {
        let ReplyOptions { delay, jitter, fragment, ping } = self.rule.options();
        if !delay.is_zero() || !jitter.is_zero() || fragment.is_some() || ping.is_some() {
            return None;
        }
        let prefix = match self.rule {
            wire::Behaviour::Tutorial(_) => TUTORIAL,
            wire::Behaviour::Echo(_) => "",
        };
        Some(Reply::Echo { prefix })
    }

    /// Appends what is to be done about a text or binary message; anything else asks for nothing.
    pub(crate) fn on_message(&mut self, message: Message, actions: &mut VecDeque<Action>) {
        let reply = match (&self.rule, message) {
            (wire::Behaviour::Tutorial(_), Message::Text(text)) => Message::text([TUTORIAL, text.as_str()].concat()),
            (_, message @ (Message::Text(_) | Message::Binary(_))) => message,
            _ => return,
        };
        let wait = self.wait();
        if !wait.is_zero() {
            actions.push_back(Action::Wait(wait));
        }
        actions.push_back(Action::Send(reply));
    }

    fn wait(&mut self) -> Duration {
        let ReplyOptions { delay, jitter, .. } = *self.rule.options();
        if jitter.is_zero() { delay } else { delay + jitter.mul_f64(self.random.f64()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actions(url: &str, message: Message) -> Vec<Action> {
        let mut actions = VecDeque::new();
        Behaviour::new(url.parse().unwrap(), 1).on_message(message, &mut actions);
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
        let mut behaviour = Behaviour::new("/echo?delay=100ms&jitter=50ms".parse().unwrap(), 7);
        let waits: Vec<_> = (0..100).map(|_| behaviour.wait()).collect();
        assert!(waits.iter().all(|wait| (100..=150).contains(&wait.as_millis())), "{waits:?}");
        assert!(waits.iter().any(|wait| wait.as_millis() < 110) && waits.iter().any(|wait| wait.as_millis() > 140));
    }
}
