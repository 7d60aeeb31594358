//! A table in Markdown.

/// Rows of cells below a heading.
#[derive(Debug)]
pub struct Table {
    text: String,
    columns: usize,
}

impl Table {
    /// A table with no rows yet.
    pub fn new(headings: &[&str]) -> Self {
        let mut table = Self { text: String::new(), columns: headings.len() };
        table.add(headings);
        table.text.push_str(&format!("|{}\n", "---|".repeat(headings.len())));
        table
    }

    /// Appends a row.
    ///
    /// # Panics
    /// It has another number of cells than the heading.
    pub fn add(&mut self, cells: &[impl AsRef<str>]) {
        assert_eq!(cells.len(), self.columns, "one cell for each heading");
        let cells: String = cells.iter().map(|cell| format!(" {} |", cell.as_ref())).collect();
        self.text.push_str(&format!("|{cells}\n"));
    }

    /// The whole table.
    pub fn markdown(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stands_below_its_headings() {
        let mut table = Table::new(&["a", "b"]);
        table.add(&["1", "2"]);
        assert_eq!(table.markdown(), "| a | b |\n|---|---|\n| 1 | 2 |\n");
    }
}
