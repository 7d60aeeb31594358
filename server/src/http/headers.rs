//! What headers say, and how often they may. Never what follows from it.

use hyper::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};

use crate::http::refusal::Refusal;

/// The value of a header that must be there once.
pub(crate) fn exactly_one<'headers>(headers: &'headers HeaderMap, name: &HeaderName) -> Result<&'headers str, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(Refusal::Malformed(format!("the header {name} is missing"))),
        (Some(_), Some(_)) => Err(Refusal::Malformed(format!("the header {name} is there more than once"))),
        (Some(value), None) => ascii(value, name),
    }
}

/// A value as text.
pub(crate) fn ascii<'value>(value: &'value HeaderValue, name: &HeaderName) -> Result<&'value str, Refusal> {
    let not_ascii = |_| Refusal::Malformed(format!("the header {name} holds bytes that are not ASCII: {value:?}"));
    value.to_str().map_err(not_ascii)
}

/// The value of a header that may be there once.
pub(crate) fn at_most_one<'headers>(
    headers: &'headers HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'headers str>, Refusal> {
    if headers.contains_key(name) { exactly_one(headers, name).map(Some) } else { Ok(None) }
}

/// Whether a header that is a list of tokens has this one, in any case.
pub(crate) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(token))
}

/// Checks how the body's length is stated: a proxy in between must read the same length.
pub(super) fn check_body(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            if headers.contains_key(CONTENT_LENGTH) {
                return Err(Refusal::Malformed(
                    "a request has content-length or transfer-encoding, not both".to_owned(),
                ));
            }
            Ok(())
        }
        _ => {
            Err(Refusal::TransferCoding(format!("{:?}", headers.get_all(TRANSFER_ENCODING).iter().collect::<Vec<_>>())))
        }
    }
}
