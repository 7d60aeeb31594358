//! Which functions and which data a linked module's code needs, from the relocations that the linker leaves with
//! `--emit-relocs`.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::{Context, Result};
use wasmparser::{KnownCustom, Linking, Parser, Payload, RelocationEntry, RelocationType, SymbolInfo};

/// What a program consists of: its functions by their index, then its symbols of static data.
pub(super) type Node = usize;

pub(super) struct References {
    /// All names of a function, for functions with equal code may be one.
    functions: HashMap<String, Node>,
    /// Symbols of data, and the addresses that they have.
    data: Vec<(Node, Range<u32>)>,
    /// What each node refers to.
    references: Vec<Vec<Node>>,
    /// Functions that only [`ENTRY`] is a name of.
    entries: Vec<bool>,
}

/// A part of the name of each function that starts deferred code: `web::deferred::Loaded::run`.
pub(super) const ENTRY: &str = "8deferred6Loaded3run";

/// Bytes between two symbols that align the second one.
const MAX_PADDING: u32 = 16;

/// Nodes that a program reaches from its start.
pub(super) struct Reached(Vec<bool>);

impl References {
    pub(super) fn of(linked: &[u8]) -> Result<Self> {
        let mut bodies: Vec<Range<u64>> = Vec::new();
        let mut code_start = 0;
        let (mut data_start, mut segments) = (0, Vec::new());
        let mut symbols = Vec::new();
        let mut relocations: Vec<(bool, RelocationEntry)> = Vec::new();
        let mut imported = 0;
        for payload in Parser::new(0).parse_all(linked) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        imported += usize::from(matches!(import?.ty, wasmparser::TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionStart { unchecked_range, .. } => code_start = unchecked_range.start,
                Payload::CodeSectionEntry(body) => bodies.push(body.range()),
                Payload::DataSection(section) => {
                    data_start = section.range().start;
                    for segment in section {
                        let segment = segment?;
                        let wasmparser::DataKind::Active { offset_expr, .. } = segment.kind else { continue };
                        segments.push((address(&offset_expr)?, segment.range.end - segment.data.len() as u64));
                    }
                }
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::Linking(linking) => {
                        for part in linking {
                            if let Linking::SymbolTable(table) = part? {
                                symbols = table.into_iter().collect::<Result<_, _>>()?;
                            }
                        }
                    }
                    KnownCustom::Reloc(entries) if matches!(section.name(), "reloc.CODE" | "reloc.DATA") => {
                        for entry in entries.entries() {
                            relocations.push((section.name() == "reloc.CODE", entry?));
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        let count = imported + bodies.len();
        let mut functions = HashMap::new();
        let mut data = Vec::new();
        let mut names: Vec<Vec<&str>> = vec![Vec::new(); count];
        for (index, symbol) in symbols.iter().enumerate() {
            match *symbol {
                SymbolInfo::Func { index, name: Some(name), .. } => {
                    functions.insert(name.to_owned(), index as usize);
                    names[index as usize].push(name);
                }
                SymbolInfo::Data { symbol: Some(defined), .. } => {
                    let start = segments.get(defined.index as usize).context("no such segment")?.0 + defined.offset;
                    data.push((count + index, start..start + defined.size));
                }
                _ => {}
            }
        }
        let entries =
            names.iter().map(|names| !names.is_empty() && names.iter().all(|name| name.contains(ENTRY))).collect();
        data.sort_by_key(|(_, range)| range.start);
        let mut references = vec![Vec::new(); count + symbols.len()];
        for (in_code, entry) in relocations {
            let Some(target) = target(&entry, &symbols, count) else { continue };
            if in_code {
                let at = code_start + u64::from(entry.offset);
                let index = bodies.partition_point(|body| body.end <= at);
                references[imported + index].push(target);
            } else {
                let at = data_start + u64::from(entry.offset);
                let (address, start) = segments.iter().rfind(|(_, start)| *start <= at).context("not in a segment")?;
                let at = address + u32::try_from(at - start)?;
                for (node, _) in covering(&data, at) {
                    references[*node].push(target);
                }
            }
        }
        Ok(Self { functions, data, references, entries })
    }

    #[cfg(test)]
    pub(super) fn for_test(
        functions: &[(&str, Node)],
        data: &[(Node, Range<u32>)],
        references: &[(Node, &[Node])],
    ) -> Self {
        let count = functions.iter().map(|(_, node)| node + 1).max().unwrap_or_default();
        let mut all = vec![Vec::new(); count + data.len()];
        references.iter().for_each(|(node, to)| all[*node].extend_from_slice(to));
        let mut entries = vec![false; count];
        functions.iter().for_each(|(name, node)| entries[*node] = name.contains(ENTRY));
        let functions = functions.iter().map(|(name, node)| ((*name).to_owned(), *node)).collect();
        Self { functions, data: data.to_vec(), references: all, entries }
    }

    #[cfg(test)]
    pub(super) fn refer(&mut self, from: Node, to: Node) {
        self.references[from].push(to);
    }

    pub(super) fn function(&self, name: &str) -> Option<Node> {
        self.functions.get(name).copied()
    }

    /// What can be reached from some functions without deferred code.
    pub(super) fn reached(&self, roots: impl IntoIterator<Item = Node>) -> Reached {
        let mut reached = vec![false; self.references.len()];
        let mut open: Vec<Node> = roots.into_iter().collect();
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut reached[node], true) {
                let starts = |node: &Node| self.entries.get(*node).copied().unwrap_or_default();
                open.extend(self.references[node].iter().filter(|node| !starts(node)));
            }
        }
        Reached(reached)
    }

    /// Addresses of data that only deferred code needs.
    pub(super) fn deferred_data(&self, reached: &Reached) -> Vec<Range<u32>> {
        let mut deferred: Vec<Range<u32>> = Vec::new();
        let (mut needed_until, mut joins) = (0, false);
        for (node, range) in &self.data {
            let start = range.start.max(needed_until);
            if reached.contains(*node) {
                needed_until = needed_until.max(range.end);
                if let Some(last) = deferred.last_mut() {
                    last.end = last.end.min(range.start.max(last.start));
                }
                joins = false;
            } else if start < range.end {
                match deferred.last_mut() {
                    Some(last) if joins && start < last.end + MAX_PADDING => last.end = last.end.max(range.end),
                    _ => deferred.push(start..range.end),
                }
                joins = true;
            }
        }
        deferred.retain(|range| !range.is_empty());
        deferred
    }
}

impl Reached {
    pub(super) fn contains(&self, node: Node) -> bool {
        self.0[node]
    }
}

/// The symbols, which are sorted by their start, that an address belongs to.
fn covering(data: &[(Node, Range<u32>)], address: u32) -> impl Iterator<Item = &(Node, Range<u32>)> {
    data.iter().filter(move |(_, range)| range.contains(&address))
}

fn target(entry: &RelocationEntry, symbols: &[SymbolInfo<'_>], count: usize) -> Option<Node> {
    match entry.ty {
        RelocationType::TypeIndexLeb | RelocationType::GlobalIndexLeb | RelocationType::TableNumberLeb => None,
        _ => match symbols.get(entry.index as usize)? {
            SymbolInfo::Func { index, .. } => Some(*index as usize),
            SymbolInfo::Data { .. } => Some(count + entry.index as usize),
            _ => None,
        },
    }
}

/// The value of a constant expression, for all addresses here are `i32.const`.
pub(super) fn address(expression: &wasmparser::ConstExpr<'_>) -> Result<u32> {
    match expression.get_operators_reader().read()? {
        wasmparser::Operator::I32Const { value } => Ok(value.cast_unsigned()),
        other => anyhow::bail!("{other:?} is no constant address"),
    }
}
