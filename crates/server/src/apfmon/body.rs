//! Bodies of all eras: JSON or a form, told apart by looking; values that are missing or null are left out.

use percent_encoding::percent_decode;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A body that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to read the body as {what}: {reason}")]
pub(super) struct Undecodable {
    what: &'static str,
    reason: String,
}

/// Parameters by name, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// One that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The first of some that is there and not empty; else an empty text.
    pub(super) fn first(&self, names: &[&str]) -> String {
        names.iter().find_map(|name| self.get(name)).unwrap_or_default().to_owned()
    }

    /// All others, as `name=value` in words.
    pub(super) fn others(&self, known: &[&str]) -> String {
        let others = self.0.iter().filter(|(name, value)| !known.contains(&name.as_str()) && !value.trim().is_empty());
        others.map(|(name, value)| format!("{name}={}", value.trim())).collect::<Vec<_>>().join(" ")
    }

    fn add_form(&mut self, text: &[u8]) {
        self.0.extend(form_urlencoded::parse(text).into_owned());
    }

    fn of_object(object: Map<String, Value>) -> Fields {
        Fields(object.into_iter().filter_map(|(name, value)| Some((name, text(&value)?))).collect())
    }
}

/// A value as text; none for null.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn json(what: &'static str, text: &str) -> Result<Value, Undecodable> {
    serde_json::from_str(text).map_err(|error| Undecodable { what, reason: error.to_string() })
}

/// Parameters of a URL and of a body, which is a JSON object or a form.
pub(super) fn fields(query: Option<&str>, body: &[u8]) -> Result<Fields, Undecodable> {
    let mut fields = Fields::default();
    fields.add_form(query.unwrap_or_default().as_bytes());
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if !text.starts_with('{') {
        fields.add_form(text.as_bytes());
        return Ok(fields);
    }
    fields.0.extend(Fields::of_object(object(body)?).0);
    Ok(fields)
}

/// One JSON object; an empty body is an empty one.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Undecodable> {
    let text = String::from_utf8_lossy(body);
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match json("a JSON object", text.trim())? {
        Value::Object(object) => Ok(object),
        _ => Err(Undecodable { what: "a JSON object", reason: "it is none".to_owned() }),
    }
}

/// A list of objects, or one alone; elements that are null or no objects are left out.
pub(super) fn objects(body: &[u8]) -> Result<Vec<Fields>, Undecodable> {
    let text = String::from_utf8_lossy(body);
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let all = match json("a JSON list", text.trim())? {
        Value::Array(all) => all,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    let object = |value: Value| match value {
        Value::Object(object) => Some(Fields::of_object(object)),
        _ => None,
    };
    Ok(all.into_iter().filter_map(object).collect())
}

/// The JSON list that follows `data=`, without its nulls. AutoPyFactory does not encode it, so it goes to the end of the body
/// and is tried as it is before it is decoded. Without `data=` there is none.
pub(super) fn data(body: &[u8]) -> Result<Vec<Value>, Undecodable> {
    let text = String::from_utf8_lossy(body);
    let Some(at) = text.find("data=").filter(|at| *at == 0 || text.as_bytes()[at - 1] == b'&') else {
        return Ok(Vec::new());
    };
    let raw = text[at + "data=".len()..].trim();
    if raw.is_empty() {
        return Ok(Vec::new());
    }
    let decoded = percent_decode(raw.replace('+', " ").as_bytes()).decode_utf8_lossy().into_owned();
    let mut form = Fields::default();
    form.add_form(text.as_bytes());
    let tries = [raw, decoded.as_str(), form.get("data").unwrap_or_default()];
    let read = tries.iter().find_map(|text| json("the JSON list of data=", text).ok());
    match read.map_or_else(|| json("the JSON list of data=", raw), Ok)? {
        Value::Array(all) => Ok(all.into_iter().filter(|value| !value.is_null()).collect()),
        one => Ok(vec![one]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str, body: &str) -> Vec<(String, String)> {
        fields(Some(query), body.as_bytes()).unwrap().0.into_iter().collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_and_an_object_say_the_same() {
        assert_eq!(of("", "state=exiting&rc=0"), pairs(&[("rc", "0"), ("state", "exiting")]));
        assert_eq!(
            of("", " {\"state\": \"exiting\", \"rc\": 0, \"ids\": null}"),
            pairs(&[("rc", "0"), ("state", "exiting")])
        );
        assert_eq!(of("state=a&x=1", "state=b"), pairs(&[("state", "b"), ("x", "1")]));
        assert_eq!(of("", ""), []);
        let fields = fields(None, b"state=&rc= 7 &uuid=u").unwrap();
        assert_eq!((fields.get("state"), fields.get("rc")), (None, Some("7")));
        assert_eq!(fields.others(&["rc"]), "uuid=u");
        assert!(super::fields(None, b"{\"state\": ").is_err());
    }

    #[test]
    fn lists_lose_their_nulls() {
        assert_eq!(objects(b"[{\"cid\": \"1.0\"}, null, 7]").unwrap().len(), 1);
        assert_eq!(objects(b"{\"cid\": \"1.0\"}").unwrap().len(), 1);
        assert_eq!(objects(b"").unwrap(), []);
        assert_eq!(objects(b"null").unwrap(), []);
        assert!(objects(b"[{").is_err());
    }

    #[test]
    fn data_is_read_as_it_is_then_decoded() {
        let list = |body: &str| serde_json::to_string(&data(body.as_bytes()).unwrap()).unwrap();
        let wanted = r#"[["1.0","q","f","a+b&c"]]"#;
        assert_eq!(list(r#"data=[["1.0","q","f","a+b&c"]]"#), wanted);
        assert_eq!(list(r#"cycle=7&data=[["1.0","q","f","a+b&c"],null]"#), wanted);
        assert_eq!(list("data=%5B%5B%221.0%22%2C%22q%22%2C%22f%22%2C%22a%2Bb%26c%22%5D%5D"), wanted);
        assert_eq!(list("data=%5B%221.0%22%5D&fid=f"), r#"["1.0"]"#);

        assert_eq!(list("fid=f"), "[]");
        assert_eq!(list("data="), "[]");
        assert!(data(b"data=[").is_err());
    }
}
