//! Earlier decisions that are like this one (類似の審査例): by shared items and purpose. Numbers only, no judgement.

use std::collections::BTreeSet;

use musubi_compliance::checks::items_of;

use super::document::Document;

/// How alike two applications are, 0 to 100: the share of items that both ask for, with a step for the same purpose and
/// product.
#[must_use]
pub fn likeness(a: &Document, b: &Document) -> u8 {
    let items = |d: &Document| -> BTreeSet<String> { d.extract().map(|s| items_of(&s)).unwrap_or_default() };
    let (left, right) = (items(a), items(b));
    let (both, any) = (left.intersection(&right).count(), left.union(&right).count());
    let shared = (both * 60).checked_div(any).unwrap_or(0);
    let same = |name: &str| usize::from(!a.field(name).is_empty() && a.field(name) == b.field(name)) * 20;
    u8::try_from((shared + same("purpose-code") + same("data-class")).min(100)).unwrap_or(100)
}
