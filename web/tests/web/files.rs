//! Reading files, and offering downloads.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Promise, eval};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web::browser::files::{self, Download, ReadFile};
use web_sys::FileList;

use crate::wait::{until, within};

/// Files as a drop event has them. `files` is a JavaScript list of names and contents.
fn dropped(files: &str) -> FileList {
    let script = format!(
        "const dropped = new DataTransfer();
         for (const [name, bytes] of {files}) dropped.items.add(new File([new Uint8Array(bytes)], name));
         dropped.files"
    );
    // In a block, because `eval` declares its names globally.
    eval(&format!("{{ {script} }}")).unwrap().unchecked_into()
}

#[wasm_bindgen_test]
async fn the_first_file_is_read_byte_for_byte() {
    let read = Rc::new(RefCell::new(None));
    let give = Rc::clone(&read);
    let files = dropped("[['a file.bin', [0, 255, 10]], ['another', [1]]]");
    let _reading = files::read_first(Some(files), move |file| *give.borrow_mut() = Some(file));
    let read = until("the file", || read.borrow_mut().take()).await;
    assert_eq!(read, Ok(ReadFile { name: "a file.bin".to_owned(), bytes: vec![0, 255, 10] }));
}

#[wasm_bindgen_test]
fn nothing_is_read_without_a_file() {
    assert!(files::read_first(Some(dropped("[]")), |_| panic!("there is no file")).is_none());
    assert!(files::read_first(None, |_| panic!("there is no file")).is_none());
}

/// Collects downloads in `offered`, as name and blob.
const CATCH: &str = "globalThis.offered = [];
    const blobs = new Map();
    const make = URL.createObjectURL;
    URL.createObjectURL = blob => { const url = make.call(URL, blob); blobs.set(url, blob); return url; };
    HTMLAnchorElement.prototype.click = function () { offered.push([this.download, blobs.get(this.href)]); };";

#[wasm_bindgen_test]
async fn bytes_and_pieces_are_downloaded_under_their_name() {
    eval(&format!("{{ {CATCH} }}")).unwrap();
    files::download("message.bin", "application/octet-stream", &[0, 255]);
    let mut pieces = Download::default();
    pieces.push("one, ");
    pieces.push("två");
    pieces.download("log.csv", "text/csv");
    let told = eval("offered.map(([name, blob]) => `${name} ${blob.type} ${blob.size}`).join()").unwrap();
    assert_eq!(told.as_string().unwrap(), "message.bin application/octet-stream 2,log.csv text/csv 9");
    let text: Promise = eval("offered[1][1].text()").unwrap().unchecked_into();
    assert_eq!(within("the text", JsFuture::from(text)).await.unwrap().as_string().unwrap(), "one, två");
}
