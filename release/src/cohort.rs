//! Counting a cohort (集計): a map over the home buckets of a snapshot, a small reduce, no shuffle.
//!
//! Each person is counted in one bucket, from the facts of all their identities wherever these lie. The result is
//! counts only; keys of persons and identities must never leave this module.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use jiff::civil::Date;
use musubi_model::spec::{Axis, ExtractSpec, TableSpec};
use musubi_model::{DocumentHash, FactTable, IdentityId};
use musubi_storage::StorageError;
use musubi_storage::lake::{self, Column, ColumnSet, FactRow, LakeFile, Want};
use musubi_storage::registry::ReleaseDb;
use musubi_storage::release::CohortMember;
use rayon::prelude::*;

use crate::error::ReleaseError;
use crate::grid::{Grid, category};
use crate::person::{CohortRules, Diagnosis, Person};

/// The facts of a snapshot: files, and the units that are left out.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The lake's folder.
    pub folder: &'a Path,
    /// The files of the tables `person` and `condition_occurrence`.
    pub files: Vec<LakeFile>,
    /// Units that are no longer current.
    pub dead: HashSet<(DocumentHash, u32)>,
}

/// What is counted.
#[derive(Debug, Clone)]
pub struct Question {
    rules: CohortRules,
    axes: Vec<Axis>,
    age_on: Date,
    age_top: u16,
    by_chapter: bool,
    widths: Vec<usize>,
    trees: usize,
}

/// Counts: the leaves of each tree, and what the operator should know of the data (never published).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// For each tree the leaves in order.
    pub leaves: Vec<Vec<u64>>,
    /// Persons of the cohort that were looked at.
    pub persons: u64,
    /// Persons with a diagnosis that counts.
    pub counted: u64,
    /// Of these: sources disagree on the sex.
    pub disagree_sex: u64,
    /// … on the birth month.
    pub disagree_birth: u64,
    /// … on the prefecture.
    pub disagree_prefecture: u64,
}

impl Question {
    /// From what was approved. `age_top` is the age from which on ages are not told apart.
    #[must_use]
    pub fn of(spec: &ExtractSpec, table: &TableSpec, age_top: u16) -> Self {
        let grid = Grid::of(&table.axes, age_top);
        Self {
            rules: CohortRules::of(&spec.cohort),
            axes: table.axes.iter().copied().filter(|a| *a != Axis::DiagnosisChapter).collect(),
            age_on: table.age_on,
            age_top,
            by_chapter: grid.outer.is_some(),
            widths: grid.widths(),
            trees: grid.trees(),
        }
    }

    fn empty(&self) -> Tally {
        Tally { leaves: vec![vec![0; self.widths.iter().product()]; self.trees], ..Tally::default() }
    }

    /// Adds one person.
    fn add(&self, tally: &mut Tally, person: &Person) {
        tally.persons += 1;
        if !person.counts() {
            return;
        }
        tally.counted += 1;
        let differs = person.disagreement();
        tally.disagree_sex += u64::from(differs.sex);
        tally.disagree_birth += u64::from(differs.birth);
        tally.disagree_prefecture += u64::from(differs.prefecture);
        let known = person.on(self.age_on);
        let leaf =
            self.axes.iter().zip(&self.widths).try_fold(0usize, |at, (axis, width)| {
                Some(at * width + category(*axis, &known, self.age_top)?)
            });
        for (nth, tree) in tally.leaves.iter_mut().enumerate() {
            if (!self.by_chapter || person.in_chapter(nth))
                && let Some(count) = leaf.and_then(|at| tree.get_mut(at))
            {
                *count += 1;
            }
        }
    }
}

impl Tally {
    fn plus(mut self, other: &Self) -> Self {
        for (mine, theirs) in self.leaves.iter_mut().zip(&other.leaves) {
            for (a, b) in mine.iter_mut().zip(theirs) {
                *a += b;
            }
        }
        self.persons += other.persons;
        self.counted += other.counted;
        self.disagree_sex += other.disagree_sex;
        self.disagree_birth += other.disagree_birth;
        self.disagree_prefecture += other.disagree_prefecture;
        self
    }
}

/// The columns that the rules look at.
fn columns(table: FactTable) -> ColumnSet {
    const PERSON: [Column; 7] = [
        Column::IdentityId,
        Column::Document,
        Column::Unit,
        Column::StartDays,
        Column::StartPrecision,
        Column::Status,
        Column::SourceSystem,
    ];
    const CONDITION: [Column; 7] = [
        Column::IdentityId,
        Column::Document,
        Column::Unit,
        Column::StartDays,
        Column::StartPrecision,
        Column::EndDays,
        Column::EndPrecision,
    ];
    match table {
        FactTable::Person => ColumnSet::of(&PERSON).with(Column::SourceCode),
        _ => ColumnSet::of(&CONDITION)
            .with(Column::SourceSystem)
            .with(Column::SourceCode)
            .with(Column::StandardSystem)
            .with(Column::StandardCode)
            .with(Column::Qualifiers),
    }
}

/// Counts the persons of one home bucket.
fn count_home(
    facts: &Facts<'_>,
    question: &Question,
    members: &[CohortMember],
    tally: &mut Tally,
) -> Result<(), StorageError> {
    let mut person_at: HashMap<&[u8], usize> = HashMap::new();
    let mut of_identity: HashMap<IdentityId, usize> = HashMap::with_capacity(members.len());
    // Where to read: mostly one bucket; strays are identities that were joined to a person elsewhere.
    let mut wanted: BTreeMap<u16, BTreeSet<IdentityId>> = BTreeMap::new();
    for m in members {
        let next = person_at.len();
        of_identity.insert(m.identity, *person_at.entry(&m.person).or_insert(next));
        wanted.entry(m.bucket).or_default().insert(m.identity);
    }
    let mut persons = vec![Person::default(); person_at.len()];
    for (bucket, identities) in &wanted {
        for file in facts.files.iter().filter(|f| (f.bucket_min..=f.bucket_max).contains(bucket)) {
            let want = Want {
                buckets: *bucket..=*bucket,
                identities: Some(identities),
                columns: columns(file.table),
            };
            lake::read(facts.folder, file, &want, &mut |row| {
                if !facts.dead.is_empty() && facts.dead.contains(&(row.document(), row.unit())) {
                    return Ok(());
                }
                let person = of_identity.get(&row.identity()).and_then(|at| persons.get_mut(*at));
                if let Some(person) = person {
                    hear(person, &row, question);
                }
                Ok(())
            })?;
        }
    }
    for person in &persons {
        question.add(tally, person);
    }
    Ok(())
}

/// Lets a person hear one of their facts.
fn hear(person: &mut Person, row: &FactRow<'_>, question: &Question) {
    if row.table() == FactTable::Person {
        person.attributes(row.start(), row.status(), (row.source_system(), row.source_code()));
        return;
    }
    let diagnosis = Diagnosis {
        start: row.start(),
        end: row.end(),
        standard: (row.standard_system(), row.standard_code()),
        source: (row.source_system(), row.source_code()),
        qualifiers: row.qualifiers(),
    };
    if let Some(chapter) = question.rules.chapter(&diagnosis) {
        person.diagnosis(chapter);
    }
}

/// Counts home buckets in parallel. The order of buckets, members and facts makes no difference.
///
/// # Errors
/// A lake file that is missing or damaged.
pub fn count(
    facts: &Facts<'_>,
    question: &Question,
    homes: &[Vec<CohortMember>],
) -> Result<Tally, ReleaseError> {
    let tally = homes
        .par_iter()
        .try_fold(
            || question.empty(),
            |mut tally, members| count_home(facts, question, members, &mut tally).map(|()| tally),
        )
        .try_reduce(|| question.empty(), |a, b| Ok(a.plus(&b)))?;
    Ok(tally)
}

/// Counts a whole cohort: members are fetched for a few buckets at a time, so that memory does not grow with it.
///
/// # Errors
/// The store's.
pub fn count_cohort(
    db: &mut ReleaseDb,
    facts: &Facts<'_>,
    question: &Question,
    cohort_id: &str,
) -> Result<Tally, ReleaseError> {
    let homes = db.cohort_homes(cohort_id)?;
    let mut tally = question.empty();
    for few in homes.chunks(rayon::current_num_threads() * 2) {
        let members: Vec<Vec<CohortMember>> =
            few.iter().map(|home| db.cohort_members(cohort_id, *home)).collect::<Result<_, _>>()?;
        tally = tally.plus(&count(facts, question, &members)?);
    }
    Ok(tally)
}
