//! Tells those who listen to the page of new messages: politely, and never in a flood.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{Count, Direction};

use crate::dynamic::effect;
use crate::view::tab::Tab;

/// Between two announcements, in milliseconds.
const PAUSE: u32 = 3_000;

/// What is read out: one message in full, many as their number.
pub(super) fn region(tab: Tab) -> AnyView {
    let received = tab.fact(|connection| connection.log().received().messages);
    let words = RwSignal::new(String::new());
    // What has been told of already.
    let told = StoredValue::new(received.get_untracked());
    let pause = StoredValue::new_local(None::<Timeout>);
    let tell = move || {
        let (count, before) = (received.get_untracked(), told.get_value());
        told.set_value(count);
        match count.saturating_sub(before) {
            0 => {}
            1 => words.set(newest(tab)),
            new => words.set(format!("{} new messages", Count(new))),
        }
    };
    effect(move || {
        received.track();
        if pause.with_value(Option::is_some) {
            return;
        }
        tell();
        pause.set_value(Some(Timeout::new(PAUSE, move || {
            // Gone with the page.
            pause.try_set_value(None);
            if told.try_get_value().is_some() {
                tell();
            }
        })));
    });
    view! { <p class="visually-hidden" role="status" data-region="news">{words}</p> }.into_any()
}

fn newest(tab: Tab) -> String {
    tab.read(|connection| {
        let log = connection.log();
        log.entry(log.last_seq())
            .filter(|entry| entry.label.direction == Some(Direction::Received))
            .map_or_else(|| "1 new message".to_owned(), |entry| ["Received ", &entry.content.preview()].concat())
    })
}
