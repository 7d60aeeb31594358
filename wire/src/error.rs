//! Why a path with its query is no behaviour.

use crate::parameter::Parameter;
use crate::value::ValueError;

/// Why a path with its query is no behaviour.
///
/// [`Error::UnknownPath`] is HTTP's 404, every other one its 400; the text is fit to be shown to the peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No behaviour has this path.
    #[error("unknown path {path:?}; known are {}", .known.join(", "))]
    UnknownPath {
        /// The path as it came, without the query.
        path: String,
        /// The paths that there are.
        known: Vec<&'static str>,
    },
    /// The behaviour exists but takes no such parameter.
    #[error("unknown parameter {name:?}; {path} takes {}", known_parameters())]
    UnknownParameter {
        /// The behaviour's path.
        path: &'static str,
        /// The parameter as it came.
        name: String,
    },
    /// A parameter stands in the query more than once.
    #[error("parameter {0} is given twice")]
    Repeated(Parameter),
    /// A parameter's value cannot be read or is out of its range.
    #[error("parameter {parameter}={value:?} is wrong: it {problem}")]
    Value {
        /// Which parameter.
        parameter: Parameter,
        /// The value as it came, percent-decoded.
        value: String,
        /// What would have been right.
        problem: ValueError,
    },
}

fn known_parameters() -> String {
    Parameter::ALL.map(Parameter::name).join(", ")
}
