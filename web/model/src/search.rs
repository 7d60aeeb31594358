//! Finding one text in another. It is never fast with long texts to look for: the standard library's search is, and takes
//! 2.5 KB of a page of 230, even where only a character is looked for.

/// Where what is sought begins for the first time.
pub(crate) fn find(text: &str, sought: &str) -> Option<usize> {
    let (text, sought) = (text.as_bytes(), sought.as_bytes());
    let last = text.len().checked_sub(sought.len())?;
    (0..=last).find(|&place| text[place..].starts_with(sought))
}

/// What is before the first place of what is sought, and what is after it.
pub(crate) fn split_once<'a>(text: &'a str, sought: &str) -> Option<(&'a str, &'a str)> {
    let place = find(text, sought)?;
    Some((&text[..place], &text[place + sought.len()..]))
}

/// Where an ASCII character is for the last time.
pub(crate) fn last(text: &str, sought: u8) -> Option<usize> {
    text.bytes().rposition(|byte| byte == sought)
}

/// Whether an ASCII character is there.
pub(crate) fn has(text: &str, sought: u8) -> bool {
    last(text, sought).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_in_every_text_and_a_text_not_in_a_shorter_one() {
        assert_eq!(find("", ""), Some(0));
        assert_eq!(find("ab", "abc"), None);
        assert_eq!(split_once("é{{€}}", "{{"), Some(("é", "€}}")));
    }

    proptest! {
        #[test]
        fn the_same_is_found_as_by_the_standard_library(text in "[ab€]{0,12}", sought in "[ab€]{0,3}") {
            prop_assert_eq!(find(&text, &sought), text.find(&sought));
            prop_assert_eq!(split_once(&text, &sought), text.split_once(&sought));
            prop_assert_eq!(last(&text, b'a'), text.rfind('a'));
            prop_assert_eq!(has(&text, b'a'), text.contains('a'));
        }
    }
}
