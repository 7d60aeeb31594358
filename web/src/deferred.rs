//! Loads the deferred code, see [`Loaded`]. It shares memory and table with the rest of the page's program.

use gloo_utils::{document, window};
use js_sys::{Object, Reflect, WebAssembly};
use model::Loaded;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use crate::browser::task::Task;

/// Whether that file is loaded.
pub enum Deferred {
    Loading { _task: Task },
    Loaded(Loaded),
    Failed,
}

impl Deferred {
    /// Starts loading it. `done` gets the outcome.
    pub fn load(done: impl FnOnce(Self) + 'static) -> Self {
        let Some(address) = address() else { return Self::Loaded(Loaded::proven()) };
        let loading = async move {
            done(if instantiate(&address).await.is_ok() { Self::Loaded(Loaded::proven()) } else { Self::Failed });
        };
        Self::Loading { _task: Task::spawn(loading) }
    }

    pub fn loaded(&self) -> Option<Loaded> {
        match self {
            Self::Loaded(loaded) => Some(*loaded),
            _ => None,
        }
    }
}

/// Where the file is. A program that has not been split (`trunk serve`, tests) has none, and needs none.
fn address() -> Option<String> {
    document()
        .query_selector("script[data-deferred]")
        .ok()??
        .get_attribute("data-deferred")
        .filter(|name| !name.is_empty())
}

async fn instantiate(address: &str) -> Result<(), JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str(address)).await?.unchecked_into();
    let module = JsFuture::from(WebAssembly::compile(&JsFuture::from(response.array_buffer()?).await?)).await?;
    let imports = Object::new();
    Reflect::set(&imports, &"first".into(), &wasm_bindgen::exports())?;
    JsFuture::from(WebAssembly::instantiate_module(module.unchecked_ref(), &imports)).await?;
    Ok(())
}
