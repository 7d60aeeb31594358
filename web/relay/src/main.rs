//! What runs in the page's window: asks the relay and the browser, and draws the two dialogs. The page loads this program when
//! it is first needed. Posts are in the encoding of [`worker::protocol`].

#[cfg(target_family = "wasm")]
mod access;
#[cfg(target_family = "wasm")]
mod diagnosis;
#[cfg(target_family = "wasm")]
mod known;
#[cfg(target_family = "wasm")]
mod view;

#[cfg(target_family = "wasm")]
mod program {
    use std::cell::RefCell;
    use std::panic;

    use dom::Mounted;
    use js_sys::{Array, Function, Uint8Array};
    use model::why::Attempt;
    use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::{Closure, wasm_bindgen};
    use web_sys::{HtmlElement, console};

    use crate::access::Access;
    use crate::view::{Dialog, Which};
    use crate::{diagnosis, known, view};

    /// As in the page.
    #[global_allocator]
    static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

    type OnText = Closure<dyn FnMut(String) -> Uint8Array>;

    thread_local! {
        /// The dialog that was opened last.
        static DIALOG: RefCell<Option<Mounted<Dialog>>> = const { RefCell::new(None) };
        /// Reads the texts of each connection's newest relay.
        static READERS: RefCell<Vec<(u32, OnText)>> = const { RefCell::new(Vec::new()) };
    }

    #[wasm_bindgen(start)]
    pub fn start() {
        panic::set_hook(Box::new(|panic| console::error_1(&panic.to_string().into())));
    }

    /// What the page needs to connect through the relay: its URL, the first message, and a function that reads a text that is
    /// no message, and returns what it tells.
    ///
    /// # Errors
    /// A sentence for the person.
    #[wasm_bindgen]
    pub async fn connect(
        connection: u32,
        url: String,
        subprotocols: Vec<String>,
        stored: String,
        token: String,
        server: String,
    ) -> Result<Array, JsValue> {
        let options = known::options(connection, &stored);
        let request = options.request(&url, &subprotocols).map_err(|error| JsValue::from(error.to_string()))?;
        let access = Access::find(&token, &server).await.ok_or(Access::NONE)?;
        known::begin(connection, request.clone());
        let reader = OnText::new(move |text: String| post(&known::told(connection, &text)));
        let function = reader.as_ref().clone();
        READERS.with_borrow_mut(|readers| {
            readers.retain(|(other, _)| *other != connection);
            readers.push((connection, reader));
        });
        Ok(Array::of3(&access.url().into(), &access.first_message(request).into(), &function))
    }

    /// Finds out why a connection of the browser's own failed.
    #[wasm_bindgen]
    pub async fn diagnose(attempt: Vec<u8>, token: String, server: String) -> Option<Uint8Array> {
        let attempt = worker::protocol::decode::<Attempt>(&attempt).next()?.ok()?;
        let access = Access::find(&token, &server).await;
        Some(post(&diagnosis::diagnose(attempt, access).await.explain()))
    }

    /// Draws a dialog for a connection into an element. `keep` gets what of its options is to be stored; `connect` connects, and
    /// returns what was wrong.
    #[wasm_bindgen]
    pub fn open(
        parent: HtmlElement,
        which: String,
        connection: u32,
        stored: String,
        keep: Function,
        connect: Function,
    ) {
        let which = if which == "handshake" { Which::Handshake } else { Which::Options };
        DIALOG.set(None);
        DIALOG.set(Some(view::open(&parent, which, connection, &stored, keep, connect)));
    }

    /// The page has removed a connection.
    #[wasm_bindgen]
    pub fn forget(connection: u32) {
        known::forget(connection);
        READERS.with_borrow_mut(|readers| readers.retain(|(other, _)| *other != connection));
    }

    fn post(value: &impl serde::Serialize) -> Uint8Array {
        let mut bytes = Vec::new();
        worker::protocol::encode(value, &mut bytes);
        Uint8Array::from(&*bytes)
    }

    /// Calls a function of the page, which throws nothing, and returns its text.
    pub(crate) fn called(function: &Function, arguments: &Array) -> String {
        function.apply(&JsValue::NULL, arguments).ok().and_then(|value| value.as_string()).unwrap_or_default()
    }
}

fn main() {}
