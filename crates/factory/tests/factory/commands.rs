//! A batch system whose commands are scripts of the test: it refuses, hangs and forgets as it is told.

use crate::site::Site;
use factory::{Config, Cycler};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Slurm's commands, replaced by scripts; each call is noted as a line in `calls`.
pub struct Commands {
    bin: PathBuf,
}

impl Commands {
    /// Answers as an empty Slurm does, and accepts every array as job 7.
    pub fn new(site: &Site) -> Commands {
        let commands = Commands { bin: site.dir.path().join("bin") };
        fs::create_dir(&commands.bin).unwrap();
        for (program, text) in [
            ("scontrol", "echo 'MaxArraySize = 1001'"),
            ("squeue", "true"),
            ("sacct", "true"),
            ("scancel", "true"),
            ("sbatch", "echo 7"),
        ] {
            commands.say(program, text);
        }
        commands
    }

    /// Replaces a command.
    pub fn say(&self, program: &str, text: &str) {
        let (path, calls) = (self.bin.join(program), self.bin.join("calls"));
        // Beside it first: a command may be starting just now.
        let new = self.bin.join("new");
        fs::write(&new, format!("#!/bin/sh\necho \"{program} $*\" >>{}\n{text}\n", calls.display())).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o700)).unwrap();
        fs::rename(new, path).unwrap();
    }

    /// How often a command was called.
    pub fn calls(&self, program: &str) -> usize {
        let text = fs::read_to_string(self.bin.join("calls")).unwrap_or_default();
        text.lines().filter(|line| line.split(' ').next() == Some(program)).count()
    }

    /// A configuration with a label `s` at these commands; `more` begins in the section of the end point.
    pub fn config(&self, site: &Site, cycle_s: f64, more: &str) -> Config {
        let dir = site.dir.path().display();
        let text = format!(
            "[factory]\nname = \"f1\"\ndir = \"{dir}\"\ncycle_s = {cycle_s}\nquiet_s = 0.0\n\
             [batch.slurm]\nsystem = \"slurm\"\nbin = \"{dir}/bin\"\npoll_s = 0.01\n{more}\n\
             [label.s]\nqueue = \"q\"\nbatch = \"slurm\"\n",
        );
        Config::parse(&text, Path::new("factory.toml")).unwrap()
    }

    pub fn cycler(&self, site: &Site, more: &str) -> Cycler {
        self.cycler_every(site, 30.0, more)
    }

    pub fn cycler_every(&self, site: &Site, cycle_s: f64, more: &str) -> Cycler {
        Cycler::new(self.config(site, cycle_s, more), Arc::new(site.server.clone()), site.launch()).unwrap()
    }

    /// Directory of the array whose first pilot this is.
    pub fn array(&self, site: &Site, first: i64) -> PathBuf {
        site.dir.path().join("batch/slurm/f1").join(first.to_string())
    }
}
