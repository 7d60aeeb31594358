//! Names that may have to be cut.

/// Characters of a name that stay when it is cut.
const END: usize = 8;

/// A name in two parts, of which the first is cut where there is no room for both: addresses and file names differ more often
/// at their end than in their middle. A name that is hardly longer than its end stays in one part.
pub fn cut_in_middle(name: &str) -> (&str, &str) {
    let end = name.char_indices().rev().nth(END - 1).map_or(0, |(index, _)| index);
    if name[..end].chars().count() < END { (name, "") } else { name.split_at(end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_last_characters_and_a_short_one_stays_whole() {
        assert_eq!(
            cut_in_middle("staging.example.com/socket?token=abcdef"),
            ("staging.example.com/socket?toke", "n=abcdef")
        );
        assert_eq!(cut_in_middle("Grüße aus Köln am Rhein"), ("Grüße aus Köln ", "am Rhein"));
        for whole in ["", "a", "12345678", "123456789012345"] {
            assert_eq!(cut_in_middle(whole), (whole, ""));
        }
    }
}
