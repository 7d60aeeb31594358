//! Settings that are wrong, on the command line and in the environment: the program says which, why, and what is right.

use crate::support::{
    Program,
    program::{canyon, wait_for_output},
};

/// What the program says before it ends, started with these arguments and one variable.
async fn complaint(arguments: &[&str], variable: Option<(&str, &str)>) -> String {
    let mut command = canyon(arguments);
    command.envs(variable);
    let output = wait_for_output(command).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_value_with_a_hyphen_is_a_wrong_value_of_its_flag() {
    for (flag, value) in [("--max-fragments", "-1"), ("--ping-interval", "-1s"), ("--max-message-size", "-1KiB")] {
        let text = complaint(&[flag, value], None).await;
        assert!(text.contains(&format!("invalid value '{value}' for '{flag} <")), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_value_from_the_environment_names_the_variable() {
    for (variable, flag) in
        [("CANYON_MAX_FRAGMENTS", "--max-fragments"), ("PORT", "--port"), ("CANYON_PUBLIC", "--public")]
    {
        let text = complaint(&[], Some((variable, "many"))).await;
        let source = format!("the value comes from the environment variable {variable}");
        assert!(text.contains("'many'") && text.contains(flag) && text.contains(&source), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_value_from_the_command_line_names_no_variable() {
    for arguments in [&["--max-fragments", "many"][..], &["--max-fragments=many"]] {
        let text = complaint(arguments, Some(("CANYON_MAX_FRAGMENTS", "7"))).await;
        assert!(text.contains("'many'") && !text.contains("environment"), "{text}");
    }
}

#[tokio::test]
async fn an_empty_variable_is_as_good_as_none() {
    let mut command = canyon(&["--host", "127.0.0.1"]);
    command.envs([("PORT", "0"), ("CANYON_MAX_FRAGMENTS", ""), ("CANYON_PUBLIC", ""), ("CANYON_SUBPROTOCOL", "")]);
    Program::start(command).url().await;
}
