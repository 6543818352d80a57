//! The journeys. Each begins with somebody who comes in and ends with what they came for.

mod committee;
mod desk;
mod entry;
mod inside;
mod outside;
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
    ("submitter_sends_a_package_and_sees_it_loaded", outside::submitter),
    ("municipality_reads_a_table", outside::municipality),
    ("desk_registers_a_stop_by_keyboard", desk::stop),
    ("committee_declares_reads_and_votes_by_keyboard", committee::vote),
    ("operator_reads_the_night_and_the_checks", inside::operator),
    ("clerk_rules_on_a_pair", inside::clerk),
    ("auditor_verifies_the_log", inside::auditor),
    ("security_looks_after_accounts", inside::security),
    ("every_page_of_every_role", walk::japanese),
    ("every_page_in_english", walk::english),
];

/// What the house has lived through before the journeys, beyond its two nights.
pub fn prepare(house: &House) {
    committee::seat(house);
}
