//! What wrappers, monitors and sites find in every job of an AutoPyFactory, with the names they know.

use super::text;

/// HTCondor's own id of a job, the name of its files.
pub const LOG: &str = "$(Cluster).$(Process)";
/// The same with the submit host. `HOSTNAME` is in the environment of our `condor_submit`.
pub const FACTORY_JOBID: &str = "$ENV(HOSTNAME)#$(Cluster).$(Process)";

/// Who submits, and for which label.
#[derive(Clone, Debug)]
pub struct Contract<'a> {
    /// Name of the factory.
    pub factory: &'a str,
    /// Whose jobs they are, in the words of the operator.
    pub user: &'a str,
    /// The label.
    pub label: &'a str,
    /// UTC date of the submission, as 2026-11-21.
    pub date: &'a str,
    /// Base URL of the logs.
    pub logs: &'a str,
    /// URL of an APF monitor; none when empty.
    pub monitor: &'a str,
}

impl Contract<'_> {
    /// URL of a job's logs without their ending.
    pub fn log_url(&self) -> String {
        let label = self.label.replace(['/', ':'], "_");
        format!("{}/{}/{label}/{LOG}", text::literal(self.logs), self.date)
    }

    /// The variables, in the original's order. Values may have macros.
    pub fn variables(&self) -> Vec<(String, String)> {
        let mut variables = vec![
            ("PANDA_JSID", self.factory.to_owned()),
            ("GTAG", format!("{}.out", self.log_url())),
            ("APFCID", LOG.to_owned()),
            ("APFFID", self.factory.to_owned()),
            ("FACTORY_JOBID", FACTORY_JOBID.to_owned()),
        ];
        if !self.monitor.is_empty() {
            variables.push(("APFMON", text::literal(self.monitor)));
        }
        variables.push(("FACTORYQUEUE", self.label.to_owned()));
        variables.push(("FACTORYUSER", self.user.to_owned()));
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
