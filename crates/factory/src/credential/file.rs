//! `kind = "file"`: a grid proxy that somebody else renews.

use super::kind::{Carried, Kind, MIN_LIFE_S, missing};
use super::life::Seen;
use super::proxy;
use super::renewal::Renewal;
use async_trait::async_trait;
use model::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// `kind = "file"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// The proxy.
    pub path: PathBuf,
    /// With less life left, in seconds, the labels wait.
    pub min_life_s: u32,
}

impl Default for File {
    fn default() -> File {
        File { path: PathBuf::new(), min_life_s: MIN_LIFE_S }
    }
}

#[async_trait]
impl Kind for File {
    fn name(&self) -> &'static str {
        "file"
    }

    fn carried(&self) -> Carried {
        Carried::Proxy
    }

    fn lies_at(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn renewal(&self) -> Option<&Renewal> {
        None
    }

    fn min_life_s(&self) -> u32 {
        self.min_life_s
    }

    fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        vec![&mut self.path]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        missing("path", &self.path).into_iter().collect()
    }

    fn read(&self, content: &[u8], since: Time) -> Result<Seen, String> {
        proxy::read(content, since)
    }

    async fn make(&self, _dir: &Path, _with: Option<&Path>) -> Result<PathBuf, String> {
        Err("renew it: somebody else does".to_owned())
    }
}
