//! Single values by name.

use crate::store::not_yet;
use crate::{Result, Store};

impl Store {
    /// The value of `key`.
    pub async fn meta(&self, _key: &str) -> Result<Option<Vec<u8>>> {
        not_yet()
    }

    /// Sets the value of `key`.
    pub async fn set_meta(&self, _key: &str, _value: Vec<u8>) -> Result<()> {
        not_yet()
    }

    /// The value of `key`, which becomes `value` when there is none yet; servers that start together get the same one.
    pub async fn meta_or(&self, _key: &str, _value: Vec<u8>) -> Result<Vec<u8>> {
        not_yet()
    }
}
