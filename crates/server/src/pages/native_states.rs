//! What batch systems call the states of their jobs, in words.

/// States by batch system, with what each says of a pilot. Sources: the job state codes of `squeue(1)` of Slurm 25.05, the
/// attribute `JobStatus` of HTCondor 24, our own back end for processes.
pub const ALL: [(&str, &[(&str, &str)]); 3] = [
    (
        "Slurm",
        &[
            ("PENDING", "waits for its turn, or is held"),
            ("CONFIGURING", "its nodes are being made ready"),
            ("RUNNING", "runs"),
            ("RESIZING", "runs, and its size is being changed"),
            ("SIGNALING", "runs, and is sent a signal"),
            ("SUSPENDED", "its processes rest and others use its cores"),
            ("STOPPED", "its processes were stopped and keep their cores"),
            ("COMPLETING", "has ended and is being cleaned up"),
            ("STAGE_OUT", "has ended and its files are taken away"),
            ("COMPLETED", "ended with exit code 0"),
            ("FAILED", "ended with another exit code"),
            ("TIMEOUT", "ran into its time limit"),
            ("DEADLINE", "ran into its deadline"),
            ("OUT_OF_MEMORY", "used more memory than it was given"),
            ("CANCELLED", "was cancelled by its owner or an administrator"),
            ("PREEMPTED", "had to make room for a job that goes before"),
            ("NODE_FAIL", "one of its nodes failed"),
            ("BOOT_FAIL", "a node did not boot for it"),
            ("LAUNCH_FAILED", "a node could not start it"),
            ("REQUEUED", "was put back and waits again"),
            ("REQUEUE_FED", "is put back by the federation of clusters"),
            ("REQUEUE_HOLD", "was put back and is held"),
            ("SPECIAL_EXIT", "was put back and is held for a special exit code"),
            ("RESV_DEL_HOLD", "is held because its reservation was deleted"),
            ("REVOKED", "another cluster of the federation took it"),
            ("RECONFIG_FAIL", "a node could not be set up for it"),
        ],
    ),
    (
        "HTCondor",
        &[
            ("Unexpanded", "was just submitted"),
            ("Idle", "waits for a machine"),
            ("Spooling", "its files are still on their way to the schedd"),
            ("Running", "runs"),
            ("Transferring output", "has ended and its files are brought back"),
            ("Suspended", "its processes rest on their machine"),
            ("Held", "is held: its message says why, and nobody lets it go by itself"),
            ("Completed", "ended of its own"),
            ("Removed", "was removed by its owner, an administrator or a policy"),
        ],
    ),
    (
        "processes of this machine",
        &[
            ("starting", "was written down and its process does not run yet"),
            ("running", "runs"),
            ("exited", "ended of its own"),
            ("removed", "was removed by its factory"),
            ("vanished", "is gone without an exit code"),
        ],
    ),
];

/// What a state says, of whatever batch system; none for what none of these systems says. Systems add to their words:
/// `CANCELLED by 1000`, `Idle (PENDING)`.
pub fn in_words(state: &str) -> Option<&'static str> {
    let plain = state.split(" (").next().unwrap_or_default();
    let of_slurm = state.split([' ', '+']).next().unwrap_or_default();
    let known =
        |name: &&str| *name == plain || *name == of_slurm && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    ALL.iter().flat_map(|(_, states)| states.iter()).find(|(name, _)| known(name)).map(|(_, says)| *says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_with_what_systems_add_to_them() {
        for (state, says) in [
            ("NODE_FAIL", "one of its nodes failed"),
            ("CANCELLED by 1000", "was cancelled by its owner or an administrator"),
            ("Transferring output", "has ended and its files are brought back"),
            ("Idle (PENDING)", "waits for a machine"),
            ("vanished", "is gone without an exit code"),
        ] {
            assert_eq!(in_words(state), Some(says), "{state}");
        }
        assert_eq!(["", "Hq", "running slowly"].map(in_words), [None; 3]);
    }
}
