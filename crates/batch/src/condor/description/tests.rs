use super::*;
use crate::condor::{Grid, HoldPolicy};
use model::PilotId;
use std::path::PathBuf;

fn contract() -> Contract<'static> {
    Contract {
        factory: "FACT-1",
        user: "autopyfactory",
        label: "SITE_A-ce1",
        date: "2026-11-21",
        logs: "http://h:25880",
        monitor: "http://apfmon/api",
    }
}

fn text(job: &CondorJob, request: &SubmitRequest) -> String {
    let dir = Path::new("/var/factory/FACT-1/17");
    let description = Description {
        contract: contract(),
        account: "autopyfactory",
        job,
        request,
        dir,
        mail: "admin@x.org",
        is_spooled: false,
    };
    description.text()
}

/// As an imported configuration of AutoPyFactory: a wrapper of its own, two variables, nothing asked of the node.
fn imported(grid: Option<&str>) -> String {
    let job = CondorJob {
        grid: grid.map(|text| toml::from_str::<Grid>(text).unwrap()),
        executable: PathBuf::from("/usr/libexec/wrapper.sh"),
        arguments: "-s SITE_A -h SITE_A-ce1 -p 25443".into(),
        proxy: if grid.is_some() { PathBuf::from("/tmp/prodProxy") } else { PathBuf::new() },
        attributes: [("+maxMemory", "4000"), ("request_memory", "1699")].map(|(k, v)| (k.into(), v.into())).into(),
        hold: HoldPolicy { remove_after_s: Some(0), ..HoldPolicy::default() },
        ..CondorJob::default()
    };
    let variables = [("A", "1"), ("B", "2"), ("PILOTAGE_SLOTS", "1")];
    let request = SubmitRequest {
        label: "SITE_A-ce1".into(),
        first: PilotId(17),
        environment: variables.map(|(name, value)| (name.into(), value.into())).into(),
        secrets: vec![Vec::new(); 2],
        ..SubmitRequest::default()
    };
    text(&job, &request)
}

#[test]
fn bad_nodes_are_kept_from_beside_what_the_operator_asks() {
    let requirements = |job: &CondorJob| {
        let needs = Needs { avoid: vec!["n1.x".into(), "n2.x".into()], ..Needs::default() };
        let text = text(job, &SubmitRequest { needs, ..SubmitRequest::default() });
        text.lines().find(|line| line.starts_with("requirements")).map(str::to_owned)
    };
    let own = CondorJob { requirements: "Memory > 1 || Cpus > 1".into(), ..CondorJob::default() };
    let others = "Machine =!= \"n1.x\" && Machine =!= \"n2.x\"";
    assert_eq!(requirements(&CondorJob::default()).unwrap(), format!("requirements = {others}"));
    assert_eq!(requirements(&own).unwrap(), format!("requirements = (Memory > 1 || Cpus > 1) && {others}"));
    let ce = toml::from_str::<Grid>("type = 'htcondor-ce'\nhost = 'ce1.x.org'").unwrap();
    assert_eq!(requirements(&CondorJob { grid: Some(ce), ..CondorJob::default() }), None);
}

#[test]
fn imported_configurations_give_the_lines_of_the_original() {
    insta::assert_snapshot!("imported-local", imported(None));
    let ce = "type = 'htcondor-ce'\nhost = 'ce1.x.org'";
    insta::assert_snapshot!("imported-htcondor-ce", imported(Some(ce)));
    let cream = "type = 'cream'\nwebservice = 'ce.x'\nbatch = 'pbs'\nqueue = 'long'";
    insta::assert_snapshot!("imported-cream", imported(Some(cream)));
    let rsl = "rsl = { jobtype = 'single', queue = 'short' }\nrsl_add = '(x=y)'";
    insta::assert_snapshot!(
        "imported-gt2",
        imported(Some(&format!("type = 'gt2'\ngatekeeper = 'gk.x/jobmanager-condor'\n{rsl}")))
    );
    insta::assert_snapshot!(
        "imported-gt5",
        imported(Some(&format!("type = 'gt5'\ngatekeeper = 'gk.x/jobmanager-condor'\n{rsl}")))
    );
    let nordugrid = "type = 'nordugrid'\nhost = 'arc.x'\nrsl = { queue = 'grid', walltime = '1440' }";
    insta::assert_snapshot!("imported-nordugrid", imported(Some(nordugrid)));
    insta::assert_snapshot!("imported-pbs", imported(Some("type = 'pbs'")));
    insta::assert_snapshot!("imported-lsf", imported(Some("type = 'lsf'")));
    let bosco = "type = 'batch'\nsystem = 'slurm'\nhost = 'h'\nuser = 'u'\nkey = '/home/u/.ssh/key'";
    insta::assert_snapshot!("imported-batch", imported(Some(bosco)));
    let ec2 = "type = 'ec2'\nurl = 'https://ec2.x/'\nami_id = 'ami-1'\ninstance_type = 'm1.large'\n\
               access_key_id = '/k/id'\nsecret_access_key = '/k/secret'\nsecurity_groups = ['a', 'b']\n\
               spot_price = 0.05\nuser_data = 'x=1'";
    insta::assert_snapshot!("imported-ec2", imported(Some(ec2)));
}

fn own(grid: Option<&str>) -> String {
    let job = CondorJob {
        grid: grid.map(|text| toml::from_str::<Grid>(text).unwrap()),
        requirements: "Memory > 1000".into(),
        token: PathBuf::from("/run/token"),
        hold: HoldPolicy { releases: Some(2), release_after_s: None, remove_after_s: Some(600) },
        ..CondorJob::default()
    };
    let request = SubmitRequest {
        label: "SITE_A-ce1".into(),
        first: PilotId(17),
        arguments: vec!["pilot".into(), "it's".into()],
        environment: vec![("https_proxy".into(), "http://p:1 $(x)".into()), ("PILOTAGE_SLOTS".into(), "8".into())],
        secrets: vec![b"top secret".to_vec(), Vec::new()],
        needs: Needs { cores: 8, memory_mib: 16000, wall_time_s: 3601, arguments: Vec::new(), avoid: Vec::new() },
        ..SubmitRequest::default()
    };
    let text = text(&job, &request);
    assert!(!text.contains("top secret"));
    text
}

#[test]
fn own_pilots_get_their_secret_as_a_file() {
    insta::assert_snapshot!("own-vanilla", own(None));
    insta::assert_snapshot!("own-htcondor-ce", own(Some("type = 'htcondor-ce'\nhost = 'ce1.x.org'\nport = 9620")));
    let arc = "type = 'arc'\nhost = 'https://arc.x/arex'\nqueue = 'grid'\nrte = ['ENV/PROXY', 'APPS/X']\n\
               resources = '<CPUTime>60</CPUTime>'";
    insta::assert_snapshot!("own-arc", own(Some(arc)));
    insta::assert_snapshot!("own-slurm", own(Some("type = 'batch'\nsystem = 'slurm'\nqueue = 'short'")));
}

#[test]
fn a_remote_schedd_keeps_the_output() {
    let (job, request, dir) = (CondorJob::default(), SubmitRequest::default(), Path::new("/d"));
    let description = Description {
        contract: contract(),
        account: "autopyfactory",
        job: &job,
        request: &request,
        dir,
        mail: "",
        is_spooled: true,
    };
    let text = description.text();
    assert!(text.contains("leave_in_queue = JobStatus == 4 && (time() - EnteredCurrentStatus) < 864000\n"), "{text}");
    assert!(text.contains("notification = Never\n") && !text.contains("notify_user"), "{text}");
}
