//! Fair share: whose job comes next, and the order of one user's jobs.

use crate::Time;
use std::collections::HashMap;

/// Seconds of waiting that one point of priority is worth.
pub const PRIORITY_POINT_S: i64 = 60;

/// The key by which one user's jobs in a queue are taken, lowest first.
///
/// It is fixed at activation: activation time in milliseconds minus [`PRIORITY_POINT_S`] per point of priority. So
/// every job ages at the same pace and the order never has to be computed again.
pub fn rank(activated: Time, priority: i32) -> i64 {
    activated.0.saturating_sub(i64::from(priority) * PRIORITY_POINT_S * 1000)
}

/// What one user of one group has in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The group.
    pub group: String,
    /// The user.
    pub user: String,
    /// Slots that activated jobs need.
    pub waiting: u64,
    /// Slots that jobs of pilots fill.
    pub running: u64,
}

/// Splits `slots` among those who wait: (index into `shares`, slots to fill), in the order in which to fill them.
///
/// Each slot goes to the group that fills the fewest, and within it to the user who does, counting what was just given;
/// ties go to the earlier in `shares`. Nobody gets more than waits. `group_running` counts all slots that jobs of a group
/// fill, also those of users of whom nothing waits; a group that is not in it runs nothing.
pub fn divide(shares: &[Share], group_running: &HashMap<String, u64>, slots: u64) -> Vec<(usize, u64)> {
    let mut given = vec![0u64; shares.len()];
    let waiting: Vec<usize> = (0..shares.len()).filter(|&i| shares[i].waiting > 0).collect();
    if let [only] = waiting[..] {
        given[only] = slots.min(shares[only].waiting);
    } else {
        let running = |group: &str| group_running.get(group).copied().unwrap_or_default();
        let mut group_load: HashMap<&str, u64> =
            shares.iter().map(|share| (share.group.as_str(), running(&share.group))).collect();
        for _ in 0..slots {
            let hungry = waiting.iter().copied().filter(|&i| shares[i].waiting > given[i]);
            let load = |i: usize| (group_load[shares[i].group.as_str()], shares[i].running + given[i], i);
            let Some(next) = hungry.min_by_key(|&i| load(i)) else { break };
            given[next] += 1;
            *group_load.entry(&shares[next].group).or_default() += 1;
        }
    }
    given.into_iter().enumerate().filter(|(_, jobs)| *jobs > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(group: &str, user: &str, waiting: u64, running: u64) -> Share {
        Share { group: group.into(), user: user.into(), waiting, running }
    }

    fn groups(running: &[(&str, u64)]) -> HashMap<String, u64> {
        running.iter().map(|(group, jobs)| ((*group).to_owned(), *jobs)).collect()
    }

    #[test]
    fn a_group_is_as_loaded_as_all_its_users() {
        let shares = [share("atlas", "ann", 10, 0), share("cms", "eve", 10, 2)];
        assert_eq!(divide(&shares, &groups(&[("atlas", 7), ("cms", 2)]), 6), vec![(0, 1), (1, 5)]);
    }

    #[test]
    fn groups_count_before_users() {
        let shares = [share("atlas", "ann", 10, 0), share("atlas", "bob", 10, 0), share("cms", "eve", 10, 0)];
        assert_eq!(divide(&shares, &groups(&[]), 4), vec![(0, 1), (1, 1), (2, 2)]);
    }

    #[test]
    fn who_runs_most_waits() {
        let shares = [share("", "ann", 10, 5), share("", "bob", 1, 0)];
        assert_eq!(divide(&shares, &groups(&[("", 5)]), 1), vec![(1, 1)]);
        assert_eq!(divide(&shares, &groups(&[("", 5)]), 3), vec![(0, 2), (1, 1)]);
        assert_eq!(divide(&shares, &groups(&[("", 5)]), 100), vec![(0, 10), (1, 1)]);
    }

    #[test]
    fn a_point_of_priority_is_a_minute_of_waiting() {
        assert_eq!(rank(Time(120_000), 1), rank(Time(60_000), 0));
    }
}
