//! How fine the browser's clock is: `performance.now()` is coarsened to 100 µs, or to 5 µs where the page is
//! [isolated](https://developer.mozilla.org/en-US/docs/Web/API/Window/crossOriginIsolated) from other origins.

/// Finds the step of a clock from its readings, which follow each other as fast as possible: the smallest difference of two.
/// In milliseconds; `None` where the clock has not moved. `read` is called until the clock has moved `steps` times, or
/// `limit` times.
pub fn resolution(mut read: impl FnMut() -> f64, steps: u32, limit: u32) -> Option<f64> {
    let (mut last, mut found, mut smallest) = (read(), 0, None);
    for _ in 0..limit {
        let now = read();
        let step = now - last;
        if step > 0.0 {
            smallest = Some(smallest.map_or(step, |smallest: f64| smallest.min(step)));
            found += 1;
            last = now;
        }
        if found == steps {
            break;
        }
    }
    smallest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that is read each `cost` ms and shows multiples of `step`.
    fn clock(cost: f64, step: f64) -> impl FnMut() -> f64 {
        let mut reads = 0.0;
        move || {
            reads += 1.0;
            (reads * cost / step).floor() * step
        }
    }

    #[test]
    fn the_step_is_found_even_if_some_are_missed() {
        for step in [0.005, 0.1, 1.0] {
            let found = resolution(clock(0.0004, step), 20, 1_000_000).unwrap();
            assert!((found - step).abs() < step / 1000.0, "{found} instead of {step}");
        }
    }

    #[test]
    fn a_clock_that_stands_still_has_none() {
        assert_eq!(resolution(|| 1.0, 20, 1000), None);
    }
}
