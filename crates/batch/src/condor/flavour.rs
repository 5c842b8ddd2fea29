//! The lines of a submit description that differ from flavour to flavour.

use super::contract::Contract;
use super::description::Lines;
use super::grid::{Arc, Batch, Cream, Ec2, Gram, Grid, HtcondorCe, Nordugrid};
use super::job::CondorJob;
use std::path::Path;

/// Those that come first.
pub fn before(job: &CondorJob, contract: &Contract<'_>, environment: &[(String, String)], lines: &mut Lines) {
    match &job.grid {
        None => vanilla(job, lines),
        Some(Grid::HtcondorCe(ce)) => htcondor_ce(ce, job, lines),
        Some(Grid::Arc(arc)) => rest_arc(arc, job, lines),
        Some(Grid::Batch(batch)) => login_node(batch, job, lines),
        Some(Grid::Pbs(_)) => local_batch("pbs", job, lines),
        Some(Grid::Lsf(_)) => local_batch("lsf", job, lines),
        Some(Grid::Ec2(_)) => {}
        Some(Grid::Cream(cream)) => {
            lines.add("grid_resource", format!("cream {}", cream_resource(cream)));
            nonessential(job, lines);
        }
        Some(Grid::Gt2(gram)) => globus("gt2", gram, job, lines),
        Some(Grid::Gt5(gram)) => globus("gt5", gram, job, lines),
        Some(Grid::Nordugrid(nordugrid)) => gridftp_arc(nordugrid, job, contract, environment, lines),
    }
}

/// Those that come after what all have in common.
pub fn after(job: &CondorJob, contract: &Contract<'_>, lines: &mut Lines) {
    if let Some(Grid::Ec2(ec2)) = &job.grid {
        machines(ec2, contract, lines);
    }
}

fn vanilla(job: &CondorJob, lines: &mut Lines) {
    lines.add("universe", "vanilla");
    // A secret must come along, whatever is said of shared file systems.
    lines.add("should_transfer_files", if job.says_hello() { "YES" } else { "IF_NEEDED" });
    lines.add("+TransferOutput", job.transfer_output());
    credentials(job, lines);
}

fn htcondor_ce(ce: &HtcondorCe, job: &CondorJob, lines: &mut Lines) {
    let HtcondorCe { host, schedd, port } = ce;
    let schedd = if schedd.is_empty() { host } else { schedd };
    lines.add("grid_resource", format!("condor {schedd} {host}:{port}"));
    lines.add("+TransferOutput", job.transfer_output());
    nonessential(job, lines);
}

fn rest_arc(arc: &Arc, job: &CondorJob, lines: &mut Lines) {
    lines.add("grid_resource", format!("arc {} {}", arc.host, arc.queue).trim_end());
    lines.add_if(!arc.rte.is_empty(), "arc_rte", arc.rte.join(","));
    lines.add_if(!arc.resources.is_empty(), "arc_resources", &arc.resources);
    nonessential(job, lines);
}

fn login_node(batch: &Batch, job: &CondorJob, lines: &mut Lines) {
    let mut resource = format!("batch {}", batch.system);
    match (batch.host.as_str(), batch.user.as_str()) {
        ("", _) => {}
        (host, "") => resource.push_str(&format!(" {host}")),
        (host, user) => resource.push_str(&format!(" {user}@{host}")),
    }
    if !batch.key.as_os_str().is_empty() {
        resource.push_str(&format!(" --rgahp-key {}", batch.key.display()));
    }
    lines.add("universe", "grid");
    lines.add("grid_resource", resource);
    lines.add_if(!batch.queue.is_empty(), "batch_queue", &batch.queue);
    lines.add("+TransferOutput", job.transfer_output());
    credentials(job, lines);
}

fn local_batch(system: &str, job: &CondorJob, lines: &mut Lines) {
    lines.add("grid_resource", system);
    lines.add("universe", "grid");
    credentials(job, lines);
}

fn cream_resource(cream: &Cream) -> String {
    if !cream.gridresource.is_empty() {
        return cream.gridresource.clone();
    }
    let Cream { webservice, port, batch, queue, .. } = cream;
    format!("{webservice}:{port}/ce-cream/services/CREAM2 {batch} {queue}")
}

fn globus(kind: &str, gram: &Gram, job: &CondorJob, lines: &mut Lines) {
    lines.add("grid_resource", format!("{kind} {}", gram.gatekeeper));
    let rsl: String = gram.rsl.iter().map(|(key, value)| format!("({key}={value})")).collect();
    lines.add("globusrsl", format!("{rsl}{}", gram.rsl_add));
    // Against executables that a gatekeeper kept from the last time.
    lines.add("copy_to_spool", "True");
    nonessential(job, lines);
}

fn gridftp_arc(
    nordugrid: &Nordugrid,
    job: &CondorJob,
    contract: &Contract<'_>,
    environment: &[(String, String)],
    lines: &mut Lines,
) {
    lines.add("grid_resource", format!("nordugrid {}", nordugrid.host));
    let rsl: String = nordugrid.rsl.iter().map(|(key, value)| format!("({key} = {value})")).collect();
    // The RSL replaces the job's environment, so that everything must be in it.
    let known = contract.variables();
    let first = ["APFFID", "PANDA_JSID", "APFCID", "GTAG", "APFMON", "FACTORYQUEUE", "FACTORYUSER"];
    let named = first.iter().filter_map(|name| known.iter().find(|(known, _)| known == name));
    let further = environment.iter().filter(|(name, _)| !known.iter().any(|(known, _)| known == name));
    let pairs: String =
        named.chain(further).map(|(name, value)| format!("('{name}' '{}')", value.replace('\'', "''"))).collect();
    lines.add("nordugrid_rsl", format!("{rsl}{}(environment = {pairs})", nordugrid.rsl_add));
    nonessential(job, lines);
}

/// HTCondor may forget a job that it can no longer manage there.
fn nonessential(job: &CondorJob, lines: &mut Lines) {
    lines.add("+Nonessential", "True");
    lines.add("universe", "grid");
    credentials(job, lines);
}

fn credentials(job: &CondorJob, lines: &mut Lines) {
    let is_set = |path: &Path| !path.as_os_str().is_empty();
    lines.add_if(is_set(&job.proxy), "x509userproxy", job.proxy.display());
    lines.add_if(is_set(&job.token), "scitokens_file", job.token.display());
}

fn machines(ec2: &Ec2, contract: &Contract<'_>, lines: &mut Lines) {
    lines.add("universe", "grid");
    lines.add("grid_resource", format!("ec2 {}", ec2.url));
    lines.add("ec2_access_key_id", ec2.access_key_id.display());
    lines.add("ec2_secret_access_key", ec2.secret_access_key.display());
    lines.add("ec2_ami_id", &ec2.ami_id);
    // Only a name for what runs: an image has no program of ours.
    lines.add("executable", contract.label);
    lines.add("ec2_instance_type", &ec2.instance_type);
    lines.add_if(!ec2.user_data.is_empty(), "ec2_user_data", &ec2.user_data);
    let file = &ec2.user_data_file;
    lines.add_if(!file.as_os_str().is_empty(), "ec2_user_data_file", file.display());
    if let Some(price) = ec2.spot_price {
        lines.add("ec2_spot_price", format!("{price:.6}"));
    }
    lines.add_if(!ec2.security_groups.is_empty(), "ec2_security_groups", ec2.security_groups.join(","));
}
