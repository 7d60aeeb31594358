//! Regular expressions: the browser's own, so that they mean what they mean in its developer tools, and cost nothing
//! to load. It never keeps one.

use js_sys::{Array, Function, Reflect, RegExp, global};
use wasm_bindgen::{JsCast, UnwrapThrowExt};

/// Makes a [`RegExp`](https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/RegExp).
///
/// # Errors
/// The browser's own words, where the pattern is none.
pub fn compile(expression: &str, flags: &str) -> Result<RegExp, String> {
    // `RegExp::new` would not give back what the constructor throws.
    let constructor: Function =
        Reflect::get(&global(), &"RegExp".into()).expect_throw("every browser has RegExp").unchecked_into();
    Reflect::construct(&constructor, &Array::of2(&expression.into(), &flags.into()))
        .map(JsCast::unchecked_into)
        .map_err(|thrown| {
            thrown
                .dyn_ref::<js_sys::Error>()
                .map_or_else(|| "this is no regular expression".to_owned(), |error| String::from(error.message()))
        })
}
