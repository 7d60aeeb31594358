//! What a client's handshake leads to in `canyon relay`.

use std::time::Duration;

use hyper::{Uri, header::HeaderMap};
use wire::relay::Request;

use super::{
    gateway::Gateway,
    plan::{Plan, is_reserved},
    pump::{Treatment, Treatments},
    target::Rules,
};
use crate::{
    config::Limits,
    http::{headers::ascii, raw_head::RawHead, refusal::Refusal, subprotocol},
};

/// What a client's handshake leads to.
#[derive(Debug)]
pub(crate) struct Onward {
    pub(crate) plan: Plan,
    /// What the client asked for.
    pub(crate) uri: Uri,
}

impl Gateway {
    pub(super) fn treatments(&self) -> Treatments {
        let treatment =
            Treatment { fragment: self.fragment, delay: *self.delay, jitter: *self.jitter, most: self.drop_after };
        Treatments { to_far: treatment, to_near: treatment, ping: None }
    }

    /// What a client's handshake leads to: the same request, but for what each connection has of its own.
    pub(crate) fn onward(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        raw_head: &RawHead,
        limits: &Limits,
    ) -> Result<Onward, Refusal> {
        let usual = Request::new("", &self.to.for_client(uri));
        let offers_deflate = headers
            .get_all(hyper::header::SEC_WEBSOCKET_EXTENSIONS)
            .iter()
            .filter_map(|value| ascii(value, &hyper::header::SEC_WEBSOCKET_EXTENSIONS).ok())
            .any(|value| value.contains("permessage-deflate"));
        let time = (*limits.handshake_timeout).clamp(Duration::from_millis(1), Duration::from_secs(60));
        let request = Request {
            headers: raw_head.headers().filter(|(name, _)| !is_reserved(&name.to_ascii_lowercase())).collect(),
            subprotocols: subprotocol::offered(headers)?.iter().map(ToString::to_string).collect(),
            extensions: if offers_deflate { usual.extensions } else { String::new() },
            trust: self.trust.0.clone(),
            open_timeout_ms: u32::try_from(time.as_millis()).unwrap_or(u32::MAX),
            ..usual
        };
        let plan = Plan::new(&request, Rules::OfOperator, limits);
        let plan = plan.map_err(|failure| Refusal::Malformed(failure.evidence))?;
        Ok(Onward { plan, uri: uri.clone() })
    }
}
