//! Why the other server is not reached, or no longer.

use std::{error::Error, io};

use rustls::{AlertDescription, CertificateError};
use wire::relay::{Cause, Event};

/// A cause, and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) cause: Cause,
    pub(crate) evidence: String,
}

impl Failure {
    pub(crate) fn new(cause: Cause, evidence: impl ToString) -> Self {
        Self { cause, evidence: evidence.to_string() }
    }

    /// Of a TCP connection that does not come about.
    pub(crate) fn of_connect(error: &io::Error, address: impl ToString) -> Self {
        let cause = match error.kind() {
            io::ErrorKind::ConnectionRefused => Cause::Refused,
            io::ErrorKind::TimedOut => Cause::TimedOut,
            _ => Cause::Unreachable,
        };
        Self::new(cause, format!("{}: {error}", address.to_string()))
    }

    /// Of a TLS handshake.
    pub(crate) fn of_tls(error: &io::Error, is_self_signed: bool) -> Self {
        let tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
        let cause = match tls {
            Some(rustls::Error::InvalidCertificate(wrong)) => of_certificate(wrong, is_self_signed),
            // What is no record of TLS.
            Some(rustls::Error::InvalidMessage(_)) => Cause::NoTls,
            Some(rustls::Error::AlertReceived(
                AlertDescription::CertificateRequired | AlertDescription::BadCertificate,
            )) => Cause::CertificateRequired,
            Some(_) => Cause::Tls,
            None if is_end(error) => Cause::Cut,
            None => Cause::Tls,
        };
        Self::new(cause, error)
    }

    /// Of reading and writing before the WebSocket is open.
    pub(crate) fn of_stream(error: &io::Error) -> Self {
        let alert = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
        let cause = match alert {
            Some(rustls::Error::AlertReceived(
                AlertDescription::CertificateRequired | AlertDescription::BadCertificate,
            )) => Cause::CertificateRequired,
            Some(_) => Cause::Tls,
            None if error.kind() == io::ErrorKind::TimedOut => Cause::TimedOut,
            None => Cause::Cut,
        };
        Self::new(cause, error)
    }

    /// Of a status that is not 101.
    pub(crate) fn of_status(status: u16) -> Self {
        let cause = match status {
            300..=399 => Cause::Redirected,
            401 | 407 => Cause::Unauthorized,
            403 => Cause::Forbidden,
            404 | 410 => Cause::NotFound,
            426 => Cause::UpgradeRequired,
            429 => Cause::TooManyRequests,
            502..=504 => Cause::Gateway,
            _ => Cause::Status,
        };
        Self::new(cause, format!("the server answered the handshake with status {status}"))
    }

    pub(crate) fn into_event(self) -> Event {
        Event::Failed { cause: self.cause, evidence: self.evidence }
    }
}

fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}

fn of_certificate(error: &CertificateError, is_self_signed: bool) -> Cause {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Cause::CertificateExpired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Cause::CertificateNotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Cause::CertificateName,
        _ if is_self_signed => Cause::CertificateSelfSigned,
        CertificateError::UnknownIssuer => Cause::CertificateIssuer,
        CertificateError::Other(other) if other.0.source().is_none() => Cause::CertificateIssuer,
        _ => Cause::Tls,
    }
}
