//! Every page as it is written for an empty server and for a busy one.

use super::frame::Section;
use super::overview::Situation;
use super::samples::{self, frame};
use super::{decisions, factories, factory, jobs, overview, pilot, pilots, queue, queues};
use askama::Template;
use model::{JobState, PilotState};
use std::collections::BTreeMap;

/// The page without what changes with the style sheet or the version.
fn html(template: &impl Template) -> String {
    let page = template.render().unwrap();
    if let Ok(dir) = std::env::var("PREVIEW") {
        let title = page.split("<title>").nth(1).and_then(|t| t.split(" · ").next()).unwrap_or("x").to_lowercase();
        let mut n = 0;
        let mut path = std::path::PathBuf::from(&dir).join(format!("{}.html", title.replace(' ', "-")));
        while path.exists() { n += 1; path = std::path::PathBuf::from(&dir).join(format!("{}-{n}.html", title.replace(' ', "-"))); }
        std::fs::write(path, &page).unwrap();
    }
    page
}

#[test]
fn previews() {
    let counts: queue::LabelCounts = [(("f1".to_owned(), "glasgow-slurm".to_owned()), BTreeMap::from([(PilotState::Running, 2), (PilotState::Fault, 3)]))].into();
    html(&samples::overview(samples::situation()));
    html(&samples::overview(Situation { jobs: samples::counts(&[]), queues: vec![], factories: vec![], latest: vec![], failed: vec![] }));
    for state in [JobState::Running, JobState::Failed, JobState::Activated] { html(&samples::job_page(state)); }
    html(&jobs::Jobs::new(frame(Section::Jobs, "Jobs", "/jobs?user=ann"), wire::api::JobQuery { user: Some("ann".into()), ..Default::default() }, Some(samples::situation().jobs), vec!["glasgow-short".into()], samples::jobs(), Some("1010".into())));
    html(&jobs::Jobs::new(frame(Section::Jobs, "Jobs", "/jobs"), Default::default(), None, vec![], vec![], None));
    html(&queues::Queues::new(frame(Section::Queues, "Queues", "/queues"), 1, vec![samples::queue_situation(None)]));
    html(&queue::Queue::new(frame(Section::Queues, "Queue", "/queues/glasgow-short"), samples::queue_situation(None), samples::demand(), &samples::factories(), &counts, samples::decisions(), samples::jobs()));
    html(&pilots::Pilots::new(frame(Section::Pilots, "Pilots", "/pilots"), Default::default(), &BTreeMap::from([(PilotState::Running, 2)]), Default::default(), [PilotState::Pending, PilotState::Running, PilotState::Fault].map(|s| samples::pilot(4, s)).into(), None));
    html(&pilot::Pilot::new(frame(Section::Pilots, "Pilot 4", "/pilots/4"), samples::pilot(4, PilotState::Running), samples::jobs(), vec![], true));
    html(&factories::Factories::new(frame(Section::Factories, "Factories", "/factories"), &samples::factories(), &counts));
    html(&factory::Factory::new(frame(Section::Factories, "Factory f1", "/factories/f1"), &samples::factories()[0], &counts, BTreeMap::from([("glasgow-slurm".to_owned(), samples::decision(1, 12))]), samples::decisions()));
    html(&decisions::Decisions::new(frame(Section::Factories, "Decisions", "/decisions"), Default::default(), samples::decisions(), None));
}
