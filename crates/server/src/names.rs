//! Names in requests that nothing has: a typo must never read as "none".

use crate::{ApiError, AppState};
use model::FactorySummary;
use model::spelling::hint;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::LabelCount;

/// Whether a filter leaves what has this name.
pub fn leaves(wanted: &Option<String>, name: &str) -> bool {
    wanted.as_deref().is_none_or(|wanted| wanted == name)
}

/// The names to which a listing is narrowed.
#[derive(Clone, Debug, Default)]
pub struct Narrowed {
    /// Only this queue.
    pub queue: Option<String>,
    /// Only the queues of this site.
    pub site: Option<String>,
    /// Only the queues of this region.
    pub region: Option<String>,
    /// Only this factory.
    pub factory: Option<String>,
    /// Only this label, of the factory when one is named.
    pub label: Option<String>,
}

impl Narrowed {
    /// Refuses names that nothing has, with the nearest known one. To be asked when nothing was found: what still has
    /// rows may be named, whether or not it is there any more.
    pub async fn check(&self, state: &AppState) -> Result<(), ApiError> {
        if self.queue.is_some() || self.site.is_some() || self.region.is_some() {
            let queues = state.store.queues().await?;
            let names = queues.iter().map(|queue| queue.name.as_str()).collect();
            known("unknown-queue", "queue", self.queue.as_deref(), &names)?;
            let sites = queues.iter().map(|queue| queue.site.as_str()).collect();
            known("unknown-site", "site", self.site.as_deref(), &sites)?;
            let regions = queues.iter().map(|queue| queue.region.as_str()).collect();
            known("unknown-region", "region", self.region.as_deref(), &regions)?;
        }
        if self.factory.is_some() || self.label.is_some() {
            self.check_factory(state).await?;
        }
        Ok(())
    }

    /// Factories and labels are known by what factories say of themselves, and by the pilots they had. What is remembered
    /// of that may lack one that has just come, so a name is refused only after a look into the store.
    async fn check_factory(&self, state: &AppState) -> Result<(), ApiError> {
        let (sums, store) = (&state.aggregates, &state.store);
        let (said, counted) = (sums.factories(store).await?, sums.pilot_counts(store).await?);
        if self.check_among(said.iter().map(Arc::as_ref), &counted).is_ok() {
            return Ok(());
        }
        let (said, counted) = (store.factories().await?, store.pilot_counts().await?);
        self.check_among(said.iter(), &counted)
    }

    fn check_among<'a>(
        &self,
        said: impl Iterator<Item = &'a FactorySummary>,
        counted: &'a [LabelCount],
    ) -> Result<(), ApiError> {
        let (mut factories, mut all) = (BTreeSet::new(), Vec::new());
        for one in said {
            factories.insert(one.name.as_str());
            all.extend(one.said.labels.iter().map(|label| (one.name.as_str(), label.name.as_str())));
        }
        all.extend(counted.iter().map(|count| (count.factory.as_str(), count.label.as_str())));
        let mut labels = BTreeSet::new();
        for (factory, label) in all {
            factories.insert(factory);
            if self.factory.as_deref().is_none_or(|wanted| wanted == factory) {
                labels.insert(label);
            }
        }
        known("unknown-factory", "factory", self.factory.as_deref(), &factories)?;
        known("unknown-label", "label", self.label.as_deref(), &labels)
    }
}

fn known(code: &'static str, kind: &'static str, name: Option<&str>, known: &BTreeSet<&str>) -> Result<(), ApiError> {
    match name.filter(|name| !known.contains(name)) {
        Some(name) => Err(unknown(code, kind, name, known.iter().copied())),
        None => Ok(()),
    }
}

/// The problem of a queue that does not exist.
pub fn unknown_queue<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> ApiError {
    unknown("unknown-queue", "queue", name, known)
}

/// The problem of a name that nothing of this kind has, with the nearest one that something has.
fn unknown<'a>(code: &'static str, kind: &'static str, name: &str, known: impl Iterator<Item = &'a str>) -> ApiError {
    let hint = hint(name, known);
    ApiError::invalid(code, kind, format!("there is no {kind} '{name}'{hint}"))
}

/// Refuses orders and commands to a factory of other software: it would never hear of them.
pub fn takes_orders(factory: &FactorySummary) -> Result<(), ApiError> {
    match &factory.reported {
        Some(_) => {
            let detail =
                format!("factory '{}' is other software that only reports here; it takes no orders", factory.name);
            Err(ApiError::conflict("only-reports", detail))
        }
        None => Ok(()),
    }
}
