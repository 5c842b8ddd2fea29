//! What was typed or written, turned into what it means.

mod quantity;

pub use quantity::{parse_duration, parse_memory_mib};
