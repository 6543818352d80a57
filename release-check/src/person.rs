//! Persons (個票): pseudonyms, k-anonymity, ℓ-diversity, t-closeness, recounted from the released file alone.
//!
//! It must never round: classes are counted, and shares compared as fractions of whole numbers.

use std::collections::BTreeSet;

use crate::classes::Classes;
use crate::columns::{self, Dictionary};
use crate::grammar::{Grammar, is_pid};
use crate::manifest::{Manifest, Risk};
use crate::policy::{Hierarchy, PersonPolicy, Policy, RowSpec, share};
use crate::report::{Place, Report};
use crate::rules;
use crate::sheet::{Column, Sheet, file_row};
use crate::sign::to_hex;

/// The persons of a package.
pub struct Persons {
    /// Their file.
    pub sheet: Sheet,
    /// Their classes by quasi-identifiers.
    pub classes: Classes,
}

impl Persons {
    /// The place of a pseudonym, by binary search. Meaningful when the file is sorted, which is checked.
    pub fn place(&self, pid: &str) -> Option<u32> {
        let column = self.sheet.columns.first()?;
        let (mut low, mut high) = (0, self.sheet.rows);
        while low < high {
            let middle = low + (high - low) / 2;
            match column.label(middle).cmp(pid) {
                std::cmp::Ordering::Equal => return u32::try_from(middle).ok(),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// What the checks of persons are made against.
pub struct Against<'a> {
    pub policy: &'a Policy,
    pub person: &'a PersonPolicy,
    pub rows: &'a RowSpec,
    pub manifest: &'a Manifest,
    pub risk: &'a Risk,
}

/// All checks of `person`.
pub fn check(
    sheet: Sheet,
    against: &Against<'_>,
    dictionary: &mut Dictionary,
    report: &mut Report,
) -> Persons {
    let Against { policy, person, rows, .. } = against;
    let anonymous = policy.anonymous();
    let mut expected = vec!["pid"];
    expected.extend(rows.person.iter().map(String::as_str));
    columns::allowed(&sheet, &expected, report);

    let mut grammars = vec![Grammar::Pid];
    for name in &rows.person {
        let column = person.column(name);
        let place = || Place::file("policy.toml").column(name);
        match column.map(|c| c.class.as_str()) {
            None => report.find(&rules::COLUMN_NOT_ALLOWED, place(), "not in the policy", ""),
            Some("direct") => report.find(&rules::COLUMN_DIRECT, place(), "", ""),
            Some(class) => {
                dictionary.class_is("person", name, class, report);
                let claimed = against.risk.columns.iter().find(|c| c.file == "person" && c.name == *name);
                if claimed.is_some_and(|c| c.class != class) {
                    report.find(&rules::CLAIM, Place::file("risk.json").column(name), "class", class);
                }
            }
        }
        let hierarchy = column.and_then(|c| c.hierarchy.as_ref());
        if name == "age" && anonymous && matches!(hierarchy, Some(Hierarchy::Bands { top: None, .. }) | None)
        {
            report.find(&rules::POLICY_WEAK, place(), "no top", "top");
        }
        grammars.push(Grammar::of_person(name, hierarchy, anonymous));
    }
    dictionary.check(&sheet, &expected, report);
    columns::labels(&sheet, &expected, &grammars, report);
    if let Some(Hierarchy::Bands { top: Some(top), .. }) =
        person.column("age").and_then(|c| c.hierarchy.as_ref())
    {
        report.ran("C-039", "年齢の上限", "age top code", format!("{top}+"));
    }
    pseudonyms(&sheet, against.manifest, report);

    let of_class = |class: &str| -> Vec<(&str, &Column)> {
        let asked = rows.person.iter().filter(|n| person.column(n).is_some_and(|c| c.class == class));
        asked.filter_map(|name| Some((name.as_str(), sheet.column(name)?))).collect()
    };
    let quasi: Vec<&[u32]> = of_class("quasi").iter().map(|(_, c)| c.cells.as_slice()).collect();
    let classes = Classes::of(&quasi, sheet.rows);
    let claims = counts(&sheet, &classes, quasi.len(), against, report);
    for (name, column) in of_class("sensitive") {
        diversity(name, column, &classes, against, claims, report);
    }
    Persons { sheet, classes }
}

/// Pseudonyms (law.md C-034): 16 digits, ascending and so unique, and hashed in the manifest.
fn pseudonyms(sheet: &Sheet, manifest: &Manifest, report: &mut Report) {
    let Some(column) = sheet.columns.first() else { return };
    let mut hasher = blake3::Hasher::new();
    let mut sorted: Vec<&str> = (0..sheet.rows).map(|row| column.label(row)).collect();
    for (at, pair) in sorted.windows(2).enumerate() {
        let place = || Place::file("person.csv").row(file_row(at + 1)).column("pid");
        match pair {
            [a, b] if a == b => report.find(&rules::PID_FORM, place(), "twice", "once"),
            [a, b] if a > b => report.find(&rules::ROW_ORDER, place(), "", "ascending"),
            _ => {}
        }
    }
    sorted.sort_unstable();
    for pid in &sorted {
        hasher.update(pid.as_bytes()).update(b"\n");
    }
    if manifest.pids.as_deref() != Some(to_hex(hasher.finalize().as_bytes()).as_str()) {
        report.find(&rules::PID_CLAIM, Place::file("manifest.json"), "", "");
    }
    let well = sorted.iter().filter(|pid| is_pid(pid)).count();
    report.ran("C-034", "仮番号の数", "pseudonyms", format!("{well} / {}", sheet.rows));
}

/// k (law.md C-036), persons left out, and what is claimed of both. Gives whether ℓ and t matter.
fn counts(
    sheet: &Sheet,
    classes: &Classes,
    quasi: usize,
    against: &Against<'_>,
    report: &mut Report,
) -> bool {
    let Against { policy, person, rows, risk, .. } = against;
    let (k, smallest) = (person.k(!rows.events.is_empty()), classes.smallest());
    let risk_place = || Place::file("risk.json");
    if policy.anonymous() {
        if k < person.k_floor.value.max(2) {
            report.find(&rules::POLICY_WEAK, Place::file("policy.toml"), k, person.k_floor.value.max(2));
        }
        for class in classes.iter().filter(|class| (class.len() as u64) < k) {
            let row = class.first().map_or(1, |p| file_row(*p as usize));
            report.find(&rules::K_CLASS, Place::file("person.csv").row(row), class.len(), format!(">= {k}"));
        }
        let figure = format!("{smallest} >= {k} ({quasi} columns, {} classes)", classes.count());
        report.ran("C-036", "最小の同値類の人数", "persons in the smallest class", figure);
        if risk.k.is_none() {
            report.find(&rules::CLAIM, risk_place().column("k"), "nothing", smallest);
        }
    }
    for (name, claimed, counted) in
        [("k", risk.k, smallest), ("classes", risk.classes.filter(|_| policy.anonymous()), classes.count())]
    {
        if claimed.is_some_and(|c| c != counted) {
            report.find(&rules::CLAIM, risk_place().column(name), "", counted);
        }
    }
    match &risk.persons {
        None => report.find(&rules::CLAIM, risk_place().column("persons"), "nothing", sheet.rows),
        Some(claimed) => {
            if claimed.released != sheet.rows as u64 {
                report.find(&rules::CLAIM, risk_place().column("persons.released"), "", sheet.rows);
            }
            if claimed.released.checked_add(claimed.suppressed) != Some(claimed.cohort) {
                report.find(
                    &rules::CLAIM,
                    risk_place().column("persons.cohort"),
                    "",
                    "released + suppressed",
                );
            }
            let limit = share(person.suppression_limit.value);
            let within = limit.and_then(|(top, bottom)| {
                let left_out = i128::from(claimed.suppressed).checked_mul(bottom)?;
                Some(left_out <= i128::from(claimed.cohort).checked_mul(top)?)
            });
            if within != Some(true) {
                let limit = person.suppression_limit.value;
                report.find(&rules::SUPPRESSED_TOO_MANY, risk_place(), claimed.suppressed, limit);
            }
            report.ran(
                "C-036",
                "除いた人数",
                "persons left out",
                format!("{} of {}", claimed.suppressed, claimed.cohort),
            );
        }
    }
    policy.anonymous()
}

/// ℓ (distinct values) and t (equal distance) of a sensitive column (law.md C-038). "Not told" is no value for ℓ, and a
/// value of its own for t.
fn diversity(
    name: &str,
    column: &Column,
    classes: &Classes,
    against: &Against<'_>,
    anonymous: bool,
    report: &mut Report,
) {
    let Against { person, risk, .. } = against;
    let told =
        |label: u32| !matches!(column.labels.get(label as usize).map(AsRef::as_ref), None | Some("" | "*"));
    let l = person.l.as_ref().map_or(0, |l| l.value);
    let t = person.t.as_ref().and_then(|t| share(t.value));
    if anonymous && person.t.is_some() && t.is_none() {
        report.find(&rules::POLICY_WEAK, Place::file("policy.toml"), "t", "0.2");
    }
    let mut whole = vec![0i128; column.labels.len()];
    for cell in &column.cells {
        if let Some(count) = whole.get_mut(*cell as usize) {
            *count += 1;
        }
    }
    let all: i128 = whole.iter().sum();
    let (mut least, mut own) = (u64::MAX, vec![0i128; whole.len()]);
    for class in classes.iter() {
        own.fill(0);
        let mut values = BTreeSet::new();
        for cell in class.iter().filter_map(|p| column.cells.get(*p as usize)) {
            if told(*cell) {
                values.insert(*cell);
            }
            if let Some(count) = own.get_mut(*cell as usize) {
                *count += 1;
            }
        }
        let place = || {
            let row = class.first().map_or(1, |p| file_row(*p as usize));
            Place::file("person.csv").row(row).column(name)
        };
        least = least.min(values.len() as u64);
        if anonymous && (values.len() as u64) < l {
            report.find(&rules::L_DIVERSITY, place(), values.len(), format!(">= {l}"));
        }
        // ½·Σ|own/n − whole/N| ≤ top/bottom, without dividing.
        let size: i128 = own.iter().sum();
        let distance: i128 = own.iter().zip(&whole).map(|(o, w)| (o * all - w * size).abs()).sum();
        if let Some((top, bottom)) = t.filter(|_| anonymous)
            && distance
                .checked_mul(bottom)
                .zip((2 * size * all).checked_mul(top))
                .is_none_or(|(d, most)| d > most)
        {
            report.find(&rules::T_CLOSENESS, place(), "", format!("<= {top}/{bottom}"));
        }
    }
    let least = if least == u64::MAX { 0 } else { least };
    if anonymous && l > 0 {
        report.ran(
            "C-038",
            "機微な値の最小種類数",
            "fewest sensitive values in a class",
            format!("{least} >= {l}"),
        );
    }
    // The claim is the minimum over all sensitive columns.
    if risk.l.is_some_and(|claimed| claimed > least) {
        report.find(&rules::CLAIM, Place::file("risk.json").column("l"), "", least);
    }
}
