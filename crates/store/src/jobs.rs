//! Jobs: submissions, ranges of waiting jobs, attempts.

pub(crate) mod broker;
pub(crate) mod claim;
pub(crate) mod codes;
pub(crate) mod counts;
pub(crate) mod detail;
pub(crate) mod kill;
pub(crate) mod lane;
pub(crate) mod lease;
pub(crate) mod list;
pub(crate) mod lose;
pub(crate) mod passed_over;
pub(crate) mod portion;
pub(crate) mod range;
pub(crate) mod report;
pub(crate) mod requeue;
pub(crate) mod retry;
pub(crate) mod row;
pub(crate) mod scan;
pub(crate) mod specs;
pub(crate) mod submit;
pub(crate) mod verdict;
