//! Regular expressions. The browser's own engine costs no bytes, and people know its syntax from developer tools.

use js_sys::{Array, Function, Reflect, global};
use model::Regex;
use wasm_bindgen::{JsCast, UnwrapThrowExt};

/// Compiles a [`RegExp`](https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/RegExp). Nothing
/// is matched with it here: that could take forever.
///
/// # Errors
/// The browser's message, if the pattern or a flag is invalid.
pub fn check(regex: &Regex) -> Result<(), String> {
    // `RegExp::new` is declared as never throwing, so an exception in it would end the program.
    let constructor: Function =
        Reflect::get(&global(), &"RegExp".into()).expect_throw("every browser has RegExp").unchecked_into();
    Reflect::construct(&constructor, &Array::of2(&regex.expression.as_str().into(), &regex.flags.as_str().into()))
        .map(drop)
        .map_err(|thrown| {
            thrown
                .dyn_ref::<js_sys::Error>()
                .map_or_else(|| "invalid regular expression".to_owned(), |error| String::from(error.message()))
        })
}
