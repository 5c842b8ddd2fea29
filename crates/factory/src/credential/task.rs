//! The tasks beside the cycles: each waits until its credential is due, and renews it. However long one takes, neither a
//! cycle nor another credential waits for it.

use super::held::Credentials;
use crate::cycle::now;
use model::Time;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// A file may vanish or change under us: it is looked at again so soon.
const LOOKS_APART: Duration = Duration::from_secs(2);

/// Starts the tasks; they end with the set. `changed` is called after every attempt.
pub fn renew_all<F>(
    credentials: &Arc<Credentials>,
    changed: impl Fn() -> F + Clone + Send + Sync + 'static,
) -> JoinSet<()>
where
    F: Future<Output = ()> + Send,
{
    credentials.place.sweep();
    let mut tasks = JoinSet::new();
    for (name, section) in credentials.sections() {
        if section.renewal().is_some() {
            let (credentials, name, changed) = (Arc::clone(credentials), name.clone(), changed.clone());
            tasks.spawn(async move {
                loop {
                    wait(&credentials, &name).await;
                    attempt(&credentials, &name).await;
                    changed().await;
                }
            });
        }
    }
    tasks
}

async fn wait(credentials: &Credentials, name: &str) {
    while let Some(pause) = credentials.until_due(name, now()) {
        tokio::time::sleep(pause.min(LOOKS_APART)).await;
    }
}

async fn attempt(credentials: &Credentials, name: &str) {
    match credentials.renew(name).await {
        Ok(()) => {
            let seen = credentials.seen(name).ok();
            let until = seen.and_then(|seen| seen.end()).map_or("further notice".to_owned(), super::life::shown);
            tracing::info!(credential = name, until, "renewed a credential");
        }
        Err(error) => tracing::warn!(credential = name, "failed to renew a credential: failed to {error}"),
    }
}

impl Credentials {
    /// Time until the next attempt; `None` when it is due. One that is made with another waits until that is there.
    fn until_due(&self, name: &str, now: Time) -> Option<Duration> {
        let policy = self.sections().get(name)?.policy();
        let seen = self.seen(name).ok();
        let tries = self.tries().get(name).cloned().unwrap_or_default();
        let due = tries.due(seen.as_ref(), &policy).unwrap_or(Time(i64::MAX));
        if due <= now && self.needed(name).is_err() {
            return Some(LOOKS_APART);
        }
        Some(due.since(now)).filter(|pause| !pause.is_zero())
    }
}
