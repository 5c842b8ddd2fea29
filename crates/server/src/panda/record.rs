//! The job record that `getJob` answers.

use super::answer::{Answer, Code};
use model::job::JobSpec;
use model::{JobId, SubmissionId};

/// One job that was given to a pilot.
pub(super) struct Dispatched<'a> {
    /// The job.
    pub(super) job: JobId,
    /// The attempt that begins.
    pub(super) attempt: u32,
    /// The submission it came with.
    pub(super) submission: SubmissionId,
    /// What is to be run.
    pub(super) spec: &'a JobSpec,
    /// The region of its queue.
    pub(super) region: &'a str,
    /// Where the pilot fetches the script that runs it.
    pub(super) transformation: String,
}

impl Dispatched<'_> {
    /// The record. What does not apply is left out or `NULL`, as null kills pilots; without `logFile` no log is staged
    /// out and the final state comes at once.
    pub(super) fn answer(&self) -> Answer {
        let spec = self.spec;
        let mut answer = Answer::new(Code::Ok)
            .with("PandaID", self.job.0)
            .with("attemptNr", self.attempt)
            .with("transformation", self.transformation.as_str())
            .with("jobPars", "")
            .with("jobName", spec.name.as_str())
            .with("jobDefinitionID", self.submission.0)
            .with("jobsetID", self.submission.0)
            .with("prodSourceLabel", spec.source_label.as_str())
            .with("prodUserID", spec.user.as_str())
            .with("coreCount", spec.cores)
            .with("minRamCount", spec.memory_mib)
            .with("currentPriority", spec.priority)
            .with("resource_type", resource_type(spec.cores))
            .with("processingType", "pilotage");
        for key in ["swRelease", "homepackage", "cmtConfig"] {
            answer.push(key, "NULL");
        }
        self.add_what_is_set(&mut answer);
        answer
    }

    fn add_what_is_set(&self, answer: &mut Answer) {
        if self.spec.task.0 > 0 {
            answer.push("taskID", self.spec.task.0);
        }
        if self.spec.wall_time_s > 0 {
            answer.push("maxWalltime", self.spec.wall_time_s);
        }
        let texts = [("workingGroup", self.spec.group.as_str()), ("cloud", self.region)];
        for (key, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            answer.push(key, text);
        }
    }
}

/// PanDA's name for the shape of a job.
pub(super) fn resource_type(cores: u32) -> &'static str {
    if cores > 1 { "MCORE" } else { "SCORE" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::TaskId;
    use serde_json::Value;

    fn record(spec: &JobSpec) -> Value {
        let transformation = "http://h/trf/user/job-17-1-ab.sh".to_owned();
        let job =
            Dispatched { job: JobId(17), attempt: 1, submission: SubmissionId(3), spec, region: "", transformation };
        job.answer().into_json()
    }

    #[test]
    fn the_record_has_what_pilots_need_and_no_null() {
        let spec = JobSpec { name: "x".into(), user: "ann".into(), ..JobSpec::command("true", []) };
        let record = record(&spec);
        assert_eq!((&record["StatusCode"], &record["PandaID"]), (&Value::from(0), &Value::from(17)));
        assert_eq!(record["transformation"], "http://h/trf/user/job-17-1-ab.sh");
        assert_eq!((&record["prodSourceLabel"], &record["attemptNr"]), (&Value::from("user"), &Value::from(1)));
        assert!(record.as_object().unwrap().values().all(|value| !value.is_null()));
        for absent in ["logFile", "outFiles", "inFiles", "taskID", "maxWalltime"] {
            assert_eq!(record.get(absent), None, "{absent}");
        }
    }

    #[test]
    fn limits_and_tasks_are_said_when_they_are_set() {
        let mut spec = JobSpec { cores: 8, wall_time_s: 60, ..JobSpec::command("true", []) };
        spec.task = TaskId(10_000_001);
        let record = record(&spec);
        assert_eq!((&record["taskID"], &record["maxWalltime"]), (&Value::from(10_000_001), &Value::from(60)));
        assert_eq!((&record["coreCount"], &record["resource_type"]), (&Value::from(8), &Value::from("MCORE")));
    }
}
