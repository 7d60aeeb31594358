//! Reading the command line and the environment, with errors that say where a wrong value comes from.

use std::ffi::{OsStr, OsString};

use clap::{
    Arg, ArgAction, Command, Error,
    builder::{Resettable, StyledStr},
    error::{ContextKind, ContextValue},
};

/// The program's arguments; what is not on the command line is looked for in the environment.
///
/// Ends the program after `--help` and `--version`, and where something is wrong.
pub(crate) fn parse<A: clap::Parser>() -> A {
    parse_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
}

fn parse_from<A: clap::Parser>(words: impl IntoIterator<Item = OsString>) -> Result<A, Error> {
    let prepare = |command: Command| command.mut_args(|arg| lenient(without_empty_variable(arg)));
    let mut command = prepare(A::command()).mut_subcommands(prepare);
    let words: Vec<OsString> = words.into_iter().collect();
    let parsed = command.try_get_matches_from_mut(&words).and_then(|matches| A::from_arg_matches(&matches));
    parsed.map_err(|error| with_variable(error, &command, &words))
}

/// A variable that is set to nothing is as good as one that is not set, as in most programs.
fn without_empty_variable(arg: Arg) -> Arg {
    let is_empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    if is_empty { arg.env(Resettable::Reset) } else { arg }
}

/// Takes a value with a hyphen, so that `--max-fragments -1` is a wrong value of that flag rather than an unknown flag.
fn lenient(arg: Arg) -> Arg {
    let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    if takes_value { arg.allow_hyphen_values(true) } else { arg }
}

/// Names the environment variable that the wrong value comes from, if it does.
fn with_variable(mut error: Error, command: &Command, words: &[OsString]) -> Error {
    let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidArg) else { return error };
    let given = words.get(1).and_then(|word| command.find_subcommand(word)).unwrap_or(command);
    let Some(arg) = given.get_arguments().find(|arg| arg.to_string() == *wrong) else { return error };
    let (Some(flag), Some(variable)) = (arg.get_long(), arg.get_env()) else { return error };
    if !is_given(words, flag) && std::env::var_os(variable).is_some() {
        let text = format!("the value comes from the environment variable {}", variable.to_string_lossy());
        let tip = ContextValue::StyledStrs(vec![StyledStr::from(text)]);
        error.insert(ContextKind::Suggested, tip);
    }
    error
}

fn is_given(words: &[OsString], flag: &str) -> bool {
    let (flag, with_value) = (format!("--{flag}"), format!("--{flag}="));
    let is_flag =
        |word: &OsString| word == OsStr::new(&flag) || word.as_encoded_bytes().starts_with(with_value.as_bytes());
    words.iter().any(is_flag)
}
