//! Headers of the PROXY protocol: whatever comes, there is a verdict, and only what begins as one of both versions is a header.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if server::is_proxy_header(bytes) {
        assert!(bytes.starts_with(b"PROXY ") || bytes.starts_with(b"\r\n\r\n\0\r\nQUIT\n"));
        assert!(!bytes.starts_with(b"PROXY ") || bytes.len() <= 107);
    }
});
