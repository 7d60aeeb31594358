//! The page as a person sees it. It never holds what the model knows: components read the store and tell it what the
//! person did.

mod compose;
mod connect;
mod detail;
mod facts;
mod log;

use leptos::prelude::*;
use model::{Model, Tone};

use self::compose::Compose;
use self::connect::Connect;
use self::detail::Detail;
use self::facts::Facts;
use self::log::Log;
use crate::store::Store;

/// The whole page.
#[component]
pub fn Page(
    /// What the address field shows at first.
    address: String,
) -> impl IntoView {
    let store = Store::new(Model::new(address));
    let selected = RwSignal::new(None);
    view! {
        <header>
            <h1 class="brand"><Mark /> "Canyon"</h1>
            <Connect store />
        </header>
        <main>
            <Facts store />
            <div class="split">
                <Log store selected />
                <Detail store selected />
            </div>
            <Compose store />
        </main>
    }
}

/// Two walls, and what is called between them.
#[component]
fn Mark() -> impl IntoView {
    view! {
        <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M2 4h5l2 6-2 10H2M22 4h-5l-2 6 2 10h5" />
            <path d="M11 12h2" />
        </svg>
    }
}

/// The name of a tone in the style sheet.
fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "neutral",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Error => "error",
    }
}
