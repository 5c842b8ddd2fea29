//! Tests of the store on both engines.

mod group_commit;
mod statements;
mod story;
mod support;
