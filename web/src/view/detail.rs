//! The selected entry, whole: as text, as JSON, as a hex dump. It never guesses: binary is no text, and numbers stay
//! as they came.

mod content;

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{Content, Count, Entry, Kind, Payload, Size};

use self::content::{Form, content};
use super::controls::{button, group, sign_button, toggle};
use super::log::time;
use super::tab::Tab;
use crate::dynamic::{flag, part, text};
use crate::{clipboard, files};

/// Bytes beyond which a content is shown only when that is asked for.
const LARGE: usize = 1 << 20;

pub(super) fn detail(tab: Tab) -> AnyView {
    // An entry that the log had to let go is selected no more.
    let kept = tab.fact(|connection| connection.log().first_seq());
    let shown = Memo::new(move |_| {
        kept.track();
        tab.selected.get().filter(|&seq| tab.read(|connection| connection.log().entry(seq).is_some()))
    });
    let form = RwSignal::new(Form::Text);
    part(move || entry(tab, shown.get()?, form)).into_any()
}

fn entry(tab: Tab, seq: u64, form: RwSignal<Form>) -> Option<AnyView> {
    let about = tab.read(|connection| connection.log().entry(seq).map(|entry| About::of(connection.log(), entry)))?;
    let forms = Form::of(about.kind);
    if !forms.contains(&form.get_untracked()) {
        form.set(forms[0]);
    }
    let wanted = RwSignal::new(about.size <= LARGE);
    let pinned = tab.flag(move |connection| connection.log().is_pinned(seq));
    let is_message = matches!(about.kind, Kind::Text | Kind::Binary);
    let size = about.size;
    Some(
        view! {
            <aside class="detail" aria-label="Selected entry">
                <header>
                    <h2>{about.title}</h2>
                    {group("Show as", forms.iter().map(|&shown| {
                            toggle(shown.name(), flag(move || form.get() == shown), move || form.set(shown))
                    }).collect())}
                    {sign_button("ghost", "×", "Close the detail", move || tab.selected.set(None))}
                </header>
                <dl>{about.facts.into_iter().map(fact).collect::<Vec<_>>()}</dl>
                <div class="actions">
                    {is_message.then(|| message_actions(tab, seq))}
                    {toggle("Pin", pinned, move || tab.pin(seq))}
                </div>
                {part(move || {
                    Some(if wanted.get() {
                        content(tab, seq, form.get())
                    } else {
                        let label = format!("Show all {}", Size(size as u64));
                        view! { <div class="large">{button("ghost", label, move || wanted.set(true))}</div> }.into_any()
                    })
                })}
            </aside>
        }
        .into_any(),
    )
}

fn fact((term, text): (&'static str, String)) -> AnyView {
    view! { <dt>{term}</dt><dd>{text}</dd> }.into_any()
}

fn message_actions(tab: Tab, seq: u64) -> Vec<AnyView> {
    let payload = move || tab.read(|connection| connection.log().entry(seq).map(|entry| entry.content.to_payload()));
    let copied = RwSignal::new(None);
    let label = text(move || {
        match copied.get() {
            None => "Copy",
            Some(true) => "Copied",
            Some(false) => "Not copied",
        }
        .to_owned()
    });
    vec![
        button("ghost", label, move || {
            let text = match payload() {
                Some(Payload::Text(text)) => text,
                Some(Payload::Binary(bytes)) => model::hex(&bytes),
                None => return,
            };
            clipboard::copy(&text, move |done| {
                // Gone with another selection.
                let _ = copied.try_set(Some(done));
            });
        }),
        button("ghost", "Download", move || match payload() {
            Some(Payload::Text(text)) => files::download(&format!("message-{seq}.txt"), "text/plain", text.as_bytes()),
            Some(Payload::Binary(bytes)) => {
                files::download(&format!("message-{seq}.bin"), "application/octet-stream", &bytes);
            }
            None => {}
        }),
    ]
}

/// What stands above the content.
struct About {
    title: String,
    kind: Kind,
    size: usize,
    facts: Vec<(&'static str, String)>,
}

impl About {
    fn of(log: &model::Log, entry: Entry<'_>) -> Self {
        let Entry { seq, label, content, .. } = entry;
        let (size, kind) = (content.size(), label.kind);
        let name = label.direction.map_or(kind.name(), |direction| direction.name());
        let mut facts = vec![
            ("Time", time(log, entry, model::Times::Clock)),
            ("Since the one before", time(log, entry, model::Times::SincePrevious)),
        ];
        if label.direction.is_some() {
            let kind = match content {
                Content::Text(_) => "text",
                Content::Binary(_) => "binary",
            };
            facts.push(("Message", format!("{kind}, {} bytes", Count(size as u64))));
        }
        Self { title: format!("#{seq} {name}"), kind, size, facts }
    }
}
