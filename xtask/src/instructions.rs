//! `cargo xtask instructions`: how many instructions the protocol code executes per message, counted by valgrind and compared
//! with the committed counts. Unlike times, counts are the same on a busy machine.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};

use crate::command::{self, answer, cargo, on_path, program, root};
use crate::own_program;
use crate::packages::Packages;

pub(crate) const ABOUT: &str = "the instructions a message takes are no more than they were";

/// The counts that are committed.
const COUNTS: &str = "docs/instructions.tsv";

/// A regression is a count that exceeds the committed one by more than this percentage: another compiler or C library may
/// account for less.
const MARGIN: u64 = 25;

/// Repetitions of a case. A second run has twice as many, so that the difference excludes start and end.
const TIMES: u64 = 100;

/// The processors whose instructions are counted.
const ARCHITECTURE: &str = "x86_64";

/// Makes glibc choose the same memory copy on every processor, and not `rep movsb`, of which valgrind counts each byte.
const TUNABLES: (&str, &str) = ("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-ERMS,-FSRM,-AVX2,-AVX_Fast_Unaligned_Load");

const VALGRIND: Packages = Packages { what: "valgrind", apt: &["valgrind"], brew: &["valgrind"] };

/// One kind of work, and its instructions per message.
#[derive(Debug, Clone, PartialEq)]
struct Count {
    case: String,
    instructions: u64,
}

/// Whether the counts are recorded or compared.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Record the counts instead of comparing them
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(options: Options) -> Result<()> {
    if options.write { write() } else { check() }
}

/// Counts, and fails where a count is much higher than the committed one.
pub(crate) fn check() -> Result<()> {
    if !is_countable() {
        println!("left out: valgrind counts the instructions of {ARCHITECTURE} only where Linux runs on it");
        return Ok(());
    }
    let text = fs::read_to_string(root().join(COUNTS)).with_context(|| format!("cannot read {COUNTS}"))?;
    let committed = parse(&text)?;
    let counted = count()?;
    let (table, regressions) = compare(&committed, &counted)?;
    print!("{table}");
    if regressions.is_empty() {
        return Ok(());
    }
    Err(anyhow!(
        "more than {MARGIN} % above {COUNTS}: {}; if that has to be, `cargo xtask instructions --write` renews it",
        regressions.join(", ")
    ))
}

fn write() -> Result<()> {
    if !is_countable() {
        bail!("the counts are those of Linux on {ARCHITECTURE}");
    }
    let counted = count()?;
    fs::write(root().join(COUNTS), lines(&counted)).with_context(|| format!("cannot write {COUNTS}"))
}

fn is_countable() -> bool {
    cfg!(target_os = "linux") && env::consts::ARCH == ARCHITECTURE
}

/// Instructions per message of each case.
fn count() -> Result<Vec<Count>> {
    if on_path("valgrind").is_none() {
        VALGRIND.install()?;
    }
    let build = ["build", "--profile", "instructions", "--package", "server", "--example", "instructions"];
    command::run(&mut cargo(build))?;
    let example = own_program::built("instructions")?.join("examples/instructions");
    let cases = answer(&mut program(&example)).with_context(|| format!("{} lists no cases", example.display()))?;
    let mut counts = Vec::new();
    for line in cases.lines() {
        let (case, messages) = line.split_once('\t').unwrap_or_default();
        let messages = messages.split('\t').next().and_then(|messages| messages.parse::<u64>().ok());
        let messages = messages.filter(|&messages| messages > 0).with_context(|| format!("'{line}' is no case"))?;
        let [once, twice] = [TIMES, 2 * TIMES].map(|times| instructions(&example, case, times));
        let instructions = twice?.saturating_sub(once?) / (TIMES * messages);
        counts.push(Count { case: case.to_owned(), instructions });
    }
    Ok(counts)
}

/// Instructions of a whole process that runs a case `times` times.
fn instructions(example: &Path, case: &str, times: u64) -> Result<u64> {
    let mut valgrind = program("valgrind");
    valgrind.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", "--log-fd=1"]);
    valgrind.arg(example).args([case, &times.to_string()]).env(TUNABLES.0, TUNABLES.1);
    command::show(&valgrind);
    let log = answer(&mut valgrind).with_context(|| format!("valgrind fails with the case '{case}'"))?;
    references(&log).with_context(|| format!("valgrind reports no count for the case '{case}':\n{log}"))
}

/// The number in valgrind's line `==123== I   refs:      459,036`.
fn references(log: &str) -> Option<u64> {
    let count = log.lines().find_map(|line| line.split_once("refs:")?.0.contains(" I ").then_some(line))?;
    count.rsplit(' ').next()?.replace(',', "").parse().ok()
}

/// The counts side by side, and the cases that regressed.
fn compare(committed: &[Count], counted: &[Count]) -> Result<(String, Vec<String>)> {
    let mut table = format!("{:<26} {:>10} {:>10}\n", "instructions a message", "committed", "counted");
    let mut regressions = Vec::new();
    for Count { case, instructions } in counted {
        let was = committed.iter().find(|count| count.case == *case);
        let was = was.with_context(|| format!("{COUNTS} has no case '{case}'; --write adds it"))?.instructions;
        let _ = writeln!(table, "{case:<26} {was:>10} {instructions:>10}");
        if *instructions * 100 > was * (100 + MARGIN) {
            regressions.push(format!("{case} takes {instructions}, not {was}"));
        }
    }
    match committed.iter().find(|was| counted.iter().all(|count| count.case != was.case)) {
        Some(gone) => Err(anyhow!("{COUNTS} has a case '{}' that no longer exists; --write removes it", gone.case)),
        None => Ok((table, regressions)),
    }
}

fn lines(counts: &[Count]) -> String {
    let mut text = format!(
        "# Written by: cargo xtask instructions --write\n# On: {ARCHITECTURE} Linux, with {}\n\
         # case, instructions a message\n",
        [("rustc", "-V"), ("valgrind", "--version")]
            .map(|(name, option)| answer(program(name).arg(option)).unwrap_or_default().trim().to_owned())
            .join(", ")
    );
    for Count { case, instructions } in counts {
        let _ = writeln!(text, "{case}\t{instructions}");
    }
    text
}

fn parse(text: &str) -> Result<Vec<Count>> {
    let counts = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (case, instructions) = line.split_once('\t')?;
        Some(Count { case: case.to_owned(), instructions: instructions.parse().ok()? })
    });
    counts.collect::<Option<_>>().with_context(|| format!("{COUNTS} has a line that is no case with its count"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u64)]) -> Vec<Count> {
        counts.iter().map(|&(case, instructions)| Count { case: case.to_owned(), instructions }).collect()
    }

    #[test]
    fn a_count_is_read_from_valgrinds_log() {
        let log = "==7== Cachegrind, a high-precision tracing profiler\n==7== \n==7== I   refs:      43,690,133\n";
        assert_eq!(references(log), Some(43_690_133));
        assert_eq!(references("==7== I refs:        459,036\n"), Some(459_036));
        assert_eq!(references("==7== Command: text-20\n"), None);
    }

    #[test]
    fn counts_are_read_as_they_were_written() {
        let counts = counts(&[("text-20", 899), ("binary-16k", 22_367)]);
        assert_eq!(parse(&lines(&counts)).unwrap(), counts);
        assert!(parse("text-20\tmany\n").is_err());
    }

    #[test]
    fn only_a_count_beyond_the_margin_is_a_regression() {
        let committed = counts(&[("one", 100), ("two", 100), ("three", 100)]);
        let counted = counts(&[("one", 125), ("two", 126), ("three", 10)]);
        let (table, regressions) = compare(&committed, &counted).unwrap();
        assert_eq!(regressions, ["two takes 126, not 100"]);
        assert_eq!(table.lines().nth(2).unwrap(), "two                               100        126");
    }

    #[test]
    fn both_have_to_have_the_same_cases() {
        let one = counts(&[("one", 1)]);
        let two = counts(&[("one", 1), ("two", 2)]);
        assert!(compare(&one, &two).unwrap_err().to_string().contains("'two'"));
        assert!(compare(&two, &one).unwrap_err().to_string().contains("'two'"));
    }
}
