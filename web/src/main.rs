//! Puts the page into the document.

use std::mem::ManuallyDrop;
use std::panic;

use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};
use wasm_bindgen::UnwrapThrowExt;
use web_sys::console;

/// The standard library's takes 2.6 KB more, gzipped.
#[global_allocator]
static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

fn main() {
    panic::set_hook(Box::new(|panic| console::error_1(&panic.to_string().into())));
    web::socket::prepare();
    let body = gloo_utils::document().body().expect_throw("the script of a page stands in its body or before it");
    // It lives as long as its document.
    let _page = ManuallyDrop::new(web::page(&body, web::browser::document::initial_address()));
}
