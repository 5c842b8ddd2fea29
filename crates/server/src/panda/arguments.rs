//! The arguments of a legacy call, whatever clothes they came in, and tolerant readings of them.

use std::collections::BTreeMap;

/// Arguments of one call by name. The later of two equal names wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments(BTreeMap<String, String>);

impl Arguments {
    /// Takes the pairs of `application/x-www-form-urlencoded` text, as in a query.
    pub(super) fn add_form(&mut self, text: &[u8]) {
        let pairs = form_urlencoded::parse(text);
        self.0.extend(pairs.map(|(key, value)| (key.into_owned(), value.into_owned())));
    }

    /// Takes the members of a JSON object; what is no text is kept as JSON text.
    pub(super) fn add_json(&mut self, members: serde_json::Map<String, serde_json::Value>) {
        for (key, value) in members {
            self.add(key, json_text(value));
        }
    }

    /// Takes one argument.
    pub(super) fn add(&mut self, key: String, value: String) {
        self.0.insert(key, value);
    }

    /// The argument, unless it is absent or one of the spellings of nothing: empty, `None`, `NULL`, `null`.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        let text = self.0.get(key)?;
        let nothing = matches!(text.trim(), "" | "None" | "NULL" | "null");
        (!nothing).then_some(text.as_str())
    }

    /// The argument as a number: `1`, `1.0` and `"1"` are the same, anything else is absent.
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        let number: f64 = self.text(key)?.trim().parse().ok()?;
        number.is_finite().then_some(number)
    }

    /// The argument as a whole number, rounded towards zero.
    pub(super) fn integer(&self, key: &str) -> Option<i64> {
        let text = self.text(key)?.trim();
        text.parse().ok().or_else(|| self.number(key).map(|number| number as i64))
    }

    /// The argument as a whole number that is not negative and fits 32 bits.
    pub(super) fn unsigned(&self, key: &str) -> Option<u32> {
        self.integer(key).and_then(|number| u32::try_from(number).ok())
    }
}

fn json_text(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => String::new(),
        serde_json::Value::Bool(true) => "True".to_owned(),
        serde_json::Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(form: &str) -> Arguments {
        let mut arguments = Arguments::default();
        arguments.add_form(form.as_bytes());
        arguments
    }

    #[test]
    fn numbers_are_read_in_every_spelling() {
        let found = arguments("a=1&b=1.0&c=None&d=&e=NULL&f=x&g=15949.85&h=-1305&i=inf");
        assert_eq!(found.integer("a"), Some(1));
        assert_eq!(found.integer("b"), Some(1));
        assert_eq!([found.integer("c"), found.integer("d"), found.integer("e")], [None; 3]);
        assert_eq!([found.integer("f"), found.integer("i"), found.integer("absent")], [None; 3]);
        assert_eq!(found.integer("g"), Some(15949));
        assert_eq!((found.integer("h"), found.unsigned("h")), (Some(-1305), None));
    }

    #[test]
    fn json_values_read_like_form_values() {
        let mut found = Arguments::default();
        let json =
            serde_json::json!({"jobId": 17, "attemptNr": "1", "mem": 1.5, "x": null, "viaTopic": true, "l": [1]});
        found.add_json(json.as_object().unwrap().clone());
        assert_eq!((found.integer("jobId"), found.integer("attemptNr")), (Some(17), Some(1)));
        assert_eq!((found.text("x"), found.text("viaTopic"), found.text("l")), (None, Some("True"), Some("[1]")));
    }
}
