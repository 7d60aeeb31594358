//! The page as HTML, bindings and listeners over the state in `page`. No state of its own.

mod compose;
mod connect;
mod controls;
mod deferred;
mod detail;
mod dialog;
mod hits;
mod log;
mod sequence;
mod sidebar;
mod splitter;
mod status;
mod theme;
mod why;

use dom::Mounted;
use model::{Edge, Msg, ShortcutKeys, Subject, Tone};
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, HtmlElement, KeyboardEvent};

use self::controls::{button, focus, fold, problem, sign_button};
use crate::page::{Dialog, Page, Shows};
use crate::program_handle::{Program, ProgramHandle};
use crate::relay_handle::RelayHandle;

type View = dom::View<Page>;

/// [`dom::View::html`] for a view of the page.
fn html(markup: &'static str) -> View {
    View::html(markup)
}

/// Mounts the page at the end of `parent`. `address` is shown if none was saved.
pub fn page(parent: &HtmlElement, address: String, programs: ProgramHandle, relay: RelayHandle) -> Mounted<Page> {
    Mounted::new(
        parent,
        |handle| Page::new(address, programs, relay, handle, shortcut),
        |_| {
            let link_problem = problem("link-problem", |page| {
                page.store.workbench().problem(Subject::Link).unwrap_or(&page.link_problem).into()
            });
            vec![skip_link(), notices(), head(), link_problem, storage_notice(), bench(), dialog::dialog()]
        },
    )
}

fn shortcut(page: &mut Page, event: &KeyboardEvent) {
    if event.key() == "Escape" {
        if std::mem::take(&mut page.drawer) {
            focus(".menu");
        }
        return;
    }
    if page.store.workbench().settings().shortcut_keys == ShortcutKeys::Off {
        return;
    }
    event.prevent_default();
    match event.key().as_str() {
        "/" => page.focus_in_messages(log::FILTER),
        _ => page.open(Dialog::Keys),
    }
}

/// The first stop of the tab key. Without it, there are dozens before the message box.
fn skip_link() -> View {
    html("<nav aria-label='Skip to'><a class='skip primary' href='#message-box'>Message box</a></nav>").on(
        "click",
        |page, event| {
            // The part behind # in the page's address is a shared connection.
            event.prevent_default();
            page.focus_in_messages(compose::MESSAGE_BOX);
        },
    )
}

fn head() -> View {
    html("<header class=head></header>")
        .child(
            sign_button("☰", "Connections and saved messages", |page, _| page.drawer = !page.drawer)
                .attr("class", "ghost menu")
                .aria_if("aria-expanded", |page| page.drawer),
        )
        .child(html(
            "<h1 class=brand><span class=mark>\
               <svg viewBox='0 0 24 24' aria-hidden=true>\
                 <path d='M2 4h5l2 6-2 10H2M22 4h-5l-2 6 2 10h5'/><path d='M11 12h2'/>\
               </svg>\
             </span>Canyon</h1>",
        ))
        .child(html("<nav class=views aria-label=Views></nav>").children(VIEWS.map(view_button)))
        .child(html("<div class=spacer></div>"))
        .child(
            fold("page-menu", "⋯", "More")
                .child(button("ghost", "Share…", |page, _| page.open(Dialog::Share)))
                .child(theme::button())
                .child(button("ghost", "Settings…", |page, _| page.open(Dialog::Settings)))
                .child(button("ghost", "Keyboard", |page, _| page.open(Dialog::Keys))),
        )
}

const VIEWS: [(&str, Shows); 3] = [
    ("Messages", Shows::Messages),
    ("Measure", Shows::Program(Program::Measure)),
    ("Wire", Shows::Program(Program::Inspect)),
];

fn view_button((label, shows): (&str, Shows)) -> View {
    button("tab", label, move |page, _| page.shows = shows)
        .attr_of("aria-current", move |page| if page.shows == shows { "page" } else { "false" }.into())
}

/// What happened that the person may want to answer: a newer version of the page, and something that can be undone.
fn notices() -> View {
    html(
        "<div class=notices role=status>\
           <p id=update>A new version of Canyon is available. Updating reloads the page. </p>\
           <p id=undo><span></span></p>\
         </div>",
    )
    .at("#update")
    .attr_if("hidden", |page| page.newer_version.is_none())
    .child(button("", "Update", |page, _| {
        if let Some(newer) = &mut page.newer_version {
            newer.take_over();
        }
    }))
    .child(button("", "Later", |page, _| page.newer_version = None))
    .at("#undo span")
    .text_of(|page| page.store.workbench().undoable().unwrap_or_default().into())
    .at("#undo")
    .attr_if("hidden", |page| page.store.workbench().undoable().is_none())
    .child(button("", "Bring back", |page, _| undo(page, Msg::Undo)))
    .child(sign_button("×", "Close notice", |page, _| undo(page, Msg::DismissUndo)))
}

fn undo(page: &mut Page, msg: Msg) {
    page.dispatch(msg);
    page.focus_in_messages(compose::MESSAGE_BOX);
}

/// Says that nothing can be saved, and why, until it is dismissed.
fn storage_notice() -> View {
    html("<div class=notice></div>")
        .child(problem("storage-problem", |page| match page.store.workbench().storage_error() {
            Some(why) if !page.storage_notice_dismissed => why.to_string().into(),
            _ => "".into(),
        }))
        .child(sign_button("×", "Dismiss", |page, _| {
            page.storage_notice_dismissed = true;
            page.focus_in_messages(log::LIST);
        }))
}

/// The sidebar and the connection that is shown.
fn bench() -> View {
    html("<div></div>")
        .attr_of("class", |page| if page.drawer { "bench drawer" } else { "bench" }.into())
        .style_of("--sidebar", |page| splitter::size(page, Edge::Sidebar))
        .child(html("<div class=scrim></div>"))
        .child(sidebar::sidebar())
        .child(html("<slot></slot>").keyed(|page| Some(page.pane.id.number().to_string()), pane))
        .child(program("Measure", Program::Measure))
        .child(program("Wire", Program::Inspect))
        // The drawer covers the connection: choosing something in it closes it, and so does a click beside it.
        .on("click", |page, _| page.drawer = false)
}

/// A view that draws itself, see `program_handle`.
fn program(label: &str, program: Program) -> View {
    html("<main><p class=problem role=alert></p></main>")
        .attr("id", program.id())
        .attr("aria-label", label)
        .attr_if("hidden", move |page| page.shows != Shows::Program(program))
        .at("p")
        .attr("id", &[program.id(), "-problem"].concat())
        .at_root()
}

/// Everything about one connection.
fn pane(page: &Page) -> View {
    let pane = html("<main></main>")
        .attr("id", &format!("connection-{}", page.pane.id.number()))
        .style_of("--compose", |page| splitter::size(page, Edge::Compose))
        .attr_of("aria-label", |page| page.shown().setup().title())
        .attr_if("hidden", |page| page.shows != Shows::Messages)
        .child(splitter::splitter(Edge::Sidebar))
        .child(connect::connect())
        .child(status::status())
        .child(log::tools())
        .child(
            html("<div></div>")
                .attr_of("class", |page| if aside_key(page).is_some() { "split beside" } else { "split" }.into())
                .style_of("--detail", |page| splitter::size(page, Edge::Detail))
                .child(log::log())
                .child(splitter::splitter(Edge::Detail))
                .child(deferred::slot(aside_key, |page| {
                    if page.pane.editor_open { sequence::panel() } else { detail::detail(page) }
                })),
        )
        .child(splitter::splitter(Edge::Compose))
        .child(compose::compose())
        .on("dragover", |_, event| event.prevent_default())
        .on("drop", |page, event| {
            event.prevent_default();
            let event: &DragEvent = event.unchecked_ref();
            compose::read_dropped(page, event.data_transfer().and_then(|dropped| dropped.files()));
        });
    hits::marked(pane).at_root().on_render(|page| {
        if let Some(selector) = page.focus_next.take() {
            focus(selector);
        }
    })
}

/// What is beside the log: the sequence editor (an empty key), an entry's detail (its number), or nothing.
fn aside_key(page: &Page) -> Option<String> {
    match page.pane.editor_open {
        true => Some(String::new()),
        false => page.selected().map(|entry| entry.seq.to_string()),
    }
}

/// The CSS class of a tone.
fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "neutral",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Error => "error",
    }
}
