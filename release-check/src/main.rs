//! The program `musubi-release-check`.
fn main() {}
