//! Names with values as a URL carries them in its query or fragment,
//! [`application/x-www-form-urlencoded`](https://url.spec.whatwg.org/#application/x-www-form-urlencoded).

/// The names and values of a text such as `delay=200ms&reason=good%20bye`, in their order.
pub fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

/// Adds a name and its value to a text, as [`pairs`] reads it.
pub fn push_pair(text: &mut String, name: &str, value: &str) {
    if !text.is_empty() {
        text.push('&');
    }
    push_encoded(text, name);
    text.push('=');
    push_encoded(text, value);
}

/// A text that would be no UTF-8 stays as it is written.
fn decoded(written: &str) -> String {
    let mut bytes = Vec::with_capacity(written.len());
    let mut rest = written.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => match (hex_value(*high), hex_value(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (b'%', &rest[1..]),
            },
            (b'+', _) => (b' ', after),
            (&other, _) => (other, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).unwrap_or_else(|_| written.to_owned())
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

fn push_encoded(text: &mut String, plain: &str) {
    for byte in plain.bytes() {
        match byte {
            b' ' => text.push('+'),
            b'*' | b'-' | b'.' | b'_' => text.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() => text.push(byte.into()),
            _ => {
                text.push('%');
                text.extend([byte >> 4, byte & 0xf].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        pairs(text).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn names_and_values_are_decoded() {
        assert_eq!(read("a=1&b=%E2%82%ac+x&&c"), [pair("a", "1"), pair("b", "€ x"), pair("c", "")]);
        assert_eq!(read(""), []);
    }

    #[test]
    fn what_is_no_escape_or_no_utf_8_stays_as_it_is_written() {
        assert_eq!(read("a=100%&b=%zz%4&c=%ff"), [pair("a", "100%"), pair("b", "%zz%4"), pair("c", "%ff")]);
    }

    #[test]
    fn what_has_a_meaning_in_a_url_is_encoded() {
        let mut text = String::new();
        push_pair(&mut text, "url", "ws://a/?b=c d");
        push_pair(&mut text, "€", "*-._");
        assert_eq!(text, "url=ws%3A%2F%2Fa%2F%3Fb%3Dc+d&%E2%82%AC=*-._");
    }

    proptest! {
        #[test]
        fn every_pair_is_read_as_it_was_written(name in ".+", value in ".*") {
            let mut text = String::new();
            push_pair(&mut text, &name, &value);
            push_pair(&mut text, "next", "1");
            prop_assert_eq!(read(&text), [(name, value), pair("next", "1")]);
        }
    }
}
