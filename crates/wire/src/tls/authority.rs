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
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Opens the authority in `dir`, or makes one there.
    pub fn open_or_create(dir: &Path) -> Result<Authority, TlsError> {
        let (certificate_path, key_path) = (dir.join("ca.pem"), dir.join("ca.key"));
        let key = if key_path.exists() {
            let text = fs::read_to_string(&key_path).map_err(|source| TlsError::File { path: key_path, source })?;
            KeyPair::from_pem(&text)?
        } else {
            fs::create_dir_all(dir).map_err(|source| TlsError::File { path: dir.to_owned(), source })?;
            let key = KeyPair::generate()?;
            write_private(&key_path, &key.serialize_pem())?;
            let pem = authority_params()?.self_signed(&key)?.pem();
            fs::write(&certificate_path, pem)
                .map_err(|source| TlsError::File { path: certificate_path.clone(), source })?;
            key
        };
        let pem = fs::read_to_string(&certificate_path)
            .map_err(|source| TlsError::File { path: certificate_path.clone(), source })?;
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|source| TlsError::Pem { path: certificate_path, source })?;
        Ok(Authority { certificate, pem, issuer: Issuer::new(authority_params()?, key) })
    }

    /// What clients pin.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.certificate)
    }

    /// The authority's certificate for clients that want a file.
    pub fn pem(&self) -> &str {
        &self.pem
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
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
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

fn write_private(path: &Path, text: &str) -> Result<(), TlsError> {
    let file = |source| TlsError::File { path: path.to_owned(), source };
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(file)?;
    out.write_all(text.as_bytes()).map_err(file)
}
