//! Stub.
/// a
pub struct Audit; 
/// a
pub struct Finding; 
/// a
pub struct Interval;
/// a
pub fn audit() {}
