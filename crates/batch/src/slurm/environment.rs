//! Variables of the operator's shell that Slurm's commands take for options.

/// What a command must not see: `SQUEUE_PARTITION=short` in somebody's profile would make an answer lack all pilots of
/// other partitions, and look complete. First the options of one command, as if they had been typed, then those of
/// several: which cluster, how times and indices are printed, how cores are used.
pub const OPTIONS: [&str; 10] = [
    "SBATCH_*",
    "SQUEUE_*",
    "SCANCEL_*",
    "SACCT_*",
    "SCONTROL_*",
    "SINFO_*",
    "SLURM_CLUSTERS",
    "SLURM_TIME_FORMAT",
    "SLURM_BITSTR_LEN",
    "SLURM_HINT",
];
