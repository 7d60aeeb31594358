//! Files in and out: what the person picks or drops, and what the page has to offer for download. It never looks
//! into one.

use gloo_file::futures::read_as_bytes;
use gloo_file::{Blob, File, FileList, ObjectUrl};
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{BlobPropertyBag, HtmlAnchorElement, HtmlInputElement};

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// Its name, without a path.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Reads the first of the files, and gives it or the reason why not.
pub fn read_first(files: Option<web_sys::FileList>, done: impl FnOnce(Result<ReadFile, String>) + 'static) {
    let Some(file) = files.map(FileList::from).and_then(|files| files.first().cloned()) else { return };
    spawn_local(async move { done(read(file).await) });
}

/// Reads the file that an input field holds, and empties the field, so that the same file can be picked again.
pub fn read_picked(input: &HtmlInputElement, done: impl FnOnce(Result<ReadFile, String>) + 'static) {
    read_first(input.files(), done);
    input.set_value("");
}

async fn read(file: File) -> Result<ReadFile, String> {
    let name = file.name();
    match read_as_bytes(&file).await {
        Ok(bytes) => Ok(ReadFile { name, bytes }),
        Err(error) => Err(format!("cannot read {name:?}: {error}")),
    }
}

/// A file to come, in pieces: it never has to be in the page's memory as a whole.
#[derive(Debug, Default)]
pub struct Pieces(js_sys::Array);

impl Pieces {
    /// Adds a piece at the end.
    pub fn push(&mut self, piece: &str) {
        self.0.push(Blob::new(piece).as_ref());
    }

    /// Offers the file as a download.
    pub fn download(self, name: &str, kind: &str) {
        let options = BlobPropertyBag::new();
        options.set_type(kind);
        let blob = web_sys::Blob::new_with_blob_sequence_and_options(&self.0, &options);
        offer(name, blob.expect("blobs can be put together").into());
    }
}

/// Offers bytes as a download.
pub fn download(name: &str, kind: &str, bytes: &[u8]) {
    offer(name, Blob::new_with_options(bytes, Some(kind)));
}

fn offer(name: &str, blob: Blob) {
    let url = ObjectUrl::from(blob);
    let link: HtmlAnchorElement = document().create_element("a").expect("a is the name of an element").unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    // The browser holds on to what is downloaded, the URL may go.
    link.click();
}
