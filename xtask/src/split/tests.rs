use wasm_encoder as enc;
use wasmparser::{Parser, Payload, Validator};

use super::references::{Node, References};
use super::{Halves, split_by};

/// Runs deferred code, as the compiler names it.
const RUN: &str = "_ZN5model8deferred6Loaded3run17h0123456789abcdefE";

/// The nodes of the program below.
const START: Node = 1;
const LOG: Node = 2;
const ENTRY: Node = 3;
const FORM: Node = 4;
const GREETING: Node = 5;
const LABEL: Node = 6;

/// `start` greets and runs deferred code; that calls `log`, as `start` does, and has `form` in the table.
fn references() -> References {
    References::for_test(
        &[("start", START), ("log", LOG), (RUN, ENTRY), ("form", FORM)],
        &[(GREETING, 16..20), (LABEL, 20..25)],
        &[(START, &[GREETING, LOG, ENTRY]), (ENTRY, &[FORM, LOG]), (FORM, &[LABEL])],
    )
}

/// What wasm-bindgen makes of it: function 0 is imported.
fn program() -> Vec<u8> {
    let mut module = enc::Module::new();
    let mut types = enc::TypeSection::new();
    types.ty().function([enc::ValType::I32], []);
    module.section(&types);
    let mut imports = enc::ImportSection::new();
    imports.import("./web_bg.js", "alert", enc::EntityType::Function(0));
    module.section(&imports);
    let mut functions = enc::FunctionSection::new();
    (0..4).for_each(|_| {
        functions.function(0);
    });
    module.section(&functions);
    let mut tables = enc::TableSection::new();
    let ty = enc::TableType {
        element_type: enc::RefType::FUNCREF,
        table64: false,
        minimum: 3,
        maximum: Some(3),
        shared: false,
    };
    tables.table(ty);
    module.section(&tables);
    let mut memories = enc::MemorySection::new();
    memories.memory(enc::MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    module.section(&memories);
    let mut exports = enc::ExportSection::new();
    exports.export("start", enc::ExportKind::Func, 1);
    module.section(&exports);
    let mut elements = enc::ElementSection::new();
    elements.active(None, &enc::ConstExpr::i32_const(1), enc::Elements::Functions(vec![2, 4].into()));
    module.section(&elements);
    let mut code = enc::CodeSection::new();
    for called in [&[2, 3][..], &[0], &[2], &[2]] {
        let mut body = enc::Function::new([]);
        for &function in called {
            body.instruction(&enc::Instruction::LocalGet(0)).instruction(&enc::Instruction::Call(function));
        }
        body.instruction(&enc::Instruction::End);
        code.function(&body);
    }
    module.section(&code);
    let mut data = enc::DataSection::new();
    data.active(0, &enc::ConstExpr::i32_const(16), *b"hello name");
    module.section(&data);
    let mut map = enc::NameMap::new();
    for (index, name) in [(1, "start"), (2, "log"), (3, RUN), (4, "form")] {
        map.append(index, name);
    }
    let mut names = enc::NameSection::new();
    names.functions(&map);
    module.section(&names);
    module.finish()
}

fn halves() -> Halves {
    split_by(&references(), &program()).unwrap()
}

/// The bodies in a module, and its static data.
fn content(module: &[u8]) -> (usize, Vec<Vec<u8>>) {
    let (mut bodies, mut data) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload.unwrap() {
            Payload::CodeSectionEntry(_) => bodies += 1,
            Payload::DataSection(section) => data.extend(section.into_iter().map(|data| data.unwrap().data.to_vec())),
            _ => {}
        }
    }
    (bodies, data)
}

#[test]
fn both_halves_are_valid() {
    let Halves { first, deferred } = halves();
    Validator::new().validate_all(&first).unwrap();
    Validator::new().validate_all(&deferred).unwrap();
}

#[test]
fn what_only_deferred_code_needs_goes_with_it() {
    let Halves { first, deferred } = halves();
    // One function of the first half only traps, in place of what is not loaded.
    assert_eq!(content(&first), (3, vec![b"hell\0\0\0\0\0e".to_vec()]));
    assert_eq!(content(&deferred), (2, vec![b"o nam".to_vec()]));
}

#[test]
fn what_the_rest_needs_as_well_stays() {
    let mut references = references();
    references.refer(START, FORM);
    let Halves { first, deferred } = split_by(&references, &program()).unwrap();
    assert_eq!(content(&first), (4, vec![b"hello name".to_vec()]));
    assert_eq!(content(&deferred), (1, Vec::new()));
}

#[test]
fn a_program_that_defers_nothing_is_an_error() {
    let references = References::for_test(
        &[("start", START), ("log", LOG), ("other", ENTRY), ("form", FORM)],
        &[],
        &[(START, &[ENTRY, FORM])],
    );
    let error = split_by(&references, &program()).err().unwrap().to_string();
    assert!(error.contains("never calls '8deferred6Loaded3run'"), "{error}");
}
