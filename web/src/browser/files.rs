//! Reading files that were picked or dropped, and offering downloads.

use gloo_utils::document;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, File, FileList, HtmlElement, HtmlInputElement, Url};

use super::task::Task;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// Without a path.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The file, or why it could not be read.
pub type Read = Result<ReadFile, String>;

/// Reads the first of the files, if there is one.
pub fn read_first(files: Option<FileList>, done: impl FnOnce(Read) + 'static) -> Option<Task> {
    let file = files?.get(0)?;
    Some(Task::spawn(async move { done(read(&file).await) }))
}

async fn read(file: &File) -> Read {
    let name = file.name();
    match JsFuture::from(file.array_buffer()).await {
        Ok(buffer) => Ok(ReadFile { name, bytes: Uint8Array::new(&buffer).to_vec() }),
        Err(_) => Err(["cannot read ", &name].concat()),
    }
}

/// Reads the file that an input field holds, and empties the field, so that the same file can be picked again.
pub fn read_picked(input: &HtmlInputElement, done: impl FnOnce(Read) + 'static) -> Option<Task> {
    let task = read_first(input.files(), done);
    input.set_value("");
    task
}

/// A download that is put together from pieces, so that a large one is never in WebAssembly's memory as a whole: that
/// memory grows and never shrinks.
#[derive(Debug, Default)]
pub struct Download(Array);

impl Download {
    pub fn push(&mut self, piece: &str) {
        self.push_bytes(piece.as_bytes());
    }

    fn push_bytes(&mut self, piece: &[u8]) {
        // Each piece becomes a blob at once, which the browser holds outside the page's memory.
        let part = Array::of1(&Uint8Array::from(piece));
        self.0.push(&Blob::new_with_u8_array_sequence(&part).expect_throw(ENOUGH_MEMORY));
    }

    /// Has the browser download the file. `kind` is its media type.
    pub fn download(self, name: &str, kind: &str) {
        let options = BlobPropertyBag::new();
        options.set_type(kind);
        let blob = Blob::new_with_blob_sequence_and_options(&self.0, &options).expect_throw(ENOUGH_MEMORY);
        let url = Url::create_object_url_with_blob(&blob).expect_throw(ENOUGH_MEMORY);
        let link = document().create_element("a").expect_throw(ENOUGH_MEMORY);
        for (attribute, value) in [("href", url.as_str()), ("download", name)] {
            link.set_attribute(attribute, value).expect_throw(ENOUGH_MEMORY);
        }
        link.unchecked_into::<HtmlElement>().click();
        // The download has begun, and holds the blob.
        let _ = Url::revoke_object_url(&url);
    }
}

const ENOUGH_MEMORY: &str = "throws only without memory";

/// Downloads bytes, see [`Download::download`].
pub fn download(name: &str, kind: &str, bytes: &[u8]) {
    let mut file = Download::default();
    file.push_bytes(bytes);
    file.download(name, kind);
}
