//! Attributes of a VO in a grid proxy: an attribute certificate (RFC 5755) in an extension, as VOMS writes it.
//!
//! Who signed it is not looked at: what counts for a pilot is what the sites believe, and whoever could write the file
//! could as well take our key.

use model::Time;
use x509_parser::asn1_rs::{Oid, oid};
use x509_parser::der_parser::ber::BerObjectContent;
use x509_parser::der_parser::der::{DerObject, parse_der};

/// The extension: a sequence of sequences of attribute certificates.
pub const EXTENSION: Oid<'static> = oid!(1.3.6.1.4.1.8005.100.100.5);
/// The attribute with the groups and roles.
const FQANS: Oid<'static> = oid!(1.3.6.1.4.1.8005.100.100.4);
/// Places in `AttributeCertificateInfo`.
const VALIDITY: usize = 5;
const ATTRIBUTES: usize = 6;

/// What an attribute certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Groups and roles, the one that counts first.
    pub fqans: Vec<String>,
    /// From when.
    pub begins: Time,
    /// Until when.
    pub ends: Time,
}

/// Reads the content of the extension: the first certificate in it. `None` when it is none.
pub fn read(extension: &[u8]) -> Option<Attributes> {
    let (_, lists) = parse_der(extension).ok()?;
    let certificate = lists.as_sequence().ok()?.first()?.as_sequence().ok()?.first()?;
    let info = certificate.as_sequence().ok()?.first()?.as_sequence().ok()?;
    let [begins, ends] = info.get(VALIDITY)?.as_sequence().ok()?.as_slice() else { return None };
    let attributes = info.get(ATTRIBUTES)?.as_sequence().ok()?;
    let fqans = attributes.iter().filter_map(fqans_of).flatten().collect();
    Some(Attributes { fqans, begins: time(begins)?, ends: time(ends)? })
}

/// `Attribute`: a type and a set of `IetfAttrSyntax`, whose last part are the values.
fn fqans_of(attribute: &DerObject<'_>) -> Option<Vec<String>> {
    let [kind, values] = attribute.as_sequence().ok()?.as_slice() else { return None };
    if *kind.as_oid().ok()? != FQANS {
        return None;
    }
    let sets = values.as_set().ok()?.iter().filter_map(|syntax| syntax.as_sequence().ok()?.last()?.as_sequence().ok());
    let texts = sets.flatten().filter_map(|value| std::str::from_utf8(value.as_slice().ok()?).ok());
    Some(texts.map(short).collect())
}

fn time(object: &DerObject<'_>) -> Option<Time> {
    let BerObjectContent::GeneralizedTime(time) = &object.content else { return None };
    Some(Time(time.to_datetime().ok()?.unix_timestamp() * 1000))
}

/// Without what says nothing.
fn short(fqan: &str) -> String {
    let fqan = fqan.strip_suffix("/Capability=NULL").unwrap_or(fqan);
    fqan.strip_suffix("/Role=NULL").unwrap_or(fqan).to_owned()
}
