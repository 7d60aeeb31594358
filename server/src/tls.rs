//! TLS on a listener of its own: which certificate is shown, and the handshake up to where HTTP begins.

mod certificates;
mod self_signed;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use rustls::{
    ServerConfig,
    crypto::ring::default_provider,
    version::{TLS12, TLS13},
};
use tokio::{io::AsyncWriteExt, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    budget::Charge,
    http::last_words::plain_on_tls_port,
    linger,
    transport::{Stream, TLS_OUTPUT, TlsSocket, Transport},
};
pub use certificates::CertificateError;
use certificates::Certificates;

/// The first byte of a TLS connection: the type of a handshake record
/// ([RFC 8446, 5.1](https://www.rfc-editor.org/rfc/rfc8446#section-5.1)).
const HANDSHAKE: u8 = 22;

/// A fatal alert, `internal_error`, that a client understands before it has seen anything else of the server
/// ([RFC 8446, 6](https://www.rfc-editor.org/rfc/rfc8446#section-6)).
pub(crate) const NO_ROOM: [u8; 7] = [21, 3, 3, 0, 2, 2, 80];

/// Where the certificate for `wss://` and `https://` comes from; without one there is no TLS.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsSettings {
    /// File with the certificate for wss:// and https:// in PEM, the certificates of its issuers behind it; read again on
    /// SIGHUP
    #[arg(long, env = "CANYON_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// File with its private key in PEM: PKCS#8, SEC1 or PKCS#1, not encrypted
    #[arg(long, env = "CANYON_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Make a certificate for localhost, 127.0.0.1 and ::1, and keep it in the user's data folder
    #[arg(long, env = "CANYON_TLS_SELF_SIGNED", conflicts_with = "tls_cert")]
    pub tls_self_signed: bool,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There is nowhere to keep a certificate; set `HOME`, or give one with `--tls-cert` and `--tls-key`.
    #[error("the user has no data folder to keep a certificate in")]
    NoDataFolder(#[source] etcetera::HomeDirError),
    /// Its folder must be writable.
    #[error("cannot write the certificate {}", .file.display())]
    Unwritable {
        /// Where it is kept.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate could not be made.
    #[error("cannot make a certificate")]
    NotMade(#[from] rcgen::Error),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// Where a certificate is read from, at the start and again on [`Tls::reload`].
#[derive(Debug)]
enum Source {
    Files { cert: PathBuf, key: PathBuf },
    SelfSigned { folder: PathBuf },
}

/// What TLS connections of one server share.
#[derive(Debug)]
pub struct Tls {
    config: Arc<ServerConfig>,
    certificates: Arc<Certificates>,
    source: Source,
}

impl TlsSettings {
    /// Reads the certificate, or makes one; `None` if neither is asked for.
    ///
    /// # Errors
    /// The certificate cannot be read, has expired, or does not fit its key.
    pub fn load(&self) -> Result<Option<Tls>, TlsError> {
        let source = match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Source::Files { cert: cert.clone(), key: key.clone() },
            _ if self.tls_self_signed => Source::SelfSigned { folder: self_signed::folder()? },
            _ => return Ok(None),
        };
        Tls::new(source).map(Some)
    }
}

impl Tls {
    /// Shows the certificate of these files.
    ///
    /// # Errors
    /// As [`TlsSettings::load`].
    pub fn from_files(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        Self::new(Source::Files { cert: cert.to_owned(), key: key.to_owned() })
    }

    fn new(source: Source) -> Result<Self, TlsError> {
        let certificates = Arc::new(Certificates::new(source.read()?));
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("ring has cipher suites for both versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&certificates) as _);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), certificates, source })
    }

    /// Reads the certificate again; new connections see the new one. An error changes nothing.
    ///
    /// # Errors
    /// As [`TlsSettings::load`].
    pub fn reload(&self) -> Result<(), TlsError> {
        self.certificates.replace(self.source.read()?);
        Ok(())
    }

    /// The SHA-256 fingerprint of the certificate, as browsers and `openssl x509 -fingerprint -sha256` write it.
    pub fn fingerprint(&self) -> String {
        self.certificates.fingerprint()
    }

    /// Whether clients do not trust the certificate before a person has accepted it.
    pub fn is_self_signed(&self) -> bool {
        matches!(self.source, Source::SelfSigned { .. })
    }

    /// The handshake of a new connection, whose memory of TLS `charge` counts from its end on. A client that speaks plain HTTP gets a sentence.
    ///
    /// # Errors
    /// Why there is no TLS, for people; the connection is closed then.
    pub(crate) async fn accept(&self, stream: Stream, time: Duration, charge: Charge) -> io::Result<Transport> {
        let late = || io::Error::new(io::ErrorKind::TimedOut, format!("it took longer than {time:?}"));
        match timeout(time, self.handshake(stream)).await.map_err(|_| late())? {
            Ok(stream) => Ok(Transport::tls(stream, charge)),
            Err((error, stream)) => {
                linger::close(stream.into_inner()).await;
                Err(explain(error))
            }
        }
    }

    async fn handshake(&self, mut stream: Stream) -> Result<TlsStream<TlsSocket>, (io::Error, Stream)> {
        let mut first = [HANDSHAKE];
        match stream.inner().peek(&mut first).await {
            Ok(_) if first == [HANDSHAKE] => {}
            Ok(_) => {
                let sentence = plain_on_tls_port(stream.inner().tcp_address());
                let written = stream.write_all(sentence.as_bytes()).await;
                let error = written.err().unwrap_or_else(|| io::Error::other("it is no TLS"));
                return Err((error, stream));
            }
            Err(error) => return Err((error, stream)),
        }
        TlsAcceptor::from(Arc::clone(&self.config))
            .accept_with(TlsSocket::new(stream), |connection| connection.set_buffer_limit(Some(TLS_OUTPUT)))
            .into_fallible()
            .await
            .map_err(|(error, socket)| (error, socket.into_inner()))
    }
}

/// Says what the alert of a client means that does not trust the certificate: three alerts are in use for that.
fn explain(error: io::Error) -> io::Error {
    use rustls::{
        AlertDescription::{BadCertificate, CertificateUnknown, UnknownCA},
        Error::AlertReceived,
    };
    match error.get_ref().and_then(|source| source.downcast_ref()) {
        Some(AlertReceived(UnknownCA | CertificateUnknown | BadCertificate)) => {
            io::Error::other(format!("it does not trust the certificate ({error})"))
        }
        _ => error,
    }
}

impl Source {
    fn read(&self) -> Result<rustls::sign::CertifiedKey, TlsError> {
        let now = SystemTime::now();
        match self {
            Self::Files { cert, key } => Ok(certificates::read(cert, key, now)?),
            Self::SelfSigned { folder } => self_signed::read_or_make(folder, now),
        }
    }
}
