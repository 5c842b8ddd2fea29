//! Pilots.

pub(crate) mod announce;
pub(crate) mod batch;
pub(crate) mod core_time;
pub(crate) mod ends;
pub(crate) mod events;
pub(crate) mod hello;
pub(crate) mod history;
pub(crate) mod leave;
pub(crate) mod list;
pub(crate) mod messages;
pub(crate) mod nodes;
pub(crate) mod row;
pub(crate) mod scope;
