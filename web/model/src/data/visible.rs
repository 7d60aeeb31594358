//! Text of a peer or a person as it is, except characters that affect the text around them: control characters, line
//! separators, and those that reverse the direction of text. These are shown as visible signs.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Text of several lines: line ends and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    let mut chars = text.char_indices().peekable();
    let mut out = String::new();
    // Where the part begins that is not in `out` yet.
    let mut rest = 0;
    while let Some((place, c)) = chars.next() {
        let is_layout = matches!(c, '\n' | '\t') || c == '\r' && chars.peek().is_some_and(|&(_, next)| next == '\n');
        if is_unsafe(c) && !is_layout {
            out.push_str(&text[rest..place]);
            // A `String` takes everything.
            let _ = write_sign(&mut out, c);
            rest = place + c.len_utf8();
        }
    }
    if rest == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[rest..]);
    Cow::Owned(out)
}

/// Shows text on one line.
pub(crate) struct Visible<'a>(pub &'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| if is_unsafe(c) { write_sign(f, c) } else { f.write_char(c) })
    }
}

/// `Visible`, of a long text the beginning: a link, a file or a paste may name anything.
pub struct Beginning<'a>(pub &'a str);

/// Characters that [`Beginning`] shows. A close reason has at most 123 bytes (RFC 6455 5.5).
const BEGINNING: usize = 200;

impl fmt::Display for Beginning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(BEGINNING) {
            Some((end, _)) => write!(f, "{}…", Visible(&self.0[..end])),
            None => Visible(self.0).fmt(f),
        }
    }
}

/// Shows [`Beginning`] in quotes, for use in a sentence. [`fmt::Debug`] would escape combining characters, and with
/// them the vowels of Hindi and Thai.
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", Beginning(self.0))
    }
}

pub(crate) struct QuotedChar(pub char);

impl fmt::Display for QuotedChar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", Visible(self.0.encode_utf8(&mut [0; 4])))
    }
}

/// Joiners and marks such as U+200D and U+200F are safe, and scripts and emoji need them.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The [control picture](https://www.unicode.org/charts/PDF/U2400.pdf) of an ASCII control character, the code point of
/// another one.
pub(crate) fn write_sign(out: &mut impl Write, c: char) -> fmt::Result {
    match c {
        '\0'..='\u{1f}' => out.write_char(char::from_u32(0x2400 + u32::from(c)).unwrap_or('␀')),
        '\u{7f}' => out.write_char('␡'),
        _ => write!(out, "⟨U+{:04X}⟩", u32::from(c)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_script_and_emoji_is_shown_in_its_own_letters() {
        for text in ["सत्र समाप्त", "สวัสดีที่นี่", "❤\u{fe0f} 👩\u{200d}👩\u{200d}👧", "مرحبا\u{200f}", "e\u{301}", r#"\ " '"#]
        {
            assert_eq!(Quoted(text).to_string(), format!("\"{text}\""));
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn characters_that_act_on_others_are_signs() {
        assert_eq!(Quoted("a\r\n\t\u{1b}[2J\u{7f}").to_string(), "\"a␍␊␉␛[2J␡\"");
        assert_eq!(
            Visible("a\u{202e}gpj.exe\u{2069}\u{85}\u{2028}").to_string(),
            "a⟨U+202E⟩gpj.exe⟨U+2069⟩⟨U+0085⟩⟨U+2028⟩"
        );
        assert_eq!(QuotedChar('\u{301}').to_string(), "'\u{301}'");
        assert_eq!(QuotedChar('\n').to_string(), "'␊'");
    }

    #[test]
    fn of_a_long_text_the_beginning_is_quoted() {
        let whole = "सत".repeat(BEGINNING / 2);
        assert_eq!(Quoted(&whole).to_string(), format!("\"{whole}\""));
        assert_eq!(Quoted(&format!("{whole}ा")).to_string(), format!("\"{whole}…\""));
    }

    #[test]
    fn lines_and_tabs_stay_in_a_text_of_several_lines() {
        assert_eq!(visible("a\r\n\tb\n"), "a\r\n\tb\n");
        assert_eq!(visible("a\rb\u{202e}\n\0\r"), "a␍b⟨U+202E⟩\n␀␍");
    }

    proptest! {
        #[test]
        fn nothing_that_acts_on_others_is_left(text: String) {
            prop_assert!(!Visible(&text).to_string().chars().any(is_unsafe));
            let lines = visible(&text).into_owned();
            prop_assert!(!lines.chars().any(|c| is_unsafe(c) && !matches!(c, '\n' | '\t' | '\r')));
        }
    }
}
