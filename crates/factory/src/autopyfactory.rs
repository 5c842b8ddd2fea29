//! Configurations of AutoPyFactory, the Python program whose place this factory takes: reading its `.conf` files by its
//! own rules, and turning them into ours.

mod flavour;
mod gather;
mod import;
pub mod ini;
pub mod keys;
mod label;
mod monitors;
mod report;
mod source;
mod value;

pub use import::{ImportOptions, Imported, import};
pub use report::{Fate, Row};
pub(crate) use source::drafts;
