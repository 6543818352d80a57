//! The door: who comes in, by password and second factor, by session, or by client certificate.

use anyhow::{Result, bail};
use musubi_console::web::house::{Enrolment, Entry, Visitor};

use crate::home::Lent;

/// The door.
pub struct Door {
    _lent: Lent,
}

impl Door {
    /// Over an open house.
    pub fn new(lent: Lent) -> Self {
        Self { _lent: lent }
    }

    pub fn first(&self, _: &str, _: &str) -> Result<Entry> { bail!("login") }
    pub fn second(&self, _: &str, _: &str) -> Result<Entry> { bail!("login") }
    pub fn accept(&self, _: &str, _: &str) -> Result<Result<Enrolment, String>> { bail!("login") }
    pub fn confirm(&self, _: &str, _: &str) -> Result<Entry> { bail!("login") }
    pub fn who(&self, _: &str) -> Result<Option<Visitor>> { Ok(None) }
    pub fn who_by_certificate(&self, _: &str) -> Result<Option<Visitor>> { Ok(None) }
    pub fn leave(&self, _: &str) -> Result<()> { Ok(()) }
    pub fn speak(&self, _: &str, _: bool) -> Result<()> { Ok(()) }
    pub fn change_password(&self, _: &str, _: &str, _: &str) -> Result<Result<(), String>> { bail!("login") }
}
