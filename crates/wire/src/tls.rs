//! TLS: the server's own certificate authority, and whom a client trusts.

mod authority;
mod trust;

pub use authority::{Authority, TlsError, server_config_from_files};
pub use trust::{Trust, client_config};

use std::sync::Arc;

/// The one crypto provider of the program.
pub fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// SHA-256 of a DER certificate in hex: the fingerprint that pilots pin.
pub fn fingerprint(certificate: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, certificate))
}
