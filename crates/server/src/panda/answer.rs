//! Answers of legacy calls: pairs that become JSON or urlencoded text, as the caller accepts.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

/// PanDA's `StatusCode` of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Code {
    /// All is well.
    Ok = 0,
    /// There is no job for this pilot.
    NoJobs = 20,
    /// The call could not be done.
    Failed = 30,
}

/// How a caller wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A JSON object.
    Json,
    /// `key=value&key=value`.
    Form,
}

impl Format {
    /// JSON only for callers that accept it by name: PanDA decides by `Accept`, never by the type of the request.
    pub(super) fn wanted(headers: &HeaderMap) -> Format {
        let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        match accepts.into_iter().any(|value| value.contains("application/json")) {
            true => Format::Json,
            false => Format::Form,
        }
    }
}

/// An answer under construction. Members that are JSON null are never sent: pilots die of them.
#[derive(Clone, Debug)]
pub(super) struct Answer(Vec<(&'static str, Value)>);

impl Answer {
    /// An answer with nothing but its code.
    pub(super) fn new(code: Code) -> Answer {
        Answer(vec![("StatusCode", Value::from(code as u8))])
    }

    /// A failure in words.
    pub(super) fn failed(reason: impl std::fmt::Display) -> Answer {
        Answer::new(Code::Failed).with("errorDialog", reason.to_string())
    }

    /// Adds one member.
    pub(super) fn with(mut self, key: &'static str, value: impl Into<Value>) -> Answer {
        self.push(key, value);
        self
    }

    /// Adds one member.
    pub(super) fn push(&mut self, key: &'static str, value: impl Into<Value>) {
        let value = value.into();
        if !value.is_null() {
            self.0.push((key, value));
        }
    }

    /// The answer as a JSON object.
    pub(super) fn into_json(self) -> Value {
        Value::Object(self.0.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    fn into_form(self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (key, value) in self.0 {
            match value {
                Value::String(text) => form.append_pair(key, &text),
                other => form.append_pair(key, &other.to_string()),
            };
        }
        form.finish()
    }

    /// The answer as the caller wants it.
    pub(super) fn into_response(self, format: Format) -> Response {
        match format {
            Format::Json => {
                ([(header::CONTENT_TYPE, "application/json")], self.into_json().to_string()).into_response()
            }
            Format::Form => text(StatusCode::OK, self.into_form()),
        }
    }
}

/// Bare text, as some calls and all refusals are answered.
pub(super) fn text(status: StatusCode, text: impl Into<String>) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text.into()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn accept_alone_decides_the_format() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert_eq!(Format::wanted(&headers), Format::Form);
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        assert_eq!(Format::wanted(&headers), Format::Form);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        assert_eq!(Format::wanted(&headers), Format::Json);
    }

    #[test]
    fn a_null_is_never_sent() {
        let answer = Answer::new(Code::Ok).with("command", Value::Null).with("x", "NULL");
        assert_eq!(answer.clone().into_json(), serde_json::json!({"StatusCode": 0, "x": "NULL"}));
        assert_eq!(answer.into_form(), "StatusCode=0&x=NULL");
    }

    #[test]
    fn the_form_is_the_one_that_pilots_were_seen_to_read() {
        let answer = Answer::new(Code::Ok).with("command", "NULL");
        assert_eq!(answer.into_form(), "StatusCode=0&command=NULL");
        assert_eq!(Answer::failed("a & b").into_form(), "StatusCode=30&errorDialog=a+%26+b");
    }
}
