//! What starts in a browser: the page in its window (`start.js`), and its sockets in a worker (`worker.js`). Both are this
//! program.

use std::cell::RefCell;
use std::panic;

use js_sys::Function;
use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};
use wasm_bindgen::UnwrapThrowExt;
use wasm_bindgen::prelude::wasm_bindgen;
use web::Page;
use web::dom::Mounted;
use web::program_handle::ProgramHandle;
use web::relay_handle::RelayHandle;
use web_sys::{MessagePort, console};
use worker::Engine;

/// The standard library's takes 2.6 KB more, gzipped.
#[global_allocator]
static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

thread_local! {
    /// In a window, for as long as there is the document.
    static PAGE: RefCell<Option<Mounted<Page>>> = const { RefCell::new(None) };
    /// In a worker, for as long as there is the worker.
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

fn main() {
    panic::set_hook(Box::new(|panic| console::error_1(&panic.to_string().into())));
}

/// Puts the page into the document. `show` shows a view that is a program of its own, `relay` calls a function of `web/relay`.
#[wasm_bindgen(js_name = openPage)]
pub fn open_page(show: Function, relay: Function) {
    let body = gloo_utils::document().body().expect_throw("the script of a page stands in its body or before it");
    let address = web::browser::document::initial_address();
    PAGE.set(Some(web::page(&body, address, ProgramHandle::new(show), RelayHandle::new(relay))));
}

/// Serves the page at the other end of that port.
#[wasm_bindgen]
pub fn serve(port: MessagePort) {
    ENGINE.set(Some(Engine::new(port)));
}
