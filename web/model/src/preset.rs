//! What Canyon's server does at which path, in a person's words. It never lists the behaviours: `wire` does.

use wire::Behaviour;

/// What the server does, as the end of "Ask the server to …".
pub fn words(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Tutorial(_) => "answer “Server received: …”",
        Behaviour::Echo(_) => "echo every message",
    }
}
