//! The whole page, with and without a server.

use gloo_timers::future::TimeoutFuture;
use gloo_utils::document;
use js_sys::Function;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web::program_handle::ProgramHandle;
use web::relay_handle::RelayHandle;
use web_sys::{
    Element, Event, EventInit, HtmlElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent, KeyboardEventInit,
};

use crate::wait::until;

const ECHO_URL: &str = env!("ECHO_URL");

/// A page in an element of its own, which is removed at the end of the test.
struct Mounted {
    place: HtmlElement,
    _page: web::dom::Mounted<web::Page>,
}

fn mounted(address: &str) -> Mounted {
    let place: HtmlElement = document().create_element("div").unwrap().unchecked_into();
    document().body().unwrap().append_child(&place).unwrap();
    let nothing = || Function::new_no_args("return Promise.reject()");
    let page = web::page(&place, address.to_owned(), ProgramHandle::new(nothing()), RelayHandle::new(nothing()));
    Mounted { place, _page: page }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        self.place.remove();
    }
}

impl Mounted {
    fn find(&self, css: &str) -> Element {
        self.place.query_selector(css).unwrap().unwrap_or_else(|| panic!("{css} is not on the page"))
    }

    fn message_box(&self) -> HtmlTextAreaElement {
        self.find("textarea").unchecked_into()
    }

    fn click_connect(&self) {
        self.find(".connect .primary").unchecked_into::<HtmlElement>().click();
    }

    /// Types a message, and then Enter. Between the two the page runs, as it does when a person types.
    async fn send(&self, text: &str) {
        let message_box = self.message_box();
        message_box.set_value(text);
        let typed = EventInit::new();
        typed.set_bubbles(true);
        message_box.dispatch_event(&Event::new_with_event_init_dict("input", &typed).unwrap()).unwrap();
        TimeoutFuture::new(0).await;
        let enter = KeyboardEventInit::new();
        enter.set_key("Enter");
        enter.set_bubbles(true);
        let enter = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &enter).unwrap();
        message_box.dispatch_event(&enter).unwrap();
    }

    /// Waits until an element contains a text.
    async fn shows(&self, css: &str, text: &str) {
        let shown = || self.find(css).text_content().filter(|content| content.contains(text));
        until(&format!("{css} shows {text:?}"), shown).await;
    }
}

#[wasm_bindgen_test]
async fn a_new_page_shows_its_address_and_is_not_connected() {
    let page = mounted("ws://example.com/chat");
    page.shows(".state", "Not connected").await;
    let address = page.find("input[type=url]").unchecked_into::<HtmlInputElement>();
    until("the address is shown", || (address.value() == "ws://example.com/chat").then_some(())).await;
    assert!(page.find(".compose .primary").has_attribute("disabled"));
}

#[wasm_bindgen_test]
async fn a_wrong_address_is_explained_and_marked() {
    let page = mounted("ftp://localhost");
    page.click_connect();
    page.shows("#problem", r#""ftp://localhost" is not a WebSocket URL: it must begin with ws:// or wss://"#).await;
    assert_eq!(page.find("input[type=url]").get_attribute("aria-invalid").as_deref(), Some("true"));
}

#[wasm_bindgen_test]
async fn without_a_server_the_failure_is_explained_and_the_message_stays() {
    let page = mounted("ws://127.0.0.1:1/");
    page.click_connect();
    page.send("hello").await;
    page.shows(".state", "Could not connect").await;
    page.shows("[role=log]", "no server there, or it refused the handshake (code 1006, no close frame)").await;
    assert_eq!(page.message_box().value(), "hello");
}

#[wasm_bindgen_test]
#[cfg_attr(not(echo_url), ignore = "needs a server: set ECHO_URL when building")]
async fn a_message_is_echoed_and_quit_disconnects() {
    let page = mounted(&format!("{ECHO_URL}/"));
    page.click_connect();
    page.shows(".state", "Open").await;
    page.send("hello").await;
    page.shows("[role=log]", "Server received: hello").await;
    assert_eq!(page.message_box().value(), "");
    page.send("Quit").await;
    page.shows(".state", "Disconnected").await;
}

#[wasm_bindgen_test]
#[cfg_attr(not(echo_url), ignore = "needs a server: set ECHO_URL when building")]
async fn a_dropped_page_leaves_nothing_behind() {
    let page = mounted(&format!("{ECHO_URL}/echo"));
    page.click_connect();
    page.shows(".state", "Open").await;
    page.send("echoed after the page was dropped").await;
    drop(page);
    let other = mounted(&format!("{ECHO_URL}/echo"));
    other.click_connect();
    other.shows(".state", "Open").await;
    other.send("answered").await;
    other.shows("[role=log]", "answered").await;
}
