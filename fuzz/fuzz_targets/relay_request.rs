//! The relay's request and texts: what was read is read again as the same from what it prints.
//! Whatever the request says, checking it ends with a verdict.

#![no_main]

use libfuzzer_sys::fuzz_target;
use server::RelayTarget;
use wire::relay::{FromPage, FromRelay, Request, from_page, from_relay};

fuzz_target!(|text: &str| {
    if let Ok(request) = Request::from_json(text) {
        assert_eq!(Request::from_json(&request.to_json()), Ok(request));
    }
    if let Ok(FromPage::Command(command)) = from_page(text) {
        assert_eq!(from_page(&command.to_text()), Ok(FromPage::Command(command.clone())));
    }
    if let Ok(FromRelay::Event(event)) = from_relay(text) {
        assert_eq!(from_relay(&event.to_text()), Ok(FromRelay::Event(event.clone())));
    }
    let _ = text.parse::<RelayTarget>();
    let _ = server::is_relay_request(text);
});
