//! Grid proxies for tests: real certificates with attributes as VOMS writes them, of any length of life.

use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, CustomExtension, DnType, KeyPair, date_time_ymd};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// What a proxy says.
pub struct GridProxy {
    pub life_s: u64,
    pub attribute_life_s: i64,
    /// None at all when empty.
    pub fqans: Vec<&'static str>,
}

impl GridProxy {
    pub fn living(life_s: u64) -> GridProxy {
        GridProxy { life_s, attribute_life_s: life_s as i64, fqans: Vec::new() }
    }

    pub fn of_pilot(life_s: u64, attribute_life_s: i64) -> GridProxy {
        GridProxy {
            life_s,
            attribute_life_s,
            fqans: vec!["/vo/Role=pilot/Capability=NULL", "/vo/Role=NULL/Capability=NULL"],
        }
    }

    pub fn pem(&self) -> String {
        let now = Timestamp::now();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "robot");
        params.not_before = date_time_ymd(1970, 1, 1) + Duration::from_secs(now.as_second() as u64 - 300);
        params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(now.as_second() as u64 + self.life_s);
        if !self.fqans.is_empty() {
            let oid = [1, 3, 6, 1, 4, 1, 8005, 100, 100, 5];
            params.custom_extensions.push(CustomExtension::from_oid_content(&oid, self.attributes(now)));
        }
        let key = KeyPair::generate().unwrap();
        format!("{}{}", params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    /// Puts it where a factory looks for it.
    pub fn write(&self, path: &Path) {
        put(path, &self.pem(), 0o600);
    }

    /// The content of the extension, see RFC 5755.
    fn attributes(&self, now: Timestamp) -> Vec<u8> {
        let time = |after_s: i64| {
            let time = now + SignedDuration::from_secs(after_s);
            der(0x18, &[time.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes()])
        };
        let seq = |parts: &[&[u8]]| der(0x30, parts);
        let fqans: Vec<Vec<u8>> = self.fqans.iter().map(|fqan| der(0x04, &[fqan.as_bytes()])).collect();
        let values = seq(&fqans.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let oid = der(0x06, &[&[0x2b, 6, 1, 4, 1, 0xbe, 0x45, 100, 100, 4]]);
        let attribute = seq(&[&oid, &der(0x31, &[&seq(&[&values])])]);
        let (one, none) = (der(0x02, &[&[1]]), seq(&[]));
        let validity = seq(&[&time(-300), &time(self.attribute_life_s)]);
        let info = seq(&[&one, &none, &der(0xa0, &[]), &none, &one, &validity, &seq(&[&attribute])]);
        seq(&[&seq(&[&seq(&[&info, &none, &der(0x03, &[&[0]])])])])
    }
}

/// Replaces a file as a whole.
pub fn put(path: &Path, content: &str, mode: u32) {
    let new = path.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(mode)).unwrap();
    fs::rename(new, path).unwrap();
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ 0..=127 => vec![short as u8],
        long => [&[0x82], &(long as u16).to_be_bytes()[..]].concat(),
    };
    [vec![tag], length, content].concat()
}
