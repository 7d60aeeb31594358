//! `cargo xtask size`: how large the page is when it arrives in a browser, and whether that is more than it was.
//! Never touches `dist/`: the page that is measured is built beside it.

use std::fs;
use std::path::Path;

use crate::Result;
use crate::command::{self, answer, program, root};
use crate::tools::Tools;

pub(crate) const ABOUT: &str = "build the page as for a release, and compare its size with docs/size.tsv  [--write]";

/// WebAssembly and glue together, gzipped.
const BUDGET: usize = 110_000;

/// What a build on another machine may differ by: paths in messages, for one.
const MARGIN: usize = 500;

/// The committed figures.
const RECORD: &str = "docs/size.tsv";

pub(crate) fn run(arguments: &[String]) -> Result {
    match arguments {
        [] => check(),
        [word] if word == "--write" => record(),
        [word, ..] => Err(format!("size does not know '{word}'; --write is all it takes")),
    }
}

/// Fails where the page has grown beyond what was recorded, or beyond its budget.
pub(crate) fn check() -> Result {
    let record = root().join(RECORD);
    let before = fs::read_to_string(&record).map_err(|error| format!("cannot read {}: {error}", record.display()))?;
    let parts = measure()?;
    println!("{}", table(&parts));
    verdict(code(&recorded(&before)?), code(&parts))
}

fn record() -> Result {
    let parts = measure()?;
    println!("{}", table(&parts));
    let path = root().join(RECORD);
    fs::write(&path, table(&parts)).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Something that a browser loads, with its bytes before and after gzip.
#[derive(Debug, PartialEq)]
struct Part {
    name: String,
    raw: usize,
    gzipped: usize,
}

impl Part {
    fn empty(name: &str) -> Self {
        Self { name: name.to_owned(), raw: 0, gzipped: 0 }
    }
}

/// What the budget is for.
fn code(parts: &[Part]) -> usize {
    parts.iter().filter(|part| matches!(&*part.name, "wasm" | "glue")).map(|part| part.gzipped).sum()
}

fn verdict(before: usize, now: usize) -> Result {
    println!("WebAssembly and glue are {now} bytes gzipped; {RECORD} says {before}, the budget is {BUDGET}.");
    if before <= BUDGET && now > BUDGET {
        return Err(format!("the page is {} bytes over its budget", now - BUDGET));
    }
    if now > before + MARGIN {
        return Err(format!(
            "the page has grown by {} bytes; where it is worth that, `cargo xtask size --write` says so in {RECORD}",
            now - before
        ));
    }
    Ok(())
}

fn measure() -> Result<Vec<Part>> {
    let dist = root().join("target/size");
    command::run(Tools::ready_for_release()?.trunk("build")?.arg("--release").arg("--dist").arg(&dist))?;
    let unreadable = |error| format!("cannot read {}: {error}", dist.display());
    let mut parts: Vec<Part> = ["wasm", "glue", "scripts", "css"].map(Part::empty).into();
    for entry in fs::read_dir(&dist).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().map(|name| kind(&name.to_string_lossy()));
        if let Some(part) = parts.iter_mut().find(|part| name == Some(&*part.name)) {
            part.raw += fs::read(&path).map_err(unreadable)?.len();
            part.gzipped += gzipped(&path)?;
        }
    }
    Ok(parts)
}

/// Which part a file of the page belongs to; the scripts are those that a person wrote.
fn kind(file: &str) -> &'static str {
    match file.rsplit_once('.') {
        Some((_, "wasm")) => "wasm",
        Some((name, "js")) if name.starts_with("web-") => "glue",
        Some((_, "js")) => "scripts",
        Some((_, "css")) => "css",
        _ => "not counted",
    }
}

/// By Node.js, which is there: the tool that makes the page small needs it as well.
fn gzipped(path: &Path) -> Result<usize> {
    const SCRIPT: &str = "require('zlib').gzipSync(require('fs').readFileSync(process.argv[1]), { level: 9 }).length";
    let size = answer(program("node").args(["--print", SCRIPT, "--"]).arg(path));
    let size = size.and_then(|size| size.trim().parse().ok());
    size.ok_or_else(|| format!("node, see https://nodejs.org, cannot tell how large {} is gzipped", path.display()))
}

fn table(parts: &[Part]) -> String {
    let lines = parts.iter().map(|Part { name, raw, gzipped }| format!("{name}\t{raw}\t{gzipped}\n"));
    format!("part\tbytes\tgzipped\n{}", lines.collect::<String>())
}

fn recorded(table: &str) -> Result<Vec<Part>> {
    table.lines().skip(1).map(|line| row(line).ok_or_else(|| format!("{RECORD} has a line '{line}'"))).collect()
}

fn row(line: &str) -> Option<Part> {
    let [name, raw, gzipped] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
    Some(Part { name: name.to_owned(), raw: raw.parse().ok()?, gzipped: gzipped.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(wasm: usize) -> Vec<Part> {
        let part = |name: &str, gzipped| Part { name: name.to_owned(), raw: 2 * gzipped, gzipped };
        vec![part("wasm", wasm), part("glue", 8_000), part("css", 3_000)]
    }

    #[test]
    fn what_is_recorded_is_read_again() {
        assert_eq!(recorded(&table(&parts(90_000))), Ok(parts(90_000)));
        assert_eq!(code(&parts(90_000)), 98_000);
    }

    #[test]
    fn only_what_was_compiled_counts() {
        let kinds = ["web-1_bg.wasm", "web-1.js", "start.js", "base-1.css", "icon-192.png"].map(kind);
        assert_eq!(kinds, ["wasm", "glue", "scripts", "css", "not counted"]);
    }

    #[test]
    fn a_line_that_is_no_part_is_named() {
        assert_eq!(
            recorded("part\tbytes\tgzipped\nwasm\tmany\n"),
            Err("docs/size.tsv has a line 'wasm\tmany'".to_owned())
        );
    }

    #[test]
    fn growth_beyond_the_margin_is_told() {
        assert_eq!(verdict(90_000, 90_500), Ok(()));
        assert!(verdict(90_000, 90_501).unwrap_err().starts_with("the page has grown by 501 bytes"));
        assert_eq!(verdict(90_000, 80_000), Ok(()));
    }

    #[test]
    fn a_page_within_its_budget_stays_there() {
        assert_eq!(verdict(109_990, 110_007), Err("the page is 7 bytes over its budget".to_owned()));
        assert_eq!(verdict(120_000, 119_000), Ok(()));
    }
}
