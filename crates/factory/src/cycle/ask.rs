//! Asking programs of the site's what the step Command needs, before anything is decided: all labels of a program in
//! one call, all programs at once.

use super::Cycler;
use crate::advice::{Program, Question, Row, advice, check, questions};
use batch::BatchError;
use batch::programs::Asker;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long a program is left alone that gave no answer: each call may cost all labels its time-out.
const REST: Duration = Duration::from_secs(60);

/// Programs that gave no answer, when, and why.
pub(super) type Resting = BTreeMap<String, (Instant, String)>;

impl Cycler {
    /// Asks for all enabled labels, or for one.
    pub(crate) async fn ask_programs(&mut self, only: Option<&str>) {
        self.world.count(&self.config);
        self.world.advice.clear();
        self.resting.retain(|_, (since, _)| since.elapsed() < REST);
        let mut calls = JoinSet::new();
        for (program, asked) in questions(&self.config, &self.world, only) {
            if let Some((_, why)) = self.resting.get(&program.0) {
                self.world.advice.extend(advice(&asked, Err(why.clone())));
                continue;
            }
            let (dir, factory) = (self.config.factory.dir.join("steps"), self.config.factory.name.clone());
            calls.spawn(async move {
                let said = ask(dir, &factory, &program, &asked).await;
                (program.0, asked, said)
            });
        }
        while let Some(ended) = calls.join_next().await {
            // The labels of one that broke have no answer, and say so.
            let Ok((program, asked, said)) = ended else { continue };
            let said = said.map_err(|error| error.to_string());
            if let Err(why) = &said {
                tracing::warn!(program, why, "a program that steps ask gave no answer; it is left alone for a while");
                self.resting.insert(program, (Instant::now(), why.clone()));
            }
            self.world.advice.extend(advice(&asked, said));
        }
    }
}

async fn ask(
    dir: PathBuf,
    factory: &str,
    (program, timeout_s): &Program,
    asked: &[Question],
) -> Result<Vec<Row>, BatchError> {
    let asker = Asker::open(&dir, factory, Duration::from_secs(*timeout_s))?;
    asker.ask(program, "decide", asked, |row| check(asked, row)).await
}
