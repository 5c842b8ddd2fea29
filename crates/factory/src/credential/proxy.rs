//! Grid proxies (RFC 3820): a certificate, its key, and the chain up to the one that an authority signed, in one file.
//!
//! Read here and not by `voms-proxy-info`: before every submission, without a process that may hang, also where the VO's
//! programs are not installed.

use super::attributes::{self, Attributes};
use super::life::Seen;
use model::Time;
use x509_parser::asn1_rs::{Oid, oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::pem::Pem;
use x509_parser::x509::X509Name;

/// The extension of a proxy.
const PROXY_INFO: Oid<'static> = oid!(1.3.6.1.5.5.7.1.14);

/// Reads a proxy that lies there since a time. The error says what is wrong with the file.
pub fn read(text: &[u8], since: Time) -> Result<Seen, String> {
    let blocks: Vec<Pem> = Pem::iter_from_buffer(text).collect::<Result<_, _>>().map_err(|_| "is no PEM file")?;
    if !blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
        return Err("has no private key".to_owned());
    }
    let chain: Vec<X509Certificate<'_>> = blocks
        .iter()
        .filter(|block| block.label == "CERTIFICATE")
        .map(|block| block.parse_x509().map_err(|error| format!("has a certificate that cannot be read: {error}")))
        .collect::<Result<_, _>>()?;
    let first = chain.first().ok_or("has no certificate")?;
    let ends = chain.iter().map(|certificate| certificate.validity().not_after.timestamp()).min().unwrap_or_default();
    let attributes = attributes_of(&chain)?;
    let begins = Time(first.validity().not_before.timestamp() * 1000);
    Ok(Seen {
        who: identity(&chain),
        // Programs let a proxy begin some minutes before it was made, for clocks that are slow.
        began: begins.max(attributes.as_ref().map_or(begins, |attributes| attributes.begins)).max(since),
        ends: Some(Time(ends * 1000)),
        attributes_end: attributes.as_ref().map(|attributes| attributes.ends),
        attributes: attributes.map(|attributes| attributes.fqans).unwrap_or_default(),
    })
}

/// Those of the newest certificate that has any.
fn attributes_of(chain: &[X509Certificate<'_>]) -> Result<Option<Attributes>, String> {
    let mut extensions = chain.iter().flat_map(|certificate| certificate.extensions());
    let Some(extension) = extensions.find(|extension| extension.oid == attributes::EXTENSION) else { return Ok(None) };
    attributes::read(extension.value).map(Some).ok_or_else(|| "has attributes that cannot be read".to_owned())
}

/// The subject of what the authority signed.
fn identity(chain: &[X509Certificate<'_>]) -> String {
    let is_proxy = |certificate: &X509Certificate<'_>| {
        let legacy = certificate.subject().iter_common_name().last().and_then(|name| name.as_str().ok());
        matches!(legacy, Some("proxy" | "limited proxy"))
            || certificate.extensions().iter().any(|extension| extension.oid == PROXY_INFO)
    };
    let end_entity = chain.iter().find(|certificate| !is_proxy(certificate)).or(chain.last());
    end_entity.map(|certificate| slashed(certificate.subject())).unwrap_or_default()
}

/// As the field writes names: `/DC=ch/CN=somebody`.
fn slashed(name: &X509Name<'_>) -> String {
    let part = |attribute: &x509_parser::x509::AttributeTypeAndValue<'_>| {
        let key = oid2abbrev(attribute.attr_type(), oid_registry()).map_or("?".to_owned(), str::to_owned);
        format!("/{key}={}", attribute.as_str().unwrap_or("?"))
    };
    name.iter_attributes().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By voms-proxy-init 2.1.0 from a VOMS server, without its key.
    const RECORDED: &str = include_str!("recorded/voms-proxy-init.pem");
    /// The reader only wants to know that there is one.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

    #[test]
    fn reads_a_recorded_proxy() {
        let seen = read(format!("{RECORDED}{KEY}").as_bytes(), Time(0)).unwrap();
        insta::assert_debug_snapshot!(seen);
    }

    #[test]
    fn what_is_missing_is_told() {
        let wrong = |text: &str| read(text.as_bytes(), Time(0)).unwrap_err();
        assert_eq!(wrong(RECORDED), "has no private key");
        assert_eq!(wrong(KEY), "has no certificate");
        assert_eq!(wrong(""), "has no private key");
        assert_eq!(wrong("-----BEGIN CERTIFICATE-----\nAAAA\n"), "is no PEM file");
    }

    proptest! {
        /// Damaged files are refused or read, and never worse.
        #[test]
        fn damage_is_no_danger(place in 0..RECORDED.len(), byte in any::<u8>()) {
            let mut text = format!("{RECORDED}{KEY}").into_bytes();
            text[place] = byte;
            let _ = read(&text, Time(0));
        }

        #[test]
        fn garbage_is_no_attributes(garbage in any::<Vec<u8>>()) {
            prop_assert!(attributes::read(&garbage).is_none());
        }
    }
}
