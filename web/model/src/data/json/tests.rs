use proptest::prelude::*;

use super::*;

fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn find(path: &str, text: &str) -> Option<String> {
    path.parse::<Path>().unwrap().find(&parse(text).unwrap()).map(Value::to_string)
}

#[test]
fn every_kind_of_value_is_read() {
    let value = parse(r#" {"a": [1, -2.5e+3, true, false, null], "b": {"c": "x"}, "d": [], "e": {}} "#).unwrap();
    assert_eq!(value.to_string(), r#"{"a":[1,-2.5e+3,true,false,null],"b":{"c":"x"},"d":[],"e":{}}"#);
    assert_eq!(value.member("a").and_then(|a| a.element(0)).and_then(Value::integer), Some(1));
    assert_eq!(value.member("a").and_then(|a| a.element(2)), Some(&Value::Bool(true)));
}

#[test]
fn a_mistake_is_reported_with_its_line_and_column() {
    for (text, problem) in [
        ("", "line 1, column 1: expected a value, found the end"),
        ("{\n  \"é\": tru\n}", "line 2, column 8: \"tru\" is not a value; a string needs quotes"),
        ("{\"a\" 1}", "line 1, column 6: expected a colon, found '1'"),
        ("{a: 1}", "line 1, column 2: expected a name in quotes, found 'a'"),
        ("[1,]", "line 1, column 4: expected a value, found ']'"),
        ("[1 2]", "line 1, column 4: expected a comma or ], found '2'"),
        ("{\"a\":1", "line 1, column 7: expected a comma or }, found the end"),
        ("{} {}", "line 1, column 4: '{' after the end of the value"),
        ("\"a", "line 1, column 3: expected the closing quote of a string, found the end"),
        ("\"a\nb\"", "line 1, column 3: '␊' in a string has to be escaped"),
        (r#""\x""#, "line 1, column 3: expected one of \"\\/bfnrtu after a backslash, found 'x'"),
        (r#""\u12g4""#, "line 1, column 6: expected four hex digits after \\u, found 'g'"),
        ("012", "line 1, column 2: a number cannot have leading zeros"),
        ("-", "line 1, column 2: expected a digit, found the end"),
        ("1.", "line 1, column 3: expected a digit, found the end"),
        ("NaN", "line 1, column 1: expected a value, found 'N'"),
    ] {
        assert_eq!(error(text), problem, "{text}");
    }
}

#[test]
fn values_too_deep_for_the_stack_are_refused() {
    assert!(parse(&("[".repeat(256) + &"]".repeat(256))).is_ok());
    let error = parse(&"[".repeat(1_000_000)).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 257: nested deeper than 256 arrays and objects");
    assert_eq!(error.kind, JsonErrorKind::TooDeep, "it may well be JSON");
    assert_eq!(parse("[1,]").unwrap_err().kind, JsonErrorKind::Syntax);
}

#[test]
fn values_are_laid_out_in_lines_with_their_numbers_and_strings_as_written() {
    let text = r#"{"id":9007199254740993,"x":[1.0,1e400,[]],"\u0041":"\u00e9\/"}"#;
    let pretty = "{\n  \"id\": 9007199254740993,\n  \"x\": [\n    1.0,\n    1e400,\n    []\n  ],\n  \"\\u0041\": \"\\u00e9\\/\"\n}";
    assert_eq!(parse(text).unwrap().pretty(), pretty);
}

#[test]
fn escapes_are_resolved_in_a_strings_text() {
    let text = |text| parse(text).unwrap().text().unwrap().into_owned();
    assert_eq!(text(r#""a\"\\\/\b\f\n\r\té""#), "a\"\\/\u{8}\u{c}\n\r\té");
    assert_eq!(text(r#""\ud83d\ude00 \u00e9""#), "😀 é");
    assert_eq!(text(r#""\ud83dx \ude00""#), "\u{fffd}x \u{fffd}");
    assert_eq!(text(r#""\ud83d\u0041""#), "\u{fffd}A");
}

#[test]
fn a_path_finds_one_value() {
    let text = r#"{"a":{"b":[{"c":1},{"c":2}]},"x y":3,"q\"]":4,"a":{"b":[5]}}"#;
    assert_eq!(find("$.a.b[0]", text).as_deref(), Some("5"), "the last of repeated names");
    assert_eq!(find(r#"$["x y"]"#, text).as_deref(), Some("3"));
    assert_eq!(find(r#"$["q\"]"]"#, text).as_deref(), Some("4"));
    assert_eq!(find("$.a.b[1]", text), None);
    assert_eq!(find("$.a[0]", text), None);
    assert_eq!(find("$", "7").as_deref(), Some("7"));
}

#[test]
fn a_wrong_path_is_named() {
    let error = |path: &str| path.parse::<Path>().unwrap_err().to_string();
    assert_eq!(error("a.b"), r#"path "a.b" does not begin with $"#);
    assert_eq!(error("$.a[x].b"), r#""[x].b" in path "$.a[x].b" is neither .name nor [0] nor ["name"]"#);
    assert_eq!(error("$..a"), r#""..a" in path "$..a" is neither .name nor [0] nor ["name"]"#);
}

#[test]
fn values_are_the_same_by_what_they_mean() {
    let same = |one, other| parse(one).unwrap().is_same(&parse(other).unwrap());
    assert!(same(r#"{"a":1,"b":["\u0041"]}"#, r#"{ "b": ["A"], "a": 1 }"#));
    assert!(!same("1", "1.0"));
    assert!(!same("[1]", "[1,1]"));
    assert!(!same(r#"{"a":1}"#, r#"{"b":1}"#));
    assert!(!same(r#"{"a":1}"#, r#"{"a":1,"b":1}"#));
}

#[test]
fn of_a_repeated_name_the_last_member_counts_in_a_comparison() {
    let same = |one, other| parse(one).unwrap().is_same(&parse(other).unwrap());
    assert!(!same(r#"{"a":1,"a":1}"#, r#"{"a":1,"b":2}"#));
    assert!(!same(r#"{"a":1,"b":2}"#, r#"{"a":1,"a":1}"#));
    assert!(same(r#"{"a":1,"a":2}"#, r#"{"a":2}"#));
    assert!(same(r#"{"\u0061":1,"a":2,"b":3}"#, r#"{"b":3,"a":2}"#));
    assert!(!same(r#"{"a":1,"a":2}"#, r#"{"a":1}"#));
}

#[test]
fn an_object_is_written_member_by_member() {
    let mut out = String::new();
    let mut object = Object::new(&mut out);
    object.text("a", "\"\n\u{1}");
    object.number("b", 7);
    object.array("c", [1, 2], |out, item: i32| *out += &item.to_string());
    object.end();
    assert_eq!(out, r#"{"a":"\"\n\u0001","b":7,"c":[1,2]}"#);
}

/// Any JSON text, with blanks in it.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?",
        any::<String>().prop_map(|text| quoted(&text)),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[ {} ]", items.join(" ,\n"))),
            proptest::collection::vec((any::<String>(), inner), 0..5).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("{} : {value}", quoted(name))).collect();
                format!("{{{}\t}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn a_layout_is_the_same_value(text in any_json()) {
        let value = parse(&text).unwrap();
        let (pretty, compact) = (value.pretty(), value.to_string());
        prop_assert_eq!(&parse(&pretty).unwrap(), &value);
        prop_assert_eq!(&parse(&compact).unwrap(), &value);
        prop_assert!(value.is_same(&value));
    }

    #[test]
    fn a_quoted_string_is_read_back(text: String) {
        let quoted = quoted(&text);
        let value = parse(&quoted).unwrap();
        prop_assert_eq!(value.text().unwrap(), text);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in r#"[\[\]{}:,"\\ue0-9a-f. \n+-]{0,40}"#) {
        if let Err(error) = parse(&text) {
            prop_assert!(error.line <= text.lines().count().max(1) + 1);
        }
        let _ = text.parse::<Path>();
    }

    #[test]
    fn a_printed_path_is_read_back_the_same(names in proptest::collection::vec("[a-z.\\[\\]\" é\\\\]{0,5}", 0..4), index: u16) {
        let mut steps: String = names.iter().map(|name| format!("[{}]", quoted(name))).collect();
        steps += &format!("[{index}]");
        let path: Path = format!("${steps}").parse().unwrap();
        prop_assert_eq!(path.to_string().parse(), Ok(path));
    }
}
