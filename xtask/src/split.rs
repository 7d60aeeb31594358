//! Splits a program of WebAssembly: code that is reached only by way of [`references::ENTRY`] goes into a second module,
//! together with the data that only it needs. The second module uses the memory and the table of the first, and enters its
//! functions into the table when it is instantiated. Until then, what calls it traps: `web::deferred::Loaded` proves that
//! it has been instantiated.
//!
//! 1. The linker's relocations tell which function refers to which function and to which data (`references.rs`). They are
//!    valid only in the linked module.
//! 2. The module that wasm-bindgen makes of it is split (`module.rs`, `halves.rs`). Functions have the same names there.

mod halves;
mod module;
mod references;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use self::halves::Plan;
use self::module::Module;
use self::references::References;

/// A module in two.
pub(crate) struct Halves {
    pub(crate) first: Vec<u8>,
    pub(crate) deferred: Vec<u8>,
}

/// Splits what wasm-bindgen has made of a linked module.
pub(crate) fn split(linked: &[u8], bound: &[u8]) -> Result<Halves> {
    split_by(&References::of(linked)?, bound)
}

fn split_by(references: &References, bound: &[u8]) -> Result<Halves> {
    let module = Module::parse(bound)?;
    let node = |function: u32| module.names.get(&function).and_then(|name| references.function(name));
    let mut roots = module.roots();
    for function in module.defined() {
        if node(function).is_none() {
            // Made by wasm-bindgen, which knows only code that is there.
            roots.extend(module.called(function)?);
        }
    }
    let reached = references.reached(roots.into_iter().filter_map(node));
    let is_deferred = |&function: &u32| node(function).is_some_and(|node| !reached.contains(node));
    let deferred: BTreeSet<u32> = module.defined().filter(is_deferred).collect();

    let (mut entries, mut shared) = (BTreeMap::new(), BTreeSet::new());
    for function in module.defined() {
        for called in module.called(function)? {
            match (deferred.contains(&function), deferred.contains(&called)) {
                (false, true) => {
                    let slot = module.slots()? + u32::try_from(entries.len())?;
                    entries.entry(called).or_insert(slot);
                }
                (true, false) => {
                    shared.insert(called);
                }
                _ => {}
            }
        }
    }
    ensure!(!entries.is_empty(), "the program never calls '{}'", references::ENTRY);
    let plan = Plan { module, deferred, entries, shared, data: references.deferred_data(&reached) };
    Ok(Halves { first: plan.first()?, deferred: plan.second()? })
}

#[cfg(test)]
mod tests;
