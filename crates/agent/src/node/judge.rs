//! Whether a node has what a label asks for: what was found in, what is wrong out.

use model::{FailedCheck, NodeCheck, NodeNeeds, NodeProfile, Time};

/// What was found beside the profile. A text is what is wrong.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    /// No place for scratch directories has the room that is asked for.
    pub(super) scratch: Option<String>,
    /// The proxy, as far as one is asked for.
    pub(super) proxy: Option<Result<Time, String>>,
    /// Repositories that are not there.
    pub(super) cvmfs: Vec<String>,
    /// Hosts that take no connection.
    pub(super) network: Vec<String>,
    /// Each program that was asked to run containers, while none did.
    pub(super) runtimes: Vec<String>,
    /// What the check program says.
    pub(super) program: Option<String>,
}

/// Everything that is wrong, in the order of [`NodeCheck::ALL`].
pub(super) fn judge(needs: &NodeNeeds, profile: &NodeProfile, found: Findings, now: Time) -> Vec<FailedCheck> {
    let check = |check| match check {
        NodeCheck::Scratch => found.scratch.clone(),
        NodeCheck::Proxy => proxy(needs, found.proxy.as_ref(), now),
        NodeCheck::Memory => too_little("MiB of memory free", profile.memory_free_mib, needs.memory_free_mib),
        NodeCheck::Cores => too_little("cores may be used", profile.cores.into(), needs.cores.into()),
        NodeCheck::Cvmfs => all(&found.cvmfs),
        NodeCheck::Clock => clock(needs, profile.clock_ahead_s),
        NodeCheck::Network => all(&found.network),
        NodeCheck::Runtime => all(&found.runtimes),
        NodeCheck::Program => found.program.clone(),
    };
    let wrong = NodeCheck::ALL.into_iter().filter_map(|kind| Some((kind, check(kind)?)));
    wrong.map(|(kind, why)| FailedCheck::new(kind, why)).collect()
}

fn all(wrong: &[String]) -> Option<String> {
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

fn too_little(what: &str, have: u64, need: u64) -> Option<String> {
    (have < need).then(|| format!("{have} {what}, {need} are needed"))
}

fn proxy(needs: &NodeNeeds, proxy: Option<&Result<Time, String>>, now: Time) -> Option<String> {
    match proxy? {
        Err(why) => Some(why.clone()),
        Ok(end) => {
            let left_s = end.since(now).as_secs();
            (left_s < needs.proxy_left_s)
                .then(|| format!("the proxy lives {left_s} s more, {} s are needed", needs.proxy_left_s))
        }
    }
}

/// A clock that nobody could compare is left to the server, which compares it once more.
fn clock(needs: &NodeNeeds, ahead_s: Option<i64>) -> Option<String> {
    let ahead_s = ahead_s.filter(|ahead_s| ahead_s.unsigned_abs() > needs.clock_max_s.into())?;
    let word = if ahead_s > 0 { "ahead of" } else { "behind" };
    Some(format!(
        "the clock is {} s {word} the server's, {} s are accepted: set the node's clock",
        ahead_s.unsigned_abs(),
        needs.clock_max_s
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOW: Time = Time(1_000_000);

    fn needs() -> NodeNeeds {
        NodeNeeds { memory_free_mib: 100, cores: 4, clock_max_s: 5, proxy_left_s: 60, ..NodeNeeds::default() }
    }

    fn profile() -> NodeProfile {
        NodeProfile { memory_free_mib: 100, cores: 4, clock_ahead_s: Some(-5), ..NodeProfile::default() }
    }

    fn words(needs: &NodeNeeds, profile: &NodeProfile, found: Findings) -> Vec<String> {
        judge(needs, profile, found, NOW).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_node_that_has_just_what_is_asked_for_is_good() {
        let found = Findings { proxy: Some(Ok(NOW + Duration::from_secs(60))), ..Findings::default() };
        assert_eq!(words(&needs(), &profile(), found), [""; 0]);
        assert_eq!(words(&NodeNeeds::default(), &NodeProfile::default(), Findings::default()), [""; 0]);
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let profile = NodeProfile { memory_free_mib: 99, cores: 3, clock_ahead_s: Some(6), ..profile() };
        let found = Findings {
            scratch: Some("/tmp: has 1 MiB free, 5 MiB are needed".into()),
            proxy: Some(Ok(NOW + Duration::from_millis(59_999))),
            cvmfs: vec!["/cvmfs/a.b is empty".into(), "/cvmfs/c.d does not answer".into()],
            network: vec!["h:1: refused".into()],
            runtimes: vec!["podman: not found".into()],
            program: Some("/check: exit code 3: no licence".into()),
        };
        let expected = [
            "scratch: /tmp: has 1 MiB free, 5 MiB are needed",
            "proxy: the proxy lives 59 s more, 60 s are needed",
            "memory: 99 MiB of memory free, 100 are needed",
            "cores: 3 cores may be used, 4 are needed",
            "cvmfs: /cvmfs/a.b is empty; /cvmfs/c.d does not answer",
            "clock: the clock is 6 s ahead of the server's, 5 s are accepted: set the node's clock",
            "network: h:1: refused",
            "runtime: podman: not found",
            "program: /check: exit code 3: no licence",
        ];
        assert_eq!(words(&needs(), &profile, found), expected);
    }

    #[test]
    fn a_proxy_that_cannot_be_read_and_a_slow_clock_are_wrong() {
        let found = Findings { proxy: Some(Err("/tmp/x is no PEM file".into())), ..Findings::default() };
        let profile = NodeProfile { clock_ahead_s: Some(-6), ..profile() };
        let said = words(&needs(), &profile, found);
        assert_eq!(said[0], "proxy: /tmp/x is no PEM file");
        assert!(said[1].contains("6 s behind the server's"), "{said:?}");
    }
}
