//! One attempt to renew one credential: made in a directory of its own, looked at, put in the place of the old one.

use super::held::Credentials;
use super::look::look;
use crate::cycle::now;
use std::path::PathBuf;

impl Credentials {
    /// Renews a credential; the error says what failed, to be read after "failed to".
    pub async fn renew(&self, name: &str) -> Result<(), String> {
        let result = self.attempt(name).await;
        self.tries().entry(name.to_owned()).or_default().note(result.clone(), now());
        result
    }

    async fn attempt(&self, name: &str) -> Result<(), String> {
        let section = self.sections().get(name).ok_or_else(|| format!("find credential '{name}'"))?;
        let with = self.needed(name)?;
        let workshop = self.place.workshop(name).map_err(|error| format!("make a directory for it: {error}"))?;
        let new = section.asked().make(workshop.path(), with.as_deref()).await?;
        self.place.close(&new).map_err(|error| format!("close {}: {error}", new.display()))?;
        let seen = look(section, &new).map_err(|wrong| format!("use what was made: {wrong}"))?;
        section.asked().accept(&seen)?;
        let target = self.path(name);
        self.place.replace(&new, &target).map_err(|error| format!("write {}: {error}", target.display()))
    }

    /// The file of the credential that this one is made with, if it needs one; the error when that cannot be used.
    pub(super) fn needed(&self, name: &str) -> Result<Option<PathBuf>, String> {
        let Some((_, other)) = self.sections().get(name).and_then(|section| section.needs()) else { return Ok(None) };
        let refused = |what: String| format!("use credential '{other}': {what}");
        let seen = self.seen(other).map_err(refused)?;
        let is_over = seen.end().is_some_and(|end| end <= now());
        if is_over { Err(refused("it has ended".to_owned())) } else { Ok(Some(self.path(other))) }
    }
}
