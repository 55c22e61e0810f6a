//! The `pointlock` command.
fn main() {}
