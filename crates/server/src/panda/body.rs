//! Decoding of request bodies by what is in them: pilots send gzip without saying so, forms without a type, JSON with a
//! wrong one.

use super::arguments::Arguments;
use crate::ApiError;
use crate::extract::body::Held;
use axum::extract::{FromRequest, Multipart, Request};
use bytes::Bytes;
use http::{HeaderValue, header};
use std::io::Read;

/// The most bytes of a body as sent.
pub(super) const BODY_MAX: usize = 8 << 20;
/// The most bytes of a body once unpacked.
const UNPACKED_MAX: usize = 32 << 20;
/// No byte of gzip becomes more than this many.
const GZIP_RATIO_MAX: usize = 1032;
/// The first bytes of gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A body that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadBody {
    #[error("unpack the gzip body: {0}")]
    Gzip(#[from] std::io::Error),
    #[error("unpack the body: it has more than {UNPACKED_MAX} bytes")]
    TooLarge,
    #[error("read the body as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("read the body as JSON: it is no object")]
    NoObject,
    #[error("read the multipart body: {0}")]
    Multipart(String),
    #[error(transparent)]
    NoRoom(ApiError),
}

/// The arguments of a call from its query and its body; the body wins. What unpacking makes of it is counted in `held`.
pub(super) async fn decode(
    query: Option<&str>,
    content_type: Option<&str>,
    body: Bytes,
    held: &mut Held,
) -> Result<Arguments, BadBody> {
    let mut arguments = Arguments::default();
    arguments.add_form(query.unwrap_or_default().as_bytes());
    let body = if body.starts_with(&GZIP) { unpacked(body, held).await? } else { body };
    match kind(content_type, &body) {
        Kind::Json => arguments.add_json(json_object(&body)?),
        Kind::Multipart(boundary) => add_multipart(&mut arguments, &boundary, body).await?,
        Kind::Form => arguments.add_form(&body),
    }
    Ok(arguments)
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Json,
    Multipart(String),
    Form,
}

fn kind(content_type: Option<&str>, body: &[u8]) -> Kind {
    let start = body.trim_ascii_start();
    if start.first() == Some(&b'{') {
        return Kind::Json;
    }
    let declared = content_type.and_then(|text| text.split_once("boundary=")).map(|(_, rest)| {
        let end = rest.find(';').unwrap_or(rest.len());
        rest[..end].trim().trim_matches('"').to_owned()
    });
    match declared.or_else(|| boundary_line(start)) {
        Some(boundary) if !boundary.is_empty() => Kind::Multipart(boundary),
        _ => Kind::Form,
    }
}

/// The boundary that an undeclared multipart body begins with.
fn boundary_line(body: &[u8]) -> Option<String> {
    let line = body.strip_prefix(b"--")?.split(|byte| *byte == b'\r').next()?;
    let header = body.windows(20).take(200).any(|window| window.eq_ignore_ascii_case(b"content-disposition:"));
    (header && line.len() <= 70).then(|| String::from_utf8_lossy(line).into_owned())
}

async fn unpacked(body: Bytes, held: &mut Held) -> Result<Bytes, BadBody> {
    held.grow_to(UNPACKED_MAX.min(body.len() * GZIP_RATIO_MAX)).await.map_err(BadBody::NoRoom)?;
    let unpacking = tokio::task::spawn_blocking(move || unpack(&body)).await;
    let unpacked = unpacking.map_err(std::io::Error::other)??;
    held.shrink_to(unpacked.len());
    Ok(unpacked)
}

fn unpack(body: &[u8]) -> Result<Bytes, BadBody> {
    let mut unpacked = Vec::new();
    let bound = UNPACKED_MAX as u64 + 1;
    flate2::read::MultiGzDecoder::new(body).take(bound).read_to_end(&mut unpacked)?;
    if unpacked.len() > UNPACKED_MAX { Err(BadBody::TooLarge) } else { Ok(unpacked.into()) }
}

fn json_object(body: &[u8]) -> Result<serde_json::Map<String, serde_json::Value>, BadBody> {
    match serde_json::from_slice(body)? {
        serde_json::Value::Object(members) => Ok(members),
        _ => Err(BadBody::NoObject),
    }
}

async fn add_multipart(arguments: &mut Arguments, boundary: &str, body: Bytes) -> Result<(), BadBody> {
    let bad = |error: &dyn std::fmt::Display| BadBody::Multipart(error.to_string());
    let content_type = format!("multipart/form-data; boundary=\"{boundary}\"");
    let mut request = Request::new(axum::body::Body::from(body));
    let value = HeaderValue::from_str(&content_type).map_err(|error| bad(&error))?;
    request.headers_mut().insert(header::CONTENT_TYPE, value);
    let mut parts = Multipart::from_request(request, &()).await.map_err(|error| bad(&error))?;
    while let Some(part) = parts.next_field().await.map_err(|error| bad(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        let content = part.bytes().await.map_err(|error| bad(&error))?;
        arguments.add(name, String::from_utf8_lossy(&content).into_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// The body of a getJob of pilot 3.11, before packing.
    const GET_JOB: &str = r#"{"siteName": "TEST_QUEUE", "computingElement": "TEST_QUEUE", "prodSourceLabel": "user", "diskSpace": 14336, "workingGroup": "", "cpu": 2100.0, "mem": 15949.8, "node": "slot1@worker"}"#;

    async fn read(query: Option<&str>, content_type: Option<&str>, body: Bytes) -> Result<Arguments, BadBody> {
        decode(query, content_type, body, &mut Held::of_bodies()).await
    }

    fn gzip(text: &str) -> Bytes {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap().into()
    }

    #[tokio::test]
    async fn gzip_without_content_encoding_is_unpacked() {
        let found = read(None, Some("application/json"), gzip(GET_JOB)).await.unwrap();
        assert_eq!(found.text("siteName"), Some("TEST_QUEUE"));
        assert_eq!(found.number("mem"), Some(15949.8));
        assert_eq!(found.text("workingGroup"), None);
    }

    #[tokio::test]
    async fn forms_are_read_with_any_type_and_join_the_query() {
        let form = Bytes::from_static(b"jobId=1001&state=running&node=a%40b&batchID=None");
        for content_type in [None, Some("application/x-www-form-urlencoded"), Some("application/json")] {
            let found = read(Some("state=starting&x=1"), content_type, form.clone()).await.unwrap();
            assert_eq!((found.integer("jobId"), found.text("state")), (Some(1001), Some("running")));
            assert_eq!((found.text("node"), found.text("batchID"), found.text("x")), (Some("a@b"), None, Some("1")));
        }
    }

    #[tokio::test]
    async fn multipart_is_read_declared_and_undeclared() {
        let body = "--XX\r\nContent-Disposition: form-data; name=\"jobId\"\r\n\r\n17\r\n--XX--\r\n";
        for content_type in [None, Some("multipart/form-data; boundary=XX")] {
            let found = read(None, content_type, body.into()).await.unwrap();
            assert_eq!(found.integer("jobId"), Some(17), "{content_type:?}");
        }
    }

    #[tokio::test]
    async fn bad_bodies_are_told_apart() {
        let broken = Bytes::from_static(&[0x1f, 0x8b, 1, 2, 3]);
        assert!(matches!(read(None, None, broken).await, Err(BadBody::Gzip(_))));
        assert!(matches!(read(None, None, "{\"a\": ".into()).await, Err(BadBody::Json(_))));
        let bomb = gzip(&"a".repeat(UNPACKED_MAX + 1));
        assert!(bomb.len() < BODY_MAX);
        assert!(matches!(read(None, None, bomb).await, Err(BadBody::TooLarge)));
    }
}
