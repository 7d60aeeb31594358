//! What the browser has already: its storage, its regular expressions, its clipboard.

use std::cell::Cell;
use std::rc::Rc;

use model::{AddressError, Regex, StorageError, WsUrl};
use wasm_bindgen_test::wasm_bindgen_test;
use web::browser::{clipboard, pattern, storage, url};

use crate::wait::until;

#[wasm_bindgen_test]
fn what_is_written_is_read_until_it_is_replaced_or_removed() {
    let key = "test.kept";
    assert_eq!(storage::read(key), None);
    storage::write(key, "héllo \u{0}").unwrap();
    assert_eq!(storage::read(key).as_deref(), Some("héllo \u{0}"));
    storage::write(key, "").unwrap();
    assert_eq!(storage::read(key).as_deref(), Some(""));
    storage::remove(key);
    assert_eq!(storage::read(key), None);
}

#[wasm_bindgen_test]
fn a_text_beyond_the_quota_is_an_error_and_the_old_one_stays() {
    let key = "test.full";
    storage::write(key, "small").unwrap();
    // Browsers give a page five million characters or so.
    assert_eq!(storage::write(key, &"x".repeat(20_000_000)), Err(StorageError::Full));
    assert_eq!(storage::read(key).as_deref(), Some("small"));
    storage::remove(key);
}

#[wasm_bindgen_test]
fn a_regular_expression_has_the_browsers_syntax_and_flags() {
    assert_eq!(check(r"^(?<word>\p{L}+) \k<word>$", "iu"), Ok(()));
}

fn check(expression: &str, flags: &str) -> Result<(), String> {
    pattern::check(&Regex { expression: expression.to_owned(), flags: flags.to_owned() })
}

#[wasm_bindgen_test]
fn an_invalid_regular_expression_has_the_browsers_message() {
    assert!(check("(", "").unwrap_err().contains("Unterminated group"));
    assert!(check("a", "nonsense").unwrap_err().contains("flags"));
}

#[wasm_bindgen_test]
fn an_address_is_read_as_the_browser_reads_it() {
    let read = |typed: &str| WsUrl::parse(typed, url::parse).map(|url| url.to_string());
    assert_eq!(read("localhost:12345").as_deref(), Ok("ws://localhost:12345/"));
    assert_eq!(read("https://b\u{fc}cher.example/\u{fc}").as_deref(), Ok("wss://xn--bcher-kva.example/%C3%BC"));
    assert_eq!(read("ws://a:70000/"), Err(AddressError::Invalid("ws://a:70000/".to_owned())));
}

#[wasm_bindgen_test]
async fn copying_reports_whether_it_succeeded() {
    let result = Rc::new(Cell::new(None));
    let report = Rc::clone(&result);
    let _copying = clipboard::copy("copied", move |done| report.set(Some(done)));
    // A browser may refuse without the focus; either result will do.
    until("an answer", || result.get()).await;
}
