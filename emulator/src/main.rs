//! The local cloud.
fn main() {}
