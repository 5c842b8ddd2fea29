//! Other programs on the same kind of machine, measured in November 2026: two cores of a Sapphire Rapids class VM,
//! loopback only. They stand beside our figures; ratios travel better than absolute numbers.

/// One published or measured figure of another program.
pub struct Peer {
    /// The scenario it belongs to.
    pub scenario: &'static str,
    /// The program and what it did.
    pub what: &'static str,
    /// Its figure.
    pub value: f64,
    /// Unit of the figure.
    pub unit: &'static str,
}

const fn peer(scenario: &'static str, what: &'static str, value: f64, unit: &'static str) -> Peer {
    Peer { scenario, what, value, unit }
}

/// All of them.
pub const PEERS: &[Peer] = &[
    peer("throughput", "posix_spawn from 2 threads", 4057.0, "jobs/s"),
    peer("throughput", "tokio's process module, 2 in flight", 2377.0, "jobs/s"),
    peer("throughput", "xargs -P2", 1780.0, "jobs/s"),
    peer("throughput", "HyperQueue, 2 workers x 1", 1251.0, "jobs/s"),
    peer("throughput", "HyperQueue, 1 worker x 2", 878.0, "jobs/s"),
    peer("throughput", "Parsl HTEX", 467.0, "jobs/s"),
    peer("throughput", "Dask distributed", 384.0, "jobs/s"),
    peer("dispatch", "HyperQueue without processes or store, 2 slots", 924.0, "jobs/s"),
    peer("dispatch", "HyperQueue without processes or store, 1,024 slots", 19_487.0, "jobs/s"),
    peer("latency", "HyperQueue from its CLI, p50", 5.5, "ms"),
    peer("latency", "HyperQueue from its CLI, longest", 9.4, "ms"),
    peer("arrays", "HyperQueue accepts 100,000", 133.0, "ms"),
    peer("arrays", "HyperQueue accepts 1,000,000", 1337.0, "ms"),
    peer("arrays", "HyperQueue server with 1,000,000 waiting", 372.0, "MB"),
    peer("factory", "Harvester with dummy plug-ins", 218.0, "pilots/s"),
];
