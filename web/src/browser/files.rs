//! Reading files that were picked or dropped, and offering downloads.

use gloo_utils::document;
use js_sys::{Array, Uint8Array};
use model::Size;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File, HtmlElement, HtmlInputElement, Url};

use super::task::Task;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// Without a path.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The file, or why it could not be read.
pub type Read = Result<ReadFile, String>;

/// A larger file is refused: reading it takes several times its size in memory, up to the browser's limit for a page.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// # Errors
/// The file is larger than [`MAX_FILE_BYTES`].
pub fn check_size(file: &File) -> Result<(), String> {
    let size = file.size() as u64;
    if size > MAX_FILE_BYTES {
        let (name, size, limit) = (file.name(), Size(size), Size(MAX_FILE_BYTES));
        return Err([&name, " is too large: ", &size.to_string(), ", the limit is ", &limit.to_string()].concat());
    }
    Ok(())
}

/// Reads a file that is not too large.
pub fn read(file: File, done: impl FnOnce(Read) + 'static) -> Task {
    Task::spawn(async move {
        let name = file.name();
        if let Err(why) = check_size(&file) {
            return done(Err(why));
        }
        done(match JsFuture::from(file.array_buffer()).await {
            Ok(buffer) => Ok(ReadFile { name, bytes: Uint8Array::new(&buffer).to_vec() }),
            Err(_) => Err(["cannot read ", &name].concat()),
        });
    })
}

/// The file that an input field holds. Empties the field, so that the same file can be picked again.
pub fn take_picked(input: &HtmlInputElement) -> Option<File> {
    let file = input.files()?.get(0);
    input.set_value("");
    file
}

/// Has the browser download bytes. `kind` is their media type.
pub fn download(name: &str, kind: &str, bytes: &[u8]) {
    let part = Array::of1(&Uint8Array::from(bytes));
    download_blob(name, kind, &Blob::new_with_u8_array_sequence(&part).expect_throw(ENOUGH_MEMORY));
}

/// Has the browser download a file that it has, as [`download`].
pub fn download_blob(name: &str, kind: &str, blob: &Blob) {
    // The same bytes, which are not copied, with the media type.
    let blob = blob.slice_with_f64_and_f64_and_content_type(0.0, blob.size(), kind).expect_throw(ENOUGH_MEMORY);
    let url = Url::create_object_url_with_blob(&blob).expect_throw(ENOUGH_MEMORY);
    let link = document().create_element("a").expect_throw(ENOUGH_MEMORY);
    for (attribute, value) in [("href", url.as_str()), ("download", name)] {
        link.set_attribute(attribute, value).expect_throw(ENOUGH_MEMORY);
    }
    link.unchecked_into::<HtmlElement>().click();
    // The download has begun, and holds the blob.
    let _ = Url::revoke_object_url(&url);
}

const ENOUGH_MEMORY: &str = "throws only without memory";
