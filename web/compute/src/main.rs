//! The compute worker: started by `worker.js`, answers the page at the other end of a port.

#[cfg(target_family = "wasm")]
mod worker {
    use std::cell::RefCell;
    use std::panic;

    use compute::protocol::{Request, Response, Span, decode, encode};
    use compute::{RegExps, Service};
    use js_sys::{Array, ArrayBuffer, Reflect, RegExp, Uint8Array};
    use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};
    use wasm_bindgen::prelude::{Closure, wasm_bindgen};
    use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
    use web_sys::{Blob, FileReaderSync, MessageEvent, MessagePort, console};

    /// As in the page.
    #[global_allocator]
    static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

    type Listener = Closure<dyn FnMut(MessageEvent)>;

    thread_local! {
        /// For as long as there is the worker.
        static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
    }

    /// Serves the page at the other end of that port.
    #[wasm_bindgen]
    pub fn serve(port: MessagePort) {
        panic::set_hook(Box::new(|panic| console::error_1(&panic.to_string().into())));
        let (mut service, mut parts) = (Service::new(RegExps { matches: match_texts, find }), Array::new());
        let answering = port.clone();
        let listener = Listener::new(move |event: MessageEvent| {
            let post: Array = event.data().unchecked_into();
            let head = Uint8Array::new(&post.get(0)).to_vec();
            // The page sees that the worker fails.
            let request: Request<'_> = decode(&head).ok().expect_throw("an unreadable request");
            let answer = match read(&post.get(1)) {
                Ok(file) => service.answer(&request, &file),
                Err(_) => encode(&Response::Problem("the file cannot be read: it may have been moved or changed")),
            };
            if matches!(request, Request::BeginExport { .. }) {
                parts = Array::new();
            }
            let written = service.take_written();
            if !written.is_empty() {
                // Each piece becomes a blob at once, which the browser holds outside of this memory.
                parts.push(&blob(&Array::of1(&Uint8Array::from(written.as_bytes()))));
            }
            let buffer: ArrayBuffer = Uint8Array::from(&*answer).buffer();
            let answer = Array::of1(&buffer);
            if request == Request::EndExport {
                answer.push(&blob(&parts));
                parts = Array::new();
            }
            // It fails only for what cannot be cloned or transferred.
            let _ = answering.post_message_with_transferable(&answer, &Array::of1(&buffer));
        });
        // `onmessage` starts the port.
        port.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        LISTENER.set(Some(listener));
    }

    /// The page has checked the expression. The page ends the worker where this takes too long.
    fn match_texts(expression: &str, flags: &str, texts: &[&str]) -> Vec<bool> {
        let expression = RegExp::new(expression, flags);
        let is_match = |text: &&str| {
            // With the flags g and y, `test` would begin where the last match ended.
            expression.set_last_index(0);
            expression.test(text)
        };
        texts.iter().map(is_match).collect()
    }

    /// As [`match_texts`], with the places.
    fn find(expression: &str, flags: &str, texts: &[&str]) -> Vec<Vec<Span>> {
        // With the flag g, `exec` begins where the last match ended.
        let expression = RegExp::new(expression, &(flags.replace('g', "") + "g"));
        let find = |text: &&str| {
            let mut found = Vec::new();
            expression.set_last_index(0);
            while let Some(matched) = expression.exec(text).filter(|_| found.len() < MAX_FOUND) {
                let start = Reflect::get(&matched, &"index".into()).ok().and_then(|index| index.as_f64());
                let (start, end) = (start.unwrap_or_default() as u32, expression.last_index());
                found.push((start, end));
                // An empty match would be found again.
                expression.set_last_index(end.max(start + 1));
            }
            found
        };
        texts.iter().map(find).collect()
    }

    /// Matches in one text that are looked for.
    const MAX_FOUND: usize = 200;

    /// Of a file, or of a buffer. Empty where there is none.
    fn read(attached: &JsValue) -> Result<Vec<u8>, JsValue> {
        if attached.is_undefined() {
            return Ok(Vec::new());
        }
        match attached.dyn_ref::<Blob>() {
            Some(file) => Ok(Uint8Array::new(&FileReaderSync::new()?.read_as_array_buffer(file)?.into()).to_vec()),
            None => Ok(Uint8Array::new(attached).to_vec()),
        }
    }

    fn blob(parts: &Array) -> Blob {
        Blob::new_with_blob_sequence(parts).expect_throw("throws only without memory")
    }
}

fn main() {}
