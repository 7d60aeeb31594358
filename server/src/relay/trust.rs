//! Whose certificates the relay trusts, and what it shows of its own.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring::default_provider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use webpki::EndEntityCert;
use wire::relay::{Identity, Trust};

/// How TLS is spoken with one server.
pub(crate) struct ClientTls {
    pub(crate) config: Arc<ClientConfig>,
    /// Set when the server has shown a certificate that it has signed itself.
    is_self_signed: Arc<AtomicBool>,
}

impl ClientTls {
    /// # Errors
    /// A sentence: a PEM has not in it what it should.
    pub(crate) fn new(trust: &Trust, identity: Option<&Identity>) -> Result<Self, String> {
        let provider = Arc::new(default_provider());
        let inner: Arc<dyn ServerCertVerifier> = match trust {
            Trust::System => of_system(&provider)?,
            Trust::Issuers(pem) => of_issuers(pem, &provider)?,
            Trust::Anyone => Arc::new(Anyone(Arc::clone(&provider))),
        };
        let is_self_signed = Arc::new(AtomicBool::new(false));
        let verifier = Arc::new(Noting { inner, is_self_signed: Arc::clone(&is_self_signed) });
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let chain = certificates("the client's certificate", &identity.certificate)?;
                let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())
                    .map_err(|error| format!("the client's key is no private key in PEM: {error}"))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| error.to_string())?
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), is_self_signed })
    }

    pub(crate) fn is_self_signed(&self) -> bool {
        self.is_self_signed.load(Relaxed)
    }
}

/// The system's verifier, which reads all its certificates when it is made: once for all connections.
fn of_system(provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    static SYSTEM: OnceLock<Arc<Verifier>> = OnceLock::new();
    if let Some(verifier) = SYSTEM.get() {
        return Ok(Arc::clone(verifier) as _);
    }
    let verifier = Arc::new(Verifier::new(Arc::clone(provider)).map_err(|error| error.to_string())?);
    Ok(Arc::clone(SYSTEM.get_or_init(|| verifier)) as _)
}

fn certificates(what: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
    let all = all.map_err(|error| format!("{what} is no certificate in PEM: {error}"))?;
    if all.is_empty() { Err(format!("{what} is no certificate in PEM: there is none in it")) } else { Ok(all) }
}

fn of_issuers(pem: &str, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("the issuer", pem)? {
        roots.add(certificate).map_err(|error| format!("the issuer cannot be used: {error}"))?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider)).build();
    verifier.map_err(|error| error.to_string())
}

/// Notes what a verifier does not tell: whether the certificate is signed by itself.
#[derive(Debug)]
struct Noting {
    inner: Arc<dyn ServerCertVerifier>,
    is_self_signed: Arc<AtomicBool>,
}

impl ServerCertVerifier for Noting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let own = EndEntityCert::try_from(end_entity);
        self.is_self_signed.store(own.is_ok_and(|own| own.issuer() == own.subject()), Relaxed);
        self.inner.verify_server_cert(end_entity, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Trusts every certificate; its key must still have signed the handshake.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
