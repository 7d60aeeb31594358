//! The selected entry, whole. It never follows the log: an entry does not change.

use leptos::prelude::*;
use model::{Body, Count, Entry, Size};

use crate::clock;
use crate::store::Store;

/// Bytes of a payload that are shown: more would make the page slow, and nobody reads them.
const SHOWN_BYTES: usize = 64 << 10;

#[component]
pub(super) fn Detail(store: Store, selected: RwSignal<Option<u64>>) -> impl IntoView {
    // An entry that the log had to let go is selected no more.
    let shown = Memo::new(move |_| selected.get().filter(|&seq| store.with(|model| model.log().entry(seq).is_some())));
    move || {
        let seq = shown.get()?;
        let entry = store.with_untracked(|model| model.log().entry(seq).map(describe))?;
        Some(view! {
            <aside class="detail" aria-label="Selected entry">
                <header>
                    <h2>{entry.title}</h2>
                    <button type="button" class="ghost" on:click=move |_| selected.set(None)>"Close"</button>
                </header>
                <dl>{entry.facts.into_iter().map(|(term, text)| view! { <dt>{term}</dt><dd>{text}</dd> }).collect_view()}</dl>
                <pre tabindex="0" aria-label="Content">{entry.content}</pre>
            </aside>
        })
    }
}

struct Description {
    title: String,
    facts: Vec<(&'static str, String)>,
    content: String,
}

fn describe(entry: &Entry) -> Description {
    let kind = match &entry.body {
        Body::Sent(_) => "Sent",
        Body::Received(_) => "Received",
        Body::Note(_) => "Note",
    };
    let title = format!("{kind} #{}", entry.seq);
    let mut facts = vec![("Time", clock::time_of_day(entry.at))];
    let content = match &entry.body {
        Body::Sent(payload) | Body::Received(payload) => {
            facts.push(("Kind", payload.kind().to_owned()));
            facts.push(("Size", format!("{} bytes", Count(payload.size() as u64))));
            let excerpt = payload.excerpt(SHOWN_BYTES);
            if excerpt.shown < payload.size() {
                facts.push(("Shown", format!("the first {}", Size(excerpt.shown as u64))));
            }
            excerpt.text
        }
        Body::Note(note) => note.to_string(),
    };
    Description { title, facts, content }
}
