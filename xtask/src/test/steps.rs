//! What `cargo xtask test` checks, in the order in which a failure is cheapest to find. Each step installs what it needs.

use anyhow::{Result, anyhow};

use crate::command::{self, cargo, on_path};
use crate::server::Server;
use crate::tools::{self, Tools, WASM_TARGET};
use crate::{browser, clients, instructions, interop, language, size};

/// One thing that can pass or fail, and be run alone.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) run: fn() -> Result<()>,
}

pub(super) const STEPS: &[Step] = &[
    Step { name: "format", about: "the code is formatted as rustfmt would", run: format },
    Step { name: "clippy", about: "no warnings in what runs natively", run: clippy },
    Step { name: "clippy-wasm", about: "no warnings in the page", run: clippy_wasm },
    Step { name: "doc", about: "no warnings in the documentation of what runs natively", run: doc },
    Step { name: "native", about: "the tests that need no browser", run: native },
    Step { name: "language", about: language::ABOUT, run: language::check },
    Step { name: "fuzz", about: "the fuzz targets build", run: fuzz },
    Step { name: "page", about: "the page's tests in headless Chromium, with a real server", run: page },
    Step { name: "trunk", about: "the page builds", run: trunk },
    Step { name: "size", about: "the page is no larger than it was", run: size::check },
    Step { name: "browser", about: "a person's journeys in a real browser, against the real server", run: journeys },
    Step { name: "interop", about: interop::ABOUT, run: interop::check },
    Step { name: "clients", about: clients::ABOUT, run: clients::check },
    Step { name: "instructions", about: instructions::ABOUT, run: instructions::check },
];

fn format() -> Result<()> {
    command::run(&mut cargo(["fmt", "--all", "--check"]))
}

const DENY_WARNINGS: &[&str] = &["--", "--deny", "warnings"];

fn clippy() -> Result<()> {
    command::run(cargo(["clippy", "--workspace", "--exclude", "web", "--all-targets"]).args(DENY_WARNINGS))?;
    // `--all-targets` skips a target with `test = false`.
    command::run(cargo(["clippy", "--package", "canyon-tests", "--test", "browser"]).args(DENY_WARNINGS))
}

fn clippy_wasm() -> Result<()> {
    tools::ready_wasm_target()?;
    command::run(cargo(["clippy", "--package", "web", "--all-targets", "--target", WASM_TARGET]).args(DENY_WARNINGS))?;
    // What its native tests need is not there on this target.
    let later = ["compute", "measure", "inspect", "relay"].map(|program| ["--package", program]);
    command::run(cargo(["clippy", "--target", WASM_TARGET]).args(later.as_flattened()).args(DENY_WARNINGS))
}

fn doc() -> Result<()> {
    // Without the page: its dependencies would be checked once more for half a minute.
    command::run(cargo(["doc", "--workspace", "--exclude", "web", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))
}

fn native() -> Result<()> {
    command::run(&mut cargo(["test"]))
}

/// They are run by hand, with a nightly compiler; see CONTRIBUTING.md.
fn fuzz() -> Result<()> {
    if on_path("c++").is_none() {
        println!("left out: the fuzz targets need a C++ compiler");
        return Ok(());
    }
    command::run(&mut cargo(["check", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target/fuzz"]))
}

/// Tests that need a server are built as ignored unless `ECHO_URL` is set; here each of them has to run.
fn page() -> Result<()> {
    let tools = Tools::ready()?;
    let driver = browser::driver()?;
    let server = Server::on_free_port()?;
    let mut test = tools.command("cargo")?;
    test.args(["test", "--package", "web", "--target", WASM_TARGET])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
        .env("CHROMEDRIVER", driver)
        .env("ECHO_URL", &server.url);
    let counts = counts(&command::run_and_read(&mut test)?);
    match counts {
        Counts { passed: 0, .. } => Err(anyhow!("no test of the page was run")),
        Counts { ignored: 0, .. } => Ok(()),
        Counts { ignored, .. } => Err(anyhow!("{ignored} tests of the page were ignored, though they had a server")),
    }
}

fn trunk() -> Result<()> {
    command::run(&mut Tools::ready()?.trunk("build")?)
}

fn journeys() -> Result<()> {
    let driver = browser::driver()?;
    let axe_core = tools::axe_core()?;
    let mut test = cargo(["test", "--package", "canyon-tests", "--test", "browser"]);
    command::run(test.env("CHROMEDRIVER", driver).env("AXE_CORE", axe_core))
}

/// The sums over all test binaries of one run.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    passed: u32,
    ignored: u32,
}

/// Adds up the lines of the form `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
fn counts(output: &str) -> Counts {
    let mut counts = Counts::default();
    for line in output.lines().filter(|line| line.starts_with("test result: ")) {
        let words: Vec<&str> = line.split([' ', ';']).collect();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u32>() else { continue };
            match pair[1] {
                "passed" => counts.passed += number,
                "ignored" => counts.ignored += number,
                _ => {}
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_added_up_over_all_test_binaries() {
        let output = "\
running 4 tests
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.52s

test result: ok. 2 passed; 0 failed; 0 ignored; 0 filtered out; finished in 0.10s
";
        assert_eq!(counts(output), Counts { passed: 5, ignored: 1 });
    }

    #[test]
    fn no_result_counts_as_no_test() {
        assert_eq!(counts("no tests to run!\n"), Counts { passed: 0, ignored: 0 });
    }
}
