//! Why a path with its query selects no behaviour.

use crate::parameter::Parameter;
use crate::value::ValueError;

/// Why a path with its query selects no behaviour.
///
/// [`Error::UnknownPath`] is HTTP's 404, every other one its 400; the text may be shown to the peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No behaviour has this path.
    #[error("unknown path {path:?}; known paths: {}", .known.join(", "))]
    UnknownPath {
        /// As received, without the query.
        path: String,
        /// All paths.
        known: Vec<&'static str>,
    },
    /// The behaviour exists but takes no such parameter.
    #[error("unknown parameter {name:?}; {path} takes {}", known_parameters())]
    UnknownParameter {
        /// The behaviour's path.
        path: &'static str,
        /// As received.
        name: String,
    },
    /// The query has a parameter more than once.
    #[error("parameter {0} is given twice")]
    Repeated(Parameter),
    /// A parameter's value cannot be read or is out of its range.
    #[error("parameter {parameter}={value:?} is wrong: it {problem}")]
    Value {
        /// Which parameter.
        parameter: Parameter,
        /// As received, percent-decoded.
        value: String,
        /// What is allowed.
        problem: ValueError,
    },
}

fn known_parameters() -> String {
    Parameter::ALL.map(Parameter::name).join(", ")
}
