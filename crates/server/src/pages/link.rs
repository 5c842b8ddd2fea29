//! Addresses of pages: the URL holds the whole view, so links are built in one place.

use std::fmt::Write;

/// A URL with a query that grows by [`Link::with`].
#[derive(Clone, Debug)]
pub struct Link {
    url: String,
    has_query: bool,
}

impl Link {
    /// Begins with a path that needs no encoding.
    pub fn to(path: impl Into<String>) -> Link {
        Link { url: path.into(), has_query: false }
    }

    /// Adds one parameter; an empty value adds nothing.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl std::fmt::Display) -> Link {
        let value = encoded(&value.to_string());
        if !value.is_empty() {
            self.url.push(if self.has_query { '&' } else { '?' });
            self.has_query = true;
            self.url.push_str(key);
            self.url.push('=');
            self.url.push_str(&value);
        }
        self
    }

    /// The finished URL.
    pub fn url(self) -> String {
        self.url
    }
}

/// `/queues/NAME`.
pub fn queue(name: &str) -> String {
    format!("/queues/{}", encoded(name))
}

/// `/sites/NAME`.
pub fn site(name: &str) -> String {
    format!("/sites/{}", encoded(name))
}

/// `/regions/NAME`.
pub fn region(name: &str) -> String {
    format!("/regions/{}", encoded(name))
}

/// `/tags/NAME`.
pub fn tag(name: &str) -> String {
    format!("/tags/{}", encoded(name))
}

/// `/nodes/NAME`.
pub fn node(name: &str) -> String {
    format!("/nodes/{}", encoded(name))
}

/// `/factories/NAME`.
pub fn factory(name: &str) -> String {
    format!("/factories/{}", encoded(name))
}

/// `/factories/FACTORY/labels/LABEL`.
pub fn label(factory: &str, label: &str) -> String {
    format!("/factories/{}/labels/{}", encoded(factory), encoded(label))
}

/// The same for a path of several parts: `/` stays.
pub fn encoded_path(text: &str) -> String {
    text.split('/').map(encoded).collect::<Vec<_>>().join("/")
}

/// Everything but unreserved characters as `%XX`.
pub fn encoded(text: &str) -> String {
    if let Some(name) = text.strip_suffix(".json") {
        // A name's own ending shall not be taken for that of a page for programs.
        return encoded(name) + "%2Ejson";
    }
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_break_out_of_the_query() {
        let url = Link::to("/jobs").with("name", "a&b=<c>").with("user", "").with("queue", "q").url();
        assert_eq!(url, "/jobs?name=a%26b%3D%3Cc%3E&queue=q");
        assert_eq!(queue("../x"), "/queues/..%2Fx");
    }
}
