//! Settings of steps: typed, and readable from the text of an AutoPyFactory configuration.

use std::fmt;

/// One value of a setting, for whoever looks at the settings of all steps alike.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Whole(i64),
    /// A number.
    Real(f64),
    /// Yes or no.
    Flag(bool),
    /// Words.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Whole(value) => value.fmt(f),
            Value::Real(value) => write!(f, "{value:?}"),
            Value::Flag(value) => value.fmt(f),
            Value::Text(value) => value.fmt(f),
        }
    }
}

/// A type that settings have.
pub trait Setting: Sized {
    /// Reads the text of an option by the rules of Python's configuration reader; `None` when it says that nothing is
    /// set.
    fn read(text: &str) -> Result<Option<Self>, String>;
    /// The value.
    fn value(&self) -> Value;
}

impl Setting for i64 {
    fn read(text: &str) -> Result<Option<i64>, String> {
        match text.trim().parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(format!("'{text}' is no whole number")),
        }
    }

    fn value(&self) -> Value {
        Value::Whole(*self)
    }
}

impl Setting for f64 {
    fn read(text: &str) -> Result<Option<f64>, String> {
        // Python would read "nan" and "inf" and then lose every cycle.
        let value = text.trim().parse().ok().filter(|value: &f64| value.is_finite());
        value.map(Some).ok_or_else(|| format!("'{text}' is no number"))
    }

    fn value(&self) -> Value {
        Value::Real(*self)
    }
}

impl Setting for bool {
    fn read(text: &str) -> Result<Option<bool>, String> {
        match text.trim().to_lowercase().as_str() {
            "1" | "yes" | "true" | "on" => Ok(Some(true)),
            "0" | "no" | "false" | "off" => Ok(Some(false)),
            _ => Err(format!("'{text}' is no boolean; use True or False")),
        }
    }

    fn value(&self) -> Value {
        Value::Flag(*self)
    }
}

impl Setting for String {
    fn read(text: &str) -> Result<Option<String>, String> {
        Ok(is_set(text).then(|| text.trim().to_owned()))
    }

    fn value(&self) -> Value {
        Value::Text(self.clone())
    }
}

/// Settings that were read as text know a word for nothing.
pub(super) fn is_set(text: &str) -> bool {
    !matches!(text.trim(), "" | "None" | "none")
}

/// The settings of one step.
pub trait Settings {
    /// Their names.
    fn keys() -> Vec<&'static str>;
    /// These, and those of `other` where nothing is set.
    #[must_use]
    fn or(&self, other: &Self) -> Self;
    /// Reads one that [`Settings::keys`] names; others are left alone.
    fn read(&mut self, key: &str, text: &str) -> Result<(), String>;
    /// What is set.
    fn values(&self) -> Vec<(&'static str, Value)>;
}

/// A name that may be a word of Rust.
pub(super) fn plain(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// Declares the settings of a step: every one optional, what none means is said by the step.
macro_rules! settings {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        impl $crate::chain::Settings for $name {
            fn keys() -> Vec<&'static str> {
                vec![$($crate::chain::settings::plain(stringify!($field))),*]
            }

            fn or(&self, other: &$name) -> $name {
                $name { $($field: self.$field.clone().or_else(|| other.$field.clone()),)* }
            }

            fn read(&mut self, key: &str, text: &str) -> Result<(), String> {
                $(if key == $crate::chain::settings::plain(stringify!($field)) {
                    self.$field = $crate::chain::Setting::read(text)?;
                })*
                Ok(())
            }

            fn values(&self) -> Vec<(&'static str, $crate::chain::Value)> {
                let all = [$((
                    $crate::chain::settings::plain(stringify!($field)),
                    self.$field.as_ref().map($crate::chain::Setting::value),
                )),*];
                all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
            }
        }
    };
}
pub(crate) use settings;

settings!(
    /// Of a step that bounds from above.
    Maximum {
        /// The most; no bound when not set.
        maximum: i64,
    }
);
settings!(
    /// Of a step that bounds from below.
    Minimum {
        /// The least; no bound when not set.
        minimum: i64,
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    /// What `int()`, `float()` and `getboolean()` of Python 2.7 make of the same text.
    #[test]
    fn text_is_read_as_python_read_it() {
        for (text, value) in [("5", 5), (" 5 ", 5), ("+5", 5), ("-5", -5), ("007", 7)] {
            assert_eq!(i64::read(text), Ok(Some(value)));
        }
        for (text, value) in [("0.5", 0.5), (".5", 0.5), ("5.", 5.0), (" 1e3 ", 1000.0), ("-1", -1.0)] {
            assert_eq!(f64::read(text), Ok(Some(value)));
        }
        for (text, value) in [("True", true), ("YES", true), ("on", true), ("1", true), ("off", false), ("No", false)] {
            assert_eq!(bool::read(text), Ok(Some(value)));
        }
        assert_eq!(String::read("none"), Ok(None));
    }

    #[test]
    fn what_python_refused_is_refused() {
        let whole = ["", "None", "5.0", "0x10", "1_000", "five", "9223372036854775808"].map(i64::read);
        assert!(whole.iter().all(Result::is_err), "{whole:?}");
        let real = ["", "None", "1,5", "nan", "inf", "."].map(f64::read);
        assert!(real.iter().all(Result::is_err), "{real:?}");
        let flags = ["", "None", "2", "y", "enabled"].map(bool::read);
        assert!(flags.iter().all(Result::is_err), "{flags:?}");
        assert_eq!(i64::read("5.0"), Err("'5.0' is no whole number".to_owned()));
    }
}
