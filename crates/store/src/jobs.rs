//! Jobs: submissions, ranges of waiting jobs, attempts.

pub(crate) mod broker;
pub(crate) mod counts;
pub(crate) mod kill;
pub(crate) mod lease;
pub(crate) mod list;
pub(crate) mod lose;
pub(crate) mod report;
pub(crate) mod retry;
pub(crate) mod submit;
