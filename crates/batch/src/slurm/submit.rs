//! `sbatch`: arrays within Slurm's limits.

use super::limits::{means_full, tries_again};
use super::{Slurm, SlurmConfig};
use crate::command::{Answer, quoted};
use crate::name::job_name;
use crate::parts::Sent;
use crate::submission::{self, Submission};
use crate::{BatchError, Needs, SubmitRequest, crash_point};
use model::PilotId;

/// Name of the batch script.
const SCRIPT: &str = "script";

/// The command, and the script.
pub(crate) fn describe(config: &SlurmConfig, factory: &str, request: &SubmitRequest) -> String {
    let array = Submission::at(&submission::root(&config.dir, factory), request.first);
    let words = arguments(config, factory, &array, request.secrets.len(), &request.needs).join(" ");
    format!("# sbatch {words}\n{}", script(request, request.first, &array.dir.display().to_string()))
}

impl Slurm {
    /// Submits one array.
    pub(super) async fn submit_array(
        &self,
        request: &SubmitRequest,
        first: PilotId,
        secrets: &[Vec<u8>],
    ) -> Result<Sent, BatchError> {
        let there = Submission { dir: self.place.there(first), first };
        let script = script(request, first, &there.dir.display().to_string());
        let add = |array: &Submission| array.write(SCRIPT, script.as_bytes());
        let array = Submission::create(&self.place.here, first, secrets, add)?;
        self.place.send(&self.commands, &array).await?;
        crash_point("written");
        let mut needs = request.needs.clone();
        let mut answer = self.sbatch(&there, secrets.len(), &needs).await;
        if !needs.avoid.is_empty() && answer.as_ref().is_ok_and(|answer| names_unknown_node(&answer.err)) {
            // A node that is gone cannot be avoided, and need not be.
            needs.avoid.clear();
            answer = self.sbatch(&there, secrets.len(), &needs).await;
        }
        crash_point("sent");
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                if !error.is_uncertain() {
                    self.place.delete(&self.commands, &array).await;
                }
                return Err(error);
            }
        };
        if answer.code != 0 {
            let said = answer.err.trim().replace("sbatch: error: ", "").replace('\n', "; ");
            if may_have_arrived(&answer.err) {
                return Err(BatchError::Garbled { program: "sbatch".to_owned(), what: said });
            }
            self.place.delete(&self.commands, &array).await;
            let full = means_full(&answer.err);
            return Ok(if full { Sent::Full(said) } else { Sent::Refused(said) });
        }
        let job = parse_job(&answer.out)
            .ok_or_else(|| BatchError::Garbled { program: "sbatch".to_owned(), what: answer.out.clone() })?;
        array.record_job(&job);
        Ok(Sent::Accepted((0..secrets.len()).map(|index| format!("{job}_{index}")).collect()))
    }

    async fn sbatch(&self, there: &Submission, count: usize, needs: &Needs) -> Result<Answer, BatchError> {
        let arguments = arguments(&self.config, &self.factory, there, count, needs);
        self.commands.run_unless("sbatch", &arguments, tries_again).await
    }
}

/// `--parsable` prints `JOB` or `JOB;CLUSTER`, after warnings of site plug-ins perhaps.
fn parse_job(out: &str) -> Option<String> {
    let line = out.lines().rev().find(|line| !line.trim().is_empty())?;
    let job = line.trim().split(';').next()?;
    (!job.is_empty() && job.bytes().all(|byte| byte.is_ascii_digit())).then(|| job.to_owned())
}

fn arguments(config: &SlurmConfig, factory: &str, array: &Submission, count: usize, needs: &Needs) -> Vec<String> {
    let dir = array.dir.display();
    let mut words = vec![
        "--parsable".to_owned(),
        format!("--job-name={}", job_name(factory, array.first)),
        format!("--array=0-{}", count - 1),
        format!("--output={dir}/%a.out"),
        format!("--error={dir}/%a.err"),
        format!("--chdir={dir}"),
        "--open-mode=append".to_owned(),
        "--export=NONE".to_owned(),
        "--nodes=1".to_owned(),
        "--ntasks=1".to_owned(),
        format!("--cpus-per-task={}", needs.cores.max(1)),
    ];
    let named = [
        ("partition", &config.partition),
        ("account", &config.account),
        ("qos", &config.qos),
        ("clusters", &config.cluster),
    ];
    words.extend(named.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!("--{key}={value}")));
    if needs.memory_mib > 0 {
        words.push(format!("--mem={}M", needs.memory_mib));
    }
    if needs.wall_time_s > 0 {
        words.push(format!("--time={}", needs.wall_time_s.div_ceil(60)));
    }
    words.extend(config.submit_arguments.iter().chain(&needs.arguments).cloned());
    if !needs.avoid.is_empty() {
        // The last of these arguments counts alone.
        let nodes: Vec<&str> = excluded(&words).chain(needs.avoid.iter().map(String::as_str)).collect();
        words.push(format!("--exclude={}", nodes.join(",")));
    }
    words.push(array.file(SCRIPT).display().to_string());
    words
}

/// The nodes that arguments exclude already. The value may stand in the same word or in the next one.
fn excluded(words: &[String]) -> impl Iterator<Item = &str> {
    let value = |(at, word): (usize, &'_ String)| {
        let long = word.strip_prefix("--exclude").filter(|rest| rest.is_empty() || rest.starts_with('='));
        let rest = long.or_else(|| word.strip_prefix("-x"))?.len();
        let value = word[word.len() - rest..].trim_start_matches('=');
        if value.is_empty() {
            words.get(at + 1).map(String::as_str)
        } else {
            Some(&words[at][word.len() - value.len()..])
        }
    };
    words.iter().enumerate().filter_map(value)
}

/// Slurm knows no node of a name that it is told to avoid.
fn names_unknown_node(err: &str) -> bool {
    err.contains("Invalid node name")
}

/// The connection to the controller broke off after it was made, so that what was sent may have been done. The words are
/// those of `slurm_strerror`.
fn may_have_arrived(err: &str) -> bool {
    const BROKEN: [&str; 7] = [
        "Socket timed out on send/recv",
        "Zero Bytes were transmitted",
        "receive failure",
        "send failure",
        "shutdown failure",
        "Unexpected message received",
        "Connection reset by peer",
    ];
    BROKEN.iter().any(|words| err.contains(words))
}

/// The batch script: what the wrapper is told, then the wrapper itself. `--export=NONE` leaves the node's environment,
/// so everything comes from here; nothing in it is secret, since Slurm shows scripts to administrators.
fn script(request: &SubmitRequest, first: PilotId, dir: &str) -> String {
    let mut text = "#!/bin/sh\n".to_owned();
    for (name, value) in &request.environment {
        text.push_str(&format!("export {name}={}\n", quoted(value)));
    }
    text.push_str(&format!("export PILOTAGE_SECRET_DIR={}\nexport PILOTAGE_FIRST_ID={first}\n", quoted(dir)));
    let arguments: Vec<String> = request.arguments.iter().map(|argument| quoted(argument)).collect();
    text.push_str(&format!("set -- {}\n", arguments.join(" ")));
    text.push_str(&request.wrapper);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn request() -> SubmitRequest {
        SubmitRequest {
            label: "big".into(),
            first: PilotId(17),
            wrapper: "#!/bin/sh\nexec \"$PILOTAGE_PILOT\" \"$@\"\n".into(),
            arguments: vec!["pilot".into()],
            environment: vec![
                ("PILOTAGE_PILOT".into(), "/opt/o'neil/pilotage".into()),
                ("PILOTAGE_SLOTS".into(), "8".into()),
            ],
            secrets: vec![b"top secret".to_vec(), b"also secret".to_vec()],
            needs: Needs {
                cores: 8,
                memory_mib: 16000,
                wall_time_s: 3601,
                arguments: vec!["--constraint=fast".into()],
                avoid: Vec::new(),
            },
            ..SubmitRequest::default()
        }
    }

    #[test]
    fn the_script_holds_everything_but_secrets() {
        let text = script(&request(), PilotId(17), "/shared/f1/17");
        insta::assert_snapshot!(text);
        assert!(!text.contains("secret\n") && !text.contains("top secret"));
    }

    #[test]
    fn the_arguments_are_those_that_hold_across_versions() {
        let config = SlurmConfig { partition: "main".into(), qos: "low".into(), ..SlurmConfig::default() };
        let array = Submission::at(Path::new("/shared/f1"), PilotId(17));
        insta::assert_snapshot!(arguments(&config, "f1", &array, 2, &request().needs).join("\n"));
    }

    #[test]
    fn nodes_are_excluded_beside_those_of_the_operator() {
        let excludes = |own: &[&str], avoid: &[&str]| {
            let own_words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
            let needs = Needs { arguments: own_words(own), avoid: own_words(avoid), ..Needs::default() };
            let array = Submission::at(Path::new("/shared/f1"), PilotId(17));
            let words = arguments(&SlurmConfig::default(), "f1", &array, 1, &needs);
            words.into_iter().rfind(|word| word.starts_with("--exclude"))
        };
        assert_eq!(excludes(&[], &[]), None);
        assert_eq!(excludes(&["--exclude=n1"], &[]).unwrap(), "--exclude=n1");
        assert_eq!(excludes(&["--exclusive", "-C", "x"], &["n7", "n8"]).unwrap(), "--exclude=n7,n8");
        for own in [&["--exclude=n[1-2]"][..], &["--exclude", "n[1-2]"], &["-xn[1-2]"], &["-x", "n[1-2]"]] {
            assert_eq!(excludes(own, &["n7"]).unwrap(), "--exclude=n[1-2],n7");
        }
    }

    #[test]
    fn what_was_cut_off_is_told_from_what_never_began() {
        let failed = |why: &str| may_have_arrived(&format!("sbatch: error: Batch job submission failed: {why}\n"));
        assert!(failed("Socket timed out on send/recv operation"));
        assert!(failed("Unable to contact slurm controller (receive failure)"));
        assert!(failed("Zero Bytes were transmitted or received"));
        assert!(!failed("Unable to contact slurm controller (connect failure)"));
        assert!(!failed("Invalid partition name specified"));
    }

    #[test]
    fn the_job_number_is_found() {
        assert_eq!(parse_job("4711\n").as_deref(), Some("4711"));
        assert_eq!(parse_job("welcome to the big cluster\n4711;big\n").as_deref(), Some("4711"));
        assert_eq!(parse_job("Submitted batch job 4711\n"), None);
    }
}
