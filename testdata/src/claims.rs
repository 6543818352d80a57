//! Which receipts a provider sends on which night: the month's claims, late ones (月遅れ) and repeated ones.
//!
//! Pure functions; the file itself is written by `region`.

use jiff::civil::Date;

use crate::care::{Care, Patient, Site};
use crate::people::Frame;
use crate::rng::{Rng, Use};
use crate::{ErrorKind, ErrorRates};

/// Share of claims that come a month late.
const LATE: f64 = 0.012;

/// A receipt to be written.
pub(crate) struct Claim {
    /// First day of the month of care.
    pub(crate) month: Date,
    pub(crate) care: Care,
    /// The night whose register the receipt shows.
    pub(crate) register: u32,
    /// It was claimed before.
    pub(crate) again: Option<ErrorKind>,
}

/// A night from 2 on, when there is one.
pub(crate) fn later_night(rng: &mut Rng, frame: &Frame) -> Option<u32> {
    let later = u64::from(frame.nights.saturating_sub(1));
    let drawn = rng.below(later);
    (later > 0).then(|| 2 + u32::try_from(drawn).unwrap_or(0))
}

/// The receipts of a person at a site that are delivered on `night`.
pub(crate) fn on_night(rates: &ErrorRates, patient: &Patient<'_>, site: &Site, night: u32) -> Vec<Claim> {
    let frame = patient.frame;
    let mut out = Vec::new();
    let (this, before) = (frame.month(1), frame.month(2));
    if night == 1 {
        out.extend(patient.month(site, this).map(|care| Claim {
            month: this,
            care,
            register: 1,
            again: None,
        }));
        return out;
    }
    let mut rng = Rng::new(frame.seed, Use::Late, &[patient.person.number, site.district, site.slot]);
    let (late, repeated) = (rng.chance(LATE), rng.chance(rates.duplicate_receipt));
    let (late_night, repeat_night) = (later_night(&mut rng, frame), later_night(&mut rng, frame));
    if late && late_night == Some(night) {
        let care = patient.month(site, before);
        out.extend(care.map(|care| Claim { month: before, care, register: night, again: None }));
    }
    if repeated && repeat_night == Some(night) {
        let again = Some(ErrorKind::DuplicateReceipt);
        out.extend(patient.month(site, this).map(|care| Claim { month: this, care, register: 1, again }));
    }
    out
}
