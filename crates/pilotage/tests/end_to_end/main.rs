//! The program as its users run it: every test starts `pilotage up` of its own and leaves nothing behind.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at what it did not expect")]

mod apart;
#[expect(dead_code, reason = "the tests of the factory need all of it")]
#[path = "../../../factory/tests/factory/apf.rs"]
mod apf;
mod apf_monitor;
mod autopyfactory;
mod bad_input;
mod clock;
mod condor;
mod condor_credentials;
mod condor_import;
mod condor_schedd;
mod control;
mod crash;
mod crash_points;
mod credentials;
mod deciding;
mod demo;
mod detach;
mod ending;
mod exclusion;
mod factory_configuration;
mod factory_disk;
mod kill_retry_wait;
mod leaving;
mod listings;
mod login_node;
mod logs;
mod mail;
mod nodes;
mod one_factory;
mod operating;
mod operators;
mod outage;
mod own_system;
mod panda;
mod pilot_program;
mod pilots;
mod postgres;
mod programs;
mod queues;
mod reporters;
mod server_disk;
mod shifter;
mod site;
mod slurm;
mod slurmctld;
mod submit;
mod submit_file;
mod support;
mod voms;
mod wide;
mod wms;
