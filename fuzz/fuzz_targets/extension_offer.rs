//! `Sec-WebSocket-Extensions`: any bytes get a verdict, and an answer is itself an offer that gets the same answer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use server::protocol::deflate::{DeflateConfig, negotiate};

fuzz_target!(|values: Vec<&[u8]>| {
    let config = DeflateConfig::default();
    let Ok(agreed) = negotiate(values.iter().copied(), Some(&config)) else { return };
    assert_eq!(negotiate(values, None), Ok(None), "the grammar does not depend on the server");
    if let Some(agreed) = agreed {
        let answer = agreed.to_string();
        assert_eq!(negotiate([answer.as_bytes()], Some(&config)).unwrap().unwrap().to_string(), answer);
    }
});
