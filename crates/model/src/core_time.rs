//! What the cores of ended pilots were used for.

use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign};

/// Time of cores in milliseconds: so many cores times how long they were held, by what became of them.
///
/// A pilot holds its cores from its start to its end; a job those that it asked for, from its start to its end. So the
/// six parts of a pilot add up to what it held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CoreTime {
    /// Jobs that finished.
    pub good_ms: u64,
    /// Attempts that failed.
    pub failed_ms: u64,
    /// The rest of pilots that ended in fault: work that went down with them, and what they had not used.
    pub lost_ms: u64,
    /// The rest of pilots that had a job: between jobs, and slots without one.
    pub idle_ms: u64,
    /// Pilots that never got a job.
    pub empty_ms: u64,
    /// Pilots whose node failed its checks.
    pub refused_ms: u64,
}

/// How a pilot ended, as far as its cores are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usefulness {
    /// It had jobs and ended well.
    Worked,
    /// It had none and ended well.
    Empty,
    /// Its node failed its checks.
    Refused,
    /// It ended in fault.
    Broke,
}

impl CoreTime {
    /// Of a pilot that held its cores for `held_ms`. What its jobs are said to have taken beyond that is cut: their
    /// clocks are not the server's.
    pub fn of_pilot(usefulness: Usefulness, held_ms: u64, good_ms: u64, failed_ms: u64) -> CoreTime {
        let good_ms = good_ms.min(held_ms);
        let failed_ms = failed_ms.min(held_ms - good_ms);
        let rest = held_ms - good_ms - failed_ms;
        let mut time = CoreTime { good_ms, failed_ms, ..CoreTime::default() };
        match usefulness {
            Usefulness::Worked => time.idle_ms = rest,
            Usefulness::Empty => time.empty_ms = rest,
            Usefulness::Refused => time.refused_ms = rest,
            Usefulness::Broke => time.lost_ms = rest,
        }
        time
    }

    /// All of it.
    pub fn total_ms(&self) -> u64 {
        self.parts().iter().sum()
    }

    /// Good, failed, lost, idle, empty, refused.
    pub fn parts(&self) -> [u64; 6] {
        let CoreTime { good_ms, failed_ms, lost_ms, idle_ms, empty_ms, refused_ms } = *self;
        [good_ms, failed_ms, lost_ms, idle_ms, empty_ms, refused_ms]
    }

    /// The share of finished jobs, 0 to 1; none when no core was held.
    pub fn efficiency(&self) -> Option<f64> {
        let total = self.total_ms();
        (total > 0).then(|| self.good_ms as f64 / total as f64)
    }
}

impl Add for CoreTime {
    type Output = CoreTime;

    fn add(self, other: CoreTime) -> CoreTime {
        CoreTime {
            good_ms: self.good_ms + other.good_ms,
            failed_ms: self.failed_ms + other.failed_ms,
            lost_ms: self.lost_ms + other.lost_ms,
            idle_ms: self.idle_ms + other.idle_ms,
            empty_ms: self.empty_ms + other.empty_ms,
            refused_ms: self.refused_ms + other.refused_ms,
        }
    }
}

impl AddAssign for CoreTime {
    fn add_assign(&mut self, other: CoreTime) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rest_is_named_by_how_the_pilot_ended() {
        let of = |usefulness| CoreTime::of_pilot(usefulness, 100, 60, 10).parts();
        assert_eq!(of(Usefulness::Worked), [60, 10, 0, 30, 0, 0]);
        assert_eq!(of(Usefulness::Broke), [60, 10, 30, 0, 0, 0]);
        assert_eq!(CoreTime::of_pilot(Usefulness::Empty, 100, 0, 0).parts(), [0, 0, 0, 0, 100, 0]);
        assert_eq!(CoreTime::of_pilot(Usefulness::Refused, 100, 0, 0).efficiency(), Some(0.0));
        assert_eq!(CoreTime::default().efficiency(), None);
    }

    proptest! {
        #[test]
        fn parts_add_up_to_what_was_held(held in 0_u64..1 << 50, good in 0_u64..1 << 50, failed in 0_u64..1 << 50) {
            for usefulness in [Usefulness::Worked, Usefulness::Empty, Usefulness::Refused, Usefulness::Broke] {
                prop_assert_eq!(CoreTime::of_pilot(usefulness, held, good, failed).total_ms(), held);
            }
        }
    }
}
