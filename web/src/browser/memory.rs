//! Memory outside of WebAssembly's, which grows and never shrinks.

use js_sys::Uint8Array;
use model::KeptBytes;

/// The browser frees it some time after it was dropped.
#[derive(Debug)]
struct Outside(Uint8Array);

impl KeptBytes for Outside {
    fn read(&self) -> Vec<u8> {
        self.0.to_vec()
    }
}

pub(crate) fn keep(bytes: Vec<u8>) -> Box<dyn KeptBytes> {
    Box::new(Outside(Uint8Array::from(&*bytes)))
}
