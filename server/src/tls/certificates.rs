//! Certificates and their keys in files, and the one that new connections are shown.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use ring::digest::{SHA256, digest};
use rustls::{
    crypto::ring::sign::any_supported_type,
    pki_types::{
        CertificateDer, PrivateKeyDer, UnixTime,
        pem::{self, PemObject},
    },
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use webpki::{EndEntityCert, KeyUsage, ring::ECDSA_P256_SHA256};

/// Why a certificate or its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file must be there, and readable for the user that the server runs as.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no PEM, or has something else in it.
    #[error("{} is no {wanted} in PEM: {reason}", .file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What should be in it.
        wanted: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Each certificate has its own key.
    #[error("the key in {} is not that of the certificate in {}", .key.display(), .cert.display())]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// Clients would reject it.
    #[error("the certificate in {} has expired: it was valid until {}", .file.display(), httpdate::fmt_http_date(*.until))]
    Expired {
        /// The certificate's file.
        file: PathBuf,
        /// When it expired.
        until: SystemTime,
    },
    /// Clients would reject it; perhaps the clock is wrong.
    #[error("the certificate in {} is valid from {} only", .file.display(), httpdate::fmt_http_date(*.from))]
    NotYetValid {
        /// The certificate's file.
        file: PathBuf,
        /// When it becomes valid.
        from: SystemTime,
    },
}

const CERTIFICATE: &str = "certificate";
const KEY: &str = "private key (PKCS#8, SEC1 or PKCS#1, not encrypted)";

/// Reads a certificate with those of its issuers, and its key, and checks that clients can accept them at this time.
pub(super) fn read(cert: &Path, key: &Path, now: SystemTime) -> Result<CertifiedKey, CertificateError> {
    let malformed = |reason: String| CertificateError::Malformed { file: cert.to_owned(), wanted: CERTIFICATE, reason };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(cert, CERTIFICATE, error))?;
    let Some(own) = chain.first() else { return Err(malformed("there is none in it".to_owned())) };
    let own = EndEntityCert::try_from(own).map_err(|error| malformed(error.to_string()))?;
    match validity(&own, now) {
        Validity::Now => {}
        Validity::From(from) => return Err(CertificateError::NotYetValid { file: cert.to_owned(), from }),
        Validity::Until(until) => return Err(CertificateError::Expired { file: cert.to_owned(), until }),
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, KEY, error))?;
    let secret = any_supported_type(&secret).map_err(|error| CertificateError::Malformed {
        file: key.to_owned(),
        wanted: KEY,
        reason: error.to_string(),
    })?;
    let certified = CertifiedKey::new(chain, secret);
    match certified.keys_match() {
        Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => {
            Err(CertificateError::Mismatch { cert: cert.to_owned(), key: key.to_owned() })
        }
        // Where a key does not tell its public half, nothing can be compared.
        _ => Ok(certified),
    }
}

fn unreadable(file: &Path, wanted: &'static str, error: pem::Error) -> CertificateError {
    let file = file.to_owned();
    match error {
        pem::Error::Io(source) => CertificateError::Unreadable { file, source },
        pem::Error::NoItemsFound => {
            CertificateError::Malformed { file, wanted, reason: "there is none in it".to_owned() }
        }
        error => CertificateError::Malformed { file, wanted, reason: error.to_string() },
    }
}

/// When a certificate is valid, seen from some time.
enum Validity {
    Now,
    From(SystemTime),
    Until(SystemTime),
}

/// webpki has no accessor for the dates. It checks them before anything that needs an issuer, so a verification without
/// any trusted issuer reports them, and fails otherwise for want of one.
fn validity(cert: &EndEntityCert<'_>, at: SystemTime) -> Validity {
    let at = UnixTime::since_unix_epoch(at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    let time = |time: UnixTime| SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs());
    match cert.verify_for_usage(&[ECDSA_P256_SHA256], &[], &[], at, KeyUsage::server_auth(), None, None) {
        Err(webpki::Error::CertExpired { not_after, .. }) => Validity::Until(time(not_after)),
        Err(webpki::Error::CertNotValidYet { not_before, .. }) => Validity::From(time(not_before)),
        _ => Validity::Now,
    }
}

/// The certificate that new connections are shown.
#[derive(Debug)]
pub(super) struct Certificates(RwLock<Arc<CertifiedKey>>);

impl Certificates {
    pub(super) fn new(certified: CertifiedKey) -> Self {
        Self(RwLock::new(Arc::new(certified)))
    }

    pub(super) fn replace(&self, certified: CertifiedKey) {
        // Nothing panics while it holds the lock.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
    }

    fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn fingerprint(&self) -> String {
        let certified = self.current();
        let own = certified.cert.first().map_or(&[][..], |cert| cert);
        let bytes = digest(&SHA256, own).as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>();
        bytes.join(":")
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}
