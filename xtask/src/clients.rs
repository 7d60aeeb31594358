//! `cargo xtask clients`: what each of other people's clients makes of every fault, rare case and refusal of the server, compared
//! with docs/clients.tsv. The drivers are in tests/clients.

mod cases;
mod programs;
mod report;
mod table;

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use self::cases::Case;
use self::programs::Client;
use self::table::{Row, Table};
use crate::command::root;
use crate::server::Server;

pub(crate) const ABOUT: &str = "what other people's clients make of the server's faults is what docs/clients.tsv says";

const DOCUMENT: &str = "docs/clients.tsv";
const README: &str = "README.md";

/// Which clients are run, and whether what they do is recorded.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run these clients [default: those that need no browser]
    #[arg(value_name = "CLIENT")]
    clients: Vec<Client>,

    /// Run Chromium and Firefox too
    #[arg(long)]
    browsers: bool,

    /// Record what the clients do instead of comparing it
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let chosen: Vec<Client> = match &options.clients[..] {
        [] => Client::ALL.into_iter().filter(|client| options.browsers || !client.is_browser()).collect(),
        clients => clients.to_vec(),
    };
    if options.write { write(&chosen) } else { compare(&chosen) }
}

/// Runs the clients whose versions this repository fixes.
pub(crate) fn check() -> Result<()> {
    run(&Options { clients: Vec::new(), browsers: false, write: false })
}

/// Every row of the clients, in the order of the table.
fn rows(clients: &[Client], cases: &[Case]) -> Result<(Vec<Row>, BTreeMap<Client, String>)> {
    let server = Server::on_free_port()?;
    let mut rows = Vec::new();
    let mut versions = BTreeMap::new();
    for &client in clients {
        let program = client.ready()?;
        versions.insert(client, program.version.clone());
        for report in program.reports(&server.url, cases)? {
            rows.push(Row::new(client, &report.0, &report.1));
        }
    }
    server.stop();
    Ok((rows, versions))
}

fn write(clients: &[Client]) -> Result<()> {
    let cases = cases::all();
    let (rows, versions) = rows(clients, &cases)?;
    // What is not run now stays as it is.
    let mut table =
        fs::read_to_string(root().join(DOCUMENT)).map_or_else(|_| Ok(Table::default()), |text| Table::parse(&text))?;
    table.replace(rows, versions, &cases);
    fs::write(root().join(DOCUMENT), table.to_string()).with_context(|| format!("cannot write {DOCUMENT}"))?;
    fs::write(root().join(README), readme(&table)?).with_context(|| format!("cannot write {README}"))
}

fn compare(clients: &[Client]) -> Result<()> {
    let text = fs::read_to_string(root().join(DOCUMENT)).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let table = Table::parse(&text)?;
    if fs::read_to_string(root().join(README)).ok() != Some(readme(&table)?) {
        bail!("{README} does not show the lines of {DOCUMENT}; cargo xtask clients --write writes them");
    }
    let cases = cases::all();
    let (mut found, versions) = rows(clients, &cases)?;
    let mut differences = table.differences(&found, &versions);
    if !differences.is_empty() {
        // A busy machine may have kept a client waiting: what differs is tried once more.
        println!("{} rows differ; these are tried once more", differences.len());
        let again: Vec<Case> = cases.into_iter().filter(|case| differences.iter().any(|row| row.is_of(case))).collect();
        let (second, _) = rows(clients, &again)?;
        found.retain(|row| !again.iter().any(|case| row.is_of(case)));
        found.extend(second);
        differences = table.differences(&found, &versions);
    }
    if differences.is_empty() {
        println!("{} rows are as in {DOCUMENT}", found.len());
        return Ok(());
    }
    for row in &differences {
        println!("{}", table.change(row));
    }
    bail!(
        "{} rows are not as in {DOCUMENT}; where a client has changed, cargo xtask clients --write records it",
        differences.len()
    )
}

fn readme(table: &Table) -> Result<String> {
    let readme = fs::read_to_string(root().join(README)).with_context(|| format!("cannot read {README}"))?;
    table.in_document(&readme).with_context(|| format!("{README} has no place for the clients' table"))
}
