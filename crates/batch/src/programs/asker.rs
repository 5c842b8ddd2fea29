//! Questions to a site's program that are not about pilots.

use super::answer::{How, at, read};
use super::request::{Head, lines};
use super::{OURS, commander, garbled, state_dir};
use crate::BatchError;
use crate::command::Commander;
use crate::transcript::Transcript;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a program prints that is told nothing and ends well within `timeout`.
pub async fn output(program: &str, timeout: Duration) -> Result<String, BatchError> {
    let (bin, transcript) = (PathBuf::new(), Transcript::none());
    let commands = Commander { bin, environment: Vec::new(), withheld: OURS, timeout, transcript, login: None };
    Ok(commands.run(program, &[]).await?.success(program)?.out)
}

/// Asks programs in the protocol of a batch system's: a head, lines, an end, both ways.
pub struct Asker {
    factory: String,
    dir: PathBuf,
    commands: Commander,
}

impl Asker {
    /// Keeps the transcript in `dir`, which it makes when it is not there; gives a program up after `timeout`.
    pub fn open(dir: &Path, factory: &str, timeout: Duration) -> Result<Asker, BatchError> {
        let commands = commander(dir, timeout)?;
        Ok(Asker { factory: factory.to_owned(), dir: dir.to_owned(), commands })
    }

    /// The lines of a whole answer, each of which `check` finds good.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        program: &str,
        call: &str,
        questions: &[impl Serialize],
        check: impl Fn(&T) -> Result<(), String>,
    ) -> Result<Vec<T>, BatchError> {
        let head = Head::new(call, &self.factory, state_dir(&self.dir));
        let input = lines(&head, questions.iter())?;
        let said = self.commands.tell(program, &[], &input).await?.success(program)?.out;
        let answer = read::<T>(&said, &[How::Complete]).and_then(|answer| {
            let lines = answer.rows.into_iter();
            lines.map(|(number, row)| check(&row).map(|()| row).map_err(|what| at(number, what))).collect()
        });
        answer.map_err(|what| garbled(program, what))
    }
}
