//! The page as a person sees it. It never holds what the model knows: components read the store and tell it what the
//! person did.

mod archive;
mod close;
mod compose;
mod connect;
mod controls;
mod detail;
mod dialog;
mod facts;
mod log;
mod options;
mod preset;
mod saved;
mod sequence;
mod settings;
mod share;
mod sidebar;
mod split;
mod tab;
mod theme;

use leptos::ev::DragEvent;
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{ConnectionId, Msg, Tone};

use self::controls::{button, problem, sign_button};
use self::dialog::Dialog;
use self::tab::Tab;
use crate::document::link;
use crate::dynamic::{flag, part};
use crate::store::Store;

/// The whole page.
#[component]
pub fn Page(
    /// What the address field shows at first.
    address: String,
) -> impl IntoView {
    let store = Store::new(address);
    page(store)
}

fn page(store: Store) -> AnyView {
    let dialog = RwSignal::new(None);
    let drawer = RwSignal::new(false);
    let shown = store.fact(|workbench| workbench.shown().id());
    theme::follow(store);
    let wrong_link = follow_link(store);
    view! {
        <header class="head">
            {sign_button("ghost menu", "☰", "Connections and saved messages", move || drawer.update(|open| *open = !*open))}
            <h1 class="brand">{mark()} "Canyon"</h1>
            <div class="spacer"></div>
            {button("ghost", "Share…", move || dialog.set(Some(Dialog::Share)))}
            {theme::button(store)}
            {button("ghost", "Settings…", move || dialog.set(Some(Dialog::Settings)))}
        </header>
        {wrong_link}
        <div class="bench" class:drawer=flag(move || drawer.get()) style=("--sidebar", split::width(store, split::Edge::Sidebar))>
            {sidebar::sidebar(store, dialog, drawer)}
            {split::separator(store, split::Edge::Sidebar)}
            // Keyed, so that nothing of one connection's pane is left in the next one's.
            <For each=move || [shown.get()] key=|id| *id let:id>
                {pane(Tab::new(store, id, dialog))}
            </For>
        </div>
        {dialog::dialogs(store, dialog)}
    }
    .into_any()
}

/// Shows what the page's address asks for, or tells why not.
fn follow_link(store: Store) -> Option<AnyView> {
    match link()? {
        Ok(link) => store.dispatch(Msg::Follow(link)),
        Err(why) => return Some(problem("link-problem", why.into())),
    }
    None
}

/// Everything about one connection.
fn pane(tab: Tab) -> AnyView {
    let beside = flag(move || tab.selected.get().is_some() || tab.sequence.get());
    view! {
        <main
            id=pane_id(tab.id)
            // Else the browser would leave the page for a file that is dropped beside the message box.
            on:dragover=move |event: DragEvent| event.prevent_default()
            on:drop=move |event: DragEvent| tab.drop_file(&event)
        >
            {connect::connect(tab)}
            {facts::facts(tab)}
            <div class="split" class:beside=beside style=("--detail", split::width(tab.store, split::Edge::Detail))>
                {log::log(tab)}
                {split::separator(tab.store, split::Edge::Detail)}
                {part(move || Some(if tab.sequence.get() { sequence::panel(tab) } else { detail::detail(tab) }))}
            </div>
            {compose::compose(tab)}
        </main>
    }
    .into_any()
}

fn pane_id(id: ConnectionId) -> String {
    format!("connection-{}", id.number())
}

/// Two walls, and what is called between them.
fn mark() -> AnyView {
    view! {
        <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M2 4h5l2 6-2 10H2M22 4h-5l-2 6 2 10h5" />
            <path d="M11 12h2" />
        </svg>
    }
    .into_any()
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
