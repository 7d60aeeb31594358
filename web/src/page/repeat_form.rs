//! The fields for sending the message repeatedly, as typed.

use model::{Draft, Pace, Repeat};

pub(crate) struct RepeatForm {
    /// Milliseconds between two messages, or messages a second.
    pub(crate) amount: String,
    pub(crate) per_second: bool,
    /// How often in all. Empty: until stopped.
    pub(crate) count: String,
}

impl Default for RepeatForm {
    fn default() -> Self {
        Self { amount: "1000".to_owned(), per_second: false, count: String::new() }
    }
}

impl RepeatForm {
    pub(crate) fn parse(&self, draft: Draft) -> Result<Repeat, String> {
        let amount = whole_number(&self.amount)?;
        let pace = if self.per_second { Pace::per_second(amount) } else { Pace::every(amount) };
        let count = if self.count.trim().is_empty() { None } else { Some(whole_number(&self.count)?) };
        Ok(Repeat { draft, pace: pace.map_err(|error| error.to_string())?, count })
    }
}

fn whole_number(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| ["\"", text, "\" is not a whole number"].concat())
}
