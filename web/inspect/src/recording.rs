//! Reads a file of `canyon --record` in pieces, wherever they are cut.

use wire::event::Event;

/// A longer line is no event: a request's head and a response are far smaller.
const MAX_LINE: usize = 1 << 20;

/// Reads lines out of pieces of a file.
#[derive(Debug, Default)]
pub struct Reader {
    /// The beginning of a line that is not complete.
    line: Vec<u8>,
    /// Lines that were read.
    lines: u64,
}

impl Reader {
    /// Gives `event` each event that ends in this piece.
    ///
    /// # Errors
    /// A line is no event.
    pub fn read(&mut self, piece: &[u8], mut event: impl FnMut(Event)) -> Result<(), String> {
        let mut parts = piece.split(|byte| *byte == b'\n');
        let last = parts.next_back().unwrap_or_default();
        for part in parts {
            self.line.extend_from_slice(part);
            self.end_line(&mut event)?;
        }
        self.line.extend_from_slice(last);
        if self.line.len() > MAX_LINE {
            return Err(self.problem("it is longer than 1 MiB"));
        }
        Ok(())
    }

    /// Reads the last line, if no line break follows it. A recording that was cut ends within a line.
    pub fn end(mut self, mut event: impl FnMut(Event)) -> Result<(), String> {
        self.end_line(&mut event)
    }

    fn end_line(&mut self, event: &mut impl FnMut(Event)) -> Result<(), String> {
        self.lines += 1;
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if !text.is_empty() {
            event(text.parse().map_err(|error| self.problem(&format!("{error}")))?);
        }
        Ok(())
    }

    fn problem(&self, why: &str) -> String {
        format!("line {} is no event of canyon --record: {why}", self.lines.max(1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use wire::event::Happened;

    use super::*;

    fn line(at: u64) -> String {
        Event { connection: 1, at, happened: Happened::End }.to_string() + "\n"
    }

    fn read(pieces: &[&[u8]]) -> Result<Vec<u64>, String> {
        let (mut reader, mut times) = (Reader::default(), Vec::new());
        for piece in pieces {
            reader.read(piece, |event| times.push(event.at))?;
        }
        reader.end(|event| times.push(event.at))?;
        Ok(times)
    }

    #[test]
    fn a_line_that_is_no_event_is_named() {
        let file = [&*line(1), "\r\n", "hello\n"].concat();
        let problem = read(&[file.as_bytes()]).unwrap_err();
        assert!(problem.starts_with("line 3 is no event of canyon --record: "), "{problem}");
        let problem = read(&[&vec![b'a'; MAX_LINE + 1]]).unwrap_err();
        assert_eq!(problem, "line 1 is no event of canyon --record: it is longer than 1 MiB");
    }

    proptest! {
        #[test]
        fn the_events_are_the_same_wherever_the_file_is_cut(cuts in vec(0..400_usize, 0..9), breaks in any::<bool>()) {
            let mut file: String = (0..8).map(line).collect();
            if breaks {
                file.pop();
            }
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(file.len())).collect();
            cuts.extend([0, file.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &file.as_bytes()[ends[0]..ends[1]]).collect();
            prop_assert_eq!(read(&pieces).unwrap(), (0..8).collect::<Vec<u64>>());
        }
    }
}
