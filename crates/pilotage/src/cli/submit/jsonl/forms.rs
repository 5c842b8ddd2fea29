//! The forms that one value of a line may have, each with words of its own for what is none of them.

use model::job::FileTransfer;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// A file to bring or to take.
pub enum Transfer {
    /// As it would be typed: `NAME=FROM`.
    Typed(String),
    /// As in the interface: `{"name":...,"url":...}`.
    Named(FileTransfer),
}

/// Variables for the job.
pub enum Variables {
    /// As they would be typed: `KEY=VALUE`, or `KEY`.
    Typed(Vec<String>),
    /// As in the interface.
    Named(BTreeMap<String, String>),
}

impl Default for Variables {
    fn default() -> Variables {
        Variables::Named(BTreeMap::new())
    }
}

impl<'de> Deserialize<'de> for Transfer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Transfer, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Transfer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a file: a text such as \"NAME=PATH\", or an object with name and url")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Transfer, E> {
                Ok(Transfer::Typed(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Transfer, A::Error> {
                FileTransfer::deserialize(MapAccessDeserializer::new(map)).map(Transfer::Named)
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl<'de> Deserialize<'de> for Variables {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Variables, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Variables;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("variables: an object, or a list of texts such as \"KEY=VALUE\"")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Variables, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Variables::Typed)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Variables, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(Variables::Named)
            }
        }
        deserializer.deserialize_any(Form)
    }
}

/// A list, or its only element.
pub fn one_or_many<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct Form<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Form<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("one or a list of them")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
            T::deserialize(StrDeserializer::new(text)).map(|one| vec![one])
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(|one| vec![one])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<T>, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(list))
        }
    }
    deserializer.deserialize_any(Form(PhantomData))
}
