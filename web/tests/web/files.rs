//! Reading files, and offering downloads.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Promise, eval};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web::browser::files::{self, ReadFile};
use web_sys::{Blob, File};

use crate::wait::{until, within};

#[wasm_bindgen_test]
async fn a_file_is_read_byte_for_byte() {
    let read = Rc::new(RefCell::new(None));
    let give = Rc::clone(&read);
    let file: File = eval("new File([new Uint8Array([0, 255, 10])], 'a file.bin')").unwrap().unchecked_into();
    let _reading = files::read(file, move |file| *give.borrow_mut() = Some(file));
    let read = until("the file", || read.borrow_mut().take()).await;
    assert_eq!(read, Ok(ReadFile { name: "a file.bin".to_owned(), bytes: vec![0, 255, 10] }));
}

#[wasm_bindgen_test]
async fn a_file_that_is_too_large_is_refused_with_its_size() {
    let read = Rc::new(RefCell::new(None));
    let give = Rc::clone(&read);
    let file = "Object.defineProperty(new File(['x'], 'dump.bin'), 'size', { value: 2 ** 31 })";
    let file: File = eval(file).unwrap().unchecked_into();
    let _reading = files::read(file, move |file| *give.borrow_mut() = Some(file));
    let read = until("the refusal", || read.borrow_mut().take()).await;
    assert_eq!(read, Err("dump.bin is too large: 2.0 GiB, the limit is 256.0 MiB".to_owned()));
}

/// Collects downloads in `offered`, as name and blob.
const CATCH: &str = "globalThis.offered = [];
    const blobs = new Map();
    const make = URL.createObjectURL;
    URL.createObjectURL = blob => { const url = make.call(URL, blob); blobs.set(url, blob); return url; };
    HTMLAnchorElement.prototype.click = function () { offered.push([this.download, blobs.get(this.href)]); };";

#[wasm_bindgen_test]
async fn bytes_and_blobs_are_downloaded_under_their_name() {
    eval(&format!("{{ {CATCH} }}")).unwrap();
    files::download("message.bin", "application/octet-stream", &[0, 255]);
    let blob: Blob = eval("new Blob(['one, ', 'två'])").unwrap().unchecked_into();
    files::download_blob("log.csv", "text/csv", &blob);
    let files = eval("offered.map(([name, blob]) => `${name} ${blob.type} ${blob.size}`).join()").unwrap();
    assert_eq!(files.as_string().unwrap(), "message.bin application/octet-stream 2,log.csv text/csv 9");
    let text: Promise = eval("offered[1][1].text()").unwrap().unchecked_into();
    assert_eq!(within("the text", JsFuture::from(text)).await.unwrap().as_string().unwrap(), "one, två");
}
