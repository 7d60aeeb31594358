//! The page as a person sees it. It never holds what the model knows: the view reads the page's state and tells it what
//! the person did.

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
mod theme;

use model::{Edge, Tone};
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, HtmlElement};

pub(crate) use self::compose::{PickedFile, Wish};
pub(crate) use self::detail::Detail;
pub(crate) use self::dialog::{Dialog, Forms};
pub(crate) use self::log::{News, Reader};
pub(crate) use self::sequence::Editor;

use self::controls::{button, focus, problem, sign_button};
use crate::dom::{self, Mounted};
use crate::page::Page;

type View = dom::View<Page>;

/// The one element that this markup is.
fn html(markup: &'static str) -> View {
    View::html(markup)
}

/// Puts the whole page at the end of that element, with what its address field shows at first.
pub fn page(parent: &HtmlElement, address: String) -> Mounted<Page> {
    Mounted::new(
        parent,
        |handle| Page::new(address, handle),
        |_| {
            let wrong_link = problem("link-problem", |page| page.wrong_link.as_str().into());
            vec![head(), wrong_link, not_kept(), bench(), dialog::dialogs()]
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
        .child(html("<div class=spacer></div>"))
        .child(button("ghost", "Share…", |page, _| page.open(Dialog::Share)))
        .child(theme::button())
        .child(button("ghost", "Settings…", |page, _| page.open(Dialog::Settings)))
}

/// That nothing is kept, and why, until the person has read it.
fn not_kept() -> View {
    html("<div class=notice></div>")
        .child(problem("not-kept", |page| match page.store.workbench().storage_error() {
            Some(why) if !page.not_kept_is_read => why.to_string().into(),
            _ => "".into(),
        }))
        .child(sign_button("×", "I have read it", |page, _| {
            page.not_kept_is_read = true;
            focus(log::LIST);
        }))
}

/// The lists, and the connection that is seen.
fn bench() -> View {
    html("<div></div>")
        .attr_of("class", |page| if page.drawer { "bench drawer" } else { "bench" }.into())
        .style_of("--sidebar", |page| split::size(page, Edge::Sidebar))
        .child(sidebar::sidebar())
        .child(split::separator(Edge::Sidebar))
        .child(html("<slot></slot>").part(|page| Some(page.pane.id.number().to_string()), pane))
        // Whatever was chosen in the lists, or beside them.
        .on("click", |page, _| page.drawer = false)
}

/// Everything about one connection.
fn pane(page: &Page) -> View {
    html("<main></main>")
        .attr("id", &format!("connection-{}", page.pane.id.number()))
        .style_of("--compose", |page| split::size(page, Edge::Compose))
        .child(connect::connect())
        .child(facts::facts())
        .child(log::tools())
        .child(
            html("<div></div>")
                .attr_of("class", |page| if beside(page).is_some() { "split beside" } else { "split" }.into())
                .style_of("--detail", |page| split::size(page, Edge::Detail))
                .child(log::log())
                .child(split::separator(Edge::Detail))
                .child(html("<slot></slot>").part(beside, |page| {
                    if page.pane.editor.is_some() { sequence::panel() } else { detail::detail(page) }
                })),
        )
        .child(split::separator(Edge::Compose))
        .child(compose::compose())
        .on("dragover", |_, event| event.prevent_default())
        .on("drop", |page, event| {
            event.prevent_default();
            let event: &DragEvent = event.unchecked_ref();
            compose::take_in(page, event.data_transfer().and_then(|dropped| dropped.files()));
        })
}

/// What is beside the log: the sequence, or the entry of that number.
fn beside(page: &Page) -> Option<String> {
    match &page.pane.editor {
        Some(_) => Some(String::new()),
        None => detail::entry(page).map(|entry| entry.seq.to_string()),
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
