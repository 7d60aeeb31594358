//! What Canyon's page measures with. The rules are here, without a browser, so that they are tested natively: which reply
//! answers which message ([`echo`]), how long it took ([`round_trip`]), what is sent when ([`plan`], [`run`]), and what HTTP and
//! WebSocket cost ([`compare`]). `main.rs` has
//! the engine, which runs them in a worker, and the view, which shows them in the page.

pub mod clock;
pub mod compare;
pub mod difference;
pub mod echo;
pub mod message;
pub mod plan;
pub mod plot;
pub mod protocol;
pub mod round_trip;
pub mod run;
pub mod timeline;
pub mod words;
