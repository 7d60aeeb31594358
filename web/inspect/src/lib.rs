//! What Canyon's page shows the wire with. The rules are here, without a browser, so that they are tested natively: what
//! frames mean together ([`flow`]), which rules they break ([`judge`]), how their bits are drawn ([`bits`]), what is kept
//! ([`trace`]) and shown ([`filter`], [`words`]). `main.rs` has the view, which shows them in the page.

pub mod address;
pub mod bits;
pub mod filter;
pub mod flow;
pub mod handshake;
pub mod judge;
pub mod recording;
pub mod trace;
pub mod words;
