//! What starts in a browser: the view in the page's window. The page loads this program when the view is first opened.

#[cfg(target_family = "wasm")]
mod view;

#[cfg(target_family = "wasm")]
mod program {
    use std::cell::RefCell;
    use std::panic;

    use dom::Mounted;
    use js_sys::Function;
    use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};
    use wasm_bindgen::prelude::wasm_bindgen;
    use web_sys::{HtmlElement, console};

    use crate::view::{self, Inspector};

    /// As in the page.
    #[global_allocator]
    static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

    thread_local! {
        /// For as long as there is the document.
        static VIEW: RefCell<Option<Mounted<Inspector>>> = const { RefCell::new(None) };
    }

    /// Shows the view at the end of `parent`. `url` is the address of the connection that the page shows; `connect` has the page
    /// connect to another one.
    #[wasm_bindgen]
    pub fn open(parent: HtmlElement, _glue: String, url: String, connect: Function) {
        panic::set_hook(Box::new(|panic| console::error_1(&panic.to_string().into())));
        VIEW.set(Some(view::open(&parent, url, connect)));
    }

    /// The connection that the page shows has this address now.
    #[wasm_bindgen(js_name = setUrl)]
    pub fn set_url(url: String) {
        let handle = VIEW.with_borrow(|view| view.as_ref().map(Mounted::handle));
        if let Some(handle) = handle {
            handle.update(|inspector| inspector.set_url(url));
        }
    }
}

fn main() {}
