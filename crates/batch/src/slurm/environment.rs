//! Variables of the operator's shell that Slurm's commands take for options.

/// What begins so are options of one command, as if they had been typed.
const OPTIONS: [&str; 6] = ["SBATCH_", "SQUEUE_", "SCANCEL_", "SACCT_", "SCONTROL_", "SINFO_"];
/// Options of several commands: which cluster, how times and indices are printed, how cores are used.
const SHARED: [&str; 4] = ["SLURM_CLUSTERS", "SLURM_TIME_FORMAT", "SLURM_BITSTR_LEN", "SLURM_HINT"];

/// Whether a command must not see a variable: `SQUEUE_PARTITION=short` in somebody's profile would make an answer lack
/// all pilots of other partitions, and look complete.
pub fn is_option(name: &str) -> bool {
    OPTIONS.iter().any(|prefix| name.starts_with(prefix)) || SHARED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_told_from_what_slurm_needs() {
        for name in ["SQUEUE_PARTITION", "SBATCH_ACCOUNT", "SCANCEL_STATE", "SACCT_FEDERATION", "SLURM_CLUSTERS"] {
            assert!(is_option(name), "{name}");
        }
        for name in ["SLURM_CONF", "SLURM_JWT", "PATH", "HOME"] {
            assert!(!is_option(name), "{name}");
        }
    }
}
