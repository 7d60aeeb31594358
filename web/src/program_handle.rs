//! The views that are programs of their own, which `start.js` loads when they are first shown.

use js_sys::{Array, Function};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::Closure;

/// A view that is a program of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Measure,
    Inspect,
}

impl Program {
    /// Of its element, and in the names of its files.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Measure => "measure",
            Self::Inspect => "inspect",
        }
    }
}

pub struct ProgramHandle {
    /// Shows the program of that name for an address. Says in the page if it cannot be loaded.
    show: Function,
    /// What was shown last.
    shown: Option<(Program, String)>,
    /// Has the page connect to an address.
    connect: Option<Closure<dyn FnMut(String)>>,
}

impl ProgramHandle {
    /// With the function of `start.js`.
    pub fn new(show: Function) -> Self {
        Self { show, shown: None, connect: None }
    }

    pub(crate) fn connect_with(&mut self, connect: impl FnMut(String) + 'static) {
        self.connect = Some(Closure::new(connect));
    }

    /// The connection that is shown has this address.
    pub(crate) fn show(&mut self, program: Program, url: &str) {
        if self.shown.as_ref().is_some_and(|(shown, address)| *shown == program && address == url) {
            return;
        }
        self.shown = Some((program, url.to_owned()));
        let connect = self.connect.as_ref().map_or(JsValue::NULL, |connect| connect.as_ref().clone());
        // It is asynchronous, so it throws nothing.
        let _ = self.show.apply(&JsValue::NULL, &Array::of3(&program.id().into(), &url.into(), &connect));
    }

    /// Has the next [`Self::show`] load what could not be loaded.
    pub(crate) fn leave(&mut self) {
        self.shown = None;
    }
}
