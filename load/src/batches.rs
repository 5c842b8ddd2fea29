//! Submission to a real batch system and its status, each beside the bare command, in a process that has given up root:
//! a schedd takes no jobs of it. Started by the `slurm` and `condor` scenarios; prints what it measured as JSON.

use anyhow::{Context, Result, bail, ensure};
use batch::{BatchConfig, BatchSystem, Needs, SubmitRequest};
use clap::ValueEnum;
use model::PilotId;
use rustix::process::{Gid, Uid};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Pilots of one submission.
pub const PILOTS: usize = 1000;
/// The name of the factory.
const FACTORY: &str = "load";
/// How long a batch system may take to forget the jobs of one run.
const PATIENCE: Duration = Duration::from_secs(60);
/// A status is never younger than this; set as the time between two.
const POLL: Duration = Duration::from_millis(10);

/// Which batch system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum System {
    /// `sbatch` and `squeue`.
    Slurm,
    /// `condor_submit` and `condor_q`.
    Condor,
}

/// What the process is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// The batch system.
    #[arg(long, value_enum)]
    pub system: System,
    /// Pairs of a submission of ours and a bare one.
    #[arg(long)]
    runs: usize,
    /// Submissions of which the status is asked.
    #[arg(long)]
    submissions: usize,
}

/// What it measured, in seconds, in pairs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Our submission of [`PILOTS`] pilots.
    pub submit_s: Vec<f64>,
    /// The bare command with as many jobs that have the files which a pilot has.
    pub bare_submit_s: Vec<f64>,
    /// The bare command with AutoPyFactory's description of as many jobs; none where it had no such.
    pub autopyfactory_submit_s: Vec<f64>,
    /// Our status of all pilots.
    pub status_s: Vec<f64>,
    /// The bare command.
    pub bare_status_s: Vec<f64>,
}

/// Runs it as a process and takes what it prints.
pub async fn in_a_process(system: System, runs: usize, submissions: usize) -> Result<Measured> {
    let mut command = Command::new(std::env::current_exe()?);
    let name = system.to_possible_value().context("it has a name")?;
    command.args(["batches", "--system", name.get_name()]);
    command.args(["--runs", &runs.to_string(), "--submissions", &submissions.to_string()]);
    let output = tokio::task::spawn_blocking(move || command.stderr(Stdio::inherit()).output()).await??;
    ensure!(output.status.success(), "its process ended with {}", output.status);
    serde_json::from_slice(&output.stdout).context("its process printed something else")
}

/// Becomes the user that may submit. Before there is any other thread, for only this one changes.
pub fn become_submitter(system: System) -> Result<()> {
    if system == System::Slurm || !rustix::process::getuid().is_root() {
        return Ok(());
    }
    let user = variable("PILOTAGE_TEST_CONDOR_USER")?.into_string().unwrap_or_default();
    let accounts = fs::read_to_string("/etc/passwd")?;
    let line = accounts.lines().find(|line| line.split(':').next() == Some(user.as_str()));
    let fields: Vec<&str> = line.with_context(|| format!("there is no user '{user}'"))?.split(':').collect();
    let number = |index: usize| -> Result<u32> { Ok(fields.get(index).copied().unwrap_or_default().parse()?) };
    let (user, group) = (Uid::from_raw(number(2)?), Gid::from_raw(number(3)?));
    rustix::thread::set_thread_groups(&[])?;
    rustix::thread::set_thread_res_gid(group, group, group)?;
    Ok(rustix::thread::set_thread_res_uid(user, user, user)?)
}

/// Measures and prints the figures.
pub async fn run(arguments: &Arguments) -> Result<bool> {
    let dir = tempfile::Builder::new().prefix("pilotage-load-").tempdir_in("/tmp")?;
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))?;
    let system = open(arguments.system, dir.path())?;
    let bare = Bare::new(arguments.system, dir.path())?;
    let (mut submit_s, mut bare_submit_s, mut autopyfactory_submit_s) = (Vec::new(), Vec::new(), Vec::new());
    let mut next = 1;
    for _ in 0..arguments.runs {
        submit_s.push(submit(&*system, arguments.system, &mut next).await?);
        take_all(&*system, next).await?;
        bare.wait_empty()?;
        bare_submit_s.push(bare.submit()?);
        bare.take_all()?;
        bare.wait_empty()?;
        if arguments.system == System::Condor {
            autopyfactory_submit_s.push(bare.submit_as_autopyfactory()?);
            bare.take_all()?;
            bare.wait_empty()?;
        }
    }
    for _ in 0..arguments.submissions {
        submit(&*system, arguments.system, &mut next).await?;
    }
    let (mut status_s, mut bare_status_s) = (Vec::new(), Vec::new());
    for _ in 0..arguments.runs {
        bare_status_s.push(bare.status()?);
        tokio::time::sleep(POLL).await;
        let begin = Instant::now();
        let status = system.status().await?;
        status_s.push(begin.elapsed().as_secs_f64());
        let seen = status.pilots.iter().filter(|pilot| pilot.pilot.0 >= next - pilots(arguments.submissions)).count();
        ensure!(status.complete && seen == arguments.submissions * PILOTS, "the status shows {seen} pilots");
    }
    take_all(&*system, next).await?;
    let measured = Measured { submit_s, bare_submit_s, autopyfactory_submit_s, status_s, bare_status_s };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(true)
}

fn open(system: System, dir: &Path) -> Result<Arc<dyn BatchSystem>> {
    let poll_s = POLL.as_secs_f64();
    let text = match system {
        System::Slurm => format!("system = \"slurm\"\npoll_s = {poll_s}"),
        System::Condor => {
            let bin = variable("PILOTAGE_TEST_CONDOR_BIN")?;
            format!("system = \"condor\"\npoll_s = {poll_s}\nbin = {bin:?}\njob.requirements = \"False\"")
        }
    };
    let config: BatchConfig = toml::from_str(&text)?;
    Ok(config.open(FACTORY, dir)?)
}

/// Seconds of one submission. The pilots wait, so that nothing but it is measured.
async fn submit(system: &dyn BatchSystem, kind: System, next: &mut i64) -> Result<f64> {
    let request = SubmitRequest {
        label: FACTORY.to_owned(),
        first: PilotId(*next),
        wrapper: "#!/bin/sh\nexit 0\n".to_owned(),
        secrets: vec![b"{\"secret\":\"of a pilot\"}".to_vec(); PILOTS],
        needs: Needs {
            cores: 1,
            arguments: if kind == System::Slurm { vec!["--hold".to_owned()] } else { Vec::new() },
            avoid: Vec::new(),
            ..Needs::default()
        },
        log_url: "https://server.example:25443/logs/load".to_owned(),
        ..SubmitRequest::default()
    };
    let begin = Instant::now();
    let outcome = system.submit(&request).await?;
    let seconds = begin.elapsed().as_secs_f64();
    ensure!(outcome.accepted.len() == PILOTS, "{} were accepted: {}", outcome.accepted.len(), outcome.reason);
    *next += pilots(1);
    Ok(seconds)
}

async fn take_all(system: &dyn BatchSystem, next: i64) -> Result<()> {
    let all: Vec<PilotId> = (1..next).map(PilotId).collect();
    Ok(system.remove(&all).await?)
}

fn pilots(submissions: usize) -> i64 {
    (submissions * PILOTS) as i64
}

/// What AutoPyFactory wrote beside the files of a local job: its attributes, by which it and others found the job again, and
/// the variables that its wrappers read.
const AUTOPYFACTORY: &str = r#"universe = vanilla
should_transfer_files = IF_NEEDED
+TransferOutput = ""
notify_user = admin@site.example
+MATCH_APF_QUEUE = "load"
+FACTORY_JOBID = "site.example#$(Cluster).$(Process)"
+APF_QUEUE = "load"
+APF_LOGURL = "https://site.example:25443/2026-11-22/load/$(Cluster).$(Process).log"
+APF_OUTURL = "https://site.example:25443/2026-11-22/load/$(Cluster).$(Process).out"
+APF_ERRURL = "https://site.example:25443/2026-11-22/load/$(Cluster).$(Process).err"
environment = "PANDA_JSID=load GTAG=https://site.example:25443/2026-11-22/load/$(Cluster).$(Process).out APFCID=$(Cluster).$(Process) APFFID=load FACTORY_JOBID=site.example#$(Cluster).$(Process) FACTORYQUEUE=load FACTORYUSER=load"
stream_output = False
stream_error = False
notification = Never
transfer_executable = True
"#;

/// The commands as a person would type them.
struct Bare {
    system: System,
    bin: PathBuf,
    dir: PathBuf,
}

impl Bare {
    fn new(system: System, dir: &Path) -> Result<Bare> {
        let dir = dir.join("bare");
        fs::create_dir(&dir)?;
        let bin = match system {
            System::Slurm => PathBuf::new(),
            System::Condor => variable("PILOTAGE_TEST_CONDOR_BIN")?.into(),
        };
        fs::write(dir.join("input"), "one file for each pilot")?;
        let jobs = format!(
            "executable = /bin/true\ninitialdir = {}\noutput = $(Cluster).$(Process).out\n\
             error = $(Cluster).$(Process).err\nlog = $(Cluster).$(Process).log\n\
             transfer_input_files = input\nrequirements = False\nbatch_name = bare\nqueue {PILOTS}\n",
            dir.display()
        );
        fs::write(dir.join("autopyfactory.sub"), format!("{AUTOPYFACTORY}{jobs}"))?;
        fs::write(dir.join("bare.sub"), jobs)?;
        Ok(Bare { system, bin, dir })
    }

    fn submit_as_autopyfactory(&self) -> Result<f64> {
        let file = self.dir.join("autopyfactory.sub").display().to_string();
        self.call("condor_submit", &["-terse", &file])
    }

    fn submit(&self) -> Result<f64> {
        match self.system {
            System::Slurm => {
                let array = format!("--array=0-{}", PILOTS - 1);
                let output = format!("--output={}/%a.out", self.dir.display());
                self.call("sbatch", &["--hold", "--job-name=bare", &array, &output, "--wrap=true"])
            }
            System::Condor => {
                let file = self.dir.join("bare.sub").display().to_string();
                self.call("condor_submit", &["-terse", &file])
            }
        }
    }

    fn take_all(&self) -> Result<f64> {
        match self.system {
            System::Slurm => self.call("scancel", &["--name=bare"]),
            System::Condor => self.call("condor_rm", &["-constraint", "JobBatchName == \"bare\""]),
        }
    }

    /// All pilots with their states.
    fn status(&self) -> Result<f64> {
        match self.system {
            System::Slurm => self.call("squeue", &["-h", "-r", "-t", "all", "-o", "%i %T"]),
            System::Condor => self.call("condor_q", &["-all", "-af", "ClusterId", "ProcId", "JobStatus"]),
        }
    }

    /// Waits until the batch system has taken away what it was told to.
    fn wait_empty(&self) -> Result<()> {
        let begin = Instant::now();
        let is_empty = || match self.system {
            System::Slurm => self.say("squeue", &["-h"]),
            System::Condor => self.say("condor_q", &["-all", "-af", "ClusterId"]),
        };
        while !is_empty()?.is_empty() {
            ensure!(begin.elapsed() < PATIENCE, "the jobs of the last run are still there");
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn call(&self, program: &str, words: &[&str]) -> Result<f64> {
        let begin = Instant::now();
        self.say(program, words)?;
        Ok(begin.elapsed().as_secs_f64())
    }

    fn say(&self, program: &str, words: &[&str]) -> Result<Vec<u8>> {
        let output = Command::new(self.bin.join(program)).args(words).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            bail!("{program} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(output.stdout)
    }
}

fn variable(name: &str) -> Result<OsString> {
    std::env::var_os(name).with_context(|| format!("{name} is not set; run cargo xtask load"))
}
