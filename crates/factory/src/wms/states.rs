//! PanDA's states of jobs in those of AutoPyFactory.

/// States of PanDA's jobs and the state of AutoPyFactory that they count as. `running`, `transferring` and `failed` have
/// the same name in both; those that transfer run, too.
pub(crate) const NATIVE_STATES: [(&str, &str); 12] = [
    ("pending", "notready"),
    ("defined", "notready"),
    ("assigned", "notready"),
    ("waiting", "notready"),
    ("throttled", "notready"),
    ("starting", "running"),
    ("sent", "running"),
    ("holding", "running"),
    ("finished", "done"),
    ("cancelled", "failed"),
    ("merging", "unknown"),
    ("closed", "unknown"),
];
