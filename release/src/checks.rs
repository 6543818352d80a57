//! Readers of the checks of the Act over sealed releases (C-030 to C-059): the ledger, the files as they went out, the
//! approvals. What is not there or not what the signed manifest says cannot be read, and fails.
//!
//! A product is named in every `match`, so that a new one does not compile before somebody says what each check reads of
//! it. This module must never change a release, and never tell a value of a hidden cell.

mod second;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use musubi_compliance::checks::conduct::{self, Approved};
use musubi_compliance::checks::sealed::{self, Difference, Flaws, Statistic};
use musubi_compliance::checks::{Judgement, Reader, Unreadable, each, number};
use musubi_compliance::notice::{NoticeRules, scope};
use musubi_model::parameter::ParameterSet;
use musubi_model::sign::{PublicKey, Signature};
use musubi_model::spec::{Axis, ExtractSpec, Measure, Product, TableSpec};
use musubi_review_board::{Approval, ApprovalError};
use musubi_storage::board::BoardRead as _;
use musubi_storage::board_ballot::StandingRead as _;
use musubi_storage::registry::{ActDb, ReleaseDb};
use musubi_storage::release::LedgerRow;

use crate::checker::{self, Problem};
use crate::grid::{Grid, PERSONS, TOTAL};
use crate::manifest::{
    AGE_TOP, CELL_MIN, FileEntry, LISTED, MANIFEST, MANIFEST_SIGNATURE, Manifest, RELEASE_DOMAIN, SPEC, TABLE,
};
use crate::package::japan_day;
use crate::scan::{Leak, scan};

/// What every reader returns.
type Judged = Result<Judgement, Unreadable>;

/// The sealed releases, and by whose keys they are known.
#[derive(Debug)]
pub struct Releases {
    /// The role of releases.
    pub db: ReleaseDb,
    /// The board's public key.
    pub board: PublicKey,
    /// The release officer's public key.
    pub release: PublicKey,
    /// The parameters in force.
    pub parameters: ParameterSet,
    /// Where packages may be laid out for the independent checker; nothing stays there.
    pub work: PathBuf,
    /// The books of notices.
    pub act: ActDb,
    /// The lake's folder.
    pub lake: PathBuf,
    /// Read once.
    read: Option<Arc<Vec<Sealed>>>,
    second: Option<Arc<Vec<second::Second>>>,
}

/// A release as it went out.
#[derive(Debug)]
struct Sealed {
    row: LedgerRow,
    manifest: Manifest,
    spec: ExtractSpec,
    nested: TableSpec,
    grid: Grid,
    table: String,
    /// Names of all files kept.
    names: Vec<String>,
}

/// The readers, by the number of the check.
pub const READERS: &[Reader<Releases>] = &[
    (30, |r| second::with(r, 30, columns)),
    (31, |r| second::with(r, 31, labels)),
    (32, |r| second::with(r, 32, codes)),
    (34, |r| second::with(r, 34, of_rows)),
    (35, second::keys),
    (36, |r| second::with(r, 36, of_rows)),
    (37, |r| second::with(r, 37, classified)),
    (38, |r| second::with(r, 38, of_rows)),
    (39, |r| second::with(r, 39, ages)),
    (40, |r| second::with(r, 40, of_rows)),
    (41, |r| second::with(r, 41, of_rows)),
    (42, |r| second::with(r, 42, of_rows)),
    (43, |r| second::with(r, 43, of_rows)),
    (44, |r| second::with(r, 44, geography)),
    (45, |r| second::with(r, 45, diseases)),
    (46, |r| second::with(r, 46, classified)),
    (47, |r| second::with(r, 47, classified)),
    (48, |r| second::with(r, 48, objects)),
    (49, |r| second::with(r, 49, order)),
    (50, scopes),
    (51, |r| second::with(r, 51, cards)),
    (52, |r| second::with(r, 52, small_cells)),
    (53, |r| second::with(r, 53, of_facilities)),
    (54, |r| second::with(r, 54, of_quantities)),
    (55, |r| second::with(r, 55, narrow_cells)),
    (56, |r| second::with(r, 56, differences)),
    (57, |r| second::with(r, 57, statistics)),
    (59, approvals),
    (67, |r| second::none_of(r, of_linkable, |p| p == Product::Linkable)),
];

impl Releases {
    /// Over the ledger.
    #[must_use]
    pub fn new(
        db: ReleaseDb,
        board: PublicKey,
        release: PublicKey,
        parameters: ParameterSet,
        work: PathBuf,
        (act, lake): (ActDb, PathBuf),
    ) -> Self {
        Self { db, board, release, parameters, work, act, lake, read: None, second: None }
    }

    /// All releases, read and held against their manifests once.
    fn sealed(&mut self) -> Result<Arc<Vec<Sealed>>, Unreadable> {
        if let Some(read) = &self.read {
            return Ok(Arc::clone(read));
        }
        let rows = self.db.ledger()?;
        let mut read = Vec::with_capacity(rows.len());
        // With an empty ledger, too, the place of the files has to be readable.
        self.db.published_files("")?;
        for row in rows.into_iter().filter(|row| !second::is_second(row)) {
            let files: BTreeMap<String, Vec<u8>> =
                self.db.published_files(&row.release_id)?.into_iter().collect();
            read.push(Sealed::read(row, &files, &self.release)?);
        }
        let read = Arc::new(read);
        self.read = Some(Arc::clone(&read));
        Ok(read)
    }

    /// Values that a release shows, for the membership test in the vault: none of them is a label of the product or a
    /// count of persons.
    ///
    /// # Errors
    /// When a release cannot be read.
    pub fn unknown_values(&mut self) -> Result<Vec<(String, Vec<String>)>, Unreadable> {
        let of = |sealed: &Sealed| {
            let known = |value: &str| {
                value == crate::csv::HIDDEN
                    || value == TOTAL
                    || value.bytes().all(|b| b.is_ascii_digit()) && value.len() <= 9
                    || sealed
                        .grid
                        .outer
                        .iter()
                        .chain(&sealed.grid.inner)
                        .any(|a| a.labels.iter().any(|l| l == value))
            };
            let lines = sealed.lines().flat_map(|line| line.split(','));
            (sealed.row.release_id.clone(), lines.filter(|v| !known(v)).map(str::to_owned).collect())
        };
        let mut values: Vec<(String, Vec<String>)> = self.sealed()?.iter().map(of).collect();
        values.extend(second::values(self)?);
        Ok(values)
    }

    /// One case for each release: how many values were looked at, and how many are wrong.
    fn flaws(&mut self, look: impl Fn(&Sealed) -> Result<(usize, usize), Unreadable>) -> Judged {
        let releases = self.sealed()?;
        let cases: Vec<Flaws> = releases
            .iter()
            .map(|sealed| {
                let (looked, wrong) = look(sealed)?;
                Ok(Flaws {
                    release: sealed.row.release_id.clone(),
                    file: FileEntry::of(TABLE, sealed.table.as_bytes()).blake3,
                    looked: number(looked),
                    wrong: number(wrong),
                })
            })
            .collect::<Result<_, Unreadable>>()?;
        sealed::flawless(&cases)
    }

    /// Releases of which a check speaks and of which nobody has read more than the ledger: none may be there.
    fn none_of(&mut self, speaks: impl Fn(&Sealed) -> bool) -> Judged {
        let releases = self.sealed()?;
        let cases: Vec<&str> =
            releases.iter().filter(|s| speaks(s)).map(|s| s.row.release_id.as_str()).collect();
        Ok(each(&cases, |id| (*id).to_owned(), |_| false)?.with("releases", number(releases.len())))
    }
}

impl Sealed {
    fn read(row: LedgerRow, files: &BTreeMap<String, Vec<u8>>, key: &PublicKey) -> Result<Self, Unreadable> {
        let lost =
            |what: &str| Unreadable::new(format!("release.published_file of {}: {what}", row.release_id));
        let genuine = Signature::from_hex(&row.signature)
            .is_some_and(|s| key.verifies(RELEASE_DOMAIN, row.manifest.as_bytes(), &s));
        let manifest: Manifest = serde_json::from_str(&row.manifest)
            .ok()
            .filter(|m: &Manifest| genuine && m.release_id == row.release_id)
            .ok_or_else(|| Unreadable::new(format!("release.ledger: {} is not signed", row.release_id)))?;
        for entry in &manifest.files {
            let content = files.get(&entry.name).ok_or_else(|| lost("a file is missing"))?;
            if FileEntry::of(&entry.name, content) != *entry {
                return Err(lost("a file is not what the manifest says"));
            }
        }
        let text = |name: &str| {
            files.get(name).and_then(|c| String::from_utf8(c.clone()).ok()).ok_or_else(|| lost("not a text"))
        };
        let spec = ExtractSpec::parse(&text(SPEC)?).map_err(|_| lost("not a spec"))?;
        let top = manifest.parameters.get(AGE_TOP).and_then(|top| u16::try_from(*top).ok());
        let nested = spec.table.clone().ok_or_else(|| lost("not a nested table"))?;
        let grid = Grid::of(&nested.axes, top.ok_or_else(|| lost("no top age"))?);
        let table = text(TABLE)?;
        Ok(Self { spec, nested, grid, table, names: files.keys().cloned().collect(), manifest, row })
    }

    /// The lines after the header.
    fn lines(&self) -> impl Iterator<Item = &str> {
        self.table.split("\r\n").skip(1).filter(|line| !line.is_empty())
    }

    /// The columns as they stand in the file.
    fn header(&self) -> Vec<&str> {
        let first = self.table.trim_start_matches('\u{feff}').split("\r\n").next().unwrap_or_default();
        first.split(',').collect()
    }

    /// How many values there are, and what the scan says.
    fn scanned(&self) -> (usize, Option<Leak>) {
        (self.lines().map(|l| l.split(',').count()).sum(), scan(&self.table, &self.grid).err())
    }

    /// The least number of persons that this release could show.
    fn cell_min(&self) -> Result<u64, Unreadable> {
        let least = self.manifest.parameters.get(CELL_MIN).copied();
        least.ok_or_else(|| Unreadable::new(format!("{}: no minimum in the manifest", self.row.release_id)))
    }

    /// How many cells, and what the independent checker says, by kind.
    fn checked(&self, of_kind: fn(&Problem) -> bool) -> Result<(usize, usize), Unreadable> {
        let report = checker::check(&self.table, self.cell_min()?);
        let cells = usize::try_from(report.shown + report.hidden).unwrap_or(usize::MAX);
        Ok((cells, report.problems.iter().filter(|p| of_kind(p)).count()))
    }

    /// A product of rows about single persons?
    fn rows(&self) -> bool {
        self.manifest.product != Product::Statistics
    }

    /// A product to be linked with public databases?
    fn linkable(&self) -> bool {
        self.manifest.product == Product::Linkable
    }
}

/// What a column tells of a person (C-037).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What others may know.
    QuasiIdentifier,
    /// Where somebody lives, as coarse as a prefecture.
    Prefecture,
    /// What nobody should learn; chapters of diagnoses, never a code.
    Sensitive,
    /// A count.
    Neutral,
}

/// The kind of an axis. Every axis is classified here, or the program does not compile.
fn kind_of(axis: Axis) -> Kind {
    match axis {
        Axis::DiagnosisChapter => Kind::Sensitive,
        Axis::Prefecture => Kind::Prefecture,
        Axis::Sex | Axis::AgeBand5 => Kind::QuasiIdentifier,
    }
}

/// The kind of a column; `None`: nobody classified it.
fn kind_of_column(column: &str) -> Option<Kind> {
    const AXES: [Axis; 4] = [Axis::DiagnosisChapter, Axis::Prefecture, Axis::Sex, Axis::AgeBand5];
    if column == PERSONS {
        return Some(Kind::Neutral);
    }
    AXES.into_iter().find(|axis| axis.ja() == column).map(kind_of)
}

/// C-030: columns of the product, no other.
fn columns(releases: &mut Releases) -> Judged {
    releases.flaws(|s| {
        let allowed = s.grid.columns();
        let header = s.header();
        Ok((header.len(), header.iter().filter(|c| !allowed.contains(c)).count()))
    })
}

/// C-031: labels of the product, no other. The scan stops at the first leak, so any leak leaves this unproved.
fn labels(releases: &mut Releases) -> Judged {
    releases.flaws(|s| {
        let (values, leak) = s.scanned();
        Ok((values, usize::from(leak.is_some())))
    })
}

/// C-032: no code that identifies: nothing but labels and counts, and no long run of digits.
fn codes(releases: &mut Releases) -> Judged {
    labels(releases)
}

/// C-034 to C-036, C-038, C-040 to C-043: of rows about single persons.
fn of_rows(releases: &mut Releases) -> Judged {
    releases.none_of(Sealed::rows)
}

/// C-067: of data to be linked.
fn of_linkable(releases: &mut Releases) -> Judged {
    releases.none_of(Sealed::linkable)
}

/// C-037, C-046, C-047: every column is classified. A facility or a free text would be a column of a class that no
/// product has.
fn classified(releases: &mut Releases) -> Judged {
    releases.flaws(|s| {
        let header = s.header();
        Ok((header.len(), header.iter().filter(|c| kind_of_column(c).is_none()).count()))
    })
}

/// The greatest age that a label tells apart: `30-34歳` tells 34, `90歳以上` tells 90.
fn greatest_age(label: &str) -> Option<u16> {
    label.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).max()
}

/// C-039: no label beyond the top age in force when it was sealed.
fn ages(releases: &mut Releases) -> Judged {
    let parameters = releases.parameters.clone();
    releases.flaws(move |s| {
        let top = parameters
            .number(AGE_TOP, japan_day(s.row.sealed_at))
            .map_err(|e| Unreadable::new(e.to_string()))?;
        let Some(place) = s.header().iter().position(|c| *c == Axis::AgeBand5.ja()) else {
            return Ok((0, 0));
        };
        let found: Vec<u16> = s.lines().filter_map(|l| greatest_age(l.split(',').nth(place)?)).collect();
        Ok((found.len(), found.iter().filter(|age| u64::from(**age) > top).count()))
    })
}

/// C-044: prefectures are the finest geography that a product has; an unclassified column could be finer.
fn geography(releases: &mut Releases) -> Judged {
    releases.flaws(|s| {
        let header = s.header();
        let finer = header.iter().filter(|c| kind_of_column(c).is_none()).count();
        let asked = s.nested.axes.iter().any(|a| kind_of(*a) == Kind::Prefecture);
        let shown = header.iter().any(|c| kind_of_column(c) == Some(Kind::Prefecture));
        Ok((header.len(), finer + usize::from(shown && !asked)))
    })
}

/// C-045: a code of a disease would be a label that is no chapter.
fn diseases(releases: &mut Releases) -> Judged {
    releases.flaws(|s| {
        let Some(outer) = &s.grid.outer else { return Ok((0, 0)) };
        let labels: Vec<&str> = s.lines().filter_map(|l| l.split(',').next()).collect();
        Ok((labels.len(), labels.iter().filter(|l| !outer.labels.iter().any(|c| c == *l)).count()))
    })
}

/// C-048: nothing but the files that a package has; none of them is an image.
fn objects(releases: &mut Releases) -> Judged {
    releases.flaws(|s| {
        let belongs = |name: &String| {
            LISTED.contains(&name.as_str()) || [MANIFEST, MANIFEST_SIGNATURE].contains(&name.as_str())
        };
        Ok((s.names.len(), s.names.iter().filter(|name| !belongs(name)).count()))
    })
}

/// C-049: the rows stand in the order of the grid, which knows nobody.
fn order(releases: &mut Releases) -> Judged {
    releases.flaws(|s| {
        let rows = expected_rows(&s.grid);
        let found: Vec<&str> =
            s.lines().filter_map(|l| l.rsplit_once(',').map(|(labels, _)| labels)).collect();
        let same = found.iter().zip(&rows).filter(|(a, b)| *a == b).count();
        Ok((found.len(), found.len().max(rows.len()) - same))
    })
}

/// The labels of all rows in the order of the grid: a total before its parts.
fn expected_rows(grid: &Grid) -> Vec<String> {
    fn below(grid: &Grid, level: usize, path: &mut Vec<String>, out: &mut Vec<String>) {
        let totals = grid.inner.len().saturating_sub(level);
        let labels: Vec<String> =
            path.iter().cloned().chain(std::iter::repeat_n(TOTAL.to_owned(), totals)).collect();
        out.push(labels.join(","));
        let Some(axis) = grid.inner.get(level) else { return };
        for label in &axis.labels {
            path.push(label.clone());
            below(grid, level + 1, path, out);
            path.pop();
        }
    }
    let mut out = Vec::new();
    match &grid.outer {
        Some(outer) => outer.labels.iter().for_each(|l| below(grid, 0, &mut vec![l.clone()], &mut out)),
        None => below(grid, 0, &mut Vec::new(), &mut out),
    }
    out
}

/// Does a run of digits pass Luhn's check?
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, b)| {
            let digit = u32::from(b.wrapping_sub(b'0'));
            match (place % 2, digit * 2) {
                (0, _) => digit,
                (_, twice) if twice > 9 => twice - 9,
                (_, twice) => twice,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// C-051: no number of a card or account: 13 to 19 digits that pass the check, or 7 digits and more in a label.
fn cards(releases: &mut Releases) -> Judged {
    releases.flaws(|s| {
        let values: Vec<&str> = s.lines().flat_map(|l| l.split(',')).collect();
        let card = |value: &&&str| {
            let mut runs = value.split(|c: char| !c.is_ascii_digit());
            runs.any(|run| (13..=19).contains(&run.len()) && luhn(run))
        };
        Ok((values.len(), values.iter().filter(card).count()))
    })
}

/// C-052: no shown cell below the minimum. A table that is none hides cells from this, too.
fn small_cells(releases: &mut Releases) -> Judged {
    releases.flaws(|s| {
        s.checked(|p| matches!(p, Problem::Small { .. } | Problem::Shape { .. } | Problem::Missing { .. }))
    })
}

/// C-055: no hidden cell that can be narrowed down.
fn narrow_cells(releases: &mut Releases) -> Judged {
    releases.flaws(|s| s.checked(|p| !matches!(p, Problem::Small { .. })))
}

/// C-053: of tables by facility or insurer.
fn of_facilities(releases: &mut Releases) -> Judged {
    releases.none_of(|s| s.header().iter().any(|c| kind_of_column(c).is_none()))
}

/// C-054: of quantities of drugs.
fn of_quantities(releases: &mut Releases) -> Judged {
    releases.none_of(|s| match s.nested.measure {
        Measure::Persons => false,
    })
}

/// May two tables be held against each other: same axes, same day of ages, periods of care that overlap?
fn same_universe(a: &Sealed, b: &Sealed) -> bool {
    let (x, y) = (&a.spec.cohort, &b.spec.cohort);
    a.nested == b.nested && a.header() == b.header() && x.from <= y.to && y.from <= x.to
}

/// C-056: of every pair of one universe, the cells that both show.
fn differences(releases: &mut Releases) -> Judged {
    let all = releases.sealed()?;
    let mut cases = Vec::new();
    for (at, newer) in all.iter().enumerate() {
        for older in all.iter().take(at).filter(|older| same_universe(older, newer)) {
            let least = newer.cell_min()?;
            let shown = |s: &Sealed| -> BTreeMap<String, u64> {
                let cell = |l: &str| {
                    let (labels, count) = l.rsplit_once(',')?;
                    Some((labels.to_owned(), count.parse().ok()?))
                };
                s.lines().filter_map(cell).collect()
            };
            let (new, old) = (shown(newer), shown(older));
            let both: Vec<u64> =
                new.iter().filter_map(|(label, n)| Some(n.abs_diff(*old.get(label)?))).collect();
            cases.push(Difference {
                release: newer.row.release_id.clone(),
                earlier: older.row.release_id.clone(),
                cells: number(both.len()),
                few: number(both.iter().filter(|d| (1..least).contains(*d)).count()),
            });
        }
    }
    sealed::differences(&cases, number(all.len()))
}

/// C-057: counts of persons are the only statistic there is.
fn statistics(releases: &mut Releases) -> Judged {
    let all = releases.sealed()?;
    let cases: Vec<Statistic> = all
        .iter()
        .map(|s| Statistic {
            release: s.row.release_id.clone(),
            allowed: match s.nested.measure {
                Measure::Persons => true,
            },
        })
        .collect();
    sealed::statistics(&cases)
}

/// C-050: nobody is in a pseudonymised release whose notice does not cover it, as the books of notices stand now and on the
/// day it was sealed.
fn scopes(releases: &mut Releases) -> Judged {
    let (all, second) = (releases.sealed()?, second::read(releases)?);
    let looked = number(all.len() + second.len());
    let unread = |what: &str, of: &str| Unreadable::new(format!("release.cohort of {of}: {what}"));
    let mut cases = Vec::new();
    // With an empty ledger, too, cohorts and notices have to be readable.
    releases.db.cohort_homes("")?;
    releases.act.notice_scopes(&[])?;
    for row in second.iter().filter(|s| s.spec.product == Product::Pseudonymized).map(|s| &s.row) {
        let id = &row.release_id;
        let day = japan_day(row.sealed_at);
        let rules = NoticeRules::of(&releases.parameters, day).map_err(|e| Unreadable::new(e.to_string()))?;
        let files = releases.db.snapshot_files(row.commit)?;
        let untold = scope::untold(&mut releases.act, &rules, day, &releases.lake, &files)
            .map_err(|e| Unreadable::new(e.to_string()))?;
        let cohort = releases.db.cohort_sealed(&row.approval_id, row.commit, row.sealed_at)?;
        let cohort = cohort.ok_or_else(|| unread("it is not there", id))?;
        let (mut members, mut outside) = (0, 0);
        for home in releases.db.cohort_homes(&cohort.cohort_id)? {
            for member in releases.db.cohort_members(&cohort.cohort_id, home)? {
                members += 1;
                outside += u64::from(untold.contains(&member.identity));
            }
        }
        if members == 0 {
            return Err(unread("nobody is in it", id));
        }
        cases.push(sealed::Scope { release: id.clone(), outside });
    }
    Ok(sealed::scope(&cases)?.looked_over(looked))
}

/// C-059: the approval of every release, as the release itself had to show it on the day it was sealed.
fn approvals(releases: &mut Releases) -> Judged {
    let (all, second) = (releases.sealed()?, second::read(releases)?);
    let first = all.iter().map(|s| (&s.row, &s.spec));
    let all: Vec<_> = first.chain(second.iter().map(|s| (&s.row, &s.spec))).collect();
    let mut cases = Vec::with_capacity(all.len());
    // With an empty ledger, too, approvals have to be readable.
    releases.db.approval("")?;
    releases.db.request("")?;
    releases.db.outcome("")?;
    releases.db.conditions_of("")?;
    releases.db.events_of("")?;
    for (row, spec) in all {
        let day = japan_day(row.sealed_at);
        let mut case = Approved {
            release: row.release_id.clone(),
            genuine: true,
            in_term: true,
            scope: true,
            open_conditions: 0,
        };
        let (db, at) = (&mut releases.db, row.sealed_at);
        match Approval::load_as_of(db, &row.approval_id, &releases.board, day, at) {
            Ok(approval) => case.scope = approval.scope_hash() == spec.scope_hash(),
            Err(ApprovalError::Conditions(open)) => case.open_conditions = open,
            Err(ApprovalError::Storage(e)) => return Err(e.into()),
            Err(ApprovalError::Expired) => case.in_term = false,
            Err(ApprovalError::ScopeMismatch) => case.scope = false,
            Err(_) => case.genuine = false,
        }
        cases.push(case);
    }
    conduct::approved(&cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luhn_knows_a_card_number() {
        assert!(luhn("4111111111111111") && !luhn("4111111111111112"));
    }

    #[test]
    fn ages_of_labels() {
        for (label, age) in [("30-34歳", Some(34)), ("90歳以上", Some(90)), ("不明", None), ("計", None)]
        {
            assert_eq!(greatest_age(label), age, "{label}");
        }
    }

    #[test]
    fn the_rows_are_those_of_the_grid() {
        let grid = Grid::of(&[Axis::DiagnosisChapter, Axis::Sex, Axis::AgeBand5], 90);
        let rows = expected_rows(&grid);
        assert_eq!(number(rows.len()), grid.rows());
        assert!(rows.first().is_some_and(|r| r.ends_with("計,計")));
    }

    #[test]
    fn every_axis_has_a_kind_and_nothing_else_has() {
        for column in ["傷病大分類", "都道府県", "性別", "年齢階級", "人数"] {
            assert!(kind_of_column(column).is_some(), "{column}");
        }
        assert_eq!(kind_of_column("医療機関コード"), None);
    }
}
