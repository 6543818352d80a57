//! Stub.
/// a
pub struct Published;
