//! Telling the server of the configuration: its outline now and then, and of it only what the server does not know.

use super::Cycler;
use crate::config::{Origins, Told, told};
use model::ConfigSection;
use std::time::{Duration, Instant};
use wire::api::{ConfigurationSections, SECTIONS_PER_CALL_MAX};

/// After so long the outline is told again, for a server whose store was restored from a backup.
const AGAIN_AFTER: Duration = Duration::from_secs(3600);
/// The most bytes of text of one call.
const CALL_MAX: usize = 1 << 20;

/// What the server is told of the configuration, and when.
#[derive(Debug)]
pub(crate) struct Telling {
    origins: Origins,
    /// Why the configuration was read that is in use.
    cause: String,
    /// Not before; none for at once.
    due: Option<Instant>,
}

impl Default for Telling {
    fn default() -> Telling {
        Telling::of(Origins::default())
    }
}

impl Telling {
    /// Of a factory that starts.
    pub(crate) fn of(origins: Origins) -> Telling {
        Telling { origins, cause: "its start".to_owned(), due: None }
    }

    /// Another configuration is used now, or the same one from other places.
    pub(crate) fn take(&mut self, origins: Origins, cause: &str, is_changed: bool) {
        if is_changed {
            cause.clone_into(&mut self.cause);
        }
        if is_changed || origins != self.origins {
            self.due = None;
        }
        self.origins = origins;
    }
}

impl Cycler {
    /// Tells the server what it does not know of the configuration, when that is due. What fails for the time
    /// being is tried again in the next cycle.
    pub(super) async fn tell_configuration(&mut self) {
        if self.telling.due.is_some_and(|due| Instant::now() < due) {
            return;
        }
        let told = told(&self.config, &self.telling.origins, &self.telling.cause);
        match self.tell_all_wanted(told).await {
            Ok(()) => self.telling.due = Some(Instant::now() + AGAIN_AFTER),
            Err(error) if error.code() == Some("unknown-path") => {
                tracing::info!("the server is of a version that is told no configuration");
                self.telling.due = Some(Instant::now() + AGAIN_AFTER);
            }
            Err(error) => {
                tracing::warn!(%error, "could not tell the server of the configuration");
                // What it refuses it refuses again, unless another process told something meanwhile.
                if !error.is_temporary() && error.code() != Some("conflict") {
                    self.telling.due = Some(Instant::now() + AGAIN_AFTER);
                }
            }
        }
    }

    async fn tell_all_wanted(&self, mut told: Told) -> Result<(), wire::Error> {
        let name = &self.config.factory.name;
        let wanted = self.server.outline_configuration(name, &told.outline).await?;
        let wanted = wanted.iter().filter_map(|section| told.sections.remove(section)).collect();
        let mut calls = calls(wanted).into_iter().peekable();
        while let Some(sections) = calls.next() {
            let (digest, last) = (told.outline.digest.clone(), calls.peek().is_none());
            self.server.tell_sections(name, &ConfigurationSections { digest, sections, last }).await?;
        }
        Ok(())
    }
}

/// Sections as they are told together.
fn calls(sections: Vec<ConfigSection>) -> Vec<Vec<ConfigSection>> {
    let mut calls: Vec<Vec<ConfigSection>> = Vec::new();
    let mut bytes = 0;
    for section in sections {
        bytes += size(&section);
        match calls.last_mut() {
            Some(call) if bytes <= CALL_MAX && call.len() < SECTIONS_PER_CALL_MAX => call.push(section),
            _ => {
                bytes = size(&section);
                calls.push(vec![section]);
            }
        }
    }
    calls
}

fn size(section: &ConfigSection) -> usize {
    section.settings.iter().map(|one| one.key.len() + one.value.len() + one.place.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Setting;

    fn section(bytes: usize) -> ConfigSection {
        let setting = Setting { key: String::new(), value: "x".repeat(bytes), place: String::new() };
        ConfigSection { settings: vec![setting], ..ConfigSection::default() }
    }

    #[test]
    fn calls_are_bounded_by_number_and_size() {
        let lengths = |sections: Vec<ConfigSection>| calls(sections).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(Vec::new()), [0; 0]);
        assert_eq!(lengths(vec![section(1); 2 * SECTIONS_PER_CALL_MAX + 1]), [500, 500, 1]);
        assert_eq!(lengths(vec![section(CALL_MAX / 2); 3]), [2, 1]);
        assert_eq!(lengths(vec![section(CALL_MAX + 1); 2]), [1, 1]);
    }
}
