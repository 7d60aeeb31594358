//! Time. `Time` is in milliseconds since the page was started, as `performance.now()` and `Event.timeStamp` count it:
//! unlike the time of day, it never jumps.

use gloo_utils::window;
use js_sys::Date;
use model::Time;
use wasm_bindgen::UnwrapThrowExt;
use web_sys::Performance;

pub fn now() -> Time {
    Time(performance().now())
}

/// Converts milliseconds since 1970. A worker's `performance.now()` starts at another moment, so times cross threads in
/// this form.
pub fn since_1970(milliseconds: f64) -> Time {
    Time(milliseconds - time_origin())
}

/// The day in the person's time zone, as in `2026-11-29`.
pub fn day(at: Time) -> String {
    let date = Date::new(&(time_origin() + at.0).into());
    format!("{}-{:02}-{:02}", date.get_full_year(), date.get_month() + 1, date.get_date())
}

/// The time of day in the person's time zone, as in `07:41:12.004`.
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

/// [`performance.timeOrigin`](https://developer.mozilla.org/en-US/docs/Web/API/Performance/timeOrigin): when `Time` is 0,
/// in milliseconds since 1970.
pub(crate) fn time_origin() -> f64 {
    performance().time_origin()
}

fn performance() -> Performance {
    window().performance().expect_throw("every browser that runs WebAssembly has performance.now()")
}
