//! Grid flavours: where a schedd sends jobs that do not run in its own pool, as typed fields of a template each.

use super::text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A grid resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Grid {
    /// An HTCondor-CE, or any other schedd.
    HtcondorCe(HtcondorCe),
    /// An ARC CE by its REST interface.
    Arc(Arc),
    /// A batch system by HTCondor's blahp, on the schedd's host or on a login node by SSH (bosco).
    Batch(Batch),
    /// PBS on the schedd's host.
    Pbs(Plain),
    /// LSF on the schedd's host.
    Lsf(Plain),
    /// Virtual machines of EC2 or of a cloud that speaks the same.
    Ec2(Ec2),
    /// CREAM; no HTCondor since 10 knows it.
    Cream(Cream),
    /// Globus GRAM 2; no HTCondor since 10 knows it.
    Gt2(Gram),
    /// Globus GRAM 5; no HTCondor since 10 knows it.
    Gt5(Gram),
    /// ARC by GridFTP; no HTCondor since 10 knows it.
    Nordugrid(Nordugrid),
}

/// `type = "htcondor-ce"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HtcondorCe {
    /// Host of the CE, which is also the name of its schedd.
    pub host: String,
    /// Name of its schedd when it is another one.
    #[serde(default)]
    pub schedd: String,
    /// Port of its collector.
    #[serde(default = "htcondor_ce_port")]
    pub port: u16,
}

/// `type = "arc"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arc {
    /// Host, or URL of the REST interface.
    pub host: String,
    /// Queue there; its default when empty.
    #[serde(default)]
    pub queue: String,
    /// Run-time environments (`arc_rte`).
    #[serde(default)]
    pub rte: Vec<String>,
    /// Content of the `Resources` element of the job's description, as XML (`arc_resources`).
    #[serde(default)]
    pub resources: String,
}

/// `type = "batch"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Batch system: slurm, pbs, lsf, sge or condor.
    pub system: String,
    /// Login node; the schedd's own host when empty.
    #[serde(default)]
    pub host: String,
    /// User there; the same as here when empty.
    #[serde(default)]
    pub user: String,
    /// Private key of SSH for it.
    #[serde(default)]
    pub key: PathBuf,
    /// Queue or partition (`batch_queue`); the batch system's default when empty.
    #[serde(default)]
    pub queue: String,
}

/// `type = "pbs"` and `type = "lsf"`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plain {}

/// `type = "ec2"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ec2 {
    /// URL of the end point.
    pub url: String,
    /// Image.
    pub ami_id: String,
    /// Kind of machine.
    pub instance_type: String,
    /// File with the access key's id.
    pub access_key_id: PathBuf,
    /// File with the access key's secret.
    pub secret_access_key: PathBuf,
    /// Security groups.
    #[serde(default)]
    pub security_groups: Vec<String>,
    /// The most to pay an hour for a spot instance; on demand when not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot_price: Option<f64>,
    /// What the machine is given at its start; others can read it.
    #[serde(default)]
    pub user_data: String,
    /// The same from a file.
    #[serde(default)]
    pub user_data_file: PathBuf,
}

/// `type = "cream"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cream {
    /// Host of the CE.
    #[serde(default)]
    pub webservice: String,
    /// Its port.
    #[serde(default = "cream_port")]
    pub port: u16,
    /// Its batch system.
    #[serde(default)]
    pub batch: String,
    /// Its queue.
    #[serde(default)]
    pub queue: String,
    /// All of these in one: `host:port/ce-cream/services/CREAM2 batch queue`.
    #[serde(default)]
    pub gridresource: String,
}

/// `type = "gt2"` and `type = "gt5"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gram {
    /// Gatekeeper, such as `host/jobmanager-condor`.
    pub gatekeeper: String,
    /// Attributes of the RSL.
    #[serde(default)]
    pub rsl: BTreeMap<String, String>,
    /// RSL that comes after them.
    #[serde(default)]
    pub rsl_add: String,
}

/// `type = "nordugrid"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nordugrid {
    /// Host of the CE.
    pub host: String,
    /// Attributes of the RSL.
    #[serde(default)]
    pub rsl: BTreeMap<String, String>,
    /// RSL that comes after them.
    #[serde(default)]
    pub rsl_add: String,
}

fn htcondor_ce_port() -> u16 {
    9619
}

fn cream_port() -> u16 {
    8443
}

impl Grid {
    /// Whether input files reach the job: Pilotage's pilot needs its secret.
    pub fn carries_files(&self) -> bool {
        matches!(self, Grid::HtcondorCe(_) | Grid::Arc(_) | Grid::Batch(_) | Grid::Pbs(_) | Grid::Lsf(_))
    }

    /// Why no HTCondor of today takes it.
    pub fn unsupported(&self) -> Option<&'static str> {
        let gone = matches!(self, Grid::Cream(_) | Grid::Gt2(_) | Grid::Gt5(_) | Grid::Nordugrid(_));
        gone.then_some("HTCondor 10 and later refuse this grid type; it is there for old configurations only")
    }

    /// What is wrong with it: key and words.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (key, value) in self.words() {
            let what = if value.is_empty() { Some("is empty".to_owned()) } else { text::word_problem(value) };
            found.extend(what.map(|what| (key.to_owned(), what)));
        }
        for (key, value) in self.lines() {
            found.extend(text::line_problem(value).map(|what| (key.to_owned(), what)));
        }
        for (key, path) in self.paths() {
            found.extend(text::path_problem(path).map(|what| (key.to_owned(), what)));
        }
        if let Grid::Cream(cream) = self
            && cream.gridresource.is_empty()
            && [&cream.webservice, &cream.batch, &cream.queue].iter().any(|value| value.is_empty())
        {
            found.push(("gridresource".to_owned(), "is missing, and so is one of webservice, batch, queue".to_owned()));
        }
        if let Grid::Batch(batch) = self
            && batch.host.is_empty()
            && !(batch.user.is_empty() && batch.key.as_os_str().is_empty())
        {
            found.push(("host".to_owned(), "is missing; 'user' and 'key' are for a login node".to_owned()));
        }
        found
    }

    /// Values that must be there as one word.
    fn words(&self) -> Vec<(&'static str, &String)> {
        match self {
            Grid::HtcondorCe(ce) => vec![("host", &ce.host)],
            Grid::Arc(arc) => vec![("host", &arc.host)],
            Grid::Batch(batch) => vec![("system", &batch.system)],
            Grid::Ec2(ec2) => vec![("url", &ec2.url), ("ami_id", &ec2.ami_id), ("instance_type", &ec2.instance_type)],
            Grid::Gt2(gram) | Grid::Gt5(gram) => vec![("gatekeeper", &gram.gatekeeper)],
            Grid::Nordugrid(nordugrid) => vec![("host", &nordugrid.host)],
            Grid::Pbs(_) | Grid::Lsf(_) | Grid::Cream(_) => Vec::new(),
        }
    }

    fn paths(&self) -> Vec<(&'static str, &PathBuf)> {
        match self {
            Grid::Batch(batch) => vec![("key", &batch.key)],
            Grid::Ec2(ec2) => vec![
                ("access_key_id", &ec2.access_key_id),
                ("secret_access_key", &ec2.secret_access_key),
                ("user_data_file", &ec2.user_data_file),
            ],
            _ => Vec::new(),
        }
    }

    /// Values that may be empty or have blanks.
    fn lines(&self) -> Vec<(&'static str, &String)> {
        match self {
            Grid::HtcondorCe(ce) => vec![("schedd", &ce.schedd)],
            Grid::Arc(arc) => {
                let own = [("queue", &arc.queue), ("resources", &arc.resources)];
                own.into_iter().chain(arc.rte.iter().map(|name| ("rte", name))).collect()
            }
            Grid::Batch(batch) => vec![("host", &batch.host), ("user", &batch.user), ("queue", &batch.queue)],
            Grid::Ec2(ec2) => {
                let own = [("user_data", &ec2.user_data)];
                own.into_iter().chain(ec2.security_groups.iter().map(|name| ("security_groups", name))).collect()
            }
            Grid::Cream(cream) => vec![
                ("webservice", &cream.webservice),
                ("batch", &cream.batch),
                ("queue", &cream.queue),
                ("gridresource", &cream.gridresource),
            ],
            Grid::Gt2(Gram { rsl, rsl_add, .. })
            | Grid::Gt5(Gram { rsl, rsl_add, .. })
            | Grid::Nordugrid(Nordugrid { rsl, rsl_add, .. }) => {
                rsl.values().map(|value| ("rsl", value)).chain([("rsl_add", rsl_add)]).collect()
            }
            Grid::Pbs(_) | Grid::Lsf(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Grid, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn fields_are_typed_and_checked() {
        let ce = read("type = 'htcondor-ce'\nhost = 'ce1.x.org'").unwrap();
        assert_eq!((ce.problems(), ce.unsupported()), (Vec::new(), None));
        assert!(read("type = 'htcondor-ce'\nhots = 'ce1.x.org'").unwrap_err().contains("unknown field `hots`"));
        assert!(read("type = 'htcondor'\nhost = 'ce1.x.org'").unwrap_err().contains("unknown variant"));
        let words = |text: &str| read(text).unwrap().problems();
        assert_eq!(words("type = 'arc'\nhost = ''"), [("host".to_owned(), "is empty".to_owned())]);
        assert_eq!(words("type = 'cream'\nwebservice = 'a'").len(), 1);
        assert_eq!(words("type = 'batch'\nsystem = 'slurm'\nuser = 'u'").len(), 1);
        let gone = read("type = 'gt5'\ngatekeeper = 'gk.x/jobmanager-pbs'").unwrap();
        assert!(gone.problems().is_empty() && gone.unsupported().is_some() && !gone.carries_files());
    }
}
