//! One credential at a time, in words: for the server, for labels, for the log.

use super::kind::CredentialSection;
use super::life::{Seen, shown};
use model::{CredentialInfo, Time};

/// One credential at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// As the server is told.
    pub info: CredentialInfo,
    /// Why labels wait for it; empty when they need not.
    pub refusal: String,
}

impl View {
    /// What was seen, and what went wrong with its renewal; empty words are left out.
    pub(super) fn of(
        name: &str,
        section: &CredentialSection,
        seen: Result<Seen, String>,
        troubles: &[String],
        now: Time,
    ) -> View {
        let mut info =
            CredentialInfo { name: name.to_owned(), kind: section.kind().to_owned(), ..CredentialInfo::default() };
        let refusal = match seen {
            Ok(seen) => {
                info.alarm_percent = seen.alarm(now);
                let refusal = seen.refusal(section.policy().min_life, now).unwrap_or_default();
                (info.who, info.attributes, info.began) = (seen.who, seen.attributes, Some(seen.began));
                (info.ends, info.attributes_end) = (seen.ends, seen.attributes_end);
                refusal
            }
            Err(wrong) => wrong,
        };
        info.is_usable = refusal.is_empty();
        let words: Vec<&str> =
            std::iter::once(&refusal).chain(troubles).map(String::as_str).filter(|words| !words.is_empty()).collect();
        info.trouble = words.join("; ");
        View { refusal: if info.is_usable { String::new() } else { info.trouble.clone() }, info }
    }

    /// Raises the voice in the log when it is worse or better than at the last look.
    pub(crate) fn tell(&self, last: Option<&View>) {
        let CredentialInfo { name, trouble, alarm_percent, .. } = &self.info;
        let before = last.map(|view| &view.info);
        if !self.info.is_usable {
            if before.is_none_or(|before| before.is_usable || before.trouble != *trouble) {
                tracing::error!(credential = name, "a credential cannot be used, its labels wait: {trouble}");
            }
            return;
        }
        if before.is_some_and(|before| !before.is_usable) {
            tracing::info!(credential = name, "a credential can be used again");
        }
        let Some(percent) =
            alarm_percent.filter(|_| before.is_none_or(|before| before.alarm_percent != *alarm_percent))
        else {
            return;
        };
        let until = self.info.end().map(shown).unwrap_or_default();
        match percent {
            50 => tracing::info!(credential = name, until, trouble, "a credential has 50 % of its life left"),
            25 => tracing::warn!(credential = name, until, trouble, "a credential has 25 % of its life left"),
            _ => tracing::error!(credential = name, until, trouble, "a credential has {percent} % of its life left"),
        }
    }
}
