//! Reads a recording piece by piece, so that no more of it is in memory than is shown.

use std::cell::RefCell;
use std::rc::Rc;

use dom::Handle;
use inspect::recording::Reader;
use js_sys::Uint8Array;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::File;

use super::Inspector;
use super::Source;

/// Bytes of the file that are read at a time.
const PIECE: f64 = (256 << 10) as f64;

pub(super) struct Reading {
    pub(super) name: String,
    /// Of the file, in bytes.
    pub(super) size: f64,
    /// Bytes that were read.
    pub(super) read: f64,
    /// Why it could not be read to its end; empty if it could.
    pub(super) problem: String,
    /// Reading ends when this is dropped.
    _owner: Rc<()>,
}

impl Reading {
    pub(super) fn start(file: File, handle: Handle<Inspector>) -> Self {
        let owner = Rc::new(());
        let is_wanted = Rc::downgrade(&owner);
        let reading = Self { name: file.name(), size: file.size(), read: 0.0, problem: String::new(), _owner: owner };
        spawn_local(async move {
            let reader = RefCell::new(Reader::default());
            let mut at = 0.0;
            let mut problem = None;
            while at < file.size() && problem.is_none() && is_wanted.upgrade().is_some() {
                let piece = piece(&file, at).await;
                if is_wanted.upgrade().is_none() {
                    return;
                }
                at += PIECE;
                problem = match piece {
                    Ok(piece) => reader.borrow_mut().read(&piece, push(&handle)).err(),
                    Err(()) => Some("the browser cannot read it any more".to_owned()),
                };
                handle.update(move |inspector| inspector.has_read(at, String::new()));
            }
            let problem = problem.or_else(|| reader.into_inner().end(push(&handle)).err());
            handle.update(move |inspector| inspector.has_read(at, problem.unwrap_or_default()));
        });
        reading
    }
}

fn push(handle: &Handle<Inspector>) -> impl FnMut(wire::event::Event) {
    let handle = handle.clone();
    move |event| handle.update_silently(move |inspector| inspector.push(event))
}

async fn piece(file: &File, at: f64) -> Result<Vec<u8>, ()> {
    let piece = file.slice_with_f64_and_f64(at, at + PIECE).map_err(drop)?;
    let buffer = JsFuture::from(piece.array_buffer()).await.map_err(drop)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

impl Inspector {
    fn has_read(&mut self, read: f64, problem: String) {
        if let Source::File(reading) = &mut self.source {
            reading.read = read.min(reading.size);
            reading.problem = problem;
        }
    }
}
