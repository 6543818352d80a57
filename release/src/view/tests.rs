//! Slices and reasons over made-up published tables.

use musubi_model::FactTable;
use musubi_model::spec::{CubeSpec, EventTable};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

fn asked(dimensions: Vec<Dimension>) -> CubeSpec {
    CubeSpec {
        name: "care".to_owned(),
        title: "介護".to_owned(),
        dimensions,
        measures: Vec::new(),
        of: Some(EventTable { table: FactTable::CareNeed, prefixes: Vec::new(), values: false }),
    }
}

fn released(table: Table, tiers: &[(u64, Option<u64>)]) -> Released {
    let tier = |(from, cell_min): &(u64, Option<u64>)| PopulationTier {
        from: *from,
        cell_min: *cell_min,
        basis: String::new(),
        verified: musubi_model::parameter::Verified::Design,
    };
    let spec = "version=2\nname='care'\ntitle='t'\npurpose='p'\nrecipient='r'\nproduct='statistics'\n\
        policy={name='s',version=1}\n[[recipients]]\nid='mihon-city'\nname='見本市'\n\
        [cohort]\nfrom='2026-01-01'\nto='2026-12-31'\n[[tables]]\nname='care'\ntitle='t'\ndimensions=['sex']\n";
    Released {
        release: "R-1".to_owned(),
        sealed_at: "2026-11-20T00:00:00Z".parse().unwrap(),
        spec: ExtractSpec::parse(spec).unwrap(),
        cell_min: 10,
        measure_min: 10,
        dominance: 0.8,
        tiers: tiers.iter().map(tier).collect(),
        tables: vec![table],
    }
}

const CSV: &str = "\u{feff}municipality,sex,age_band10,persons\r\n\
    見本市,計,計,100\r\n見本市,男,計,60\r\n見本市,女,計,40\r\n\
    見本市,計,60-69歳,*\r\n見本市,計,70-79歳,*\r\n見本市,男,60-69歳,*\r\n見本市,男,70-79歳,*\r\n\
    見本市,女,60-69歳,33\r\n見本市,女,70-79歳,*\r\n\
    標本村,計,計,*\r\n標本村,男,計,*\r\n";

fn table() -> Table {
    let dimensions = vec![Dimension::Municipality, Dimension::Sex, Dimension::AgeBand10];
    Table::parse(&asked(dimensions), CSV).unwrap()
}

fn at(labels: [&str; 3]) -> Vec<Option<String>> {
    labels.iter().map(|l| (!l.is_empty()).then(|| (*l).to_owned())).collect()
}

#[test]
fn a_slice_picks_published_cells_and_refuses_what_has_no_total() {
    let table = table();
    let own = (Dimension::Municipality, "見本市".to_owned());
    let by_sex = table.slice(&Cut { by: vec![Dimension::Sex], at: vec![own.clone()] }).unwrap();
    let told: Vec<(Option<&str>, Option<u64>)> =
        by_sex.iter().map(|s| (s.at[1].as_deref(), s.row.persons)).collect();
    assert_eq!(told, [(Some("男"), Some(60)), (Some("女"), Some(40))]);
    assert_eq!(table.slice(&Cut::default()), Err(ViewError::NoTotal("municipality")));
    let wrong = Cut { by: vec![Dimension::Year], at: Vec::new() };
    assert!(matches!(table.slice(&wrong), Err(ViewError::Dimension { .. })));
    let nowhere = Cut { by: Vec::new(), at: vec![(Dimension::Municipality, "どこか".to_owned())] };
    assert!(matches!(table.slice(&nowhere), Err(ViewError::Label { .. })));
}

#[test]
fn g19_a_place_of_few_people_and_every_other_reason_is_told_from_shown_cells_only() {
    let released = released(table(), &[(0, None), (2_000, Some(20)), (25_000, Some(10))]);
    let table = &released.tables[0];
    let why = |labels, people| Hidden::of(&released, table, &at(labels), Some(people)).map(|h| h.reason);
    assert_eq!(why(["見本市", "男", ""], 182_000), None);
    assert_eq!(why(["標本村", "男", ""], 1_900), Some(Reason::Tier));
    assert_eq!(why(["標本村", "男", ""], 30_000), Some(Reason::Closed));
    // 40 less 33: whoever reads the table knows that it is at most 7.
    let small = Hidden::of(&released, table, &at(["見本市", "女", "70-79歳"]), Some(182_000)).unwrap();
    assert_eq!((small.reason, small.at_most, small.threshold), (Reason::Small, Some(7), Some(10)));
    // One of these is small and the other protects it: nobody is told which.
    for age in ["60-69歳", "70-79歳"] {
        let either = Hidden::of(&released, table, &at(["見本市", "男", age]), Some(182_000)).unwrap();
        assert_eq!(either.reason, Reason::SmallOrProtecting);
        assert_eq!(
            either.totals,
            [Total {
                over: "age_band10",
                names: names(Dimension::AgeBand10),
                persons: 60,
                shown: 0,
                hidden: 2
            }]
        );
    }
}

proptest! {
    /// Whatever is cut, every cell that comes back went out, hidden ones hidden.
    #[test]
    fn nothing_but_published_cells_comes_back(
        by in prop::sample::subsequence(vec![Dimension::Municipality, Dimension::Sex, Dimension::AgeBand10], 0..=3),
        chosen in prop::option::of(prop::sample::select(vec!["見本市", "標本村"])),
    ) {
        let table = table();
        let at = chosen.map(|c| (Dimension::Municipality, c.to_owned())).into_iter().collect();
        if let Ok(seen) = table.slice(&Cut { by, at }) {
            for cell in seen {
                prop_assert_eq!(table.row(&cell.at), Some(&cell.row));
            }
        }
    }

    /// What a reader is told a hidden count is at most, it is: for any table whose totals are sums.
    #[test]
    fn a_bound_is_never_below_the_truth(
        counts in prop::collection::vec(0u64..40, 4),
        hide in prop::collection::vec(any::<bool>(), 4),
    ) {
        let total: u64 = counts.iter().sum();
        let mut csv = format!("sex,persons\r\n計,{total}\r\n");
        for (nth, (count, hide)) in counts.iter().zip(&hide).enumerate() {
            let told = if *hide { "*".to_owned() } else { count.to_string() };
            csv.push_str(&format!("s{nth},{told}\r\n"));
        }
        let released = released(Table::parse(&asked(vec![Dimension::Sex]), &csv).unwrap(), &[]);
        for (nth, (count, hide)) in counts.iter().zip(&hide).enumerate() {
            let why = Hidden::of(&released, &released.tables[0], &[Some(format!("s{nth}"))], None);
            prop_assert_eq!(why.is_some(), *hide);
            if let Some(why) = why {
                prop_assert!(why.at_most >= Some(*count));
                prop_assert!(why.reason != Reason::Small || *count < 10);
            }
        }
    }

    /// With fewer shown places than needed there are no quartiles; with enough, they are values in order.
    #[test]
    fn a_comparison_never_rests_on_few_places(
        persons in prop::collection::vec(prop::option::of(1u64..500), 0..8),
        needed in 0u64..6,
    ) {
        let own = Peer { people: 100_000, persons: Some(250) };
        let others: Vec<Peer> = persons.iter().map(|p| Peer { people: 120_000, persons: *p }).collect();
        let found = compare(own, &others, &[0, 50_000, 100_000, 300_000], needed);
        let shown = persons.iter().flatten().count() as u64;
        prop_assert_eq!((found.peers, found.shown), (persons.len() as u64, shown));
        prop_assert_eq!(found.quartiles.is_some(), shown >= needed.max(3));
        prop_assert_eq!((found.band_from, found.band_to), (100_000, Some(300_000)));
        prop_assert_eq!(found.own, Some(Decimal::new(25, 1)));
        if let Some([a, b, c]) = found.quartiles {
            prop_assert!(a <= b && b <= c);
        }
    }
}
