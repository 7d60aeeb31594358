//! The lines between the parts of the page, which can be moved with the pointer and with the arrow keys. It never lets
//! a part grow over its neighbour: the style sheet has the last word.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{Msg, Settings};
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::dynamic::key;
use crate::store::Store;

/// Widths that a part can have, in CSS pixels.
const NARROWEST: u16 = 160;
const WIDEST: u16 = 900;
/// How far an arrow key moves a line.
const STEP: i32 = 16;

/// Which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// Between the lists and the connection.
    Sidebar,
    /// Between the log and what is beside it.
    Detail,
}

impl Edge {
    fn name(self) -> &'static str {
        match self {
            Self::Sidebar => "Width of the lists",
            Self::Detail => "Width of the detail",
        }
    }

    fn width(self, settings: &Settings) -> u16 {
        match self {
            Self::Sidebar => settings.layout.sidebar_width,
            Self::Detail => settings.layout.detail_width,
        }
    }

    /// Moves the line so far to the right.
    fn shift(self, store: Store, from: u16, distance: i32) {
        let mut settings = store.with_untracked(|workbench| *workbench.settings());
        let (width, distance) = match self {
            Self::Sidebar => (&mut settings.layout.sidebar_width, distance),
            Self::Detail => (&mut settings.layout.detail_width, -distance),
        };
        let wanted = i32::from(from).saturating_add(distance);
        *width = wanted.clamp(NARROWEST.into(), WIDEST.into()) as u16;
        store.dispatch(Msg::Settings(settings));
    }
}

/// The width of the part that the line is the edge of, for the style sheet.
pub(super) fn width(store: Store, edge: Edge) -> Signal<String> {
    store.text(move |workbench| format!("{}px", edge.width(workbench.settings())))
}

pub(super) fn separator(store: Store, edge: Edge) -> AnyView {
    let now = store.text(move |workbench| edge.width(workbench.settings()).to_string());
    let current = move || store.with_untracked(|workbench| edge.width(workbench.settings()));
    // Where the pointer took hold, and how wide the part was then.
    let held = StoredValue::new(None::<(i32, u16)>);
    let hold = move |event: PointerEvent| {
        event.prevent_default();
        if let Some(line) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
            // It fails only for a pointer that is gone already.
            let _ = line.set_pointer_capture(event.pointer_id());
        }
        held.set_value(Some((event.client_x(), current())));
    };
    let drag = move |event: PointerEvent| {
        if let Some((x, from)) = held.get_value() {
            edge.shift(store, from, event.client_x() - x);
        }
    };
    let steer = move |event: KeyboardEvent| {
        let distance = match event.key().as_str() {
            "ArrowLeft" => -STEP,
            "ArrowRight" => STEP,
            _ => return,
        };
        event.prevent_default();
        edge.shift(store, current(), distance);
    };
    view! {
        <div
            class="separator"
            role="separator"
            tabindex="0"
            aria-orientation="vertical"
            aria-label=edge.name()
            aria-valuemin=NARROWEST.to_string()
            aria-valuemax=WIDEST.to_string()
            aria-valuenow=now
            on:pointerdown=hold
            on:pointermove=drag
            on:pointerup=move |_| held.set_value(None)
            on:keydown=key(steer)
        ></div>
    }
    .into_any()
}
