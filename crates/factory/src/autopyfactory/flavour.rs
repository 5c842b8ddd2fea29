//! AutoPyFactory's submit plug-ins: where each finds its keys, and what it is here.

/// A submit plug-in.
#[derive(Debug)]
pub struct Flavour {
    /// Its name in `batchsubmitplugin`.
    pub plugin: &'static str,
    /// The prefixes of its keys below `batchsubmit`, its own first.
    pub prefixes: &'static [&'static str],
    /// `condor.grid.type` here; empty for jobs in the schedd's own pool.
    pub grid: &'static str,
}

/// All that could be loaded.
pub const FLAVOURS: &[Flavour] = &[
    Flavour { plugin: "CondorLocal", prefixes: &["condorlocal", "condorbase"], grid: "" },
    Flavour { plugin: "CondorSSH", prefixes: &["condorssh", "condorbase"], grid: "batch" },
    Flavour { plugin: "CondorBosco", prefixes: &["condorssh", "condorbase"], grid: "batch" },
    Flavour { plugin: "CondorEC2", prefixes: &["condorec2", "condorbase"], grid: "ec2" },
    Flavour { plugin: "CondorPBS", prefixes: &["condorpbs", "condorgrid", "condorbase"], grid: "pbs" },
    Flavour { plugin: "CondorLSF", prefixes: &["condorlsf", "condorgrid", "condorbase"], grid: "lsf" },
    Flavour {
        plugin: "CondorOSGCE",
        prefixes: &["condorosgce", "condorce", "condorgrid", "condorbase"],
        grid: "htcondor-ce",
    },
    Flavour {
        plugin: "CondorCREAM",
        prefixes: &["condorcream", "condorce", "condorgrid", "condorbase"],
        grid: "cream",
    },
    Flavour {
        plugin: "CondorNordugrid",
        prefixes: &["condornordugrid", "condorce", "condorgrid", "condorbase"],
        grid: "nordugrid",
    },
    Flavour {
        plugin: "CondorGT2",
        prefixes: &["condorgt2", "condorgram", "condorce", "condorgrid", "condorbase"],
        grid: "gt2",
    },
    Flavour {
        plugin: "CondorGT5",
        prefixes: &["condorgt5", "condorgram", "condorce", "condorgrid", "condorbase"],
        grid: "gt5",
    },
];

/// The plug-in of this name.
pub fn flavour(plugin: &str) -> Option<&'static Flavour> {
    FLAVOURS.iter().find(|flavour| flavour.plugin == plugin)
}

impl Flavour {
    /// The part of `queues.conf` that only this flavour reads: the prefix of its RSL.
    pub fn rsl_prefix(&self) -> &'static str {
        match self.grid {
            "gt2" => "globusrsl.gram2.",
            "gt5" => "globusrsl.gram5.",
            "nordugrid" => "nordugridrsl.",
            _ => "",
        }
    }
}
