//! The grid proxy that a pilot was given.

use model::Time;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use x509_parser::pem::Pem;

/// Where it lies, as the field's programs look for it.
pub(super) fn path() -> PathBuf {
    let named = env::var_os("X509_USER_PROXY").filter(|path| !path.is_empty());
    let usual = || format!("/tmp/x509up_u{}", rustix::process::getuid().as_raw()).into();
    named.map_or_else(usual, PathBuf::from)
}

/// When it ends: with the first certificate of its chain that does.
pub(super) fn end(path: &Path) -> Result<Time, String> {
    let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    end_of(&text).map_err(|what| format!("{} {what}", path.display()))
}

fn end_of(text: &[u8]) -> Result<Time, String> {
    let blocks: Vec<Pem> = Pem::iter_from_buffer(text).collect::<Result<_, _>>().map_err(|_| "is no PEM file")?;
    let certificates = blocks.iter().filter(|block| block.label == "CERTIFICATE");
    let ends = certificates.map(|block| {
        let certificate = block.parse_x509().map_err(|error| format!("has a certificate that is wrong: {error}"))?;
        Ok(certificate.validity().not_after.timestamp())
    });
    let ends = ends.collect::<Result<Vec<i64>, String>>()?;
    ends.into_iter().min().map(|end| Time(end * 1000)).ok_or_else(|| "has no certificate".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_ends_with_its_shortest_certificate() {
        let certificate = |year| {
            let mut asked = rcgen::CertificateParams::default();
            asked.not_after = rcgen::date_time_ymd(year, 1, 1);
            asked.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem()
        };
        let text = certificate(2045) + &certificate(2030) + &certificate(2050);
        assert_eq!(end_of(text.as_bytes()).unwrap().to_string(), "2030-01-01T00:00:00.000Z");
        assert_eq!(end_of(b"").unwrap_err(), "has no certificate");
        assert!(end(Path::new("/no/such")).unwrap_err().starts_with("/no/such: "));
    }
}
