//! Jobs that are no pilots, counted by queue: one `condor_q` for each schedd.

use super::{queue, text};
use crate::BatchError;
use crate::command::Commander;
use crate::transcript::Transcript;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Jobs that pilots never run: of the scheduler and local universes, of the grid universe, and pilots themselves.
const OTHERS: &str = "PilotageId =?= undefined && JobUniverse != 7 && JobUniverse != 12 && JobUniverse != 9";

/// Jobs of HTCondor users, counted by `condor_q`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CondorJobs {
    /// Names of the schedds; that of this host when empty.
    pub schedds: Vec<String>,
    /// Collector (`host:port`) that knows the schedds; that of HTCondor's configuration when empty.
    pub pool: String,
    /// Which jobs, as a ClassAd expression such as `AcctGroup == "cms"`; all when empty.
    pub constraint: String,
    /// What names a job's queue: an attribute such as `MATCH_APF_QUEUE`, or an expression. All jobs are in every queue
    /// when empty.
    pub queue: String,
    /// Directory of the HTCondor commands; from `PATH` when empty.
    pub bin: PathBuf,
    /// The configuration to use (`CONDOR_CONFIG`); HTCondor's own choice when empty.
    pub conf: PathBuf,
    /// Seconds between two `condor_q`.
    pub poll_s: f64,
    /// Seconds after which `condor_q` is given up.
    pub timeout_s: f64,
}

impl Default for CondorJobs {
    fn default() -> CondorJobs {
        CondorJobs {
            schedds: Vec::new(),
            pool: String::new(),
            constraint: String::new(),
            queue: String::new(),
            bin: PathBuf::new(),
            conf: PathBuf::new(),
            poll_s: 30.0,
            timeout_s: 60.0,
        }
    }
}

/// Jobs that differ in nothing that counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alike {
    /// Their queue; empty when they have none.
    pub queue: String,
    /// HTCondor's number of their state.
    pub status: i64,
    /// Cores that each asks for.
    pub cores: u32,
    /// Memory that each asks for, in MiB; 0 when it does not say.
    pub memory_mib: u32,
}

impl CondorJobs {
    /// What is wrong with it.
    pub fn problems(&self) -> Vec<(String, String)> {
        let words = self.schedds.iter().map(|name| ("schedds", name)).chain([("pool", &self.pool)]);
        let mut found: Vec<(String, String)> =
            words.filter_map(|(key, word)| Some((key.to_owned(), text::word_problem(word)?))).collect();
        if self.schedds.is_empty() && !self.pool.is_empty() {
            found.push(("pool".to_owned(), "is for remote schedds; name them by 'schedds'".to_owned()));
        }
        for (key, expression) in [("constraint", &self.constraint), ("queue", &self.queue)] {
            found.extend(text::line_problem(expression).map(|what| (key.to_owned(), what)));
        }
        found
    }

    /// Counts the jobs of all schedds. When one does not answer, nothing is known.
    pub async fn count(&self) -> Result<BTreeMap<Alike, u64>, BatchError> {
        let mut all = BTreeMap::new();
        let local = [String::new()];
        let schedds = if self.schedds.is_empty() { &local } else { self.schedds.as_slice() };
        for schedd in schedds {
            for (alike, jobs) in self.count_of(schedd).await? {
                *all.entry(alike).or_default() += jobs;
            }
        }
        Ok(all)
    }

    /// An empty answer is believed only when the totals say the same, as for pilots.
    async fn count_of(&self, schedd: &str) -> Result<BTreeMap<Alike, u64>, BatchError> {
        let garbled = |what| BatchError::Garbled { program: "condor_q".to_owned(), what };
        let queue = if self.queue.is_empty() { "\"\"" } else { &self.queue };
        let said = self.condor_q(schedd, &["-af:t", "JobStatus", "RequestCpus", "RequestMemory", queue]).await?;
        let counted = parse(&said).map_err(garbled)?;
        if counted.is_empty() {
            match queue::parse_totals(&self.condor_q(schedd, &["-totals"]).await?) {
                Some(0) => {}
                Some(jobs) => return Err(garbled(format!("no jobs, and then {jobs} jobs in all"))),
                None => return Err(garbled("it shows no jobs and no totals".to_owned())),
            }
        }
        Ok(counted)
    }

    async fn condor_q(&self, schedd: &str, how: &[&str]) -> Result<String, BatchError> {
        let conf = self.conf.display().to_string();
        let environment = (!conf.is_empty()).then(|| ("CONDOR_CONFIG".to_owned(), conf)).into_iter().collect();
        let timeout = Duration::try_from_secs_f64(self.timeout_s).unwrap_or(Duration::from_secs(60));
        let (bin, transcript) = (self.bin.clone(), Transcript::none());
        let commands = Commander { bin, environment, withheld: &[], timeout, transcript, login: None };
        let named = [("-name", schedd), ("-pool", &self.pool)].into_iter().filter(|(_, value)| !value.is_empty());
        let mut words: Vec<String> = named.flat_map(|(option, value)| [option.to_owned(), value.to_owned()]).collect();
        let own = if self.constraint.is_empty() { String::new() } else { format!(" && ({})", self.constraint) };
        words.extend(["-allusers".to_owned(), "-constraint".to_owned(), format!("{OTHERS}{own}")]);
        words.extend(how.iter().map(|word| (*word).to_owned()));
        Ok(commands.run("condor_q", &words).await?.success("condor_q")?.out)
    }
}

/// Reads lines of state, cores, memory and queue with tabs between them.
fn parse(said: &str) -> Result<BTreeMap<Alike, u64>, String> {
    let mut counted = BTreeMap::new();
    for (index, line) in said.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let alike = row(line).ok_or_else(|| {
            let shown: String = line.chars().take(80).collect();
            format!("line {}: is no job with its state, cores, memory and queue: {shown}", index + 1)
        })?;
        *counted.entry(alike).or_default() += 1;
    }
    Ok(counted)
}

fn row(line: &str) -> Option<Alike> {
    let mut fields = line.splitn(4, '\t').map(str::trim);
    let status = fields.next()?.parse().ok()?;
    // What a job does not say, or says by an expression that nobody can evaluate yet, is not known.
    let number = |field: &str| field.parse::<f64>().map_or(0, |number| number.ceil() as u32);
    let (cores, memory_mib) = (number(fields.next()?).max(1), number(fields.next()?));
    // Missing as a whole when it is no expression.
    let queue = fields.next()?;
    let has_none = matches!(queue, "undefined" | "error");
    let queue = if has_none { String::new() } else { queue.to_owned() };
    Some(Alike { queue, status, cores, memory_mib })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_recorded_answer() {
        let counted = parse(include_str!("recorded/condor_q.af")).unwrap();
        let of = |queue: &str, status, cores, memory_mib| {
            counted.get(&Alike { queue: queue.into(), status, cores, memory_mib }).copied().unwrap_or(0)
        };
        assert_eq!(counted.values().sum::<u64>(), 7);
        assert_eq!(
            (of("BLUE", 1, 1, 128), of("BLUE", 5, 1, 128), of("two words", 1, 4, 128), of("", 1, 1, 128)),
            (3, 1, 2, 1)
        );
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        assert_eq!(parse("").unwrap(), BTreeMap::new());
        let said = parse("1\t1\t128\tBLUE\nAll queues are empty\n").unwrap_err();
        assert_eq!(said, "line 2: is no job with its state, cores, memory and queue: All queues are empty");
        parse("1\t1\t128").unwrap_err();
    }

    #[test]
    fn mistakes_are_named() {
        let jobs = CondorJobs { pool: "cm".into(), constraint: "a\nb".into(), ..CondorJobs::default() };
        let said: Vec<String> = jobs.problems().iter().map(|(key, what)| format!("{key}: {what}")).collect();
        assert_eq!(said, ["pool: is for remote schedds; name them by 'schedds'", "constraint: has more than one line"]);
    }
}
