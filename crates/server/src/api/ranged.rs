//! Conditional requests and byte ranges (RFC 9110, sections 13 and 14): which part of something is to be sent.

use headers::{ETag, HeaderMapExt, IfModifiedSince, IfNoneMatch, IfRange, LastModified};
use http::{HeaderMap, header};
use std::ops::Range;
use std::time::SystemTime;

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Nothing: the client has it already.
    Nothing,
    /// Bytes that are not there.
    Outside,
}

/// What would be sent.
#[derive(Clone, Debug)]
pub struct Version {
    /// Tag of exactly these bytes.
    pub tag: Option<ETag>,
    /// When they were written.
    pub written: SystemTime,
}

impl Version {
    /// Whether the client says that it has this version.
    pub fn is_known(&self, headers: &HeaderMap) -> bool {
        if let Some(other_than) = headers.typed_get::<IfNoneMatch>() {
            return self.tag.as_ref().is_some_and(|tag| !other_than.precondition_passes(tag));
        }
        headers.typed_get::<IfModifiedSince>().is_some_and(|since| !since.is_modified(self.written))
    }

    /// What a client wants that may take parts, of `size` bytes.
    pub fn wanted(&self, headers: &HeaderMap, size: u64) -> Wanted {
        if self.is_known(headers) {
            return Wanted::Nothing;
        }
        let condition = headers.typed_get::<IfRange>();
        let written = LastModified::from(self.written);
        match range(headers) {
            // A part of another version would not fit to what the client has.
            Some(_) if condition.is_some_and(|had| had.is_modified(self.tag.as_ref(), Some(&written))) => Wanted::Whole,
            Some(range) => range.of(size).map_or(Wanted::Outside, Wanted::Part),
            None => Wanted::Whole,
        }
    }
}

/// One range of bytes as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// First and last byte, counted from 0.
    Between(u64, u64),
    /// So many at the end.
    Last(u64),
}

impl Asked {
    /// The bytes that are there; none when there are none.
    fn of(self, size: u64) -> Option<Range<u64>> {
        let range = match self {
            Asked::Between(first, last) => first..last.saturating_add(1).min(size),
            Asked::Last(bytes) => size.saturating_sub(bytes)..size,
        };
        (!range.is_empty()).then_some(range)
    }
}

/// Whether the request has a range that can be understood.
pub fn has_range(headers: &HeaderMap) -> bool {
    range(headers).is_some()
}

/// The range of the request. What is no single range of bytes does not count: then all is sent, as a server may do.
fn range(headers: &HeaderMap) -> Option<Asked> {
    let (unit, spec) = headers.get(header::RANGE)?.to_str().ok()?.split_once('=')?;
    let (first, last) = spec.trim().split_once('-').filter(|_| unit.trim().eq_ignore_ascii_case("bytes"))?;
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().unwrap_or(u64::MAX));
    match (first, last) {
        ("", "") => None,
        ("", bytes) => Some(Asked::Last(number(bytes)?)),
        (first, "") => Some(Asked::Between(number(first)?, u64::MAX)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Asked::Between(first, last))
        }
    }
}

/// Whether the client takes gzip (RFC 9110, section 12.5.3); a client that says nothing gets things as they are.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let told = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let codings: Vec<(&str, f32)> = told.flat_map(|value| value.split(',')).filter_map(coding).collect();
    let weight = |name: &str| codings.iter().find(|(coding, _)| coding.eq_ignore_ascii_case(name)).map(|one| one.1);
    let gzip = weight("gzip").or_else(|| weight("x-gzip")).or_else(|| weight("*")).unwrap_or(0.0);
    gzip > 0.0 && gzip >= weight("identity").unwrap_or(0.0)
}

fn coding(text: &str) -> Option<(&str, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some((name, weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};
    use std::time::Duration;

    fn with(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn version() -> Version {
        let written = SystemTime::UNIX_EPOCH + Duration::from_millis(1_763_800_000_900);
        Version { tag: Some("\"a-1\"".parse().unwrap()), written }
    }

    #[test]
    fn single_ranges_of_ten_bytes() {
        let wanted = |range: &str| version().wanted(&with(&[(header::RANGE, range)]), 10);
        assert_eq!(wanted("bytes=0-0"), Wanted::Part(0..1));
        assert_eq!(wanted("bytes=2-5"), Wanted::Part(2..6));
        assert_eq!(wanted("bytes=7-"), Wanted::Part(7..10));
        assert_eq!(wanted("Bytes=7-99"), Wanted::Part(7..10));
        assert_eq!(wanted("bytes=-3"), Wanted::Part(7..10));
        assert_eq!(wanted("bytes=-99"), Wanted::Part(0..10));
        assert_eq!(wanted("bytes=9-99999999999999999999999"), Wanted::Part(9..10));
        for outside in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            assert_eq!(wanted(outside), Wanted::Outside, "{outside}");
        }
        for whole in ["bytes=5-2", "bytes=-", "bytes=a-b", "bytes=1-2,4-5", "lines=1-2", "bytes", "bytes=+1-2"] {
            assert_eq!(wanted(whole), Wanted::Whole, "{whole}");
        }
        let none = version().wanted(&with(&[(header::RANGE, "bytes=0-")]), 0);
        assert_eq!(none, Wanted::Outside, "an empty log has no bytes");
    }

    #[test]
    fn parts_of_another_version_are_not_sent() {
        let wanted = |condition: &str| {
            version().wanted(&with(&[(header::RANGE, "bytes=2-5"), (header::IF_RANGE, condition)]), 10)
        };
        assert_eq!(wanted("\"a-1\""), Wanted::Part(2..6));
        assert_eq!(wanted("\"a-2\""), Wanted::Whole);
        assert_eq!(wanted("W/\"a-1\""), Wanted::Whole, "a weak tag does not tell of the same bytes");
        assert_eq!(wanted("Sat, 22 Nov 2025 08:26:40 GMT"), Wanted::Part(2..6));
        assert_eq!(wanted("Sat, 22 Nov 2025 08:26:39 GMT"), Wanted::Whole);
    }

    #[test]
    fn what_a_client_has_is_not_sent() {
        let known = |pairs: &[(HeaderName, &str)]| version().is_known(&with(pairs));
        assert!(known(&[(header::IF_NONE_MATCH, "\"b\", W/\"a-1\"")]));
        assert!(known(&[(header::IF_NONE_MATCH, "*")]));
        assert!(!known(&[(header::IF_NONE_MATCH, "\"b\"")]));
        assert!(known(&[(header::IF_MODIFIED_SINCE, "Sat, 22 Nov 2025 08:26:40 GMT")]));
        assert!(!known(&[(header::IF_MODIFIED_SINCE, "Sat, 22 Nov 2025 08:26:39 GMT")]));
        let both = [(header::IF_NONE_MATCH, "\"b\""), (header::IF_MODIFIED_SINCE, "Sat, 22 Nov 2025 08:26:40 GMT")];
        assert!(!known(&both), "the tag counts before the date");
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for yes in ["gzip", "deflate, GZIP;q=0.5", "*", "br, *;q=0.1", "x-gzip", "gzip;q=1.0, identity; q=0.5"] {
            assert!(takes_gzip(&with(&[(header::ACCEPT_ENCODING, yes)])), "{yes}");
        }
        for no in ["", "identity", "gzip;q=0", "br", "*;q=0", "gzip; q=0.000, *", "gzip;q=0.5, identity"] {
            assert!(!takes_gzip(&with(&[(header::ACCEPT_ENCODING, no)])), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
