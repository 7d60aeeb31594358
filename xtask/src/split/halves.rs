//! Two modules out of one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;

use anyhow::{Context, Result};
use wasm_encoder as enc;
use wasm_encoder::reencode::{self, Reencode, RoundtripReencoder};
use wasmparser::{FunctionBody, Operator};

use super::module::{FEATURES, Module};

/// Under this name the second module imports what it shares with the first, see `web/src/deferred.rs`.
const FIRST: &str = "first";

/// What goes where.
pub(super) struct Plan<'a> {
    pub(super) module: Module<'a>,
    pub(super) deferred: BTreeSet<u32>,
    /// Deferred functions that the first module calls, with their slots in its table.
    pub(super) entries: BTreeMap<u32, u32>,
    /// Functions of the first module that deferred code calls.
    pub(super) shared: BTreeSet<u32>,
    /// Addresses.
    pub(super) data: Vec<Range<u32>>,
}

impl Plan<'_> {
    fn slots(&self) -> Result<u64> {
        Ok(u64::from(self.module.slots()?) + self.entries.len() as u64)
    }

    fn table_types(&self) -> Result<Vec<enc::TableType>> {
        let mut types = Vec::new();
        for (index, table) in self.module.tables.iter().enumerate() {
            let mut ty: enc::TableType = RoundtripReencoder.table_type(*table)?;
            if index == 0 {
                ty.minimum = self.slots()?;
                ty.maximum = ty.maximum.map(|maximum| maximum.max(ty.minimum));
            }
            types.push(ty);
        }
        Ok(types)
    }

    pub(super) fn first(&self) -> Result<Vec<u8>> {
        let module = &self.module;
        let stays: Vec<u32> = (0..module.defined().end).filter(|function| !self.deferred.contains(function)).collect();
        let stop = u32::try_from(stays.len())?;
        let mut remap = Remap {
            functions: stays.iter().zip(0..).map(|(&old, new)| (old, new)).collect(),
            indirect: self
                .entries
                .iter()
                .map(|(&function, &slot)| (function, (slot, module.type_of(function))))
                .collect(),
        };
        let mut out = enc::Module::new();
        let (types, nothing) = self.types()?;
        out.section(&types);
        out.section(&self.imports(module.imports.iter())?);
        let mut functions = enc::FunctionSection::new();
        stays.iter().filter(|&&function| function >= module.imported_functions()).for_each(|&function| {
            functions.function(module.type_of(function));
        });
        functions.function(nothing);
        out.section(&functions);
        let mut tables = enc::TableSection::new();
        for ty in self.table_types()? {
            tables.table(ty);
        }
        out.section(&tables);
        let mut memories = enc::MemorySection::new();
        for memory in &module.memories {
            memories.memory(RoundtripReencoder.memory_type(*memory)?);
        }
        out.section(&memories);
        let mut globals = enc::GlobalSection::new();
        for global in &module.globals {
            remap.parse_global(&mut globals, global.clone())?;
        }
        out.section(&globals);
        let mut exports = enc::ExportSection::new();
        for export in &module.exports {
            remap.parse_export(&mut exports, *export)?;
        }
        for (name, kind, index) in self.shared_items() {
            let index = if kind == enc::ExportKind::Func { remap.function_index(index)? } else { index };
            exports.export(&name, kind, index);
        }
        out.section(&exports);
        if let Some(function_index) = module.start {
            out.section(&enc::StartSection { function_index: remap.function_index(function_index)? });
        }
        let mut elements = enc::ElementSection::new();
        for (offset, functions) in &module.elements {
            let functions: Vec<u32> =
                functions.iter().map(|old| remap.functions.get(old).copied().unwrap_or(stop)).collect();
            elements.active(None, &at(*offset), enc::Elements::Functions(functions.into()));
        }
        out.section(&elements);
        let mut code = enc::CodeSection::new();
        for &function in &stays {
            if let Some(body) = module.body(function) {
                remap.parse_function_body(&mut code, body.clone())?;
            }
        }
        let mut body = enc::Function::new([]);
        body.instruction(&enc::Instruction::Unreachable).instruction(&enc::Instruction::End);
        code.function(&body);
        out.section(&code);
        let mut data = enc::DataSection::new();
        for (offset, bytes) in &module.data {
            let mut bytes = bytes.to_vec();
            for range in &self.data {
                let inside = inside(range, *offset, bytes.len());
                bytes[inside].fill(0);
            }
            data.active(0, &at(*offset), bytes);
        }
        out.section(&data);
        out.section(&self.names(stays.iter().copied()));
        out.section(&enc::CustomSection { name: FEATURES.into(), data: module.features.into() });
        Ok(out.finish())
    }

    pub(super) fn second(&self) -> Result<Vec<u8>> {
        let module = &self.module;
        let mut remap = Remap {
            functions: self.shared.iter().chain(&self.deferred).zip(0..).map(|(&old, new)| (old, new)).collect(),
            indirect: HashMap::new(),
        };
        let mut out = enc::Module::new();
        out.section(&self.types()?.0);
        let mut imports = enc::ImportSection::new();
        let tables = self.table_types()?;
        for (name, kind, index) in self.shared_items() {
            let at = index as usize;
            let ty: enc::EntityType = match kind {
                enc::ExportKind::Func => enc::EntityType::Function(module.type_of(index)),
                enc::ExportKind::Table => tables[at].into(),
                enc::ExportKind::Memory => RoundtripReencoder.memory_type(module.memories[at])?.into(),
                _ => RoundtripReencoder.global_type(module.globals[at].ty)?.into(),
            };
            imports.import(FIRST, &name, ty);
        }
        out.section(&imports);
        let mut functions = enc::FunctionSection::new();
        for &function in &self.deferred {
            functions.function(module.type_of(function));
        }
        out.section(&functions);
        let mut elements = enc::ElementSection::new();
        for (offset, functions) in &module.elements {
            let deferred = functions.iter().zip(*offset..).filter(|(function, _)| self.deferred.contains(function));
            for (&function, slot) in deferred {
                elements.active(
                    None,
                    &at(slot),
                    enc::Elements::Functions(vec![remap.function_index(function)?].into()),
                );
            }
        }
        for (&function, &slot) in &self.entries {
            elements.active(None, &at(slot), enc::Elements::Functions(vec![remap.function_index(function)?].into()));
        }
        out.section(&elements);
        let mut code = enc::CodeSection::new();
        for &function in &self.deferred {
            remap.parse_function_body(&mut code, module.body(function).context("no body")?.clone())?;
        }
        out.section(&code);
        let mut data = enc::DataSection::new();
        for range in &self.data {
            for (offset, bytes) in &module.data {
                let inside = inside(range, *offset, bytes.len());
                if !inside.is_empty() {
                    data.active(0, &at(offset + inside.start as u32), bytes[inside].iter().copied());
                }
            }
        }
        out.section(&data);
        out.section(&self.names(self.shared.iter().chain(&self.deferred).copied()));
        out.section(&enc::CustomSection { name: FEATURES.into(), data: module.features.into() });
        Ok(out.finish())
    }

    /// The types, with that of a function without parameters and results at the end.
    fn types(&self) -> Result<(enc::TypeSection, u32)> {
        let mut types = enc::TypeSection::new();
        for group in &self.module.types {
            RoundtripReencoder.parse_recursive_type_group(types.ty(), group.clone())?;
        }
        let nothing = types.len();
        types.ty().function([], []);
        Ok((types, nothing))
    }

    fn imports<'i>(&self, imports: impl Iterator<Item = &'i wasmparser::Import<'i>>) -> Result<enc::ImportSection> {
        let mut section = enc::ImportSection::new();
        for import in imports {
            RoundtripReencoder.parse_import(&mut section, *import)?;
        }
        Ok(section)
    }

    /// What the second module imports from the first: names, kinds and indices, functions first.
    fn shared_items(&self) -> Vec<(String, enc::ExportKind, u32)> {
        let module = &self.module;
        let all = |kind, count: usize| (0..count as u32).map(move |index| (kind, index));
        self.shared
            .iter()
            .map(|&function| (enc::ExportKind::Func, function))
            .chain(all(enc::ExportKind::Table, module.tables.len()))
            .chain(all(enc::ExportKind::Memory, module.memories.len()))
            .chain(all(enc::ExportKind::Global, module.globals.len()))
            .zip(0..)
            .map(|((kind, index), number)| (format!("_{number:x}"), kind, index))
            .collect()
    }

    fn names(&self, functions: impl Iterator<Item = u32>) -> enc::NameSection {
        let mut map = enc::NameMap::new();
        for (old, new) in functions.zip(0..) {
            if let Some(name) = self.module.names.get(&old) {
                map.append(new, name);
            }
        }
        let mut names = enc::NameSection::new();
        names.functions(&map);
        names
    }
}

fn at(offset: u32) -> enc::ConstExpr {
    enc::ConstExpr::i32_const(offset.cast_signed())
}

/// Where a range of addresses lies in a segment.
fn inside(range: &Range<u32>, offset: u32, len: usize) -> Range<usize> {
    let index = |address: u32| (address.saturating_sub(offset) as usize).min(len);
    index(range.start)..index(range.end)
}

/// New indices of functions.
struct Remap {
    functions: HashMap<u32, u32>,
    /// Functions that are called by way of the table: slot and type.
    indirect: HashMap<u32, (u32, u32)>,
}

#[derive(Debug)]
struct NotHere(u32);

impl fmt::Display for NotHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "function {} is in the other half", self.0)
    }
}

impl std::error::Error for NotHere {}

impl Reencode for Remap {
    type Error = NotHere;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error<NotHere>> {
        self.functions.get(&function).copied().ok_or(reencode::Error::UserError(NotHere(function)))
    }

    fn parse_function_body(
        &mut self,
        code: &mut enc::CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), reencode::Error<NotHere>> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Call { function_index }
                    if let Some(&(slot, type_index)) = self.indirect.get(&function_index) =>
                {
                    function.instruction(&enc::Instruction::I32Const(slot.cast_signed()));
                    function.instruction(&enc::Instruction::CallIndirect { type_index, table_index: 0 });
                }
                operator => {
                    function.instruction(&self.instruction(operator)?);
                }
            }
        }
        code.function(&function);
        Ok(())
    }
}
