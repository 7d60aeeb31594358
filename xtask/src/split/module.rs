//! A finished module, as far as it matters for splitting it.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use wasmparser::{
    DataKind, ElementItems, ElementKind, Export, ExternalKind, FunctionBody, Global, Import, KnownCustom, MemoryType,
    Name, Operator, Parser, Payload, RecGroup, TableType, TypeRef,
};

use super::references::address;

/// The custom section that says which features wasm-opt may use.
pub(super) const FEATURES: &str = "target_features";

#[derive(Default)]
pub(super) struct Module<'a> {
    pub(super) types: Vec<RecGroup>,
    pub(super) imports: Vec<Import<'a>>,
    pub(super) functions: Vec<u32>,
    pub(super) imported_types: Vec<u32>,
    pub(super) tables: Vec<TableType>,
    pub(super) memories: Vec<MemoryType>,
    pub(super) globals: Vec<Global<'a>>,
    pub(super) exports: Vec<Export<'a>>,
    pub(super) start: Option<u32>,
    /// Where each segment begins in the table, and its functions.
    pub(super) elements: Vec<(u32, Vec<u32>)>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    /// Where each segment begins in the memory, and its bytes.
    pub(super) data: Vec<(u32, &'a [u8])>,
    pub(super) names: HashMap<u32, &'a str>,
    /// What wasm-opt may use.
    pub(super) features: &'a [u8],
}

impl<'a> Module<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(section) => module.types = section.into_iter().collect::<Result<_, _>>()?,
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        match import.ty {
                            TypeRef::Func(ty) => module.imported_types.push(ty),
                            _ => bail!("{} is imported, which is no function", import.name),
                        }
                        module.imports.push(import);
                    }
                }
                Payload::FunctionSection(section) => {
                    module.functions = section.into_iter().collect::<Result<_, _>>()?
                }
                Payload::TableSection(section) => {
                    for table in section {
                        module.tables.push(table?.ty);
                    }
                }
                Payload::MemorySection(section) => module.memories = section.into_iter().collect::<Result<_, _>>()?,
                Payload::GlobalSection(section) => module.globals = section.into_iter().collect::<Result<_, _>>()?,
                Payload::ExportSection(section) => module.exports = section.into_iter().collect::<Result<_, _>>()?,
                Payload::StartSection { func, .. } => module.start = Some(func),
                Payload::ElementSection(section) => {
                    for element in section {
                        let element = element?;
                        let (ElementKind::Active { offset_expr, table_index }, ElementItems::Functions(functions)) =
                            (element.kind, element.items)
                        else {
                            bail!("an element segment of an unknown kind")
                        };
                        ensure!(table_index.unwrap_or(0) == 0, "functions in a second table");
                        module
                            .elements
                            .push((address(&offset_expr)?, functions.into_iter().collect::<Result<_, _>>()?));
                    }
                }
                Payload::CodeSectionEntry(body) => module.bodies.push(body),
                Payload::DataSection(section) => {
                    for data in section {
                        let data = data?;
                        let DataKind::Active { offset_expr, .. } = data.kind else { bail!("a passive data segment") };
                        module.data.push((address(&offset_expr)?, data.data));
                    }
                }
                Payload::CustomSection(section) => {
                    if section.name() == FEATURES {
                        module.features = section.data();
                    }
                    if let KnownCustom::Name(names) = section.as_known() {
                        for name in names {
                            if let Name::Function(names) = name? {
                                for name in names {
                                    let name = name?;
                                    module.names.insert(name.index, name.name);
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(module)
    }

    pub(super) fn imported_functions(&self) -> u32 {
        self.imported_types.len() as u32
    }

    pub(super) fn type_of(&self, function: u32) -> u32 {
        let index = function as usize;
        let imported = self.imported_types.len();
        if index < imported { self.imported_types[index] } else { self.functions[index - imported] }
    }

    pub(super) fn body(&self, function: u32) -> Option<&FunctionBody<'a>> {
        self.bodies.get(function.checked_sub(self.imported_functions())? as usize)
    }

    /// Functions that a function names: those that it calls, and those whose reference it takes.
    pub(super) fn called(&self, function: u32) -> Result<Vec<u32>> {
        let mut called = Vec::new();
        let body = self.body(function).with_context(|| format!("function {function} has no body"))?;
        for operator in body.get_operators_reader()? {
            if let Operator::Call { function_index }
            | Operator::ReturnCall { function_index }
            | Operator::RefFunc { function_index } = operator?
            {
                called.push(function_index);
            }
        }
        Ok(called)
    }

    /// Functions that are called from outside.
    pub(super) fn roots(&self) -> Vec<u32> {
        let exported = self.exports.iter().filter(|export| export.kind == ExternalKind::Func);
        self.start.into_iter().chain(exported.map(|export| export.index)).collect()
    }

    /// Functions with a body here.
    pub(super) fn defined(&self) -> Range<u32> {
        self.imported_functions()..self.imported_functions() + self.functions.len() as u32
    }

    /// The size of the table of functions.
    pub(super) fn slots(&self) -> Result<u32> {
        Ok(u32::try_from(self.tables.first().context("there is no table")?.initial)?)
    }
}
