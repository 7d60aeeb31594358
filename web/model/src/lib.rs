//! The state and the rules of Canyon's page: what a message, a click or a socket event changes, and all texts about it.
//! It does no I/O and reads no clock, so every rule is tested without a browser.

mod composing;
mod connection;
mod data;
mod deferred;
mod log;
mod matching;
mod sending;
mod shared;
mod stored;
#[cfg(test)]
mod test_page;
pub mod why;
mod workbench;

pub use composing::draft::{Draft, Format, Templates};
pub use composing::preset;
pub use composing::template::{Sources, Strings, TemplateError, substitute};
pub use connection::address::{AddressError, Origin, ParseUrl, WsUrl, initial_address};
pub use connection::close::{CloseCode, CloseCodeError, CloseFrame, CloseFrameError, Reason, ReasonError};
pub use connection::ending::{Closed, Ending};
pub use connection::note::Note;
pub use connection::retry::{Retry, RetryPolicy};
pub use connection::setup::{Offline, Reconnect, Setup};
pub use connection::state::{ConnectionState, Opened};
pub use connection::subprotocols::{Subprotocols, SubprotocolsError};
pub use connection::{Connection, ConnectionMsg, Problem, SocketEvent};
pub use data::codec::{Base64Error, HexDump, HexError, HexLine, decode_base64, decode_hex, encode_base64, encode_hex};
pub use data::cut::cut_in_middle;
pub use data::format::{Count, Counted, Size, Span};
pub use data::json;
pub use data::payload::{Content, Payload};
pub use data::time::{Time, iso_8601_micros, micros_of_iso_8601, micros_of_number};
pub use data::visible::{Beginning, Quoted, visible};
pub use deferred::Loaded;
pub use log::filter::{Facet, Facets, Filter, Marked, Query, Rows};
pub use log::viewport::{ROW_HEIGHT, Viewport};
pub use log::{Direction, Entry, Keep, KeptBytes, Kind, Label, Limits, Log, PinError, Source, Tally, Tone};
pub use matching::{CheckRegex, MatchError, MatchId, MatchRequest, Regex};
pub use sending::outbox::{Outbox, OutboxFull, Outgoing, Watermarks};
pub use sending::repeat::{Pace, PaceError, Repeat, Repetition};
pub use sending::replay::{Replay, ReplayMessage};
pub use sending::sequence::{Outcome, Reply, Run, Sequence, SequenceEdit, Step, StepResult, Verdict};
pub use shared::{ConnectionId, Effect, SocketId};
pub use stored::document::Document;
pub use stored::layout::{Edge, Layout};
pub use stored::link::{Link, LinkError};
pub use stored::saved::{History, Library, Saved, SavedName};
pub use stored::settings::{NumericSetting, Settings, ShortcutKeys, Theme, TimeFormat};
pub use stored::storage_error::StorageError;
pub use workbench::{ExportScope, ImportedLogs, Msg, Start, Subject, Workbench};
