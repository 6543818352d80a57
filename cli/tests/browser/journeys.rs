//! The journeys. Each begins with somebody who comes in and ends with what they came for.

mod entry;
mod walk;

use crate::house::House;
use crate::stage::Stage;

/// A journey.
pub type Journey = fn(&Stage<'_>);

/// All of them, by name.
pub const ALL: &[(&str, Journey)] = &[
    ("first_login_by_invitation", entry::invitation),
    ("wrong_password_is_refused_in_words", entry::refused),
    ("without_script", entry::without_script),
    ("every_page_of_every_role", walk::japanese),
    ("every_page_in_english", walk::english),
];

/// What the house has lived through before the journeys, beyond its two nights.
pub fn prepare(_house: &House) {}
