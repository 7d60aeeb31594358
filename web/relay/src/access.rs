//! Where the relay is, and its token.

use gloo_utils::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Response, Url};
use wire::relay::{PATH, Request};

/// Characters of a token.
const TOKEN: usize = 43;

pub(crate) struct Access {
    url: String,
    token: String,
}

impl Access {
    /// Why there is none.
    pub(crate) const NONE: &str =
        "the server of this page has no relay: start it with canyon --relay, and load the page from it";

    /// `token` is what the page's address had, for the relay of `server`; empty where it had none. A page of the server's own
    /// asks it for the token. `None` where there is no relay.
    pub(crate) async fn find(token: &str, server: &str) -> Option<Self> {
        if !token.is_empty() {
            let url = Url::new_with_base(PATH, server).ok()?.href();
            return Some(Self { url, token: token.to_owned() });
        }
        let url = ["ws", origin().strip_prefix("http")?, PATH].concat();
        Some(Self { url, token: own_token().await? })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn first_message(self, request: Request) -> String {
        Request { token: self.token, ..request }.to_json()
    }
}

pub(crate) fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// From the server that the page came from.
async fn own_token() -> Option<String> {
    let response: Response = JsFuture::from(window().fetch_with_str(PATH)).await.ok()?.unchecked_into();
    if response.status() != 200 {
        return None;
    }
    let text: JsValue = JsFuture::from(response.text().ok()?).await.ok()?;
    // A server that answers every path with the page says 200, too.
    text.as_string().map(|text| text.trim().to_owned()).filter(|token| token.len() == TOKEN)
}
