//! Refusals that the URL asks for: `/status`, `/redirect`, and `/auth/…` without its credential.

use data_encoding::BASE64;
use hyper::{
    StatusCode,
    header::{
        AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, SEC_WEBSOCKET_PROTOCOL,
        WWW_AUTHENTICATE,
    },
};
use wire::{Behaviour, Credential, Target};

use crate::http::{attempts::Attempts, refusal::Refusal};

/// Refuses a handshake that is in order, if its URL asks for that.
pub(crate) fn check(target: &Target, headers: &HeaderMap, attempts: &Attempts) -> Result<(), Refusal> {
    match target.behaviour() {
        Behaviour::Status(status) => {
            let id = if status.id.is_empty() { target.to_string() } else { status.id };
            if status.first.is_some_and(|first| !attempts.is_among_first(&id, first)) {
                return Ok(());
            }
            let retry_after = status.retry_after.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds)));
            let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            let body = status.body.unwrap_or_else(|| format!("the URL asks for {code}"));
            Err(requested(code, retry_after, body))
        }
        Behaviour::Redirect { to, status } => {
            let code = StatusCode::from_u16(status.code()).unwrap_or(StatusCode::FOUND);
            let body = format!("the URL asks for a redirect to {to}");
            Err(requested(code, HeaderValue::try_from(to).ok().map(|to| (LOCATION, to)), body))
        }
        Behaviour::Auth(credential) if !is_given(&credential, headers) => {
            let challenge = challenge(&credential);
            let body = format!("a credential is needed: {}", needed(&credential));
            Err(requested(
                StatusCode::UNAUTHORIZED,
                HeaderValue::try_from(challenge).ok().map(|value| (WWW_AUTHENTICATE, value)),
                body,
            ))
        }
        _ => Ok(()),
    }
}

fn requested(status: StatusCode, header: Option<(HeaderName, HeaderValue)>, body: String) -> Refusal {
    Refusal::Requested { status, header: header.map(Box::new), body }
}

fn is_given(credential: &Credential, headers: &HeaderMap) -> bool {
    let mut authorizations = headers.get_all(AUTHORIZATION).iter().filter_map(|value| value.to_str().ok());
    match credential {
        Credential::Basic { user, password } => {
            let expected = BASE64.encode(format!("{user}:{password}").as_bytes());
            authorizations.any(|value| of_scheme(value, "Basic") == Some(&expected))
        }
        Credential::Bearer(token) => authorizations.any(|value| of_scheme(value, "Bearer") == Some(token)),
        Credential::Subprotocol(token) => listed(headers, &SEC_WEBSOCKET_PROTOCOL, ',').any(|name| name == token),
        Credential::Cookie { name, value } => {
            listed(headers, &COOKIE, ';').any(|pair| pair.split_once('=') == Some((name, value)))
        }
    }
}

/// What follows a scheme, whose name may be in any case ([RFC 9110, 11.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.1)).
fn of_scheme<'value>(value: &'value str, scheme: &str) -> Option<&'value str> {
    let (name, credential) = value.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then(|| credential.trim())
}

fn listed<'headers>(
    headers: &'headers HeaderMap,
    name: &HeaderName,
    separator: char,
) -> impl Iterator<Item = &'headers str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(move |value| value.split(separator)).map(str::trim)
}

/// `WWW-Authenticate`, which every 401 has. Cookies have a scheme in a draft only (draft-broyer-http-cookie-auth), and
/// subprotocols have none: the token is a bearer's.
fn challenge(credential: &Credential) -> String {
    match credential {
        Credential::Basic { .. } => r#"Basic realm="canyon", charset="UTF-8""#.to_owned(),
        Credential::Bearer(_) | Credential::Subprotocol(_) => r#"Bearer realm="canyon""#.to_owned(),
        Credential::Cookie { name, .. } => format!(r#"Cookie realm="canyon", cookie-name={name}"#),
    }
}

fn needed(credential: &Credential) -> &'static str {
    match credential {
        Credential::Basic { .. } => "Authorization: Basic, with the URL's user and password",
        Credential::Bearer(_) => "Authorization: Bearer, with the URL's token",
        Credential::Subprotocol(_) => "the URL's token among the subprotocols",
        Credential::Cookie { .. } => "a cookie with the URL's token",
    }
}
