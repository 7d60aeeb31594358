//! Microbenchmarks of the frame layer: `cargo bench -p server`. Never a check: times depend on the machine, and what is
//! checked are instruction counts (`cargo xtask instructions`).

mod cases;

use cases::{CASES, Case};
use divan::{
    Bencher,
    counter::{BytesCount, ItemsCount},
};

fn main() {
    divan::main();
}

#[divan::bench(args = CASES)]
fn frames(bencher: Bencher<'_, '_>, case: &Case) {
    let mut work = case.work();
    let (bytes, messages) = (BytesCount::new(work.bytes), ItemsCount::new(work.messages));
    bencher.counter(bytes).counter(messages).bench_local(|| work.run());
}
