//! Training: what is planted is found, rare names stay out, order changes nothing; the file is refused when touched.
#![allow(clippy::indexing_slicing, clippy::string_slice, clippy::unwrap_used)] // test data, not input

use musubi_id_resolution::model_file::{ModelFile, NoModel, TrainedOn};
use musubi_id_resolution::mpi::model::Model;
use musubi_id_resolution::mpi::row::mix;
use musubi_id_resolution::mpi::weights::{Class, Comparison};
use musubi_id_resolution::mpi::{BIT, Record};
use musubi_id_resolution::sent::Sent;
use musubi_id_resolution::train::measure::measure;
use musubi_id_resolution::train::silver::Proof;
use musubi_id_resolution::train::{Cell, Options, TrainingReport, train};
use musubi_model::sign::{SecretKey, Signature};
use proptest::prelude::*;

const FAMILY: [(&str, &str); 8] = [
    ("見本", "ミホン"),
    ("試験", "シケン"),
    ("架空", "カクウ"),
    ("仮名", "カリナ"),
    ("例示", "レイジ"),
    ("模擬", "モギ"),
    ("雛形", "ヒナガタ"),
    ("標本", "ヒョウホン"),
];
const GIVEN: [(&str, &str); 10] = [
    ("一子", "カズコ"),
    ("二郎", "ジロウ"),
    ("三代", "ミヨ"),
    ("四朗", "シロウ"),
    ("五月", "サツキ"),
    ("六花", "リッカ"),
    ("七海", "ナナミ"),
    ("八重", "ヤエ"),
    ("九太", "キュウタ"),
    ("十和", "トワ"),
];

/// One record's fields, owned.
#[derive(Debug, Clone)]
struct Row {
    person: u32,
    facility: String,
    local: String,
    kanji: String,
    kana: String,
    birth: String,
    sex: &'static str,
    phone: String,
    number: String,
    seen: i32,
}

impl Row {
    fn record(&self) -> Record<'_> {
        let sent = Sent {
            facility: &self.facility,
            local_number: &self.local,
            name_kanji: &self.kanji,
            name_kana: &self.kana,
            birth: &self.birth,
            sex: self.sex,
            phone: &self.phone,
            insurer: "01130012",
            symbol: "見本",
            number: &self.number,
            branch: "01",
            ..Sent::default()
        };
        Record { id: [0; 16], sent, seen: Some((self.seen, self.seen)) }
    }
}

/// Each person three times: twice at one facility, once at another. In one of four files the telephone changed.
fn region(persons: u32) -> Vec<Row> {
    let mut rows = Vec::new();
    for p in 0..persons {
        let h = |n: u64| mix(u64::from(p) << 8 | n);
        let (family, given) = (FAMILY[(h(1) % 8) as usize], GIVEN[(h(2) % 10) as usize]);
        let base = Row {
            person: p,
            facility: format!("131000000{}", h(3) % 5),
            local: format!("{:07}", p + 1),
            kanji: format!("{} {}", family.0, given.0),
            kana: format!("{} {}", family.1, given.1),
            birth: format!("{:04}{:02}{:02}", 1940 + h(4) % 70, 1 + h(5) % 12, 2 + h(6) % 27),
            sex: if h(7) % 2 == 0 { "1" } else { "2" },
            phone: format!("0312{:06}", h(8) % 1_000_000),
            number: format!("{:08}", p + 1),
            seen: 15_000,
        };
        let phone = if h(9) % 4 == 0 { format!("0450{:06}", p) } else { base.phone.clone() };
        // the second description differs in the card, so that it is a description of its own
        rows.push(Row { phone, number: format!("9{:07}", p + 1), seen: 15_400, ..base.clone() });
        let facility = format!("141000000{}", h(10) % 5);
        rows.push(Row { facility, local: String::new(), seen: 15_900, ..base.clone() });
        rows.push(base);
    }
    rows
}

fn learn(options: &Options, rows: &[Row]) -> (Model, TrainingReport) {
    let all = |take: &mut dyn FnMut(&Record<'_>)| -> Result<(), ()> {
        rows.iter().for_each(|r| take(&r.record()));
        Ok(())
    };
    train(options, all).unwrap()
}

fn cell(report: &TrainingReport, comparison: Comparison, level: usize, class: Class) -> Cell {
    *report.cells.iter().find(|c| c.comparison == comparison && c.level == level && c.class == class).unwrap()
}

fn p(bits: i32) -> f64 {
    (f64::from(bits) / f64::from(BIT)).exp2()
}

#[test]
fn planted_rates_are_found_and_nothing_else_moves() {
    let options = Options { names_enough: 0, ..Options::default() };
    let (model, report) = learn(&options, &region(6_000));
    assert_eq!((report.records, report.aside), (18_000, 0));
    assert_eq!(report.silver[&Proof::Chart], 6_000);
    assert!(report.silver[&Proof::Insured] >= 6_000, "{:?}", report.silver);
    let persons = report.population as f64;
    assert!((persons / 6_000.0 - 1.0).abs() < 0.02, "population {persons}");
    let at = |c, l, class| cell(&report, c, l, class);
    // one file in four has another telephone; the belief in what is built in pulls a little
    let phone = at(Comparison::Phone, 2, Class::Same);
    assert!(phone.moved && phone.could >= 6_000);
    let planted = phone.shown as f64 / phone.could as f64;
    assert!((p(phone.learned) - planted).abs() < 0.02, "{planted} {}", p(phone.learned));
    assert!((0.11..0.27).contains(&planted), "{planted}");
    // strangers: twenty-eight days by twelve months by seventy years
    let birth = at(Comparison::Birth, 1, Class::Stranger);
    assert!(birth.moved && (p(birth.learned) * 22_680.0 - 1.0).abs() < 0.5, "1/{}", 1.0 / p(birth.learned));
    // nothing was sent that could teach these
    for comparison in [Comparison::Care, Comparison::Inquiry, Comparison::Address] {
        for level in 1..comparison.levels().len() {
            for class in Class::ALL {
                let c = at(comparison, level, class);
                assert!(!c.moved && c.learned == c.base, "{c:?}");
            }
        }
    }
    // a proof teaches nothing of itself: chart numbers come from chart numbers alone here
    assert!(!at(Comparison::Local, 1, Class::Same).moved);
    for c in report.cells.iter().filter(|c| matches!(c.class, Class::Household | Class::Twin)) {
        assert!(!c.moved && c.learned == c.base, "{c:?}");
    }
    assert_eq!(model.weights.prior, Model::default().weights.prior);
}

#[test]
fn a_rare_name_never_enters_the_file() {
    let mut rows = region(500);
    let mut rare = rows[0].clone();
    (rare.kanji, rare.kana) = ("珍名 唯一".into(), "チンメイ ユイイツ".into());
    // many records of one person are still one bearer
    for i in 0..50 {
        rows.push(Row { phone: format!("03000{i:05}"), ..rare.clone() });
    }
    let options = Options { names_enough: 0, ..Options::default() };
    let (model, report) = learn(&options, &rows);
    let file = ModelFile::write(&model, &TrainedOn::from(&report)).unwrap();
    let text = String::from_utf8(file.bytes).unwrap();
    assert!(text.contains("見本") && text.contains("カズコ"));
    for name in ["珍名", "唯一", "チンメイ", "ユイイツ"] {
        assert!(!text.contains(name), "{name}");
    }
    assert_eq!(report.names_before.family.kanji, 9);
    assert_eq!(report.names_kept.family.kanji, 8);
    assert!(model.rules.unseen_name < Model::default().rules.unseen_name);
}

#[test]
fn what_em_says_otherwise_is_told_and_never_enters() {
    // charts are copied within a facility, but other facilities write another telephone in half of the cases
    let mut rows = region(3_000);
    for row in rows.iter_mut().filter(|r| r.local.is_empty()) {
        row.number.clear();
        if row.person % 2 == 0 {
            row.phone = format!("0666{:06}", row.person);
        }
    }
    let options = Options { names_enough: 0, ..Options::default() };
    let (_, report) = learn(&options, &rows);
    let phone = cell(&report, Comparison::Phone, 2, Class::Same);
    assert!(phone.moved);
    let (em, silver) = (p(phone.em.unwrap()), phone.shown as f64 / phone.could as f64);
    assert!((p(phone.learned) - silver).abs() < 0.02, "the table follows the silver pairs");
    assert!(em > silver + 0.1, "EM sees the other facilities too: {em} {silver}");
    assert_eq!(phone.difference(), Some(phone.em.unwrap() - phone.learned));
    assert_eq!(phone.disputed(), phone.difference().unwrap().abs() >= BIT);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Small samples, so that every bound is met: what is kept must not depend on who came first.
    #[test]
    fn the_same_records_in_any_order_give_the_same_bytes(seed in any::<u64>()) {
        let options = Options {
            silver_rows: 500,
            candidate_rows: 700,
            random_rows: (90, 16),
            birth_rows: 150,
            pairs_min: 50,
            ..Options::default()
        };
        let rows = region(400);
        let mut shuffled = rows.clone();
        shuffled.sort_by_key(|r| mix(seed ^ u64::from(r.person) << 20 ^ r.seen as u64));
        let (one, other) = (learn(&options, &rows), learn(&options, &shuffled));
        prop_assert_eq!(&one.1, &other.1);
        let write = |m: &(Model, TrainingReport)| ModelFile::write(&m.0, &TrainedOn::from(&m.1)).unwrap().bytes;
        prop_assert_eq!(write(&one), write(&other));
    }
}

fn written() -> (ModelFile, SecretKey) {
    let (model, report) = learn(&Options::default(), &region(200));
    (ModelFile::write(&model, &TrainedOn::from(&report)).unwrap(), SecretKey::from_seed(&[5; 32]))
}

#[test]
fn a_file_opens_as_it_was_written_under_its_key_only() {
    let (file, house) = written();
    let signature = file.sign(&house);
    let again = ModelFile::open(&file.bytes, &signature, &house.public()).unwrap();
    assert_eq!(again, file);
    assert_eq!(again.model.version, format!("trained/1+{}", &file.hash()[..8]));
    assert_eq!(ModelFile::write(&again.model, &again.trained_on).unwrap().bytes, file.bytes);
    let stranger = SecretKey::from_seed(&[6; 32]).public();
    assert_eq!(ModelFile::open(&file.bytes, &signature, &stranger), Err(NoModel::Signature));
    // a signature for another purpose is worth nothing
    let other: Signature = house.sign("release/1", &file.bytes);
    assert_eq!(ModelFile::open(&file.bytes, &other, &house.public()), Err(NoModel::Signature));
    let text = std::str::from_utf8(&file.bytes).unwrap();
    assert!(text.starts_with("{\"format\":"), "keys are sorted, not in the order of the program");
    assert!(text.find("\"trained_on\":{") < text.find("\"version\":\"trained/1\""));
}

#[test]
fn a_signed_file_that_is_no_model_is_refused() {
    let (file, house) = written();
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    let check = |text: String, expected: NoModel| {
        let signature = house.sign(musubi_id_resolution::model_file::DOMAIN, text.as_bytes());
        let found = ModelFile::open(text.as_bytes(), &signature, &house.public());
        assert_eq!(found.err(), Some(expected));
        assert!(!expected.to_string().is_ascii() && expected.en().is_ascii(), "in both languages");
    };
    check(format!("{text} "), NoModel::NotCanonical);
    check(text.replace("musubi-matching-model/1", "musubi-matching-model/2"), NoModel::Format);
    check("{}".to_owned(), NoModel::Format);
    for version in ["trained", "Trained/1", "trained/01", "trained/0", "/1", "a b/1"] {
        check(
            text.replace("\"version\":\"trained/1\"", &format!("\"version\":\"{version}\"")),
            NoModel::Version,
        );
    }
    let with = |change: &dyn Fn(&mut Model)| {
        let mut model = file.model.clone();
        change(&mut model);
        ModelFile::write(&model, &file.trained_on).err()
    };
    assert_eq!(with(&|m| m.weights.table[2][1][0] = 1), Some(NoModel::Table));
    assert_eq!(with(&|m| m.weights.table[2][1][0] = i32::MIN), Some(NoModel::Table));
    assert_eq!(with(&|m| drop(m.weights.table.pop())), Some(NoModel::Table));
    assert_eq!(with(&|m| m.rules.edge = m.rules.threshold + 1), Some(NoModel::Rules));
    assert_eq!(with(&|m| m.rules.crowded = 1), Some(NoModel::Rules));
    assert_eq!(with(&|m| m.rules.population = 0), Some(NoModel::Rules));
    assert_eq!(with(&|m| m.rules.sure[0].guard.clear()), Some(NoModel::Rules), "no number is trusted alone");
    assert_eq!(with(&|_| ()), None);
}

#[test]
fn the_figures_are_those_of_the_engine() {
    let rows = region(300);
    let (model, _) = learn(&Options::default(), &rows);
    let all = |take: &mut dyn FnMut(&Record<'_>)| -> Result<(), ()> {
        rows.iter().for_each(|r| take(&r.record()));
        Ok(())
    };
    let truth = |i: usize| rows.get(i).map(|r| r.person);
    let (figures, persons) = measure(&model, &truth, all, &mut |_, _| ()).unwrap();
    assert_eq!((figures.records, figures.unlinkable), (900, 0));
    let distinct: std::collections::BTreeSet<u32> = persons.iter().copied().collect();
    let chosen = figures.curve.iter().find(|p| p.threshold == model.rules.threshold).unwrap();
    assert_eq!(chosen.persons, distinct.len() as u64);
    assert_eq!(figures.sizes.iter().map(|(size, n)| size * n).sum::<u64>(), 900);
    assert_eq!(figures.sizes.values().sum::<u64>(), distinct.len() as u64);
    // the rates at the chosen point, pair by pair
    let (mut hit, mut put, mut belong) = (0u32, 0u32, 0u32);
    for i in 0..rows.len() {
        for j in i + 1..rows.len() {
            let (same, together) = (rows[i].person == rows[j].person, persons[i] == persons[j]);
            hit += u32::from(same && together);
            put += u32::from(together);
            belong += u32::from(same);
        }
    }
    let (precision, recall) = chosen.rates.unwrap();
    assert!((precision - f64::from(hit) / f64::from(put)).abs() < 1e-12);
    assert!((recall - f64::from(hit) / f64::from(belong)).abs() < 1e-12);
    assert!(figures.curve.windows(2).all(|w| w[0].joins >= w[1].joins), "higher thresholds join less");
    assert_eq!(figures.keys[16].postings, 600, "two of three files carry a chart number");
    assert_eq!((figures.keys[16].values, figures.keys[16].pairs), (300, 300));
}
