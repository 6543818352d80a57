//! The journeys. Each begins with somebody who comes in and ends with what they came for.

mod committee;
mod decision;
mod desk;
mod entry;
mod inside;
mod keeping;
mod outside;
mod release;
mod walk;

use crate::house::{House, text};
use crate::stage::Stage;

/// A journey.
pub type Journey = fn(&Stage<'_>);

/// All of them, by name.
pub const ALL: &[(&str, Journey)] = &[
    ("first_login_by_invitation", entry::invitation),
    ("wrong_password_is_refused_in_words", entry::refused),
    ("without_script", entry::without_script),
    ("submitter_sends_a_package_and_sees_it_loaded", outside::submitter),
    ("somebody_takes_emergency_access", keeping::emergency),
    ("desk_registers_a_stop_by_keyboard", desk::stop),
    ("committee_declares_reads_and_votes_by_keyboard", committee::vote),
    ("application_is_written_decided_and_signed_one_member_without_script", decision::decided),
    ("release_is_checked_keyed_handed_over_and_fetched", release::given),
    ("municipality_asks_and_reads_a_table", outside::municipality),
    ("operator_reads_the_night_and_the_checks", inside::operator),
    ("clerk_rules_on_a_pair", inside::clerk),
    ("auditor_verifies_the_log_and_traces", keeping::auditor),
    ("security_looks_after_accounts", keeping::security),
    ("emergency_access_is_judged_by_somebody_else", keeping::judged),
    ("every_page_of_every_role", walk::japanese),
    ("every_page_in_english", walk::english),
];

/// What the house has lived through before the journeys, beyond its two nights.
pub fn prepare(house: &House) {
    let registers = house.region.path("registers/registers.toml");
    house.run(0, &["--actor", "officer-01", "register", "load", text(&registers)]);
    house.run(0, &["policy", "adopt", "--by", "board-01", "--preset", "statistics-default"]);
    committee::seat(house);
}
