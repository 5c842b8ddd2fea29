//! Load harness.

fn main() {}
