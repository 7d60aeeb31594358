//! Certificates of a test's own, and clients that trust them.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc};

use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, crypto::ring, pki_types::CertificateDer};
use server::Tls;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::within;

/// A certificate for `localhost` and its key, in files that are deleted with it.
pub struct Certificate {
    pub cert: PathBuf,
    pub key: PathBuf,
    der: CertificateDer<'static>,
    _folder: TempDir,
}

impl Certificate {
    /// One that is valid now.
    pub fn new() -> Self {
        Self::valid(2020, 2099)
    }

    /// One that is valid from the beginning of a year to that of another.
    pub fn valid(from: i32, until: i32) -> Self {
        let folder = TempDir::new().unwrap();
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        // Two issuers of one name would be taken for the same with another key.
        params.distinguished_name.push(DnType::CommonName, format!("test {}", fastrand::u64(..)));
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let secret = KeyPair::generate().unwrap();
        let made = params.self_signed(&secret).unwrap();
        fs::write(&cert, made.pem()).unwrap();
        fs::write(&key, secret.serialize_pem()).unwrap();
        Self { cert, key, der: made.der().clone(), _folder: folder }
    }

    /// Puts another certificate and its key into the same files.
    pub fn replace(&mut self, other: &Self) {
        fs::copy(&other.cert, &self.cert).unwrap();
        fs::copy(&other.key, &self.key).unwrap();
        self.der = other.der.clone();
    }

    /// A server's settings that show it, whether it is valid now or not.
    pub fn server_config(&self) -> Arc<rustls::ServerConfig> {
        let key = rustls::pki_types::pem::PemObject::from_pem_file(&self.key).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![self.der.clone()], key).unwrap())
    }

    pub fn tls(&self) -> Arc<Tls> {
        Arc::new(Tls::from_files(&self.cert, &self.key).unwrap())
    }

    /// A connection of a client that trusts this certificate and no other.
    pub async fn connect(&self, address: SocketAddr) -> TlsStream<TcpStream> {
        self.try_connect(address, rustls::ALL_VERSIONS, &[]).await.unwrap()
    }

    /// The same with these versions, and these protocols on offer.
    pub async fn try_connect(
        &self,
        address: SocketAddr,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = within("a connection", TcpStream::connect(address)).await.unwrap();
        self.try_connect_over(stream, versions, protocols).await
    }

    /// The same over a connection that is there.
    pub async fn try_connect_over(
        &self,
        stream: TcpStream,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let name = "localhost".try_into().unwrap();
        within("the TLS handshake", TlsConnector::from(Arc::new(config)).connect(name, stream)).await
    }
}
