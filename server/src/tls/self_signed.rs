//! A certificate for this machine that no authority has issued. It is kept, so that a browser in which a person accepted it once
//! goes on accepting it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use etcetera::BaseStrategy;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;

use super::{
    TlsError,
    certificates::{self, CertificateError},
};

/// Names and addresses that the certificate is for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Certificate and key in one file, so that one never stands beside the other's predecessor.
const FILE: &str = "self-signed.pem";
const DAY: Duration = Duration::from_hours(24);
/// How long it is valid; browsers reject server certificates of more than 398 days.
const VALID: Duration = DAY.saturating_mul(397);
/// How long before its end another one is made.
const RENEWAL: Duration = DAY.saturating_mul(30);

/// Where the certificate is kept: in `~/.local/share/canyon` on Linux and macOS, or under `$XDG_DATA_HOME`; in `AppData`
/// on Windows.
pub(super) fn folder() -> Result<PathBuf, TlsError> {
    let base = etcetera::choose_base_strategy().map_err(TlsError::NoDataFolder)?;
    Ok(base.data_dir().join("canyon"))
}

/// The certificate that is kept in the folder, or a new one where there is none or it is about to expire.
pub(super) fn read_or_make(folder: &Path, now: SystemTime) -> Result<CertifiedKey, TlsError> {
    let file = folder.join(FILE);
    match certificates::read(&file, &file, now + RENEWAL) {
        Ok(certified) => return Ok(certified),
        Err(CertificateError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        Err(CertificateError::Expired { .. } | CertificateError::NotYetValid { .. }) => {
            tracing::warn!("the certificate in {} is about to expire, so a new one is made", file.display());
        }
        Err(error) => return Err(error.into()),
    }
    write(&file, &make(now)?).map_err(|source| TlsError::Unwritable { file: file.clone(), source })?;
    Ok(certificates::read(&file, &file, now)?)
}

/// A new certificate and its key, in PEM.
fn make(now: SystemTime) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Canyon on localhost");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // A day earlier, because clocks differ.
    params.not_before = OffsetDateTime::from(now - DAY);
    params.not_after = OffsetDateTime::from(now - DAY + VALID);
    let key = KeyPair::generate()?;
    Ok(params.self_signed(&key)?.pem() + &key.serialize_pem())
}

/// Writes a file that its owner alone can read, whole or not at all.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Its mode is 0600 from the beginning.
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut new, text.as_bytes())?;
    new.as_file().sync_all()?;
    new.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(folder: &Path, now: SystemTime) -> Vec<u8> {
        read_or_make(folder, now).unwrap().cert[0].to_vec()
    }

    #[test]
    fn a_certificate_is_kept_until_a_month_before_its_end() {
        let home = tempfile::TempDir::new().unwrap();
        let folder = home.path().join("not/there/yet");
        let now = SystemTime::now();
        let first = shown(&folder, now);
        assert_eq!(shown(&folder, now + 365 * DAY), first);
        let second = shown(&folder, now + 367 * DAY);
        assert_ne!(second, first);
        assert_eq!(shown(&folder, now + 368 * DAY), second);
        assert_ne!(shown(&folder, now), second, "a clock that was wrong then");
    }

    #[cfg(unix)]
    #[test]
    fn the_owner_alone_can_read_the_key() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::TempDir::new().unwrap();
        read_or_make(folder.path(), SystemTime::now()).unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_something_else_is_named_and_stays() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join(FILE);
        fs::write(&file, "my diary").unwrap();
        let error = read_or_make(folder.path(), SystemTime::now()).unwrap_err().to_string();
        assert_eq!(error, format!("{} is no certificate in PEM: there is none in it", file.display()));
        assert_eq!(fs::read_to_string(file).unwrap(), "my diary");
    }
}
