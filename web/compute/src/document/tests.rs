use model::json;
use proptest::prelude::*;

use super::*;

fn document(text: &str, layout: Layout, columns: usize) -> Document {
    match layout {
        Layout::Json => Document::json(text.to_owned(), columns).unwrap(),
        _ => Document::text(text.to_owned(), columns),
    }
}

fn shown(row: &Row) -> String {
    row.spans.iter().map(|(_, text)| text.as_str()).collect()
}

fn all(document: &Document) -> Vec<String> {
    document.rows(0, document.len()).iter().map(shown).collect()
}

#[test]
fn a_text_has_its_lines_and_long_ones_are_cut_into_rows() {
    let text = document("one\r\n\ntwo words and more\n", Layout::Text, 8);
    assert_eq!(all(&text), ["one", "", "two word", "s and mo", "re", ""]);
    assert_eq!(text.rows(3, 2).iter().map(shown).collect::<Vec<_>>(), ["s and mo", "re"]);
    assert_eq!(text.rows(6, 2), []);
}

#[test]
fn wide_characters_and_signs_take_the_columns_that_they_are_drawn_in() {
    assert_eq!(all(&document("日本語日本", Layout::Text, 8)), ["日本語日", "本"]);
    assert_eq!(all(&document("\u{202e}abc\tx", Layout::Text, 8)), ["⟨U+202E⟩", "abc\tx"]);
}

#[test]
fn json_is_indented_with_its_parts_named() {
    let text = r#"{"a" : [1, -2.50e3], "b":{ }, "c":"\u0041\"", "d":[ true,null]}"#;
    let json = document(text, Layout::Json, 80);
    assert_eq!(json.to_text(), json::parse(text).unwrap().pretty());
    let row = |index: usize| json.rows(index as u32, 1).remove(0);
    assert_eq!(row(1).fold, Fold::Unfolded);
    assert_eq!(
        row(5).spans,
        [(Class::Plain, "  ".to_owned()), (Class::Name, r#""b""#.to_owned()), (Class::Plain, ": {},".to_owned())]
    );
    assert_eq!(row(3).spans[1], (Class::Number, "-2.50e3".to_owned()));
    assert_eq!(row(6).spans[3], (Class::String, r#""\u0041\"""#.to_owned()));
    assert_eq!(row(8).spans[1], (Class::Word, "true".to_owned()));
    assert_eq!(row(8).depth, 2);
}

#[test]
fn a_folded_part_is_one_row_and_copied_all_the_same() {
    let text = r#"{"a":[1,2,3],"b":{"c":[4]}}"#;
    let mut json = document(text, Layout::Json, 80);
    let before = all(&json);
    json.toggle(6);
    json.toggle(1);
    assert_eq!(all(&json), ["{", "  \"a\": […],  3 lines", "  \"b\": {…}  3 lines", "}"]);
    assert_eq!(json.to_text(), json::parse(text).unwrap().pretty());
    json.toggle(1);
    json.toggle(6);
    json.toggle(2);
    json.toggle(99);
    assert_eq!(all(&json), before, "a line that opens nothing is not folded");
}

#[test]
fn names_and_strings_of_any_length_are_found_in_parts() {
    let long = "x\\\"é".repeat(5_000);
    let text = format!(r#"{{"{long}" : [], "a":"{long}", "{long}":"{long}"   ,   "end":1}}"#);
    let json = document(&text, Layout::Json, 100);
    assert_eq!(json.to_text(), json::parse(&text).unwrap().pretty());
    assert!(json.lines.iter().all(|line| usize::from(line.len) <= MAX_LINE));
    let text = document(&long, Layout::Text, 100);
    assert_eq!(text.to_text(), long);
    assert_eq!(all(&text).concat(), long);
}

#[test]
fn another_width_cuts_other_rows_and_keeps_what_is_folded() {
    let mut json = document(r#"{"a":[1,2],"b":"0123456789"}"#, Layout::Json, 80);
    json.toggle(1);
    json.set_columns(12);
    assert_eq!(all(&json), ["{", "  \"a\": […], ", "   2 lines", "  \"b\": \"0123", "  456789\"", "}"]);
    json.set_columns(0);
    assert_eq!(json.columns, 8);
}

#[test]
fn what_is_nested_deeper_than_the_limit_is_an_error() {
    let deep = ["[".repeat(257), "]".repeat(257)].concat();
    assert_eq!(Document::json(deep, 80).unwrap_err().kind, json::JsonErrorKind::TooDeep);
    let deep = ["[".repeat(256), "]".repeat(256)].concat();
    assert_eq!(document(&deep, Layout::Json, 80).len(), 511);
}

fn any_json() -> impl Strategy<Value = String> {
    let blank = "[ \n]{0,2}";
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("-1.5E+3".to_owned()),
        any::<String>().prop_map(|text| json::quoted(&text)),
    ];
    let leaf = (blank, scalar).prop_map(|(blank, scalar)| blank + &scalar);
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..5), blank)
                .prop_map(|(elements, blank)| format!("[{}{blank}]", elements.join(","))),
            (prop::collection::vec((any::<String>(), inner), 0..5), blank).prop_map(|(members, blank)| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| format!("{}{blank}:{value}{blank}", json::quoted(name)))
                    .collect();
                format!("{{{}{blank}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn json_is_laid_out_as_it_is_written_elsewhere(text in any_json(), columns in 0..60usize) {
        let json = document(&text, Layout::Json, columns);
        let pretty = json::parse(&text).unwrap().pretty();
        prop_assert_eq!(json.to_text(), pretty);
        let rows = json.rows(0, json.len());
        prop_assert_eq!(rows.len() as u32, json.len());
        for row in &rows {
            let columns: usize = shown(row).chars().map(|c| width(c, 0)).sum();
            prop_assert!(columns <= json.columns, "{row:?}");
        }
        for first in 0..json.len() {
            prop_assert_eq!(&json.rows(first, 1)[0], &rows[first as usize]);
        }
    }

    #[test]
    fn a_text_is_all_in_its_rows(text: String, columns in 0..60usize) {
        let document = document(&text, Layout::Text, columns);
        let lines = visible(&text.replace("\r\n", "\n")).replace('\n', "");
        prop_assert_eq!(all(&document).concat(), lines);
    }

    #[test]
    fn folding_never_panics_and_unfolding_gives_all_back(
        text in any_json(),
        lines in prop::collection::vec(0..40u32, 0..10),
    ) {
        let mut json = document(&text, Layout::Json, 40);
        let before = all(&json);
        for &line in lines.iter().chain(lines.iter().rev()) {
            json.toggle(line);
            prop_assert_eq!(json.rows(0, json.len()).len() as u32, json.len());
        }
        prop_assert_eq!(all(&json), before);
    }
}
