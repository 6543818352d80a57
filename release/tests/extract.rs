//! Cohort, extract and cells from a real lake, against an evaluator that looks at every fact and every day by itself.
//! Some persons have a second identity in another bucket, some asked to stop, some units are no longer current.

// Helpers of tests stand outside #[test] functions, where clippy.toml's allowances do not reach; a panic is a failure.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use jiff::civil::Date;
use musubi_model::fact::{Provenance, UnitFacts};
use musubi_model::icd10::chapter_of;
use musubi_model::spec::{Cohort, CubeMeasure, CubeSpec, Dimension, ExtractSpec, RowSpec};
use musubi_model::{
    ByteRange, CodeSystem, Coded, DocumentHash, Fact, FactId, FactTable, IdentityId, PartialDate, ProviderId,
    SubmissionId,
};
use musubi_release::extract::{
    Attrition, Given, InsurerKind, Linked, PersonKey, Rules, Snapshot, cube, find, linked,
};
use musubi_storage::lake::{LakeFile, PlacedUnit, write_part};
use musubi_storage::release::CohortMember;
use rust_decimal::Decimal;

const SPEC: &str = "version=2\nname='t'\ntitle='t'\npurpose='p'\nrecipient='r'\nproduct='anonymized'\n\
    policy={name='anonymized',version=1}\n[[recipients]]\nid='mihon'\nname='見本'\n\
    [cohort]\nfrom='2026-02-01'\nto='2026-06-30'\nicd10_prefixes=['E1','I10']\n\
    [[cohort.steps]]\ntitle='糖尿病'\n[cohort.steps.rule.event]\nas='index'\ntable='condition_occurrence'\nprefixes=['E11']\n\
    [[cohort.steps]]\ntitle='処方'\n[cohort.steps.rule.event]\ntable='drug_exposure'\nsystem='YJ'\nprefixes=['3969']\n\
    within={of='index',from=-30,to=90}\n\
    [[cohort.steps]]\ntitle='検査'\n[cohort.steps.rule.event]\ntable='measurement'\ndays=2\nvalue_min='6.5'\n\
    [[cohort.steps]]\ntitle='新生物'\nexclude=true\n[cohort.steps.rule.event]\ntable='condition_occurrence'\nprefixes=['C']\n\
    [[cohort.steps]]\ntitle='20歳以上'\nrule={age={min=20,on='index'}}\n\
    [rows]\nperson=['sex','age','area','index','insurer','death','observed']\n\
    [[rows.events]]\ntable='condition_occurrence'\n\
    [[rows.events]]\ntable='drug_exposure'\nprefixes=['3969','11']\n\
    [[rows.events]]\ntable='measurement'\nvalues=true\n";

/// A number that looks random, the same in every run.
fn mix(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn one_of<'a>(seed: u64, words: &[&'a str]) -> &'a str {
    words[usize::try_from(mix(seed)).unwrap() % words.len()]
}

fn day(seed: u64) -> PartialDate {
    let date = Date::constant(2025, 12, 1)
        .checked_add(jiff::Span::new().days(i64::try_from(mix(seed) % 240).unwrap()))
        .unwrap();
    let whole = PartialDate::day(date);
    match mix(seed + 1) % 10 {
        0 => PartialDate::new(whole.year(), 0, 0).unwrap(),
        1 => PartialDate::new(whole.year(), whole.month().unwrap(), 0).unwrap(),
        _ => whole,
    }
}

/// One made-up person: units of facts, each under an identity in a bucket, some no longer current.
struct Made {
    key: PersonKey,
    stopped: bool,
    home: u16,
    units: Vec<(u16, UnitFacts, bool)>,
}

fn fact(table: FactTable, start: PartialDate) -> Fact {
    let mut fact = Fact::new(table, ByteRange { start: 0, len: 1 });
    fact.start = Some(start);
    fact
}

fn facts_of(seed: u64) -> Vec<Fact> {
    let mut facts = Vec::new();
    for n in (0..mix(seed) % 5).map(|n| seed + 100 + n * 10) {
        let mut f = fact(FactTable::ConditionOccurrence, day(n));
        let code = one_of(n + 2, &["E119", "E11.9", "I10", "K297", "E119", "C509"]);
        f.standard = (!code.starts_with('K')).then(|| Coded::new(CodeSystem::Icd10, code));
        f.source = Some(Coded::new(CodeSystem::ReceiptDisease, "8833421"));
        f.qualifiers = one_of(n + 3, &["", "", "", "1 8002"]).into();
        f.end =
            mix(n + 4).is_multiple_of(2).then(|| day(n + 5)).filter(|e| e.earliest() >= day(n).earliest());
        facts.push(f);
    }
    for n in (0..mix(seed + 1) % 4).map(|n| seed + 300 + n * 10) {
        let mut f = fact(FactTable::DrugExposure, day(n));
        let code = one_of(n + 2, &["3969009F1024", "3969010F1020", "1124017F2135"]);
        f.standard = mix(n + 3)
            .is_multiple_of(3)
            .then(|| Coded::new(CodeSystem::Yj, code))
            .or(Some(Coded::new(CodeSystem::Yj, code)).filter(|_| mix(n + 3) % 3 == 1));
        f.source = Some(Coded::new(CodeSystem::ReceiptDrug, "620000001"));
        f.quantity = Some(Decimal::new(i64::try_from(mix(n + 4) % 90).unwrap(), 1));
        f.times = u32::try_from(mix(n + 5) % 70_000).ok();
        f.value.unit = "錠".into();
        facts.push(f);
    }
    for n in (0..mix(seed + 2) % 7).map(|n| seed + 500 + n * 10) {
        let mut f = fact(FactTable::Measurement, day(n));
        f.source =
            Some(Coded::new(CodeSystem::Jlac10, one_of(n + 2, &["3D045000001906202", "3F015000002327101"])));
        f.value.number = Some(Decimal::new(i64::try_from(mix(n + 3) % 100).unwrap() + 20, 1));
        f.value.comparator = one_of(n + 4, &["", "", "", "<", ">="]).into();
        f.value.unit = "%".into();
        facts.push(f);
    }
    if mix(seed + 3).is_multiple_of(9) {
        facts.push(fact(FactTable::Death, day(seed + 700)));
    }
    let mut plan = fact(FactTable::PayerPlanPeriod, day(seed + 710));
    plan.source = Some(Coded::new(CodeSystem::Payer, one_of(seed + 720, &["国保", "06", "39", "12"])));
    facts.push(plan);
    facts
}

fn made(seed: u64, persons: u64) -> Vec<Made> {
    (0..persons)
        .map(|n| {
            let base = seed * 1_000_000 + n * 1000;
            let home = u16::try_from(n % 7).unwrap();
            let mut about = fact(
                FactTable::Person,
                PartialDate::new(1990 + i16::try_from(mix(base) % 30).unwrap(), 4, 0).unwrap(),
            );
            about.status = one_of(base + 1, &["1", "2"]).into();
            about.source = Some(Coded::new(CodeSystem::Prefecture, one_of(base + 2, &["01", "13", "47"])));
            let stray = n % 5 == 0;
            let units = (0..3u64).map(|u| {
                let second = stray && u == 2;
                let mut id = [0u8; 16];
                (id[0], id[1], id[15]) =
                    (u8::try_from(n % 251).unwrap(), u8::try_from(n / 251).unwrap(), u8::from(second));
                let provenance = Provenance {
                    identity: IdentityId(id),
                    provider: ProviderId::new("mihon-1").unwrap(),
                    document: DocumentHash::of(&(base + u).to_be_bytes()),
                    unit: 0,
                    submission: SubmissionId([1; 16]),
                    mapper_version: "mihon/1".into(),
                    master_version: "".into(),
                    notice: 0,
                };
                let mut facts = facts_of(base + u * 7);
                if u == 0 {
                    facts.push(about.clone());
                }
                (if second { home + 9 } else { home }, UnitFacts { provenance, facts }, u == 1 && n % 13 == 0)
            });
            let mut key = [0u8; 16];
            key[..8].copy_from_slice(&mix(base).to_be_bytes());
            Made { key: PersonKey(key), stopped: n % 11 == 3, home, units: units.collect() }
        })
        .collect()
}

fn given(people: &[Made]) -> Given {
    let mut homes: BTreeMap<u16, Vec<CohortMember>> = BTreeMap::new();
    for p in people.iter().filter(|p| !p.stopped) {
        let identities: BTreeMap<IdentityId, u16> =
            p.units.iter().map(|(b, u, _)| (u.provenance.identity, *b)).collect();
        for (identity, bucket) in identities {
            homes.entry(p.home).or_default().push(CohortMember {
                identity,
                person: p.key.0.to_vec(),
                bucket,
            });
        }
    }
    Given(homes.into_iter().collect())
}

/// Writes the lake in two parts, as two nights would.
fn lake(folder: &Path, people: &[Made]) -> (Vec<LakeFile>, HashSet<(DocumentHash, u32)>) {
    let all: Vec<&(u16, UnitFacts, bool)> = people.iter().flat_map(|p| &p.units).collect();
    let mut files = Vec::new();
    for part in all.chunks(all.len().div_ceil(2)) {
        let placed: Vec<PlacedUnit<'_>> =
            part.iter().map(|(bucket, unit, _)| PlacedUnit { bucket: *bucket, unit }).collect();
        files.extend(write_part(folder, &placed).unwrap());
    }
    let dead = all.iter().filter(|u| u.2).map(|u| (u.1.provenance.document, u.1.provenance.unit)).collect();
    (files, dead)
}

// --- the evaluator ------------------------------------------------------------------------------------------------------

fn number(date: Date) -> i32 {
    PartialDate::day(date).to_days().0
}

fn last(date: PartialDate) -> Date {
    match (date.month(), date.day_of_month()) {
        (None, _) => date.earliest().last_of_year(),
        (_, None) => date.earliest().last_of_month(),
        _ => date.earliest(),
    }
}

/// The first day of the window on which the fact may be, tried day by day.
fn day_in(f: &Fact, whole: bool, from: i32, to: i32) -> Option<i32> {
    let start = f.start?;
    let goes_on = f.table == FactTable::ConditionOccurrence;
    let until = match (whole, f.end) {
        (true, Some(end)) => number(last(end)),
        (true, None) if goes_on => i32::MAX,
        _ => number(last(start)),
    };
    (from..=to).find(|d| number(start.earliest()) <= *d && *d <= until)
}

fn code_of(f: &Fact) -> String {
    f.standard.as_ref().or(f.source.as_ref()).map(|c| c.code.replace('.', "")).unwrap_or_default()
}

fn sure(f: &Fact) -> bool {
    !f.qualifiers.split(' ').any(|q| q == "8002")
}

struct Judged<'a> {
    passed: usize,
    index: i32,
    facts: Vec<(FactId, &'a Fact)>,
}

/// Applies the steps of SPEC by hand. `passed`: 0 nothing, 1 the diagnosis, then the steps.
fn judge<'a>(p: &'a Made, from: i32, to: i32) -> Judged<'a> {
    let facts: Vec<(FactId, &Fact)> = p
        .units
        .iter()
        .filter(|(.., dead)| !dead)
        .flat_map(|(_, u, _)| {
            let id = |n: usize| {
                FactId::new(&u.provenance.document, u.provenance.unit, u32::try_from(n).unwrap()).unwrap()
            };
            u.facts.iter().enumerate().map(move |(n, f)| (id(n), f))
        })
        .collect();
    let of = |table: FactTable| facts.iter().map(|(_, f)| *f).filter(move |f| f.table == table && sure(f));
    let icd = |f: &Fact, prefixes: &[&str]| prefixes.iter().any(|p| code_of(f).starts_with(p));
    let days = |found: &mut dyn Iterator<Item = Option<i32>>| found.flatten().collect::<BTreeSet<i32>>();
    let conditions = |prefixes: &[&str]| {
        days(
            &mut of(FactTable::ConditionOccurrence)
                .filter(|f| icd(f, prefixes))
                .map(|f| day_in(f, true, from, to)),
        )
    };
    let passed = (|| {
        if conditions(&["E1", "I10"]).is_empty() {
            return (0, 0);
        }
        let Some(index) = conditions(&["E11"]).first().copied() else { return (1, 0) };
        let yj = |f: &&Fact| f.standard.as_ref().is_some_and(|c| c.code.starts_with("3969"));
        let drugs = days(
            &mut of(FactTable::DrugExposure).filter(yj).map(|f| day_in(f, false, index - 30, index + 90)),
        );
        if drugs.is_empty() {
            return (2, index);
        }
        let high = |f: &&Fact| f.value.number.unwrap() >= Decimal::new(65, 1) && f.value.comparator != "<";
        if days(&mut of(FactTable::Measurement).filter(high).map(|f| day_in(f, true, from, to))).len() < 2 {
            return (3, index);
        }
        if !conditions(&["C"]).is_empty() {
            return (4, index);
        }
        let birth = of(FactTable::Person).next().unwrap().start.unwrap();
        let on = Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(index)).unwrap();
        (if birth.age_on(on).unwrap() < 20 { 5 } else { 6 }, index)
    })();
    Judged { passed: passed.0, index: passed.1, facts }
}

fn attrition(judged: &[(&Made, Judged<'_>)]) -> Attrition {
    let at_least = |n: usize| u64::try_from(judged.iter().filter(|(_, j)| j.passed >= n).count()).unwrap();
    Attrition { persons: at_least(0), diagnosed: at_least(1), steps: (2..=6).map(at_least).collect() }
}

/// Events as texts: person, table, code, day, times, value, unit, fact.
fn expected_events(judged: &[(&Made, Judged<'_>)], from: i32, to: i32) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (p, j) in judged.iter().filter(|(_, j)| j.passed == 6) {
        for (id, f) in &j.facts {
            let code =
                f.standard.as_ref().or(f.source.as_ref()).map(|c| c.code.to_string()).unwrap_or_default();
            let value = match f.table {
                FactTable::ConditionOccurrence if sure(f) => None,
                FactTable::DrugExposure if ["3969", "11"].iter().any(|p| code.starts_with(p)) => f.quantity,
                FactTable::Measurement => f.value.number,
                _ => continue,
            };
            let Some(day) = day_in(f, true, from, to) else { continue };
            let unit = value.map(|_| f.value.unit.as_str()).unwrap_or_default();
            let sign = value.map(|_| f.value.comparator.as_str()).unwrap_or_default();
            let times = f.times.unwrap_or(0).min(65_535);
            out.insert(format!(
                "{:?} {} {code} {} {times} {sign}{value:?} {unit} {id}",
                p.key.0,
                f.table.as_str(),
                day - j.index
            ));
        }
    }
    out
}

fn events(found: &Linked) -> BTreeSet<String> {
    let text = |(e, id): (&musubi_release::extract::EventRow, &FactId)| {
        let code = &found.codes[e.code as usize];
        let unit =
            found.units.get(usize::from(e.unit)).map(compact_str::CompactString::as_str).unwrap_or_default();
        let key = found.keys[e.person as usize].0;
        let (value, sign) = (e.value(), e.comparator());
        format!(
            "{key:?} {} {} {} {} {sign}{value:?} {unit} {id}",
            code.table.as_str(),
            code.code,
            e.day,
            e.times
        )
    };
    found.events.iter().zip(&found.facts).map(text).collect()
}

fn spec() -> (Cohort, RowSpec) {
    let spec = ExtractSpec::parse(SPEC).unwrap();
    (spec.cohort, spec.rows.unwrap())
}

#[test]
fn cohort_extract_and_cells_agree_with_looking_at_every_fact() {
    let (cohort, rows) = spec();
    let (from, to) = (number(cohort.from), number(cohort.to));
    let mut reached = 0;
    for seed in 0..6 {
        let people = made(seed, 400);
        let home = tempfile::tempdir().unwrap();
        let (files, dead) = lake(home.path(), &people);
        let snapshot = Snapshot::open(home.path(), &files, dead).unwrap();
        let judged: Vec<(&Made, Judged<'_>)> =
            people.iter().filter(|p| !p.stopped).map(|p| (p, judge(p, from, to))).collect();
        let mut source = given(&people);

        let expect = attrition(&judged);
        assert_eq!(
            find(&mut source, &snapshot, &Rules::of(&cohort).unwrap()).unwrap(),
            expect,
            "seed {seed}"
        );
        reached += expect.last();

        let found = linked(&mut source, &snapshot, &cohort, &rows, true).unwrap();
        assert_eq!(found.attrition, expect);
        assert_eq!(u64::try_from(found.persons.len()).unwrap(), expect.last());
        assert_eq!(found.facts.len(), found.events.len());
        assert_eq!(events(&found), expected_events(&judged, from, to), "seed {seed}");
        for (person, row) in found.persons.iter().enumerate() {
            let own = &found.events[row.events_from..row.events_from + row.events];
            assert!(own.iter().all(|e| e.person as usize == person) && own.is_sorted());
            let (p, j) = judged.iter().find(|(p, _)| p.key == found.keys[person]).unwrap();
            check_person(p, j, row, from, to);
        }
        let without = linked(&mut source, &snapshot, &cohort, &rows, false).unwrap();
        assert!(without.facts.is_empty() && without.events == found.events);

        check_cells(&judged, &snapshot, &mut source, &cohort, from, to);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let again =
                pool.install(|| linked(&mut source.clone(), &snapshot, &cohort, &rows, true).unwrap());
            assert!(again == found, "{threads} threads make a difference");
        }
    }
    assert!(reached > 20, "the made-up persons hardly ever reach the last step: {reached}");
}

fn check_person(p: &Made, j: &Judged<'_>, row: &musubi_release::extract::PersonRow, from: i32, to: i32) {
    let about = &p.units[0].1.facts.iter().find(|f| f.table == FactTable::Person).unwrap();
    assert_eq!(row.sex.map(|s| s.to_string()).unwrap(), about.status.as_str());
    assert_eq!(format!("{:02}", row.area.unwrap()), about.source.as_ref().unwrap().code);
    let date = Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(j.index)).unwrap();
    assert_eq!(row.age, about.start.unwrap().age_on(date));
    assert_eq!(row.index, Some((date.year(), u8::try_from((date.month() - 1) / 3 + 1).unwrap())));
    let in_period = |table: FactTable| {
        j.facts
            .iter()
            .map(|(_, f)| *f)
            .filter(move |f| f.table == table && sure(f))
            .filter_map(move |f| day_in(f, true, from, to))
    };
    assert_eq!(row.death, in_period(FactTable::Death).min().map(|d| d - j.index));
    // Codes that are not asked for do not show that somebody was there.
    let drugs = j.facts.iter().filter(|(_, f)| f.table == FactTable::DrugExposure);
    let asked = drugs.filter(|(_, f)| f.standard.is_some()).filter_map(|(_, f)| day_in(f, true, from, to));
    let seen =
        in_period(FactTable::ConditionOccurrence).chain(in_period(FactTable::Measurement)).chain(asked);
    assert_eq!(row.last, seen.max().map(|d| d - j.index));
    let kinds = |wanted: InsurerKind| {
        let of = |f: &Fact| InsurerKind::read(&f.source.as_ref().unwrap().code) == Some(wanted);
        j.facts
            .iter()
            .filter(|(_, f)| {
                f.table == FactTable::PayerPlanPeriod && day_in(f, true, from, to).is_some() && of(f)
            })
            .count()
    };
    match row.insurer {
        None => assert!(InsurerKind::ALL.into_iter().all(|k| kinds(k) == 0)),
        Some(InsurerKind::Public) => {
            assert!(InsurerKind::ALL.into_iter().all(|k| kinds(k) == 0 || k == InsurerKind::Public));
        }
        Some(kind) => {
            assert!(
                InsurerKind::ALL.into_iter().all(|k| k == InsurerKind::Public || kinds(k) <= kinds(kind))
            );
        }
    }
}

fn check_cells(
    judged: &[(&Made, Judged<'_>)],
    snapshot: &Snapshot,
    source: &mut Given,
    cohort: &Cohort,
    from: i32,
    to: i32,
) {
    let wide = Cohort { steps: Vec::new(), ..cohort.clone() };
    let ask = |dimensions: &[Dimension], measures: &[CubeMeasure]| CubeSpec {
        name: "t".to_owned(),
        title: String::new(),
        dimensions: dimensions.to_vec(),
        measures: measures.to_vec(),
        of: None,
    };
    let diagnosed = || judged.iter().filter(|(_, j)| j.passed > 0);

    // Persons by sex and chapter: each once in a cell.
    let by_chapter =
        cube(source, snapshot, &wide, &ask(&[Dimension::Sex, Dimension::DiagnosisChapter], &[]), 90).unwrap();
    let mut expect: BTreeMap<Vec<u16>, u64> = BTreeMap::new();
    for (p, j) in diagnosed() {
        let sex =
            u16::from(p.units[0].1.facts.iter().any(|f| f.table == FactTable::Person && f.status == "2"));
        let conditions =
            j.facts.iter().map(|(_, f)| *f).filter(|f| f.table == FactTable::ConditionOccurrence && sure(f));
        let chapters: BTreeSet<u16> = conditions
            .filter(|f| day_in(f, true, from, to).is_some())
            .map(|f| {
                f.standard.as_ref().and_then(|c| chapter_of(&c.code)).map_or(22, |c| u16::from(c.number) - 1)
            })
            .collect();
        chapters.into_iter().for_each(|c| *expect.entry(vec![sex, c]).or_insert(0) += 1);
    }
    let persons: BTreeMap<Vec<u16>, u64> =
        by_chapter.cells.iter().map(|(k, c)| (k.clone(), c.persons)).collect();
    assert_eq!(persons, expect);
    assert_eq!(by_chapter.labels.iter().map(Vec::len).collect::<Vec<_>>(), [4, 23]);

    // Quantities by ingredient and month, with the greatest contributions.
    let dimensions = [Dimension::DrugIngredient, Dimension::Month];
    let by_drug = cube(source, snapshot, &wide, &ask(&dimensions, &[CubeMeasure::Quantity]), 90).unwrap();
    let mut sums: BTreeMap<(String, String), BTreeMap<[u8; 16], (Decimal, u64)>> = BTreeMap::new();
    for (p, j) in diagnosed() {
        for (_, f) in j.facts.iter().filter(|(_, f)| f.table == FactTable::DrugExposure) {
            let Some(day) = day_in(f, true, from, to) else { continue };
            let date = Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
            let code = f.standard.as_ref().map(|c| c.code.chars().take(7).collect()).unwrap_or_default();
            let cell = sums.entry((code, date.strftime("%Y-%m").to_string())).or_default();
            let mine = cell.entry(p.key.0).or_default();
            mine.0 += f.quantity.unwrap() * Decimal::from(f.times.unwrap().max(1));
            mine.1 += 1;
        }
    }
    assert_eq!(by_drug.cells.len(), sums.len());
    for (key, cell) in &by_drug.cells {
        let label = |d: usize| by_drug.labels[d][usize::from(key[d])].code.clone();
        let of = &sums[&(label(0), label(1))];
        let mut sizes: Vec<Decimal> = of.values().map(|(total, _)| *total).collect();
        sizes.sort_unstable();
        let sum = cell.amount.unwrap();
        assert_eq!(
            (cell.persons, sum.facts),
            (u64::try_from(of.len()).unwrap(), of.values().map(|v| v.1).sum())
        );
        assert_eq!((sum.total, sum.greatest), (sizes.iter().sum(), *sizes.last().unwrap()));
        assert_eq!(sum.second, sizes.iter().rev().nth(1).copied().unwrap_or_default());
    }

    // Values: quarters hold about as many each, and what stands in a cell is computed from its own values.
    let dimensions = [Dimension::ValueBand];
    let by_value =
        cube(source, snapshot, &wide, &ask(&dimensions, &[CubeMeasure::Mean, CubeMeasure::Quartiles]), 90)
            .unwrap();
    let mut values: Vec<Decimal> = diagnosed()
        .flat_map(|(_, j)| &j.facts)
        .filter(|(_, f)| f.table == FactTable::Measurement && day_in(f, true, from, to).is_some())
        .map(|(_, f)| f.value.number.unwrap())
        .collect();
    values.sort_unstable();
    let cut = |q: usize| values[(values.len() * q).div_ceil(4) - 1];
    let mut at = 0;
    for (band, cell) in &by_value.cells {
        let low = if band[0] == 0 { None } else { Some(cut(usize::from(band[0]))) };
        let own: Vec<Decimal> = values
            .iter()
            .filter(|v| low.is_none_or(|l| **v > l) && (band[0] == 3 || **v <= cut(usize::from(band[0]) + 1)))
            .copied()
            .collect();
        let sum = cell.value.unwrap();
        assert_eq!((sum.facts, sum.total), (u64::try_from(own.len()).unwrap(), own.iter().sum()));
        assert_eq!(cell.quartiles.unwrap()[1], own[own.len().div_ceil(2) - 1]);
        at += own.len();
    }
    assert_eq!(at, values.len());
}

#[test]
fn tables_that_cannot_be_made_are_refused() {
    let people = made(0, 5);
    let home = tempfile::tempdir().unwrap();
    let (files, dead) = lake(home.path(), &people);
    let snapshot = Snapshot::open(home.path(), &files, dead).unwrap();
    let (cohort, rows) = spec();
    for (dimensions, measures) in [
        (vec![Dimension::BedClass], vec![]),
        (vec![Dimension::DiagnosisChapter, Dimension::DrugIngredient], vec![]),
        (vec![Dimension::DiagnosisChapter], vec![CubeMeasure::Points]),
    ] {
        let spec = CubeSpec { name: "t".to_owned(), title: String::new(), dimensions, measures, of: None };
        let refused = cube(&mut given(&people), &snapshot, &cohort, &spec, 90).unwrap_err();
        assert_eq!(refused.code(), "REL_SPEC");
    }
    let long = Cohort { from: Date::constant(1900, 1, 1), ..cohort };
    assert_eq!(linked(&mut given(&people), &snapshot, &long, &rows, false).unwrap_err().code(), "REL_SPEC");
    // Nobody left is no error here.
    let nobody = linked(&mut Given::default(), &snapshot, &spec().0, &rows, true).unwrap();
    assert!(nobody.persons.is_empty() && nobody.events.is_empty());
}
