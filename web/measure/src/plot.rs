//! The charts of a run as positions between 0 and 1, ready to be drawn on a canvas or written as SVG, and the same data as rows of
//! a table.

use crate::round_trip::Micros;
use crate::run::{Phase, Summary};
use crate::timeline::Slot;
use crate::words::{rate, throughput, time};

/// Ticks of an axis, about.
const TICKS: f64 = 4.0;

#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    pub title: &'static str,
    /// Name and unit of the axis.
    pub x_name: &'static str,
    /// Name and unit of the axis.
    pub y_name: &'static str,
    pub shape: Shape,
    /// Each with as many points as there are rows.
    pub series: Vec<Series>,
    pub x_ticks: Vec<Tick>,
    pub y_ticks: Vec<Tick>,
    /// The heading of the rows' names.
    pub row_name: &'static str,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Lines,
    Bars,
    /// A bar of each series side by side, at each row.
    Groups,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub name: &'static str,
    /// The CSS class of its colour.
    pub class: &'static str,
    /// From 0, the x axis, to 1.
    pub points: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// From 0 to 1.
    pub at: f64,
    pub label: String,
}

/// What the chart shows at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    /// One for each series.
    pub values: Vec<String>,
}

impl Plot {
    /// The rows as [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180) has them, under a heading, with units in the cells.
    pub fn to_csv(&self) -> String {
        let names = self.series.iter().map(|series| series.name);
        let mut csv = line([self.title, self.row_name].into_iter().chain(names));
        for row in &self.rows {
            csv += &line(["", &row.name].into_iter().chain(row.values.iter().map(String::as_str)));
        }
        csv
    }
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    // No cell has a comma, a quote or a line break; the space within numbers is for eyes only.
    cells.map(|cell| cell.replace('\u{202f}', "")).collect::<Vec<_>>().join(",") + "\r\n"
}

/// How many charts a run has.
pub const COUNT: usize = 4;

/// The charts of a run.
pub fn plots(summary: &Summary) -> [Plot; COUNT] {
    let slots = complete_slots(summary);
    let width = summary.slot;
    [
        over_time(
            slots,
            width,
            "Round trip over time",
            "milliseconds",
            &[
                ("p50", "good", &|slot| slot.p50 as f64 / 1000.0, &|slot| answered(slot, slot.p50)),
                ("p99", "warning", &|slot| slot.p99 as f64 / 1000.0, &|slot| answered(slot, slot.p99)),
                ("slowest", "error", &|slot| slot.max as f64 / 1000.0, &|slot| answered(slot, slot.max)),
            ],
        ),
        distribution(summary),
        over_time(
            slots,
            width,
            "Messages per second",
            "messages per second",
            &[
                ("sent", "sent", &|slot| slot.sent as f64 * 1000.0 / width, &|slot| rate(slot.sent, width)),
                ("received", "good", &|slot| slot.received as f64 * 1000.0 / width, &|slot| rate(slot.received, width)),
            ],
        ),
        over_time(
            slots,
            width,
            "Throughput",
            "megabytes per second",
            &[
                ("out", "sent", &|slot| slot.sent_bytes as f64 / 1000.0 / width, &|slot| {
                    throughput(slot.sent_bytes, width)
                }),
                ("in", "good", &|slot| slot.received_bytes as f64 / 1000.0 / width, &|slot| {
                    throughput(slot.received_bytes, width)
                }),
            ],
        ),
    ]
}

/// One that is under way would show a fall that is none.
fn complete_slots(summary: &Summary) -> &[Slot] {
    let slots = summary.sending / summary.slot;
    let complete = if summary.phase == Phase::Done { slots.ceil() } else { slots.floor() };
    &summary.slots[..summary.slots.len().min(complete as usize)]
}

fn answered(slot: &Slot, micros: Micros) -> String {
    if slot.received == 0 { "–".to_owned() } else { time(micros) }
}

/// A line: its name, its CSS class, its value in a slot, and that in words.
type Line<'a> = (&'static str, &'static str, &'a dyn Fn(&Slot) -> f64, &'a dyn Fn(&Slot) -> String);

fn over_time(slots: &[Slot], width: f64, title: &'static str, y_name: &'static str, lines: &[Line<'_>]) -> Plot {
    let values = |line: &Line<'_>| slots.iter().map(line.2).collect::<Vec<f64>>();
    let top = lines.iter().flat_map(values).fold(0.0, f64::max);
    let (top, y_ticks) = axis(top);
    let seconds = slots.len() as f64 * width / 1000.0;
    let (_, mut x_ticks) = axis(seconds);
    // The axis ends where the run does.
    for tick in &mut x_ticks {
        tick.at *= nice_top(seconds) / seconds.max(f64::MIN_POSITIVE);
    }
    x_ticks.retain(|tick| tick.at <= 1.0);
    let series = |line: &Line<'_>| Series {
        name: line.0,
        class: line.1,
        points: values(line).iter().map(|value| value / top).collect(),
    };
    let row = |(index, slot): (usize, &Slot)| Row {
        name: seconds_text(index as f64 * width),
        values: lines.iter().map(|line| (line.3)(slot)).collect(),
    };
    Plot {
        title,
        x_name: "seconds",
        y_name,
        shape: Shape::Lines,
        series: lines.iter().map(series).collect(),
        x_ticks,
        y_ticks,
        row_name: "from second",
        rows: slots.iter().enumerate().map(row).collect(),
    }
}

/// Both axes are logarithmic, because the slowest one in a thousand matters as much as the many.
fn distribution(summary: &Summary) -> Plot {
    let bars = &summary.bars;
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or_default();
    let decades = f64::from(most.max(1).ilog10() + 1);
    // One is above the axis.
    let height =
        |count: u64| if count == 0 { 0.0 } else { (count as f64).log10().mul_add(0.95, 0.05 * decades) / decades };
    let y_ticks = (0..=decades as u32)
        .map(|power| Tick { at: height(10_u64.pow(power)).min(1.0), label: compact(10_u64.pow(power) as f64) });
    let every = (bars.len() / 4).max(1);
    let x_ticks = bars.iter().enumerate().step_by(every);
    Plot {
        title: "Round trips by their time",
        x_name: "time, logarithmic",
        y_name: "round trips, logarithmic",
        shape: Shape::Bars,
        series: vec![Series {
            name: "round trips",
            class: "sent",
            points: bars.iter().map(|bar| height(bar.count)).collect(),
        }],
        x_ticks: x_ticks
            .map(|(index, bar)| Tick { at: index as f64 / bars.len() as f64, label: time(bar.from) })
            .collect(),
        y_ticks: y_ticks.collect(),
        row_name: "time",
        rows: bars
            .iter()
            .map(|bar| Row {
                name: format!("{} to {}", time(bar.from), time(bar.to)),
                values: vec![bar.count.to_string()],
            })
            .collect(),
    }
}

/// The end of an axis that begins at 0, and its ticks.
fn axis(value: f64) -> (f64, Vec<Tick>) {
    let (step, top) = (nice_step(value), nice_top(value));
    let ticks = (0..=(top / step).round() as u32).map(|index| {
        let value = f64::from(index) * step;
        Tick { at: value / top, label: compact(value) }
    });
    (top, ticks.collect())
}

/// 1, 2 or 5 times a power of ten.
fn nice_step(value: f64) -> f64 {
    let rough = (value / TICKS).max(1e-3);
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough * 0.999);
    step.unwrap_or(10.0 * power)
}

fn nice_top(value: f64) -> f64 {
    let step = nice_step(value);
    (value / step * 0.999).ceil().max(1.0) * step
}

/// `0.02`, `1.5`, `20`, `12k`, `3M`
fn compact(value: f64) -> String {
    let thousandths = (value * 1000.0).round() as u64;
    match thousandths {
        0 => "0".to_owned(),
        1..1_000_000 if thousandths.is_multiple_of(1000) => (thousandths / 1000).to_string(),
        1..1_000_000 => {
            let decimals = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
            decimals.trim_end_matches('0').to_owned()
        }
        1_000_000..1_000_000_000 => compact(value / 1000.0) + "k",
        _ => compact(value / 1e6) + "M",
    }
}

/// Milliseconds as seconds.
fn seconds_text(milliseconds: f64) -> String {
    let tenths = (milliseconds / 100.0).round() as u64;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::Form;
    use crate::round_trip::Bar;
    use crate::run::Run;

    fn summary() -> Summary {
        let mut run = Run::new(Form::new("ws://a/".into()).plan().unwrap());
        run.opened(0, 1.0, 0.0);
        let slot =
            Slot { sent: 100, received: 50, sent_bytes: 1_000_000, p50: 1000, p99: 2000, max: 2000, ..Slot::default() };
        let bars = vec![Bar { from: 100, to: 121, count: 1000 }, Bar { from: 121, to: 146, count: 1 }];
        Summary { phase: Phase::Done, sending: 250.0, slots: vec![slot; 5], bars, ..run.summary(0.0) }
    }

    #[test]
    fn a_run_has_a_row_for_each_slot_in_which_it_sent() {
        let [round_trips, _, messages, bytes] = plots(&summary());
        assert_eq!(round_trips.rows.len(), 3);
        assert_eq!(
            messages.rows[2],
            Row { name: "0.2 s".into(), values: vec!["1\u{202f}000/s".into(), "500/s".into()] }
        );
        assert_eq!(messages.series[0].points, [1.0; 3]);
        assert_eq!(
            (bytes.rows[0].values[0].as_str(), bytes.y_ticks.last().unwrap().label.as_str()),
            ("10.0 MB/s", "10")
        );
        let running = Summary { phase: Phase::Running, ..summary() };
        assert_eq!(plots(&running)[0].rows.len(), 2, "the third slot is not complete");
    }

    #[test]
    fn the_one_slow_round_trip_is_seen_beside_a_thousand() {
        let [_, distribution, ..] = plots(&summary());
        let points = &distribution.series[0].points;
        assert!(points[1] > 0.03 && points[0] <= 1.0 && points[0] > 10.0 * points[1], "{points:?}");
        assert_eq!(distribution.rows[1].name, "121 µs to 146 µs");
    }

    #[test]
    fn a_run_without_anything_has_empty_charts() {
        let mut run = Run::new(Form::new("ws://a/".into()).plan().unwrap());
        assert!(plots(&run.summary(0.0)).iter().all(|plot| plot.rows.is_empty()));
    }

    #[test]
    fn numbers_are_short() {
        let found = [0.0, 0.05, 2.5, 20.0, 1500.0, 12_000.0, 3e6].map(compact);
        assert_eq!(found, ["0", "0.05", "2.5", "20", "1.5k", "12k", "3M"]);
    }

    #[test]
    fn a_chart_is_a_table_in_csv() {
        let [_, _, messages, _] = plots(&summary());
        let lines: Vec<String> = messages.to_csv().lines().take(2).map(str::to_owned).collect();
        assert_eq!(lines, ["Messages per second,from second,sent,received", ",0.0 s,1000/s,500/s"]);
    }

    proptest! {
        #[test]
        fn an_axis_reaches_its_value_and_has_few_ticks(value in 0.01_f64..1e7) {
            let (top, ticks) = axis(value);
            prop_assert!(top >= value * 0.998 && top <= value * 2.0, "{} {}", value, top);
            prop_assert!((2..=8).contains(&ticks.len()), "{} {}", value, ticks.len());
            let labels: std::collections::HashSet<_> = ticks.iter().map(|tick| &tick.label).collect();
            prop_assert_eq!(labels.len(), ticks.len());
        }
    }
}
