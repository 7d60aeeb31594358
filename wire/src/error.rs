//! Why a path with its query selects no behaviour.

use crate::parameter::Parameter;
use crate::path::Path;
use crate::value::ValueError;

/// Why a path with its query selects no behaviour.
///
/// [`Error::UnknownPath`] is HTTP's 404, every other one its 400; the text may be shown to the peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No behaviour has this path.
    #[error("unknown path {0:?}; known paths: {paths}", paths = known(Path::ALL.iter().map(|path| path.pattern())))]
    UnknownPath(String),
    /// The behaviour exists but takes no such parameter.
    #[error("unknown parameter {name:?}; {pattern} takes {parameters}", pattern = path.pattern(),
        parameters = known(query_parameters(*path)))]
    UnknownParameter {
        /// The behaviour's path.
        path: Path,
        /// As received.
        name: String,
    },
    /// The query has a parameter more than once.
    #[error("parameter {0} is given twice")]
    Repeated(Parameter),
    /// A parameter that must be given is not.
    #[error("parameter {parameter} is missing: {pattern} needs it, as in {parameter}={example}",
        pattern = path.pattern(), example = parameter.example())]
    Missing {
        /// The behaviour's path.
        path: Path,
        /// Which parameter.
        parameter: Parameter,
    },
    /// A parameter's value cannot be read or is out of its range.
    #[error("parameter {parameter}={value:?} is wrong: it {problem}, as in {parameter}={example}",
        example = parameter.example())]
    Value {
        /// Which parameter.
        parameter: Parameter,
        /// As received, percent-decoded.
        value: String,
        /// What is allowed.
        problem: ValueError,
    },
}

fn known(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn query_parameters(path: Path) -> impl Iterator<Item = String> {
    path.parameters().filter(move |&parameter| path.part() != Some(parameter)).map(|parameter| parameter.to_string())
}
