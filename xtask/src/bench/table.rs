//! The figures of all rounds, and the table of their medians and ratios.

use std::fmt::Write as _;

use crate::bench::loads::Load;

/// All figures so far.
pub(crate) struct Table {
    servers: Vec<String>,
    /// The server that the others are compared with.
    base: String,
    cells: Vec<Cell>,
}

struct Cell {
    load: &'static str,
    server: String,
    /// One per round; empty when the server cannot take the load.
    figures: Vec<f64>,
}

impl Table {
    pub(crate) fn new(servers: Vec<String>, base: String) -> Self {
        Self { servers, base, cells: Vec::new() }
    }

    pub(crate) fn add(&mut self, load: &Load, server: &str, figure: f64) {
        match self.cells.iter_mut().find(|cell| cell.load == load.name && cell.server == server) {
            Some(cell) => cell.figures.push(figure),
            None => self.cells.push(Cell { load: load.name, server: server.to_owned(), figures: vec![figure] }),
        }
    }

    /// Records that a server cannot take a load, and drops its earlier figures.
    pub(crate) fn fail(&mut self, load: &Load, server: &str) {
        self.cells.retain(|cell| cell.load != load.name || cell.server != server);
        self.cells.push(Cell { load: load.name, server: server.to_owned(), figures: Vec::new() });
    }

    pub(crate) fn has_failed(&self, load: &Load, server: &str) -> bool {
        self.figures(load, server).is_some_and(<[f64]>::is_empty)
    }

    fn figures(&self, load: &Load, server: &str) -> Option<&[f64]> {
        let cell = self.cells.iter().find(|cell| cell.load == load.name && cell.server == server)?;
        Some(&cell.figures)
    }

    fn median(&self, load: &Load, server: &str) -> Option<f64> {
        median(self.figures(load, server)?)
    }

    /// How many times less than the base a server costs: above 1 is better. It compares figures of the same round, because the
    /// machine may become slower or faster from round to round.
    fn ratio(&self, load: &Load, server: &str) -> Option<f64> {
        let pairs = self.figures(load, &self.base)?.iter().zip(self.figures(load, server)?);
        median(&pairs.map(|(base, figure)| base / figure).collect::<Vec<_>>())
    }

    /// Medians and ratios, one row per server.
    pub(crate) fn markdown(&self, loads: &[&Load]) -> String {
        let heads: String = loads.iter().map(|load| format!(" {}, {} |", load.about, load.unit)).collect();
        let mut text = format!("| median / ratio to {} |{heads}\n|---|{}\n", self.base, "---|".repeat(loads.len()));
        for server in &self.servers {
            let cell = |load: &&Load| match (self.median(load, server), self.ratio(load, server)) {
                (None, _) => " – |".to_owned(),
                (Some(median), None) => format!(" {} |", rounded(median)),
                (Some(median), Some(ratio)) => format!(" {} / {ratio:.2} |", rounded(median)),
            };
            let _ = writeln!(text, "| {server} |{}", loads.iter().map(cell).collect::<String>());
        }
        text
    }

    /// Everything, one line per server and load.
    pub(crate) fn lines(&self, loads: &[&Load]) -> String {
        let mut text = format!("load\tserver\tunit\tmedian\tratio to {}\tlowest\thighest\trounds\n", self.base);
        for load in loads {
            for server in &self.servers {
                let figures = self.figures(load, server).unwrap_or_default();
                let Some(median) = median(figures) else { continue };
                let ratio = self.ratio(load, server).map_or_else(String::new, |ratio| format!("{ratio:.2}"));
                let lowest = rounded(figures.iter().copied().fold(f64::INFINITY, f64::min));
                let highest = rounded(figures.iter().copied().fold(0.0, f64::max));
                let (name, unit, rounds) = (load.name, load.unit, figures.len());
                let median = rounded(median);
                let _ = writeln!(text, "{name}\t{server}\t{unit}\t{median}\t{ratio}\t{lowest}\t{highest}\t{rounds}");
            }
        }
        text
    }
}

fn median(figures: &[f64]) -> Option<f64> {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => None,
        even if even % 2 == 0 => Some(f64::midpoint(figures[middle - 1], figures[middle])),
        _ => Some(figures[middle]),
    }
}

/// Three significant digits, or all digits of the whole part.
fn rounded(figure: f64) -> String {
    let decimals = match figure {
        ..1.0 => 3,
        1.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{figure:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::loads::LOADS;

    #[test]
    fn a_server_that_costs_half_in_most_rounds_has_the_ratio_two() {
        let mut table = Table::new(vec!["base".to_owned(), "fast".to_owned(), "none".to_owned()], "base".to_owned());
        let load = &LOADS[0];
        for (base, fast) in [(8.0, 4.0), (30.0, 10.0), (7.0, 7.0)] {
            table.add(load, "base", base);
            table.add(load, "fast", fast);
        }
        table.add(load, "none", 1.0);
        table.fail(load, "none");
        assert_eq!(
            table.markdown(&[load]),
            "| median / ratio to base | 100 × 20 B, µs a message |\n|---|---|\n\
             | base | 8.00 / 1.00 |\n| fast | 7.00 / 2.00 |\n| none | – |\n"
        );
        assert_eq!(
            table.lines(&[load]),
            "load\tserver\tunit\tmedian\tratio to base\tlowest\thighest\trounds\n\
             small\tbase\tµs a message\t8.00\t1.00\t7.00\t30.0\t3\n\
             small\tfast\tµs a message\t7.00\t2.00\t4.00\t10.0\t3\n"
        );
    }
}
