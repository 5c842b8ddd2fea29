//! What was typed or written, turned into what it means.

mod alarms;
mod amount;
mod apfmon_section;
mod connection;
mod environment;
mod last_dir;
mod quantity;
mod server_file;
mod up_file;

pub use amount::Amount;
pub use connection::{Connection, ServerFrom};
pub use environment::Environment;
pub use last_dir::{forget_last_dir, read_last_dir, remember_last_dir};
pub use quantity::{parse_address, parse_duration, parse_limit_mib, parse_memory_mib, parse_seconds, whole_seconds};
pub use server_file::{server_config, up_server_config};
pub use up_file::{UpFile, UpSections};
