//! The commands of this repository: one function per verb, all of them in [`VERBS`].
//! Never needs a crate from outside, so that the first command on a fresh clone starts at once.

mod bench;
mod browser;
mod command;
mod conformance;
mod guard;
mod install;
mod instructions;
mod interop;
mod names;
mod npm;
mod packages;
mod run;
mod seal;
mod server;
mod size;
mod soak;
mod test;
mod tools;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::LazyLock;

/// What the verbs and their parts return; the error is one sentence for the person at the terminal.
type Result<T = ()> = std::result::Result<T, String>;

struct Verb {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result,
}

const VERBS: &[Verb] = &[
    Verb { name: "run", about: run::ABOUT, run: run::run },
    Verb { name: "test", about: test::ABOUT, run: test::run },
    Verb { name: "interop", about: interop::ABOUT, run: interop::run },
    Verb { name: "conformance", about: conformance::ABOUT, run: conformance::run },
    Verb { name: "size", about: size::ABOUT, run: size::run },
    Verb { name: "seal", about: seal::ABOUT, run: seal::run },
    Verb { name: "soak", about: soak::ABOUT, run: soak::run },
    Verb { name: "bench", about: bench::ABOUT, run: bench::run },
    Verb { name: "instructions", about: instructions::ABOUT, run: instructions::run },
];

fn main() -> ExitCode {
    LazyLock::force(&guard::OWN_PROGRAM);
    let mut arguments = env::args_os().skip(1);
    let outcome = match arguments.next() {
        None => {
            print!("{}", help());
            Ok(ExitCode::SUCCESS)
        }
        Some(verb) if verb == guard::VERB => guard::stand(arguments),
        Some(verb) => perform(&verb, arguments).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|sentence| {
        eprintln!("error: {sentence}");
        ExitCode::FAILURE
    })
}

fn perform(verb: &OsString, arguments: impl Iterator<Item = OsString>) -> Result {
    let arguments: Vec<String> = arguments.map(|word| word.to_string_lossy().into_owned()).collect();
    let asks_for_help = |word: &str| matches!(word, "--help" | "-h");
    let name = verb.to_string_lossy();
    if name == "help" || asks_for_help(&name) || arguments.iter().any(|word| asks_for_help(word)) {
        print!("{}", help());
        return Ok(());
    }
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        return Err(format!("there is no verb '{name}'\n\n{}", help()));
    };
    (verb.run)(&arguments)
}

fn help() -> String {
    let verbs: String = VERBS.iter().map(|verb| format!("  {:<12} {}\n", verb.name, verb.about)).collect();
    format!(
        "Usage: cargo xtask <verb>\n\n{verbs}\n\
         Tools that are missing are installed into a folder of the user's cache, or into $CANYON_TOOLS.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_every_verb_on_a_line_of_its_own() {
        let help = help();
        for verb in VERBS {
            assert!(help.lines().any(|line| line.trim_start().starts_with(verb.name)), "{help}");
        }
    }

    #[test]
    fn an_unknown_verb_is_named_and_the_known_ones_are_listed() {
        let sentence = perform(&"dance".into(), std::iter::empty()).unwrap_err();
        assert!(sentence.starts_with("there is no verb 'dance'\n"), "{sentence}");
        assert!(sentence.contains("interop"), "{sentence}");
    }
}
