//! The AGIS plug-in: a source with a template for each flavour of computing elements.

use super::super::gather::{Gathered, file_name};
use super::super::ini::{Ini, Place, Section, Written, interpolate};
use super::super::label::{self, Around, Label};
use super::super::report::{Fate, Report};
use super::super::value::{is_none, list};
use super::factory_section::FactoryPart;
use toml::{Table, Value};

/// Sources, and the templates of their labels.
#[derive(Default)]
pub struct Sources {
    /// `[source.NAME]`.
    pub sources: Table,
    /// `[template.NAME]`.
    pub templates: Vec<Label>,
}

/// Keys below `config.queues.agis.` that belong together by position, and the fields that they choose.
const PARALLEL: [(&str, &str); 4] =
    [("vos", "vo_name"), ("clouds", "cloud"), ("activities", "type"), ("pilotmanager", "pilot_manager")];

/// A flavour in AGIS: its name there, the plug-in, and the keys that AutoPyFactory made, with our fields in them.
type Flavour = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const FLAVOURS: [Flavour; 4] = [
    (
        "htcondor-ce",
        "CondorOSGCE",
        &[
            ("batchsubmit.condorosgce.gridresource", "{ce_host}"),
            (
                "batchsubmit.condorosgce.condor_attributes",
                "periodic_remove = (JobStatus == 2 && (CurrentTime - EnteredCurrentStatus) > 604800)",
            ),
            ("batchsubmit.condorosgce.condor_attributes.+maxMemory", "{memory_mib!s}"),
            ("batchsubmit.condorosgce.condor_attributes.+xcount", "{cores!s}"),
            ("batchsubmit.condorosgce.condor_attributes.+voactivity", "\"{type}\""),
            ("batchsubmit.condorosgce.condor_attributes.+remote_queue", "\"{ce_queue_name}\""),
            ("batchsubmit.condorosgce.condor_attributes.+maxWallTime", "{ce_queue_maxwctime!s}"),
        ],
    ),
    (
        "cream-ce",
        "CondorCREAM",
        &[
            (
                "batchsubmit.condorcream.gridresource",
                "{ce_endpoint}/ce-cream/services/CREAM2 {ce_jobmanager} {ce_queue_name}",
            ),
            ("batchsubmit.condorcream.environ", "RUCIO_ACCOUNT=pilot"),
            ("batchsubmit.condorcream.condor_attributes.notification", "Never"),
            (
                "batchsubmit.condorcream.condor_attributes.cream_attributes",
                "CpuNumber={cores};WholeNodes=false;SMPGranularity={cores};CERequirements = \
                 \"other.GlueCEPolicyMaxCPUTime == {cpu_time_min} && other.GlueCEPolicyMaxWallClockTime == \
                 {wall_time_min} && other.GlueHostMainMemoryRAMSize == {memory_mib}\";",
            ),
        ],
    ),
    (
        "arc-ce",
        "CondorNordugrid",
        &[
            ("batchsubmit.condornordugrid.gridresource", "{ce_host}"),
            ("batchsubmit.condornordugrid.condor_attributes.notification", "Never"),
            ("nordugridrsl.jobname", "arc_pilot"),
            ("nordugridrsl.queue", "{ce_queue_name}"),
            ("nordugridrsl.addenv.RUCIO_ACCOUNT", "pilot"),
            (
                "nordugridrsl.nordugridrsladd",
                "(runtimeenvironment = APPS/HEP/ATLAS-SITE-LCG)(runtimeenvironment = ENV/PROXY)(count = {cores})\
                 (countpernode = {cores})(memory = {memory_per_core_mib})(walltime = {wall_time_s})\
                 (cputime = {cpu_time_s})",
            ),
        ],
    ),
    (
        "globus",
        "CondorGT5",
        &[
            ("batchsubmit.condorgt5.gridresource", "{ce_endpoint}/jobmanager-{ce_jobmanager}"),
            ("globusrsl.gram5.queue", "{ce_queue_name}"),
        ],
    ),
];

/// Keys of all flavours.
const COMMON: [(&str, &str); 4] = [
    ("enabled", "True"),
    ("batchqueue", "{name}"),
    ("wmsqueue", "{panda_resource}"),
    ("sched.scale.factor", "{scale_factor}"),
];

/// The sources of a factory that uses AGIS.
pub fn sources(part: &FactoryPart, found: &Gathered, around: &Around, report: &mut Report) -> Sources {
    let mut all = Sources::default();
    let Some(keys) = &part.agis else { return all };
    let agis = Agis { keys, around };
    let activities = agis.list("activities");
    if activities.is_empty() {
        agis.wrong("activities", "is missing: AutoPyFactory had no queue of AGIS", report);
    }
    for (index, activity) in activities.iter().enumerate() {
        let name = crate::source::label_name(&format!("agis-{}-{}", index + 1, activity.to_lowercase()));
        let file = agis.list("defaultsfiles").get(index).map(|path| file_name(path.as_ref())).unwrap_or_default();
        let defaults = found.defaults.get(&file).cloned().unwrap_or_default();
        all.templates.extend(FLAVOURS.iter().map(|flavour| agis.template(&name, flavour, &defaults, report)));
        all.sources.insert(name.clone(), Value::Table(agis.source(&name, index, report)));
    }
    all
}

struct Agis<'a> {
    keys: &'a Section,
    around: &'a Around,
}

impl Agis<'_> {
    fn key(name: &str) -> String {
        format!("config.queues.agis.{name}")
    }

    fn text(&self, name: &str) -> Option<String> {
        let key = Agis::key(name);
        let value = interpolate(self.keys, &key).ok().filter(|_| self.keys.contains_key(&key))?;
        (!is_none(&value.text)).then_some(value.text)
    }

    fn list(&self, name: &str) -> Vec<String> {
        self.text(name).map(|text| list(&text).into_iter().map(str::to_owned).collect()).unwrap_or_default()
    }

    fn wrong(&self, name: &str, why: &str, report: &mut Report) {
        let (key, place) = (Agis::key(name), self.place(name));
        report.note(&place, "Factory", &key, Fate::Bad { why: why.to_owned() });
    }

    fn place(&self, name: &str) -> Place {
        let own = self.keys.get(&Agis::key(name)).or_else(|| self.keys.get("config.queues.plugin"));
        own.map(|written| written.place.clone())
            .unwrap_or_else(|| Place { file: std::path::Path::new("autopyfactory.conf").into(), line: 0 })
    }

    fn source(&self, name: &str, index: usize, report: &mut Report) -> Table {
        let mut table = Table::new();
        let mut put = |key: &str, value: Value| table.insert(key.to_owned(), value);
        put("format", Value::from("cric"));
        match self.text("baseurl") {
            Some(url) => put("from", Value::from(vec![url])),
            None => {
                self.wrong("baseurl", "is missing", report);
                put("from", Value::from(vec!["https://cric.invalid/"]))
            }
        };
        put("label", Value::from("{panda_resource}-{ce_host}-{ce_queue_name|default}"));
        let templates =
            FLAVOURS.iter().map(|(flavour, ..)| (flavour.to_string(), Value::from(format!("{name}-{flavour}"))));
        put("templates", Value::Table(templates.collect()));
        let chosen = PARALLEL.iter().filter_map(|(key, field)| {
            let value = self.list(key).get(index).filter(|value| !is_none(value)).cloned()?;
            Some(((*field).to_owned(), Value::from(vec![value])))
        });
        put("only", Value::Table(chosen.collect()));
        for (key, to) in [("sleep", "interval_s"), ("jobsperpilot", "jobs_per_pilot"), ("numfactories", "factories")] {
            match self.text(key).map(|text| text.parse::<f64>()) {
                Some(Ok(number)) => drop(table.insert(to.to_owned(), Value::Float(number))),
                Some(Err(_)) => self.wrong(key, "is no number", report),
                None => {}
            }
        }
        table
    }

    /// The defaults and what AutoPyFactory made of a computing element, read as a section of `queues.conf`.
    fn template(&self, source: &str, flavour: &Flavour, defaults: &Ini, report: &mut Report) -> Label {
        let (name, plugin, own) = flavour;
        let mut section = defaults.defaults.clone();
        let made = COMMON.iter().chain(*own).map(|(key, value)| ((*key).to_owned(), *value));
        let plugin = [("batchsubmitplugin".to_owned(), *plugin)];
        let place = self.place("baseurl");
        section.extend(
            made.chain(plugin).map(|(key, text)| (key, Written { text: text.to_owned(), place: place.clone() })),
        );
        let mut told = Report::default();
        let mut label = label::read(&format!("{source}-{name}"), &section, self.around, &mut told);
        // What AutoPyFactory made is in no file.
        report.take(told, |row_place| row_place.file != place.file);
        label.table.insert("enabled".to_owned(), Value::Boolean(self.around.enables));
        label
    }
}
