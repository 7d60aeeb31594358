//! Bytes read one after the other, with the place of a mistake.

use super::Broken;

#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn broken(&self, why: impl Into<String>) -> Broken {
        Broken { at: self.at, why: why.into() }
    }

    /// # Errors
    /// Fewer are left.
    pub(super) fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8], Broken> {
        let left = self.left();
        if count > left {
            return Err(self.broken(format!("{what} takes {count} bytes, {left} are left")));
        }
        let taken = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    pub(super) fn byte(&mut self, what: &str) -> Result<u8, Broken> {
        self.take(1, what).map(|bytes| bytes[0])
    }

    /// An unsigned number of `size` bytes, at most 8, the highest first.
    pub(super) fn number(&mut self, size: usize, what: &str) -> Result<u64, Broken> {
        Ok(self.take(size, what)?.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// The same as the length of what follows, which may be more than there is.
    pub(super) fn length(&mut self, size: usize, what: &str) -> Result<usize, Broken> {
        self.number(size, what).map(|length| usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// # Errors
    /// Something is left.
    pub(super) fn end(&self) -> Result<(), Broken> {
        match self.left() {
            0 => Ok(()),
            1 => Err(self.broken("1 byte is left after the end of the value")),
            left => Err(self.broken(format!("{left} bytes are left after the end of the value"))),
        }
    }
}
