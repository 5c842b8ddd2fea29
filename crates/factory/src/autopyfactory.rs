//! Configurations of AutoPyFactory, the Python program whose place this factory takes: reading its `.conf` files by its
//! own rules, and turning them into ours.

pub mod ini;
