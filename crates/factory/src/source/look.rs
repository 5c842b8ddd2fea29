//! One look at one source: what it gives now, or else its last good copy.

use super::{Documents, Excluded, Fetcher, Kept, Made, drop_of, make};
use crate::config::{Main, SourceSection};
use model::{SourceInfo, Time};
use std::sync::Arc;

/// What became of a source.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct SourceState {
    /// For the server: counts and what is wrong.
    #[serde(flatten)]
    pub info: SourceInfo,
    /// Queues that became no label, each with the reason.
    pub excluded: Vec<Excluded>,
}

/// A source to look at.
#[derive(Clone)]
pub struct Looker {
    /// Its name.
    pub name: String,
    /// Its configuration.
    pub section: SourceSection,
    /// The main file with its templates.
    pub main: Arc<Main>,
    /// What reads.
    pub fetcher: Fetcher,
    /// Where the copies lie.
    pub kept: Kept,
    /// Whether what is believed becomes the last good copy.
    pub keeps_copies: bool,
    /// Whether it may lose any number of labels.
    pub accepts_loss: bool,
}

/// Documents and the labels that they make.
type Usable = (Documents, Made);

impl Looker {
    /// Reads the source, when `reads` or when there is no copy to use; never fails as long as there is one.
    pub async fn look(self, reads: bool, now: Time) -> (Made, SourceState) {
        let (copy, before) = self.aside(|looker| looker.last_good()).await.unwrap_or_default();
        if let (false, Some((documents, made))) = (reads, &before) {
            return (made.clone(), self.state(Some(documents.at), made, String::new()));
        }
        let trouble = match self.fresh(copy.as_ref(), before.as_ref(), now).await {
            Ok((documents, made)) => {
                let state = self.state(Some(documents.at), &made, String::new());
                return (made, state);
            }
            Err(trouble) => trouble,
        };
        tracing::warn!(source = self.name, trouble, "a source is not used as it is now");
        let (at, made) = before.map_or((None, Made::default()), |(documents, made)| (Some(documents.at), made));
        let state = self.state(at, &made, trouble);
        (made, state)
    }

    async fn fresh(&self, copy: Option<&Documents>, before: Option<&Usable>, now: Time) -> Result<Usable, String> {
        let documents = self.fetcher.fetch(&self.section, copy, now).await;
        let documents = documents.map_err(|error| format!("failed to {error}"))?;
        let known: Option<Vec<String>> = before.map(|(_, made)| made.labels.keys().cloned().collect());
        let judged = self.aside(move |looker| looker.judge(documents, known)).await;
        judged.unwrap_or_else(|| Err("making labels of it broke off".to_owned()))
    }

    /// Away from the threads that run the cycles: thousands of labels take a while. `None` when the work broke.
    async fn aside<T: Send + 'static>(&self, work: impl FnOnce(&Looker) -> T + Send + 'static) -> Option<T> {
        let looker = self.clone();
        tokio::task::spawn_blocking(move || work(&looker)).await.ok()
    }

    /// The last good copy, and what can be made of it today.
    fn last_good(&self) -> (Option<Documents>, Option<Usable>) {
        let Some(copy) = self.kept.load(&self.name) else { return (None, None) };
        let made = make(&self.name, &self.section, &self.main, &copy.documents);
        (Some(copy.clone()), made.ok().map(|made| (copy, made)))
    }

    /// Whether these documents are believed; they become the copy then.
    fn judge(&self, documents: Documents, known: Option<Vec<String>>) -> Result<Usable, String> {
        let made = make(&self.name, &self.section, &self.main, &documents.documents)?;
        let lost = known.and_then(|known| drop_of(&known, made.labels.keys(), self.section.drop_max_percent));
        if let (Some(lost), false) = (lost, self.accepts_loss) {
            return Err(lost);
        }
        if self.keeps_copies
            && let Err(error) = self.kept.save(&self.name, &documents)
        {
            tracing::warn!(source = self.name, %error, "could not keep a copy of a source");
        }
        Ok((documents, made))
    }

    fn state(&self, read: Option<Time>, made: &Made, trouble: String) -> SourceState {
        let from = if self.section.from.is_empty() { "the server".to_owned() } else { self.section.from.join(", ") };
        let info = SourceInfo {
            name: self.name.clone(),
            from,
            read,
            labels: made.labels.len() as u64,
            excluded: made.excluded.len() as u64,
            trouble,
        };
        SourceState { info, excluded: made.excluded.clone() }
    }
}
