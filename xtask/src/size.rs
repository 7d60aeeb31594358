//! `cargo xtask size`: the size of the page's code as a browser loads it, compared with the recorded size.
//! The page that is measured is built beside `dist/`.

use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use flate2::Compression;
use flate2::read::GzEncoder;

use crate::command::{self, root};
use crate::tools::Tools;

/// Bytes of all code that is loaded without being asked for, gzipped: WebAssembly, glue and scripts of the page and of its
/// workers.
const BUDGET: usize = 200_000;
/// Of these, the bytes that a browser needs before the page answers the first click.
const BUDGET_AT_START: usize = 140_000;
/// Bytes of each program that is loaded when it is first needed: what a person waits for then.
const BUDGET_LATER: usize = 150_000;

/// Bytes that a build on another machine may differ by: paths in messages, for one.
const MARGIN: usize = 500;

/// The committed figures.
const RECORD: &str = "docs/size.tsv";

/// Whether the figures are recorded or compared.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Record the size instead of comparing it
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(options: Options) -> Result<()> {
    if options.write { record() } else { check() }
}

/// Fails where the page has grown beyond what was recorded, or beyond its budget.
pub(crate) fn check() -> Result<()> {
    let record = root().join(RECORD);
    let before = fs::read_to_string(&record).with_context(|| format!("cannot read {}", record.display()))?;
    let parts = measure()?;
    println!("{}", table(&parts));
    verdict(&recorded(&before)?, &parts)
}

fn record() -> Result<()> {
    let parts = measure()?;
    println!("{}", table(&parts));
    let path = root().join(RECORD);
    fs::write(&path, table(&parts)).with_context(|| format!("cannot write {}", path.display()))
}

/// Files that a browser loads for one purpose, with their bytes before and after gzip.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    kind: Kind,
    raw: usize,
    gzipped: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// The page's WebAssembly.
    Wasm,
    /// The part of it that is loaded right after the start.
    Deferred,
    /// The JavaScript that wasm-bindgen made for it.
    Glue,
    /// The page's hand-written scripts.
    Scripts,
    /// All code that only workers load at the start.
    Workers,
    /// The compute worker's, loaded when it is first needed.
    Compute,
    /// The view that measures, loaded when it is first shown.
    Measure,
    /// The view of the wire, loaded when it is first shown.
    Inspect,
    /// What connects through the relay and says why a connection failed, loaded when it is first needed.
    Relay,
    /// Not code, so not counted in the budget.
    Css,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Wasm,
        Self::Deferred,
        Self::Glue,
        Self::Scripts,
        Self::Workers,
        Self::Compute,
        Self::Measure,
        Self::Inspect,
        Self::Relay,
        Self::Css,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Wasm => "wasm",
            Self::Deferred => "deferred",
            Self::Glue => "glue",
            Self::Scripts => "scripts",
            Self::Workers => "workers",
            Self::Compute => "compute",
            Self::Measure => "measure",
            Self::Inspect => "inspect",
            Self::Relay => "relay",
            Self::Css => "css",
        }
    }

    fn of(file: &str) -> Option<Self> {
        let (name, extension) = file.rsplit_once('.')?;
        match extension {
            "wasm" | "js" if name.starts_with("compute") => Some(Self::Compute),
            "wasm" | "js" if name.starts_with("measure") => Some(Self::Measure),
            "wasm" | "js" if name.starts_with("inspect") => Some(Self::Inspect),
            "wasm" | "js" if name.starts_with("relay") => Some(Self::Relay),
            "wasm" | "js" if name.contains("worker") => Some(Self::Workers),
            "wasm" if name.starts_with("deferred-") => Some(Self::Deferred),
            "wasm" => Some(Self::Wasm),
            "js" if name.starts_with("web-") => Some(Self::Glue),
            "js" => Some(Self::Scripts),
            "css" => Some(Self::Css),
            _ => None,
        }
    }

    fn is_loaded_at_start(self) -> bool {
        self.is_needed_at_start() || matches!(self, Self::Deferred | Self::Workers)
    }

    /// Workers start beside the page, which does not wait for them.
    fn is_needed_at_start(self) -> bool {
        matches!(self, Self::Wasm | Self::Glue | Self::Scripts)
    }
}

/// Gzipped bytes of the parts of some kinds.
fn sum(parts: &[Part], counts: fn(Kind) -> bool) -> usize {
    parts.iter().filter(|part| counts(part.kind)).map(|part| part.gzipped).sum()
}

fn verdict(before: &[Part], now: &[Part]) -> Result<()> {
    for (what, counts, budget) in [
        ("the page's code", Kind::is_loaded_at_start as fn(Kind) -> bool, BUDGET),
        ("what is needed until the first click", Kind::is_needed_at_start, BUDGET_AT_START),
        ("what large messages and files need", |kind| kind == Kind::Compute, BUDGET_LATER),
        ("the view that measures", |kind| kind == Kind::Measure, BUDGET_LATER),
        ("the view of the wire", |kind| kind == Kind::Inspect, BUDGET_LATER),
        ("what the relay and failures need", |kind| kind == Kind::Relay, BUDGET_LATER),
    ] {
        let (before, now) = (sum(before, counts), sum(now, counts));
        println!("{what} is {now} bytes gzipped; {RECORD} says {before}, the budget is {budget}.");
        ensure!(now <= budget, "{what} is {} B over its budget", now.saturating_sub(budget));
        if now > before + MARGIN {
            let grown = now - before;
            bail!("{what} has grown by {grown} bytes; where it is worth that, record it: cargo xtask size --write");
        }
    }
    Ok(())
}

fn measure() -> Result<Vec<Part>> {
    let dist = root().join("target/size");
    command::run(Tools::ready_for_release()?.trunk("build")?.arg("--release").arg("--dist").arg(&dist))?;
    let mut parts = Kind::ALL.map(|kind| Part { kind, raw: 0, gzipped: 0 });
    for entry in fs::read_dir(&dist).with_context(|| format!("cannot read {}", dist.display()))? {
        let path = entry?.path();
        let kind = path.file_name().and_then(|name| Kind::of(&name.to_string_lossy()));
        if let Some(part) = parts.iter_mut().find(|part| Some(part.kind) == kind) {
            let (raw, gzipped) = measured(&path)?;
            part.raw += raw;
            part.gzipped += gzipped;
        }
    }
    Ok(parts.into_iter().filter(|part| part.raw > 0).collect())
}

/// A file's bytes, before and after gzip.
fn measured(path: &Path) -> Result<(usize, usize)> {
    let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut gzipped = Vec::new();
    GzEncoder::new(&*content, Compression::best()).read_to_end(&mut gzipped)?;
    Ok((content.len(), gzipped.len()))
}

fn table(parts: &[Part]) -> String {
    let lines = parts.iter().map(Part::to_string);
    format!("part\tbytes\tgzipped\n{}", lines.collect::<String>())
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\t{}\t{}", self.kind.name(), self.raw, self.gzipped)
    }
}

fn recorded(table: &str) -> Result<Vec<Part>> {
    table.lines().skip(1).map(|line| row(line).with_context(|| format!("{RECORD} has a line '{line}'"))).collect()
}

fn row(line: &str) -> Option<Part> {
    let [name, raw, gzipped] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
    Some(Part { kind, raw: raw.parse().ok()?, gzipped: gzipped.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(wasm: usize, worker: usize) -> Vec<Part> {
        let part = |kind, gzipped| Part { kind, raw: 2 * gzipped, gzipped };
        vec![
            part(Kind::Wasm, wasm),
            part(Kind::Glue, 8_000),
            part(Kind::Workers, worker),
            part(Kind::Compute, 30_000),
            part(Kind::Css, 3_000),
        ]
    }

    fn error(before: &[Part], now: &[Part]) -> Option<String> {
        verdict(before, now).err().map(|error| error.to_string())
    }

    #[test]
    fn the_record_is_read_back_the_same() {
        assert_eq!(recorded(&table(&parts(90_000, 20_000))).unwrap(), parts(90_000, 20_000));
    }

    #[test]
    fn code_counts_where_it_is_loaded() {
        assert_eq!(sum(&parts(90_000, 20_000), Kind::is_loaded_at_start), 118_000);
        assert_eq!(sum(&parts(90_000, 20_000), Kind::is_needed_at_start), 98_000);
        let files = [
            "web-1_bg.wasm",
            "deferred-1_bg.wasm",
            "web-1.js",
            "start.js",
            "worker.js",
            "service-worker.js",
            "base-1.css",
        ];
        let kinds = [Kind::Wasm, Kind::Deferred, Kind::Glue, Kind::Scripts, Kind::Workers, Kind::Workers, Kind::Css];
        assert_eq!(["compute-1_bg.wasm", "compute-1.js"].map(Kind::of), [Some(Kind::Compute); 2]);
        assert_eq!(Kind::of("inspect-1_bg.wasm"), Some(Kind::Inspect));
        assert_eq!(files.map(Kind::of), kinds.map(Some));
        assert_eq!(Kind::of("icon-192.png"), None);
    }

    #[test]
    fn a_line_that_is_no_part_is_named() {
        for line in ["wasm\tmany", "paint\t1\t1"] {
            let error = recorded(&format!("part\tbytes\tgzipped\n{line}\n")).unwrap_err().to_string();
            assert_eq!(error, format!("docs/size.tsv has a line '{line}'"));
        }
    }

    #[test]
    fn growth_beyond_the_margin_is_an_error() {
        let before = parts(90_000, 20_000);
        assert_eq!(error(&before, &parts(90_500, 20_000)), None);
        assert_eq!(error(&before, &parts(80_000, 20_000)), None);
        assert!(error(&before, &parts(90_501, 20_000)).unwrap().starts_with("the page's code has grown by 501 bytes"));
    }

    #[test]
    fn each_budget_is_kept_whatever_was_recorded() {
        let large = parts(132_001, 10_000);
        assert_eq!(error(&large, &large).unwrap(), "what is needed until the first click is 1 B over its budget");
        let large: Vec<Part> = parts(90_000, 10_000)
            .into_iter()
            .map(|part| if part.kind == Kind::Compute { Part { gzipped: 150_001, ..part } } else { part })
            .collect();
        assert_eq!(error(&large, &large).unwrap(), "what large messages and files need is 1 B over its budget");
        let large = parts(100_000, 92_001);
        assert_eq!(error(&large, &large).unwrap(), "the page's code is 1 B over its budget");
    }

    #[test]
    fn a_file_is_measured_before_and_after_gzip() {
        let (raw, gzipped) = measured(&root().join("Cargo.lock")).unwrap();
        assert!(gzipped > 0 && gzipped * 2 < raw, "{raw} {gzipped}");
    }
}
