//! Code that is not needed until the first click. `cargo xtask finalize-dist` takes it out of the page's program: what is
//! reached only by way of [`Loaded::run`] is a file of its own, which the page loads right after its start.

/// Proves that this file is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded(());

impl Loaded {
    /// To be called when it is, or where the program is whole, as in tests.
    pub fn proven() -> Self {
        Self(())
    }

    /// Runs deferred code. `finalize-dist` knows this function by its name, so it is never inlined.
    #[inline(never)]
    pub fn run<R>(self, code: impl FnOnce() -> R) -> R {
        code()
    }
}
