//! The page's parts in a real browser: `wasm-pack test --headless --chrome web`.
//!
//! Tests that need Canyon's server are ignored, unless `ECHO_URL` says where one is (without a path, such as
//! `ws://127.0.0.1:12345`) when they are built.

#![cfg(target_family = "wasm")]
#![allow(clippy::unwrap_used, reason = "clippy's own exception for tests does not know wasm_bindgen_test")]

// The runner collects tests from public modules only.
pub mod browser;
pub mod dom;
pub mod engine;
pub mod files;
pub mod page;
pub mod socket;
pub mod task;
mod wait;
pub mod worker;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
