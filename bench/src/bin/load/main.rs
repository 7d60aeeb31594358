//! Loads an echo server of this machine and measures what an echo costs it.

mod arguments;
mod report;

use anyhow::Result;
use bench::load;
use clap::Parser;

use crate::{arguments::Arguments, report::Report};

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let plan = arguments.plan()?;
    // Beside the connections: the program's own few files.
    rlimit::increase_nofile_limit(plan.connections as u64 + 50)?;
    let report = Report { plan: &plan, kind: arguments.kind, outcome: &load::run(&plan)? };
    if arguments.json {
        println!("{}", report.json())
    } else {
        println!("{report}")
    }
    Ok(())
}
