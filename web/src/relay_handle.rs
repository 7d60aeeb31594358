//! The page's end of the program `web/relay`, which `start.js` loads at its first call.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_events::EventListener;
use gloo_utils::window;
use js_sys::{Array, Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::browser::document::{initial_address, take_relay_token};

/// Calls functions of that program.
#[derive(Clone)]
pub struct RelayHandle(Rc<Inner>);

struct Inner {
    /// Of `start.js`: calls a function by its name, once the program is loaded.
    call: Function,
    /// Of the relay of another server than the page's; empty where the page's address had none.
    token: Rc<RefCell<String>>,
    is_loaded: Cell<bool>,
    /// For an address with a token that is put into the tab of a page that is open.
    _hashchange: EventListener,
}

impl RelayHandle {
    /// With the function of `start.js`.
    pub fn new(call: Function) -> Self {
        let token = Rc::new(RefCell::new(take_relay_token()));
        let newest = Rc::clone(&token);
        let hashchange = EventListener::new(&window(), "hashchange", move |_| {
            let token = take_relay_token();
            if !token.is_empty() {
                newest.replace(token);
            }
        });
        Self(Rc::new(Inner { call, token, is_loaded: Cell::default(), _hashchange: hashchange }))
    }

    /// Calls a function with these arguments, and with what it needs to find the relay.
    pub(crate) async fn ask(self, function: &'static str, arguments: Array) -> Result<JsValue, JsValue> {
        arguments.push(&self.0.token.borrow().as_str().into());
        arguments.push(&initial_address().into());
        self.run(function, arguments).await
    }

    /// Calls a function with these arguments.
    pub(crate) async fn run(self, function: &'static str, arguments: Array) -> Result<JsValue, JsValue> {
        arguments.unshift(&function.into());
        // It is asynchronous, so it throws nothing.
        let promise: Promise = self.0.call.apply(&JsValue::NULL, &arguments)?.unchecked_into();
        let result = JsFuture::from(promise).await;
        self.0.is_loaded.set(self.0.is_loaded.get() || result.is_ok());
        result
    }

    /// Whether there is anything that the program could forget.
    pub(crate) fn is_loaded(&self) -> bool {
        self.0.is_loaded.get()
    }
}
