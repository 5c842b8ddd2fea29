//! Bounds of all pilots of a label, factory, site or end point: MaxToRun, MaxPerFactory, MaxPerSite, MaxPerEndpoint,
//! KeepNRunning.

use super::settings::{Setting, Value, is_set, settings};
use super::{Maximum, Outcome, python};
use crate::situation::Situation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number of pilots to keep. AutoPyFactory read it as text first, so that it may also be None.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Target(pub i64);

impl Setting for Target {
    fn read(text: &str) -> Result<Option<Target>, String> {
        if !is_set(text) {
            return Ok(None);
        }
        Ok(i64::read(text)?.map(Target))
    }

    fn value(&self) -> Value {
        Value::Whole(self.0)
    }
}

settings!(
    /// `sched.keepnrunning`.
    KeepNRunning {
        /// How many to keep; when not set the number that comes in is the target.
        keep_running: Target,
    }
);

/// At most so many pending and running; negative when there are more.
pub(super) fn max_to_run(n: i64, settings: &Maximum, situation: &Situation) -> Outcome {
    let Some(batch) = &situation.batch else {
        return (0, format!("MaxToRun:comment=No batchinfo,in={n}"));
    };
    let Some(max) = settings.maximum else { return (n, String::new()) };
    let (pending, running) = (batch.pending, batch.running);
    let out = n.min(max.saturating_sub(batch.live()));
    (out, format!("MaxToRun:in={n},maxtorun={max},pending={pending},running={running},ret={out}"))
}

/// At most so many of all labels together; none when the number of pilots is not known.
pub(super) fn max_per_factory(n: i64, settings: &Maximum, situation: &Situation) -> Outcome {
    let factory = situation.factory.as_ref();
    let Some(max) = settings.maximum.or_else(|| factory?.maximum) else {
        return (n, format!("MaxPerFactory:comment=Not set,in={n},ret={n}"));
    };
    let Some(total) = factory.and_then(|factory| factory.total) else {
        return (0, format!("MaxPerFactory:comment=No batchinfo,in={n},ret=0"));
    };
    let out = if total > max {
        0
    } else if n.saturating_add(total) > max {
        max - total
    } else {
        n
    };
    (out, format!("MaxPerFactory:in={n},total={total},maxperfactory={max},ret={out}"))
}

/// At most so many of the factory's pilots at the queue's site; never removes any.
pub(super) fn max_per_site(n: i64, settings: &Maximum, situation: &Situation) -> Outcome {
    let (name, total) = situation.site.as_ref().map_or(("", None), |site| (&site.name, site.total));
    Cap { step: "MaxPerSite", of: "site", name, total, key: "maxpersite" }.apply(n, settings)
}

/// At most so many of the factory's pilots on the batch end point; never removes any.
pub(super) fn max_per_endpoint(n: i64, settings: &Maximum, situation: &Situation) -> Outcome {
    let (name, total) = situation.endpoint.as_ref().map_or(("", None), |point| (&point.name, point.total));
    Cap { step: "MaxPerEndpoint", of: "endpoint", name, total, key: "maxperendpoint" }.apply(n, settings)
}

/// A bound of something that several labels share.
struct Cap<'a> {
    step: &'static str,
    of: &'static str,
    name: &'a str,
    total: Option<i64>,
    key: &'static str,
}

impl Cap<'_> {
    fn apply(&self, n: i64, settings: &Maximum) -> Outcome {
        let Cap { step, of, name, key, .. } = self;
        let Some(max) = settings.maximum else {
            return (n, format!("{step}:comment=Not set,in={n},ret={n}"));
        };
        let Some(total) = self.total else {
            let out = n.min(0);
            return (out, format!("{step}:comment=No batchinfo,in={n},ret={out}"));
        };
        let out = n.min(max.saturating_sub(total.max(0)).max(0));
        (out, format!("{step}:in={n},{of}={name},total={total},{key}={max},ret={out}"))
    }
}

/// The difference to a target: its setting, or its input when there is none. Negative when there are more.
pub(super) fn keep_n_running(n: i64, settings: &KeepNRunning, situation: &Situation) -> Outcome {
    let Some(batch) = &situation.batch else {
        return (0, "KeepNRunning:comment=Invalid queueinfo".to_owned());
    };
    let (pending, running, retiring) = (batch.pending.max(0), batch.running.max(0), batch.retiring.max(0));
    let target = settings.keep_running.map(|target| target.0);
    let out = target.unwrap_or(n).saturating_sub(running.saturating_add(pending));
    let keep = python::or_none(target);
    let counts = format!("running={running},pending={pending},retiring={retiring}");
    (out, format!("KeepNRunning:in={n},keep={keep},{counts},ret={out}"))
}
