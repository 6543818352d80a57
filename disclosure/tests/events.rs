//! Linked events, rule by rule on cases small enough to follow by hand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)] // a failure here is a failed test

use jiff::civil::Date;
use musubi_disclosure::events::{
    Codes, Event, EventsError, LEFT_OUT, Order, Released, Search, ShiftKey, When, anonymise, plain_value,
    pseudonymise, watch_list_persons,
};
use musubi_model::code::CodeSystem;
use musubi_model::fact::{FactTable, Measured};
use musubi_model::policy::{DateRule, EventPolicy};
use rust_decimal::Decimal;

mod support;

struct Case {
    codes: Codes,
    events: Vec<Event>,
}

impl Case {
    fn new() -> Self {
        Self { codes: Codes::new(), events: Vec::new() }
    }

    fn diagnosis(&mut self, person: u32, code: &str, day: i32) -> &mut Self {
        let code = self.codes.code(FactTable::ConditionOccurrence, &CodeSystem::Icd10, code);
        self.push(Event { person, code, day: Some(day), days: 0, value: None, unit: 0 })
    }

    fn drug(&mut self, person: u32, code: &str, day: i32, days: u16) -> &mut Self {
        let code = self.codes.code(FactTable::DrugExposure, &CodeSystem::Yj, code);
        self.push(Event { person, code, day: Some(day), days, value: None, unit: 0 })
    }

    fn value(&mut self, person: u32, day: i32, hundredths: i64) -> &mut Self {
        let code = self.codes.code(FactTable::Measurement, &CodeSystem::Jlac10, "3D045000001906202");
        let unit = self.codes.unit("%");
        let value = Some(Decimal::new(hundredths, 2));
        self.push(Event { person, code, day: Some(day), days: 0, value, unit })
    }

    fn push(&mut self, event: Event) -> &mut Self {
        self.events.push(event);
        self
    }

    fn anonymise(&self, classes: &[u32], policy: &EventPolicy) -> Released {
        let search = Search { order: Some(Order::CodesFirst), local: true };
        anonymise(self.events.clone(), &self.codes, classes, policy, search).unwrap()
    }
}

fn lines(released: &Released) -> String {
    let line = |row| {
        let row: &musubi_disclosure::events::Row = row;
        let (table, code) = (released.table(row).unwrap().as_str(), released.code(row));
        let (value, unit) = (released.value(row), released.unit(row));
        format!("{} {table} {code} {} [{}] [{value}] [{unit}]\n", row.person, row.when, row.days)
    };
    released.rows.iter().map(line).collect()
}

fn small() -> Case {
    let mut case = Case::new();
    for person in 0..5 {
        case.diagnosis(person, "E119", 3).diagnosis(person, "E119", 7);
        case.drug(person, "2149001F1011", 3, if person == 4 { 60 } else { 28 });
    }
    for (person, value) in [(0, 593), (1, 604), (2, 711), (3, 826), (4, 2_050)] {
        case.value(person, 3, value);
    }
    // Two persons have E110, one E11: only E11 is common enough, and only within the year.
    case.diagnosis(5, "E110", 40).diagnosis(6, "E110", 45).diagnosis(7, "E11", 100);
    // Nobody else has anything in this chapter, but others have some diagnosis.
    case.diagnosis(7, "Q871", 10);
    case
}

#[test]
fn a_release_to_follow_by_hand() {
    let released = small().anonymise(&[0; 8], &support::policy(1, 3, 3));
    // E119: all five in the finest bin, once each. Q871: R69 would be of one person, so it is out. Days of the fifth
    // person: nobody shares the band. Values: three persons must reach each bound, which leaves 7.11, as 7.11.
    let expected = "\
0 condition_occurrence E119 0..29 [] [] []
0 drug_exposure 2149001F1011 0..29 [8-30] [] []
0 measurement 3D045000001906202 0..29 [] [7.11] [%]
1 condition_occurrence E119 0..29 [] [] []
1 drug_exposure 2149001F1011 0..29 [8-30] [] []
1 measurement 3D045000001906202 0..29 [] [7.11] [%]
2 condition_occurrence E119 0..29 [] [] []
2 drug_exposure 2149001F1011 0..29 [8-30] [] []
2 measurement 3D045000001906202 0..29 [] [7.11] [%]
3 condition_occurrence E119 0..29 [] [] []
3 drug_exposure 2149001F1011 0..29 [8-30] [] []
3 measurement 3D045000001906202 0..29 [] [7.11] [%]
4 condition_occurrence E119 0..29 [] [] []
4 drug_exposure 2149001F1011 0..29 [] [] []
4 measurement 3D045000001906202 0..29 [] [7.11] [%]
5 condition_occurrence E11 0..359 [] [] []
6 condition_occurrence E11 0..359 [] [] []
7 condition_occurrence E11 0..359 [] [] []
";
    assert_eq!(lines(&released), expected);
    let log: Vec<_> =
        released.log.iter().map(|l| (l.rule, l.before, l.after, l.removed, l.coarsened)).collect();
    assert_eq!(
        log,
        [
            ("scope", 24, 24, 0, 0),
            ("rare_codes", 24, 23, 1, 2),
            ("dates", 23, 23, 0, 23),
            ("values", 23, 23, 0, 4),
            ("sensitive", 23, 23, 0, 0),
            ("km", 23, 23, 0, 3),
            ("rare_labels", 23, 23, 0, 0),
            ("one_row_per_item", 23, 18, 5, 0),
        ]
    );
    assert_eq!((released.counts.items, released.counts.released, released.counts.removed), (4, 18, 1));
    let clips: Vec<_> =
        released.clips.iter().map(|c| (c.unit.as_str(), c.low.as_str(), c.high.as_str())).collect();
    assert_eq!(clips, [("%", "7.11", "7.11")]);
}

#[test]
fn a_code_in_bins_nobody_knows_keeps_its_finest_bins() {
    let mut case = Case::new();
    for person in 0..3 {
        case.diagnosis(person, "I10", i32::try_from(person).unwrap() * 300);
    }
    let mut policy = support::policy(2, 3, 3);
    let known = "0 condition_occurrence I10 * [] [] []\n";
    assert!(lines(&case.anonymise(&[0; 3], &policy)).starts_with(known));
    policy.dates_known.value = false;
    let unknown = "0 condition_occurrence I10 0..29 [] [] []\n1 condition_occurrence I10 300..329 [] [] []\n";
    assert!(lines(&case.anonymise(&[0; 3], &policy)).starts_with(unknown));
}

#[test]
fn two_items_shared_by_too_few_are_not_both_told() {
    let mut case = Case::new();
    for person in 0..16 {
        case.diagnosis(person, if person < 8 { "I10" } else { "J459" }, 0);
    }
    case.diagnosis(0, "J459", 0);
    let told = |m| lines(&case.anonymise(&[0; 16], &support::policy(m, 3, 3)));
    let both = "0 condition_occurrence I10 0..29 [] [] []\n0 condition_occurrence J459 0..29 [] [] []\n";
    assert!(told(1).starts_with(both));
    // Person 0 alone has both: it is told "some diagnosis", and two more with it, so that this is no mark.
    let two = told(2);
    assert!(
        two.starts_with("0 condition_occurrence R69 0..29 [] [] []\n1 condition_occurrence R69 0..29 "),
        "{two}"
    );
    assert_eq!(two.lines().filter(|l| l.contains("R69 0..29")).count(), 3, "{two}");
    assert_eq!(two.lines().filter(|l| l.contains("I10 0..29")).count(), 5, "{two}");
    assert_eq!(two.lines().filter(|l| l.contains("J459 0..29")).count(), 8, "{two}");
}

#[test]
fn what_a_whole_class_has_is_out_of_that_class_only() {
    let mut case = Case::new();
    for person in 0..8 {
        case.diagnosis(person, "F200", 0).diagnosis(person, "I10", 0);
    }
    let mut classes = [0, 0, 0, 0, 1, 1, 1, 1, 1];
    let policy = support::policy(1, 3, 3);
    let told = case.anonymise(&classes, &policy);
    assert!(!lines(&told).contains("3 condition_occurrence F"), "all four of the first class had it");
    assert!(
        lines(&told).contains("4 condition_occurrence F200"),
        "one of the second class, without events, has not"
    );
    assert!(told.log.iter().any(|l| l.rule == "sensitive" && l.removed == 4));
    // Without that one person the second class is as the first.
    classes[8] = LEFT_OUT;
    assert!(!lines(&case.anonymise(&classes, &policy)).contains(" F"));
}

#[test]
fn persons_with_codes_of_the_watch_list_are_named() {
    let mut case = small();
    case.diagnosis(2, "G122", 9);
    let watch = vec!["G122".to_owned(), "E119".to_owned()];
    assert_eq!(watch_list_persons(&case.events, &case.codes, &watch), [0, 1, 2, 3, 4]);
    let mut policy = support::policy(1, 3, 3);
    policy.watch_list = Some(support::given(vec!["G122".to_owned()]));
    assert!(case.anonymise(&[0; 8], &policy).watch_hits.is_empty(), "too rare to be told at all");
    policy.watch_list = Some(support::given(vec!["E119".to_owned()]));
    assert_eq!(case.anonymise(&[0; 8], &policy).watch_hits, [0, 1, 2, 3, 4]);
}

#[test]
fn dates_of_a_pseudonymised_product_move_by_whole_weeks_and_keep_their_gaps() {
    let case = small();
    let index = vec![Date::constant(2026, 4, 1); 8];
    let mut classes = vec![0; 8];
    classes[7] = LEFT_OUT;
    let mut policy = support::policy(2, 5, 10);
    let run = |policy: &EventPolicy| {
        pseudonymise(case.events.clone(), &case.codes, &classes, &index, policy, &ShiftKey([1; 32]))
    };
    policy.dates.value = DateRule::Shifted { max_weeks: 6 };
    let released = run(&policy).unwrap();
    let date = |row: &musubi_disclosure::events::Row| match row.when {
        When::Day(date) => date,
        other => panic!("{other:?}"),
    };
    let mut shifts = std::collections::BTreeSet::new();
    for person in 0..5 {
        let own: Vec<_> = released
            .rows
            .iter()
            .filter(|r| r.person == person && released.table(r) == Some(FactTable::ConditionOccurrence))
            .map(date)
            .collect();
        assert_eq!((own[1] - own[0]).get_days(), 4);
        let shift = (own[0] - Date::constant(2026, 4, 4)).get_days();
        assert!(shift % 7 == 0 && shift != 0 && shift.abs() <= 42);
        shifts.insert(shift);
    }
    assert!(shifts.len() > 1, "a shift all persons share is none");
    assert!(released.rows.iter().all(|r| r.person != 7));
    assert!(lines(&released).contains("[20.5] [%]"), "values are as in the source");
    policy.dates.value = DateRule::Exact;
    assert!(lines(&run(&policy).unwrap()).starts_with("0 condition_occurrence E119 2026-04-04 [] [] []\n"));
    policy.dates.value = DateRule::Shifted { max_weeks: 0 };
    assert!(matches!(run(&policy), Err(EventsError::Dates { .. })));
}

#[test]
fn impossible_input_is_refused_with_its_word() {
    let case = small();
    let run = |events: Vec<Event>, policy: &EventPolicy| {
        anonymise(events, &case.codes, &[0; 8], policy, Search::default()).unwrap_err().to_string()
    };
    let policy = support::policy(2, 3, 3);
    let with = |change: fn(&mut Event)| {
        let mut events = case.events.clone();
        change(&mut events[0]);
        events
    };
    assert!(run(with(|e| e.person = 8), &policy).starts_with("ANON_EVENT_PERSON"));
    assert!(run(with(|e| e.code = 99), &policy).starts_with("ANON_EVENT_CODE"));
    assert!(run(with(|e| e.unit = 2), &policy).starts_with("ANON_EVENT_CODE"));
    assert!(run(with(|e| e.day = Some(i32::MIN)), &policy).starts_with("ANON_EVENT_DAY"));
    assert!(run(case.events.clone(), &support::policy(4, 3, 3)).starts_with("ANON_EVENT_KNOWN"));
    assert!(run(case.events.clone(), &support::policy(0, 3, 3)).starts_with("ANON_EVENT_KNOWN"));
    let mut dated = support::policy(2, 3, 3);
    dated.dates.value = DateRule::Shifted { max_weeks: 4 };
    assert!(run(case.events.clone(), &dated).starts_with("ANON_EVENT_DATES"), "a shift does not anonymise");
    let key = ShiftKey([0; 32]);
    let refused = pseudonymise(case.events.clone(), &case.codes, &[0; 8], &[], &dated, &key).unwrap_err();
    assert!(refused.to_string().starts_with("ANON_EVENT_INDEX"));
}

#[test]
fn nothing_in_nothing_out() {
    let none = anonymise(Vec::new(), &Codes::new(), &[0, 0], &support::policy(2, 3, 3), Search::default());
    assert!(none.unwrap().rows.is_empty());
}

#[test]
fn values_with_comparators_are_no_numbers() {
    let mut measured = Measured { number: Some(Decimal::new(5, 1)), ..Measured::default() };
    assert_eq!(plain_value(&measured), Some(Decimal::new(5, 1)));
    measured.comparator = "<".into();
    assert_eq!(plain_value(&measured), None);
}
