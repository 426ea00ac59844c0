//! The program `evonas`.
fn main() {}
