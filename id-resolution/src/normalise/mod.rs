//! What a source wrote, in comparable form (mpi.md §4.1). Stored text is never normalised; only keys are, while matching
//! runs.
//!
//! * [`normalise`]: a whole description into reusable buffers, for the probabilistic engine. One small file a field.
//! * [`local_number()`] to [`kana()`]: match keys for opt-out tokens and exact matching; these are older than the engine
//!   and must stay as they are, or tokens that were given out would no longer be met.

mod address;
pub mod birth;
pub mod kana;
mod kanji;
mod keys;
mod name;
mod numbers;
mod shape;
mod width;

pub use musubi_model::variants;

pub use birth::{BirthSlip, birth_slip};
pub use keys::{SEPARATOR, branch, care, insured, insurer_number, kana, local_number, symbol_and_number};
pub use name::name_part;
pub use numbers::check_digit_holds;

use crate::names::NameBook;
use crate::sent::{Normal, Sent};

/// Name and birth date alone, for those who learn from names.
pub fn normalise_name(sent: &Sent<'_>, names: &NameBook, out: &mut Normal) {
    out.clear();
    name::read(sent, names, out);
    out.birth = birth::read(sent.birth);
}

/// Brings a description into comparable form. `names` parts names that the source does not part. With warm buffers
/// nothing is allocated.
pub fn normalise(sent: &Sent<'_>, names: &NameBook, out: &mut Normal) {
    out.clear();
    name::read(sent, names, out);
    out.birth = birth::read(sent.birth);
    out.sex = numbers::sex(sent.sex);
    out.postal_code = numbers::postal_code(sent.postal_code);
    out.city_len = address::fold(sent.address, &mut out.address);
    out.phone = numbers::phone(sent.phone);
    (out.insurer, out.insurer_sound) = numbers::insurer(sent.insurer);
    numbers::card(sent.symbol, sent.number, &mut out.insured);
    out.branch = numbers::branch(sent.branch);
    numbers::care(sent.care_insurer, sent.care_number, &mut out.care);
    numbers::local(sent.local_number, &mut out.local);
    numbers::key(sent.inquiry_key, &mut out.inquiry);
}
