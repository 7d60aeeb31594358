//! Does a case of the microbenchmarks so many times, for `cargo xtask instructions` to count what that takes. Never counts
//! itself. Without arguments it lists the cases, each with the messages of one time, and their bytes.
//!
//! ```text
//! valgrind --tool=cachegrind --cache-sim=no target/release/examples/instructions text-20 100
//! ```

#[path = "../benches/frames/cases.rs"]
mod cases;

use std::env;

use anyhow::{Context, bail};
use cases::CASES;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [] => CASES.iter().for_each(|case| println!("{case}\t{}\t{}", case.work().messages, case.work().bytes)),
        [name, times] => {
            let case = CASES.iter().find(|case| case.to_string() == *name);
            let mut work = case.with_context(|| format!("there is no case '{name}'"))?.work();
            let times: u32 = times.parse().with_context(|| format!("'{times}' is no number of times"))?;
            (0..times).for_each(|_| work.run());
        }
        _ => bail!("takes a case and a number of times, or nothing; got {arguments:?}"),
    }
    Ok(())
}
