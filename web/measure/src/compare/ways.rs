//! The ways that were compared, as a chart, as a table and as a file.

use model::Count;

use super::answers::{Answer, UNKNOWN, answers, sentence};
use super::{Comparison, Measured};
use crate::plot::{Plot, Row, Series, Shape, Tick};
use crate::round_trip::Micros;
use crate::words::time;

/// The times of all ways side by side, as bars; the table has bytes and connections, too.
pub fn plot(found: &Comparison) -> Plot {
    let done: Vec<&Measured> = found.measured.iter().filter(|measured| measured.failure.is_none()).collect();
    let longest = done.iter().map(|measured| measured.total).max().unwrap_or_default().max(1);
    // From 10 µs on, a decade is as high as the next one.
    let decades = |micros: Micros| (micros.max(10) as f64 / 10.0).log10();
    let top = decades(longest).ceil().max(1.0);
    let height = |micros: Micros| decades(micros) / top;
    let series = |name, class, read: fn(&Measured) -> Micros| Series {
        name,
        class,
        points: done.iter().map(|measured| height(read(measured))).collect(),
    };
    let tick = |power: u32| Tick { at: f64::from(power) / top, label: axis_time(power + 1) };
    Plot {
        title: "Time of each way",
        x_name: "ways in the order of the table",
        y_name: "time, logarithmic",
        shape: Shape::Groups,
        series: vec![
            series("p50", "good", |measured| measured.times.p50),
            series("p99", "warning", |measured| measured.times.p99),
            series("all together", "sent", |measured| measured.total),
        ],
        x_ticks: (0..done.len())
            .map(|index| Tick { at: (index as f64 + 0.5) / done.len() as f64, label: (index + 1).to_string() })
            .collect(),
        y_ticks: (0..=top as u32).map(tick).collect(),
        row_name: "way",
        rows: done
            .iter()
            .map(|measured| Row {
                name: measured.way.name().to_owned(),
                values: vec![time(measured.times.p50), time(measured.times.p99), time(measured.total)],
            })
            .collect(),
    }
}

/// A power of ten of microseconds, as short as an axis needs it: `100 µs`, `10 ms`, `1 s`.
fn axis_time(power: u32) -> String {
    let unit = ["µs", "ms", "s"][(power / 3).min(2) as usize];
    format!("{} {unit}", 10_u64.pow(power - 3 * (power / 3).min(2)))
}

/// The columns of [`ways`] behind their names.
pub const COLUMNS: [&str; 9] =
    ["exchanges", "p50", "p90", "p99", "slowest", "all together", "sent", "received", "connections"];

/// Each way with its figures, or with why it has none.
pub fn ways(found: &Comparison) -> Vec<(&'static str, Result<[String; COLUMNS.len()], String>)> {
    let bytes = |bytes: Option<u64>| bytes.map_or(UNKNOWN.to_owned(), |bytes| format!("{} B", Count(bytes)));
    let row = |measured: &Measured| {
        if let Some(failure) = &measured.failure {
            return Err(failure.clone());
        }
        let Measured { times, .. } = measured;
        Ok([
            Count(times.count).to_string(),
            time(times.p50),
            time(times.p90),
            time(times.p99),
            time(times.max),
            time(measured.total),
            bytes(measured.sent),
            bytes(measured.received),
            measured.connections.map_or(UNKNOWN.to_owned(), |count| count.to_string()),
        ])
    };
    found.measured.iter().map(|measured| (measured.way.name(), row(measured))).collect()
}

/// What was measured, the ways and the answers, as a file of comma-separated values
/// ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)).
pub fn to_csv(found: &Comparison, on: &str) -> String {
    let mut csv = line([sentence(found, on).as_str()]);
    csv += &line(["way"].into_iter().chain(COLUMNS));
    for (name, figures) in ways(found) {
        csv += &match &figures {
            Ok(figures) => line([name].into_iter().chain(figures.iter().map(String::as_str))),
            Err(failure) => line([name, failure]),
        };
    }
    csv += &line(["topic", "claim", "HTTP", "WebSocket", "finding"]);
    for Answer { topic, claim, http, socket, finding } in answers(found) {
        csv += &line([topic, claim, &http, &socket, &finding]);
    }
    csv
}

fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    // The space within numbers is for eyes only.
    let quoted = |cell: &str| ["\"", &cell.replace('\u{202f}', "").replace('"', "\"\""), "\""].concat();
    cells.into_iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::axis_time;

    #[test]
    fn the_axis_has_whole_units() {
        assert_eq!([1, 2, 3, 5, 6, 8].map(axis_time), ["10 µs", "100 µs", "1 ms", "100 ms", "1 s", "100 s"]);
    }
}
