//! Earlier packages (過去の提供): no pseudonym comes again, and neither order nor rows join two packages.
//!
//! It must never compare with a package whose manifest is not signed: what it says would be worth nothing.

use std::collections::HashMap;
use std::path::Path;

use crate::csv::Encoding;
use crate::events::Events;
use crate::folder::Folder;
use crate::manifest::{LAYOUT, LAYOUT_1, Manifest};
use crate::person::Persons;
use crate::policy::Spec;
use crate::report::{Place, Report};
use crate::rules;
use crate::sheet::Sheet;
use crate::sign::{self, Keys};

/// An earlier package.
pub struct Earlier {
    /// `earlier 1`: what it is called in findings.
    pub name: String,
    pub folder: Folder,
    pub spec: Spec,
    pub release_id: String,
}

impl Earlier {
    /// Opens one and holds its signature and the hashes of its files; what cannot be read is found.
    pub fn open(nth: usize, path: &Path, keys: &Keys, report: &mut Report) -> Option<Self> {
        let name = format!("earlier {}", nth + 1);
        let place = |file: &str| Place::file(&format!("{name}: {file}"));
        let Some(folder) = Folder::open(path) else {
            report.find(&rules::PKG_READ, place("folder"), "", "");
            return None;
        };
        let bytes = folder.bytes("manifest.json").unwrap_or_default();
        let signature = folder.bytes("manifest.sig").unwrap_or_default();
        if !keys.release.verifies(sign::MANIFEST, &bytes, &signature) {
            report.find(&rules::RELEASE_SIGNATURE, place("manifest.json"), "", "");
            return None;
        }
        let layout = |text: &[u8]| -> Option<String> {
            Some(serde_json::from_slice::<serde_json::Value>(text).ok()?.get("layout")?.as_str()?.to_owned())
        };
        if layout(&bytes).as_deref() == Some(LAYOUT_1) {
            report.find(&rules::EARLIER_NOT_COMPARED, place("manifest.json"), LAYOUT_1, LAYOUT);
            return None;
        }
        let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) else {
            report.find(&rules::PKG_FORM, place("manifest.json"), "", "");
            return None;
        };
        for listed in manifest.files.iter().filter(|f| f.name.ends_with(".csv") || f.name == "spec.toml") {
            let same = folder.entry(&listed.name).is_some_and(|e| {
                e.bytes == listed.bytes && e.blake3 == listed.blake3 && e.sha256 == listed.sha256
            });
            if !same {
                report.find(&rules::PKG_CHANGED, place("files"), "", "");
                return None;
            }
        }
        let Some(spec) = folder.text("spec.toml").and_then(|t| toml::from_str(&t).ok()) else {
            report.find(&rules::PKG_FORM, place("spec.toml"), "", "");
            return None;
        };
        Some(Self { name, folder, spec, release_id: manifest.release_id })
    }

    fn sheet(&self, name: &str, report: &mut Report) -> Option<Sheet> {
        let sjis = self.spec.rows.as_ref().is_some_and(|r| r.shift_jis);
        let encoding = if sjis { Encoding::ShiftJis } else { Encoding::Utf8 };
        let read = Sheet::read(&self.folder, name, encoding);
        if let Err(wrong) = &read {
            report.find(&rules::PKG_FORM, Place::file(&format!("{}: {name}.csv", self.name)), wrong.what, "");
        }
        read.ok()
    }
}

/// Holds persons and events against an earlier package of rows (law.md C-034, C-049).
pub fn compare_rows(persons: &Persons, events: &[Events], before: &Earlier, report: &mut Report) {
    let Some(rows) = &before.spec.rows else { return };
    let Some(sheet) = before.sheet("person", report) else { return };
    let again = sheet
        .columns
        .first()
        .map_or(0, |pid| pid.labels.iter().filter(|l| persons.place(l).is_some()).count());
    if again > 0 {
        report.find(&rules::PID_REUSED, Place::file("person.csv").column("pid"), again, 0);
    }
    report.ran("C-034", "過去の提供と共通の仮番号", "pseudonyms shared with an earlier package", again);

    let mut old_events = Vec::new();
    for table in rows.events.iter().filter(|t| events.iter().any(|e| e.sheet.name == t.table)) {
        let Some(sheet) = before.sheet(&table.table, report) else { return };
        old_events.push(sheet);
    }
    // Rows as they are without pseudonyms: those that are unique in both packages are the same person, or might be.
    let names: Vec<&str> = old_events.iter().map(|s| s.name.as_str()).collect();
    let shared: Vec<&Sheet> =
        events.iter().map(|e| &e.sheet).filter(|s| names.contains(&s.name.as_str())).collect();
    let (now, then) = (whole_rows(&persons.sheet, &shared), {
        let in_order: Vec<&Sheet> =
            shared.iter().filter_map(|s| old_events.iter().find(|o| o.name == s.name)).collect();
        whole_rows(&sheet, &in_order)
    });
    let mut pairs: Vec<(usize, usize)> =
        now.iter().filter_map(|(row, place)| Some(((*place)?, (*then.get(row)?)?))).collect();
    pairs.sort_unstable();
    correlation(&pairs, persons.sheet.rows, report);
}

/// The place of every person by a hash of all that stands in the package of them; `None`: of more than one.
fn whole_rows(persons: &Sheet, events: &[&Sheet]) -> HashMap<[u8; 32], Option<usize>> {
    let mut hashers: Vec<blake3::Hasher> = vec![blake3::Hasher::new(); persons.rows];
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (row, hasher) in hashers.iter_mut().enumerate() {
        for (name, column) in persons.header.iter().zip(&persons.columns).skip(1) {
            hasher.update(name.as_bytes()).update(b"\0").update(column.label(row).as_bytes()).update(b"\0");
        }
        places.insert(persons.columns.first().map_or("", |pid| pid.label(row)), row);
    }
    for (nth, sheet) in events.iter().enumerate() {
        // A person's rows in the order of their columns, whatever the order of the file.
        let mut rows: Vec<(usize, Vec<&str>)> = (0..sheet.rows)
            .filter_map(|row| {
                let place = *places.get(sheet.columns.first()?.label(row))?;
                Some((place, sheet.columns.iter().skip(1).map(|c| c.label(row)).collect()))
            })
            .collect();
        rows.sort_unstable();
        for (place, fields) in rows {
            if let Some(hasher) = hashers.get_mut(place) {
                hasher.update(&nth.to_le_bytes()).update(fields.join("\0").as_bytes()).update(b"\x01");
            }
        }
    }
    let mut found: HashMap<[u8; 32], Option<usize>> = HashMap::new();
    for (place, hasher) in hashers.iter().enumerate() {
        found.entry(*hasher.finalize().as_bytes()).and_modify(|p| *p = None).or_insert(Some(place));
    }
    found
}

/// Spearman's ρ of the places of matched persons. Few persons correlate by chance: up to four standard errors is chance.
fn correlation(pairs: &[(usize, usize)], persons: usize, report: &mut Report) {
    let count = pairs.len();
    if persons > 0 && count * 20 > persons {
        let place = Place::file("person.csv");
        report.find(&rules::ROWS_LINK, place, format!("{count} of {persons}"), "<= 5 %");
    }
    if count < 3 {
        report.ran("C-049", "過去の提供と突合できる人", "persons matched with an earlier package", count);
        return;
    }
    // Ranks among the matched; `pairs` is sorted by the first place.
    let mut second: Vec<usize> = pairs.iter().map(|(_, then)| *then).collect();
    second.sort_unstable();
    let squares: u128 = pairs
        .iter()
        .enumerate()
        .map(|(rank, (_, then))| (rank.abs_diff(second.partition_point(|s| s < then)) as u128).pow(2))
        .sum();
    #[allow(clippy::cast_precision_loss)] // a statistic with a wide limit, no equality
    let (n, d) = (count as f64, squares as f64);
    let rho = 1.0 - 6.0 * d / (n * (n * n - 1.0));
    let limit = (4.0 / (n - 1.0).sqrt()).max(0.05);
    if rho.abs() >= limit.min(0.999) {
        report.find(
            &rules::ORDER_CORRELATES,
            Place::file("person.csv"),
            format!("{rho:.3}"),
            format!("< {limit:.3}"),
        );
    }
    let figure = format!("|{rho:.3}| < {limit:.3} ({count} persons)");
    report.ran("C-049", "過去の提供との順序の相関", "correlation of order with an earlier package", figure);
}
