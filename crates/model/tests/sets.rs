//! Properties of sets of job ids and of fair share.

use model::fair_share::{Share, divide};
use model::{IdSet, JobId};
use proptest::prelude::*;
use std::collections::{BTreeSet, HashMap};

proptest! {
    #[test]
    fn a_set_of_ids_is_what_was_put_in(ids in prop::collection::btree_set(1i64..200, 0..50)) {
        let set = IdSet::of(ids.iter().map(|id| JobId(*id)));
        let inside: BTreeSet<i64> = (0..=200).filter(|id| set.contains(JobId(*id))).collect();
        prop_assert_eq!(&inside, &ids);
        prop_assert_eq!(set.len(), ids.len() as u64);
        prop_assert_eq!(set.to_string().parse::<IdSet>(), Ok(set));
    }

    #[test]
    fn nobody_gets_more_than_waits_and_no_slot_is_left_while_somebody_waits(
        shares in prop::collection::vec((0u8..3, 0u64..6, 0u64..6), 0..8),
        slots in 0u64..20,
    ) {
        let shares: Vec<Share> = shares
            .into_iter()
            .enumerate()
            .map(|(i, (group, waiting, running))| Share {
                group: group.to_string(),
                user: i.to_string(),
                waiting,
                running,
            })
            .collect();
        let divided = divide(&shares, &HashMap::new(), slots);
        for (index, jobs) in &divided {
            prop_assert!(*jobs <= shares[*index].waiting);
        }
        let waiting: u64 = shares.iter().map(|share| share.waiting).sum();
        let given: u64 = divided.iter().map(|(_, jobs)| jobs).sum();
        prop_assert_eq!(given, slots.min(waiting));
    }
}
