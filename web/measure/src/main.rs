//! What starts in a browser: the view in the page's window, and the engine in a worker of its own. Both are this program, which
//! the page loads when the view is first opened.

#[cfg(target_family = "wasm")]
mod browser_clock;
#[cfg(target_family = "wasm")]
mod comparing;
#[cfg(target_family = "wasm")]
mod engine;
#[cfg(target_family = "wasm")]
mod view;

#[cfg(target_family = "wasm")]
mod program {
    use std::cell::RefCell;
    use std::panic;

    use dom::Mounted;
    use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};
    use wasm_bindgen::prelude::wasm_bindgen;
    use web_sys::{HtmlElement, MessagePort, console};

    use crate::engine::Engine;
    use crate::view::{self, Measure};

    /// As in the page.
    #[global_allocator]
    static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

    thread_local! {
        /// In a window, for as long as there is the document.
        static VIEW: RefCell<Option<Mounted<Measure>>> = const { RefCell::new(None) };
        /// In a worker, for as long as there is the worker.
        static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
    }

    fn report_panics() {
        panic::set_hook(Box::new(|panic| console::error_1(&panic.to_string().into())));
    }

    /// Shows the view at the end of `parent`. `glue` is where this program's JavaScript is, for its worker; `url` is the address
    /// to measure.
    #[wasm_bindgen]
    pub fn open(parent: HtmlElement, glue: String, url: String) {
        report_panics();
        VIEW.set(Some(view::open(&parent, glue, url)));
    }

    /// The connection that the page shows has this address now.
    #[wasm_bindgen(js_name = setUrl)]
    pub fn set_url(url: String) {
        let handle = VIEW.with_borrow(|view| view.as_ref().map(Mounted::handle));
        if let Some(handle) = handle {
            handle.update(|measure| measure.set_url(url));
        }
    }

    /// Serves the view at the other end of that port.
    #[wasm_bindgen]
    pub fn serve(port: MessagePort) {
        report_panics();
        ENGINE.set(Some(Engine::new(port)));
    }
}

fn main() {}
