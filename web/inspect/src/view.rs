//! The view: where events come from, which are shown, the list of them, and the selected one bit by bit.

mod detail;
mod drawing;
mod file;
mod list;
mod live;
mod source;
mod tools;

use std::collections::VecDeque;

use dom::{AppState, Handle, Mounted};
use gloo_render::{AnimationFrame, request_animation_frame};
use inspect::address::{Watch, with_id};
use inspect::filter::Filter;
use inspect::trace::{Row, Trace};
use js_sys::Function;
use wasm_bindgen::{JsValue, UnwrapThrowExt};
use web_sys::{File, HtmlElement};
use wire::event::Event;

use self::file::Reading;
use self::list::Scroll;
use self::live::Live;

type View = dom::View<Inspector>;

/// [`dom::View::html`] for this view.
fn html(markup: &'static str) -> View {
    View::html(markup)
}

/// Where the events come from.
enum Source {
    Nothing,
    Live(Live),
    File(Reading),
}

pub(crate) struct Inspector {
    /// The address of the connection that the page shows.
    url: String,
    /// Has the page connect to an address.
    connect: Function,
    source: Source,
    trace: Trace,
    filter: Filter,
    /// The numbers of the rows that the filter shows.
    hits: VecDeque<u64>,
    scroll: Scroll,
    selected: Option<u64>,
    /// The field of the selected frame that is explained.
    field: usize,
    /// Whether the last copy succeeded; `None` since another row is selected.
    copied: Option<bool>,
    /// Renders what has come, in the next frame.
    frame: Option<AnimationFrame>,
    handle: Handle<Self>,
}

impl AppState for Inspector {}

/// Shows the view at the end of `parent`.
pub(crate) fn open(parent: &HtmlElement, url: String, connect: Function) -> Mounted<Inspector> {
    Mounted::new(
        parent,
        |handle| {
            let mut inspector = Inspector {
                url: String::new(),
                connect,
                source: Source::Nothing,
                trace: Trace::default(),
                filter: Filter::default(),
                hits: VecDeque::new(),
                scroll: Scroll::default(),
                selected: None,
                field: 0,
                copied: None,
                frame: None,
                handle,
            };
            inspector.set_url(url);
            inspector
        },
        |_| vec![source::source(), tools::tools(), list::beside(detail::detail())],
    )
}

impl Inspector {
    /// Watches the connection with this address, if it can be watched. What a file has stays.
    pub(crate) fn set_url(&mut self, url: String) {
        self.url = url;
        let watch = Watch::of(&self.url);
        match (&self.source, watch) {
            (Source::Live(live), Some(watch)) if live.watch == watch => {}
            (Source::Nothing | Source::Live(_), Some(watch)) => self.watch(watch),
            // The rows of another connection would be taken for this one's.
            (Source::Live(_), None) => self.start(Source::Nothing),
            (Source::Nothing, None) | (Source::File(_), _) => {}
        }
    }

    fn watch(&mut self, watch: Watch) {
        let live = Live::open(watch, &self.handle);
        self.start(Source::Live(live));
    }

    /// Watches the page's connection, or the file's place is taken by nothing.
    fn watch_connection(&mut self) {
        match Watch::of(&self.url) {
            Some(watch) => self.watch(watch),
            None => self.start(Source::Nothing),
        }
    }

    /// Has the page connect once more, with a new id.
    fn connect_with_id(&mut self) {
        let mut random = [0; 16];
        let crypto = gloo_utils::window().crypto().expect_throw("a browser has random numbers");
        crypto.get_random_values_with_u8_array(&mut random).expect_throw("16 bytes are few enough");
        if let Some(url) = with_id(&self.url, random) {
            // The page's own function throws nothing.
            let _ = self.connect.call1(&JsValue::NULL, &url.into());
        }
    }

    fn read(&mut self, file: File) {
        let reading = Reading::start(file, self.handle.clone());
        self.start(Source::File(reading));
    }

    fn start(&mut self, source: Source) {
        self.source = source;
        self.clear();
        self.filter.connection = None;
        self.find();
    }

    /// Forgets the rows.
    fn clear(&mut self) {
        self.trace = Trace::default();
        self.hits.clear();
        self.scroll = Scroll::default();
        self.select(None);
    }

    /// Adds an event; it is seen in the next frame.
    fn push(&mut self, event: Event) {
        self.trace.push(event);
        let kept = self.trace.range();
        let newest = kept.end - 1;
        if self.trace.row(newest).is_some_and(|row| self.filter.shows(row)) {
            self.hits.push_back(newest);
        }
        while self.hits.front().is_some_and(|oldest| *oldest < kept.start) {
            self.hits.pop_front();
            self.scroll.lose_row();
        }
        if self.frame.is_none() {
            let handle = self.handle.clone();
            self.frame = Some(request_animation_frame(move |_| handle.update(|inspector| inspector.frame = None)));
        }
    }

    /// Applies the filter to all rows.
    fn find(&mut self) {
        let shows = |number: &u64| self.trace.row(*number).is_some_and(|row| self.filter.shows(row));
        self.hits = self.trace.range().filter(shows).collect();
    }

    fn change_filter(&mut self, change: impl FnOnce(&mut Filter)) {
        change(&mut self.filter);
        self.find();
    }

    fn select(&mut self, number: Option<u64>) {
        self.selected = number;
        (self.field, self.copied) = (0, None);
    }

    fn selected_row(&self) -> Option<&Row> {
        self.trace.row(self.selected?)
    }
}
