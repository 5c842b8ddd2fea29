//! The submit description of all pilots of one submission, in AutoPyFactory's order of lines: what the flavour needs,
//! what all have in common, what the operator adds, the table of pilots.

use super::contract::{Contract, LOG};
use super::flavour;
use super::job::CondorJob;
use super::text;
use crate::{Needs, SubmitRequest};
use std::path::Path;

/// Seconds that a job has been in its state, as a ClassAd expression.
pub const IN_STATE: &str = "(time() - EnteredCurrentStatus)";
/// Name of the wrapper in the directory of a submission.
pub const WRAPPER: &str = "wrapper";
/// Name of the directory, empty at the start, in which a pilot leaves what it could not deliver. It goes with the job, for
/// what is to come back must be there.
pub const SPOOL: &str = "spool";
/// Name of the table of pilots, one id a line.
pub const ITEMS: &str = "pilots";
/// Seconds between TERM and KILL where nothing else is said.
const GRACE_S: u32 = 30;

/// Seconds that a remote schedd keeps the output of a pilot that nobody fetches.
const SPOOLED_MAX_S: u32 = 864_000;

/// Everything that a description says.
pub struct Description<'a> {
    /// Who submits, and for which label.
    pub contract: Contract<'a>,
    /// Account that the factory runs under.
    pub account: &'a str,
    /// What the jobs are like.
    pub job: &'a CondorJob,
    /// The pilots.
    pub request: &'a SubmitRequest,
    /// The directory of the submission.
    pub dir: &'a Path,
    /// Who gets mail; nobody when empty.
    pub mail: &'a str,
    /// Files are sent to a remote schedd.
    pub is_spooled: bool,
}

impl Description<'_> {
    /// The text.
    pub fn text(&self) -> String {
        let environment = self.environment();
        let mut lines = Lines::default();
        flavour::before(self.job, &self.contract, &environment, &mut lines);
        self.base(&environment, &mut lines);
        self.own(&mut lines);
        flavour::after(self.job, &self.contract, &mut lines);
        self.needs(&self.request.needs, &mut lines);
        self.policy(&mut lines);
        if let Some(requirements) = self.requirements() {
            lines.add("requirements", requirements);
        }
        for (name, value) in &self.job.attributes {
            lines.add(name, value);
        }
        format!("{}queue Pilot from {}\n", lines.0, self.dir.join(ITEMS).display())
    }

    /// What every job of AutoPyFactory had, in its order.
    fn base(&self, environment: &[(String, String)], lines: &mut Lines) {
        let label = text::string(self.contract.label);
        let log_url = self.contract.log_url();
        lines.add("Dir", self.dir.display());
        if !self.mail.is_empty() {
            lines.add("notify_user", self.mail);
        }
        lines.add("+MATCH_APF_QUEUE", &label);
        lines.add("+FACTORY_JOBID", text::string(super::contract::FACTORY_JOBID));
        lines.add("+APF_QUEUE", &label);
        for (name, ending) in [("LOG", "log"), ("OUT", "out"), ("ERR", "err")] {
            lines.add(&format!("+APF_{name}URL"), text::string(&format!("{log_url}.{ending}")));
        }
        lines.add("environment", text::environment(environment));
        lines.add("executable", self.executable());
        if let Some(arguments) = self.arguments() {
            lines.add("arguments", arguments);
        }
        for (name, ending) in [("output", "out"), ("error", "err"), ("log", "log")] {
            lines.add(name, format!("$(Dir)/{LOG}.{ending}"));
        }
        lines.add("stream_output", "False");
        lines.add("stream_error", "False");
        // Without an address HTCondor would write to the user of this host, once for every pilot that fails.
        lines.add("notification", if self.mail.is_empty() { "Never" } else { "Error" });
        lines.add("transfer_executable", "True");
    }

    /// What Pilotage finds its pilots by, and their secrets.
    fn own(&self, lines: &mut Lines) {
        lines.add("+PilotageId", "$(Pilot)");
        lines.add("+PilotageFactory", text::string(self.contract.factory));
        lines.add("+PilotageUser", text::string(self.account));
        lines.add("initialdir", "$(Dir)");
        // All of them were just written; otherwise each is opened once more for each pilot.
        lines.add_if(self.job.executable.as_os_str().is_empty(), "skip_filechecks", "True");
        if self.job.returns_files() {
            lines.add("transfer_input_files", format!("$(Dir)/$(Pilot).json,$(Dir)/{SPOOL}"));
        } else if self.job.says_hello() {
            lines.add("transfer_input_files", "$(Dir)/$(Pilot).json");
        }
        if self.is_spooled {
            // Until its output was fetched; then the factory removes it.
            lines.add("leave_in_queue", format!("JobStatus == 4 && {IN_STATE} < {SPOOLED_MAX_S}"));
        }
    }

    fn executable(&self) -> String {
        let own = &self.job.executable;
        if own.as_os_str().is_empty() { format!("$(Dir)/{WRAPPER}") } else { own.display().to_string() }
    }

    fn arguments(&self) -> Option<String> {
        let written = &self.job.arguments;
        if !self.job.executable.as_os_str().is_empty() {
            return (!written.is_empty()).then(|| written.clone());
        }
        (!self.request.arguments.is_empty()).then(|| text::arguments(&self.request.arguments))
    }

    /// The contract's variables, then those of the label and of the pilot.
    fn environment(&self) -> Vec<(String, String)> {
        let mut variables = self.contract.variables();
        let of_request = self.request.environment.iter();
        let says_hello = self.job.says_hello();
        let wanted = of_request.filter(|(name, _)| says_hello || !name.starts_with("PILOTAGE_"));
        variables.extend(wanted.map(|(name, value)| (name.clone(), text::literal(value))));
        if says_hello {
            variables.push(("PILOTAGE_SECRET_FILE".to_owned(), "$(Pilot).json".to_owned()));
        }
        if self.job.returns_files() {
            variables.push(("PILOTAGE_SPOOL_DIR".to_owned(), SPOOL.to_owned()));
        }
        variables
    }

    /// The operator's, and not on nodes to avoid. Behind a gateway nobody knows these nodes.
    fn requirements(&self) -> Option<String> {
        let own = (!self.job.requirements.is_empty()).then(|| self.job.requirements.clone());
        let avoid = self.request.needs.avoid.iter().filter(|_| self.job.grid.is_none());
        let others: Vec<String> = avoid.map(|node| format!("Machine =!= {}", text::string(node))).collect();
        if others.is_empty() {
            return own;
        }
        let own = own.map(|own| format!("({own})"));
        Some(own.into_iter().chain(others).collect::<Vec<_>>().join(" && "))
    }

    /// Beyond HTCondor's own defaults. CEs of the field read the attributes, newer ones also the commands.
    fn needs(&self, needs: &Needs, lines: &mut Lines) {
        let is_grid = self.job.grid.is_some();
        if needs.cores > 1 {
            lines.add("request_cpus", needs.cores);
            lines.add_if(is_grid, "+xcount", needs.cores);
        }
        if needs.memory_mib > 0 {
            lines.add("request_memory", needs.memory_mib);
            lines.add_if(is_grid, "+maxMemory", needs.memory_mib);
        }
        if needs.wall_time_s > 0 {
            lines.add_if(is_grid, "+maxWallTime", needs.wall_time_s.div_ceil(60));
        }
    }

    /// What the schedd does by itself, also while no factory runs.
    fn policy(&self, lines: &mut Lines) {
        let wall_time_s = self.request.needs.wall_time_s;
        let too_long = (wall_time_s > 0).then(|| format!("(JobStatus == 2 && {IN_STATE} > {wall_time_s})"));
        let removals: Vec<String> = self.job.hold.remove().into_iter().chain(too_long).collect();
        if !removals.is_empty() {
            lines.add("periodic_remove", removals.join(" || "));
        }
        if let Some(release) = self.job.hold.release() {
            lines.add("periodic_release", release);
        }
        if self.job.grid.is_none() {
            lines.add("want_graceful_removal", "True");
            lines.add("job_max_vacate_time", self.job.grace_s.unwrap_or(GRACE_S));
        }
    }
}

/// The lines of a description.
#[derive(Default)]
pub struct Lines(String);

impl Lines {
    /// Adds one.
    pub fn add(&mut self, name: &str, value: impl std::fmt::Display) {
        self.0.push_str(&format!("{name} = {value}\n"));
    }

    /// Adds one under a condition.
    pub fn add_if(&mut self, wanted: bool, name: &str, value: impl std::fmt::Display) {
        if wanted {
            self.add(name, value);
        }
    }
}

#[cfg(test)]
mod tests;
