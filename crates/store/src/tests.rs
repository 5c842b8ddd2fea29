//! Tests of the store on both engines.

mod alarms;
mod archive;
mod beside;
mod configuration;
mod ends;
mod ends_in_detail;
mod events;
mod exclusions;
mod faults;
mod group_commit;
mod history;
mod lanes;
mod orders;
mod programs;
mod ranges;
mod reported;
mod retention;
mod scope;
mod statements;
mod story;
mod support;
mod two_servers;
mod unfit;
mod upgrade;
mod wide;
