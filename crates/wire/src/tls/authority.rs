//! A certificate authority of the server's own, kept in its directory.

use super::{fingerprint, provider};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What a server speaks, in order of preference.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// TLS material that cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read or written.
    #[error("read or write {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file holds no usable PEM.
    #[error("find a certificate or key in {path}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rustls::pki_types::pem::Error,
    },
    /// A file holds no usable private key.
    #[error("use the private key in {path}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rcgen::Error,
    },
    /// A key or certificate could not be made.
    #[error("make a certificate")]
    Make(#[from] rcgen::Error),
    /// rustls refused the material.
    #[error("use the certificate and key")]
    Use(#[from] rustls::Error),
}

/// The authority of one server directory: `ca.pem` for everybody, `ca.key` for nobody else.
pub struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Opens the authority in `dir`, or makes one there.
    pub fn open_or_create(dir: &Path) -> Result<Authority, TlsError> {
        let (certificate_path, key_path) = (dir.join("ca.pem"), dir.join("ca.key"));
        if !key_path.exists() {
            create(dir, &certificate_path, &key_path)?;
        }
        let read =
            |path: &Path| fs::read_to_string(path).map_err(|source| TlsError::File { path: path.to_owned(), source });
        let key = KeyPair::from_pem(&read(&key_path)?).map_err(|source| TlsError::Key { path: key_path, source })?;
        let certificate = CertificateDer::from_pem_slice(read(&certificate_path)?.as_bytes())
            .map_err(|source| TlsError::Pem { path: certificate_path, source })?;
        Ok(Authority { certificate, issuer: Issuer::new(authority_params()?, key) })
    }

    /// What clients pin.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.certificate)
    }

    /// A server configuration with a fresh certificate for `names` (host names and IP addresses).
    pub fn server_config(&self, names: &[String]) -> Result<ServerConfig, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names.to_vec())?;
        params.distinguished_name.push(DnType::CommonName, "Pilotage server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, 2);
        let leaf = params.signed_by(&key, &self.issuer)?;
        let chain = vec![leaf.der().clone(), self.certificate.clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der())
            .map_err(|reason| TlsError::Use(rustls::Error::General(reason.to_owned())))?;
        server_config(chain, key)
    }
}

/// A server configuration from the site's own certificate chain and key, both PEM.
pub fn server_config_from_files(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let pem = |path: &Path, source| TlsError::Pem { path: path.to_owned(), source };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|source| pem(certificate, source))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|source| pem(key, source))?;
    server_config(chain, key)
}

fn server_config(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}

fn authority_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "Pilotage authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, 20);
    Ok(params)
}

/// From last year on, so that a node whose clock is behind accepts it.
fn set_validity(params: &mut CertificateParams, years: i32) {
    let now = i32::from(jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year());
    params.not_before = rcgen::date_time_ymd(now - 1, 1, 1);
    params.not_after = rcgen::date_time_ymd(now + years, 1, 1);
}

/// Makes key and certificate. The key comes to its place last: until then, whatever a crash left, both are made anew.
fn create(dir: &Path, certificate_path: &Path, key_path: &Path) -> Result<(), TlsError> {
    let file = |source| TlsError::File { path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(file)?;
    let key = KeyPair::generate()?;
    let certificate = authority_params()?.self_signed(&key)?;
    write(certificate_path, &certificate.pem(), 0o644)?;
    write(key_path, &key.serialize_pem(), 0o600)?;
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(file)
}

/// Writes a file that is never seen half written.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    let partial = path.with_extension("part");
    let written = || {
        match fs::remove_file(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&partial)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        fs::rename(&partial, path)
    };
    written().map_err(|source| TlsError::File { path: path.to_owned(), source })
}
