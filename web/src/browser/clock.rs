//! The browser's clock. It never gives the model a time that the model did not get as an argument.

use gloo_utils::window;
use js_sys::Date;
use model::Time;
use wasm_bindgen::UnwrapThrowExt;
use web_sys::Performance;

/// The present moment, on the clock of `Event.timeStamp`.
pub fn now() -> Time {
    Time(performance().now())
}

/// The moment so many milliseconds after 1970 began, on that clock.
pub fn since_1970(milliseconds: f64) -> Time {
    Time(milliseconds - time_origin())
}

/// The time of day at that moment, where the person is: `07:41:12.004`.
pub fn time_of_day(at: Time) -> String {
    let date = Date::new(&(time_origin() + at.0).into());
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds(),
        date.get_milliseconds()
    )
}

/// The moment zero of that clock, in milliseconds since 1970.
pub(crate) fn time_origin() -> f64 {
    performance().time_origin()
}

fn performance() -> Performance {
    window().performance().expect_throw("every browser that runs WebAssembly has performance.now()")
}
