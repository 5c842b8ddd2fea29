//! Slurm's limits: how large an array may be, and which refusals mean "full".

/// What `scontrol show config` says about arrays; Slurm's own default when it does not say.
pub fn max_array_size(config: &str) -> u64 {
    let value = config.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "MaxArraySize").then(|| value.trim().parse().ok()).flatten()
    });
    // 0 means that arrays are off.
    value.unwrap_or(1001)
}

/// Refusals that pass by themselves: a limit on how many jobs may be submitted, or a controller that has no room.
const FULL: [&str; 9] = [
    "MaxSubmitJob",
    "GrpSubmitJob",
    "MaxJobsPer",
    "MaxJobs",
    "job submit limit",
    "Slurm temporarily unable to accept job",
    "Slurm job queue full",
    "Resource temporarily unavailable",
    "MaxJobCount",
];

/// Whether a refusal of `sbatch` means that there is no room now, not that something is wrong.
pub fn means_full(said: &str) -> bool {
    // The generic policy refusal is printed for every limit; without the submit limit's own word it may also be about
    // wall time or size, which waiting does not cure.
    let named = FULL.iter().filter(|word| **word != "job submit limit").any(|word| said.contains(word));
    let other = ["MaxWallDuration", "MaxCpu", "MaxTRES", "MaxNode", "GrpTRES", "TimeLimit"];
    named || (said.contains("job submit limit") && !other.iter().any(|word| said.contains(word)))
}

/// Whether `sbatch` has been refused for want of room and goes on trying, for two minutes in all: the queue is full
/// now, and the factory comes again anyway. It says so a second before its second try.
pub fn tries_again(said: &str) -> bool {
    said.contains("sleeping and retrying")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_recorded_configuration() {
        assert_eq!(max_array_size(include_str!("recorded/scontrol-config.txt")), 10001);
        assert_eq!(max_array_size(""), 1001);
    }

    #[test]
    fn full_is_told_from_wrong() {
        let policy = "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit \
                      limit, user's size and/or time limits)";
        assert!(means_full(&format!("sbatch: error: AssocMaxSubmitJobLimit\n{policy}")));
        assert!(means_full(&format!("sbatch: error: QOSMaxSubmitJobPerUserLimit\n{policy}")));
        assert!(means_full("sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying"));
        assert!(!means_full(&format!("sbatch: error: QOSMaxWallDurationPerJobLimit\n{policy}")));
        assert!(!means_full("sbatch: error: invalid partition specified: nope"));
    }
}
