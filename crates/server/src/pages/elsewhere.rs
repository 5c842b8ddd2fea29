//! Links from our pages to those of other monitors, such as PanDA's, by patterns of the configuration.

use super::link::encoded;
use model::job::JobSummary;
use model::pilot::PilotSummary;
use model::spelling::hint;
use std::collections::BTreeMap;

/// Patterns by their titles, such as `https://bigpanda.cern.ch/job/{id}/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Of pages of jobs.
    pub job: BTreeMap<String, String>,
    /// Of pages of pilots.
    pub pilot: BTreeMap<String, String>,
}

/// A page elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// What it is called.
    pub title: String,
    /// Where it is.
    pub url: String,
}

/// What patterns of jobs may name.
const JOB_FIELDS: [&str; 8] = ["id", "attempt", "name", "user", "group", "queue", "site", "task"];
/// What patterns of pilots may name.
const PILOT_FIELDS: [&str; 8] = ["id", "factory", "label", "queue", "site", "batch", "batch_id", "node"];

/// A part of a pattern.
enum Part<'a> {
    Text(&'a str),
    Field(&'a str),
}

fn parts(pattern: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some((text, after)) = rest.split_once('{') {
        let Some((field, after)) = after.split_once('}') else { break };
        parts.extend([Part::Text(text), Part::Field(field)]);
        rest = after;
    }
    parts.push(Part::Text(rest));
    parts
}

impl Links {
    /// What is wrong with the patterns: the section's key and words.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let of = |key, patterns: &BTreeMap<String, String>, fields: &[&'static str]| {
            let wrong = patterns.iter().filter_map(|(title, pattern)| Some((key, problem(title, pattern, fields)?)));
            wrong.collect::<Vec<(&'static str, String)>>()
        };
        [of("links.job", &self.job, &JOB_FIELDS), of("links.pilot", &self.pilot, &PILOT_FIELDS)].concat()
    }

    /// The pages elsewhere of a job. A pattern with a field that the job lacks gives none.
    pub fn of_job(&self, job: &JobSummary, task: i64) -> Vec<Elsewhere> {
        let value = |field: &str| match field {
            "id" => job.id.to_string(),
            "attempt" => job.attempt.to_string(),
            "name" => job.name.clone(),
            "user" => job.user.clone(),
            "group" => job.group.clone(),
            "queue" => job.queue.clone(),
            "site" => job.site.clone(),
            "task" if task > 0 => task.to_string(),
            _ => String::new(),
        };
        filled(&self.job, value)
    }

    /// The pages elsewhere of a pilot.
    pub fn of_pilot(&self, pilot: &PilotSummary) -> Vec<Elsewhere> {
        let value = |field: &str| match field {
            "id" => pilot.id.to_string(),
            "factory" => pilot.factory.clone(),
            "label" => pilot.label.clone(),
            "queue" => pilot.queue.clone(),
            "site" => pilot.site.clone(),
            "batch" => pilot.batch.clone(),
            "batch_id" => pilot.batch_id.clone(),
            "node" => pilot.node.clone(),
            _ => String::new(),
        };
        filled(&self.pilot, value)
    }
}

fn problem(title: &str, pattern: &str, fields: &[&'static str]) -> Option<String> {
    if !pattern.starts_with("http://") && !pattern.starts_with("https://") {
        return Some(format!("'{title}': '{pattern}' is no http:// or https:// URL"));
    }
    let wrong = parts(pattern).into_iter().find_map(|part| match part {
        Part::Field(field) if !fields.contains(&field) => Some(field.to_owned()),
        _ => None,
    });
    wrong.map(|field| format!("'{title}': there is no field '{field}'{}", hint(&field, fields.iter().copied())))
}

fn filled(patterns: &BTreeMap<String, String>, value: impl Fn(&str) -> String) -> Vec<Elsewhere> {
    let fill = |(title, pattern): (&String, &String)| {
        let parts = parts(pattern).into_iter().map(|part| match part {
            Part::Text(text) => Some(text.to_owned()),
            Part::Field(field) => Some(encoded(&value(field))).filter(|value| !value.is_empty()),
        });
        Some(Elsewhere { title: title.clone(), url: parts.collect::<Option<String>>()? })
    };
    patterns.iter().filter_map(fill).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn links(pilot: &str) -> Links {
        Links { pilot: [("APF".to_owned(), pilot.to_owned())].into(), ..Links::default() }
    }

    #[test]
    fn fields_are_filled_in_and_cannot_break_out() {
        let pilot = PilotSummary { batch_id: "47 11/0".into(), ..samples::pilot(5, model::PilotState::Running) };
        let found = links("https://apf.example/{factory}/{batch_id}?x={id}").of_pilot(&pilot);
        assert_eq!(found[0].url, format!("https://apf.example/{}/47%2011%2F0?x={}", pilot.factory, pilot.id));
        let unborn = PilotSummary { batch_id: String::new(), ..pilot };
        assert_eq!(links("https://apf.example/{factory}/{batch_id}").of_pilot(&unborn), []);
    }

    #[test]
    fn a_job_without_a_task_has_no_link_to_one() {
        let job = samples::jobs()[0].clone();
        let patterns = [("job", "https://panda.example/job/{id}/"), ("task", "https://panda.example/task/{task}/")];
        let patterns = patterns.map(|(title, pattern)| (title.to_owned(), pattern.to_owned())).into();
        let links = Links { job: patterns, ..Links::default() };
        assert_eq!(links.problems(), []);
        assert_eq!(
            links.of_job(&job, 0),
            [Elsewhere { title: "job".into(), url: format!("https://panda.example/job/{}/", job.id) }]
        );
        assert_eq!(links.of_job(&job, 7)[1].url, "https://panda.example/task/7/");
    }

    #[test]
    fn a_pattern_that_cannot_work_is_refused() {
        let what =
            |pattern: &str| links(pattern).problems().into_iter().map(|(key, what)| format!("{key}: {what}")).next();
        assert_eq!(what("https://apf.example/{batch_id}"), None);
        assert_eq!(
            what("https://apf.example/{batchid}").unwrap(),
            "links.pilot: 'APF': there is no field 'batchid'; did you mean 'batch_id'?"
        );
        assert_eq!(what("javascript:1").unwrap(), "links.pilot: 'APF': 'javascript:1' is no http:// or https:// URL");
    }
}
