//! Puts the page into the document.

use leptos::prelude::*;
use web::Page;

fn main() {
    console_error_panic_hook::set_once();
    web::socket::prepare();
    mount_to_body(|| view! { <Page address=web::document::initial_address() /> });
}
