//! The report on a model and the waterfall, on made-up figures.

#![allow(clippy::unwrap_used)] // test data, not input

use std::collections::BTreeMap;

use musubi_console::{Lang, ModelReport, model_report, waterfall};
use musubi_id_resolution::eval::{Tagged, by_tag, judge};
use musubi_id_resolution::model_file::TrainedOn;
use musubi_id_resolution::mpi::BIT;
use musubi_id_resolution::mpi::explain::Waterfall;
use musubi_id_resolution::mpi::model::Model;
use musubi_id_resolution::mpi::weights::{Class, Comparison};
use musubi_id_resolution::train::measure::{Figures, KeyFigures, Point};
use musubi_id_resolution::train::silver::Proof;
use musubi_id_resolution::train::{Cell, TrainingReport};

/// Of a model trained on a made-up region; with a truth or without.
pub fn report(known: bool) -> ModelReport {
    let model = Model::default();
    let cell = |level, class, learned, em| Cell {
        comparison: Comparison::Phone,
        level,
        class,
        base: -159,
        learned,
        shown: 3_298,
        could: 6_001,
        by_name: false,
        moved: true,
        em,
    };
    let training = TrainingReport {
        records: 50_000,
        silver: [(Proof::Chart, 4_444), (Proof::Insured, 18_888)].into(),
        cells: vec![cell(1, Class::Same, -221, Some(-221 - 2 * BIT)), cell(2, Class::Same, -291, Some(-280))],
        ..TrainingReport::default()
    };
    let point = |i: i32| Point {
        threshold: i * BIT,
        persons: 8_000,
        joins: 41_000,
        expected: 0.97 + f64::from(i + 6) / 1_000.0,
        rates: known.then(|| (0.98 + f64::from(i + 6) / 1_000.0, 0.99 - f64::from(i + 6) / 500.0)),
    };
    let persons = |of: &[(&str, &str)]| of.iter().map(|(r, p)| ((*r).to_owned(), (*p).to_owned())).collect();
    let (truth, result) = (
        persons(&[("a", "1"), ("b", "1"), ("c", "2"), ("d", "2")]),
        persons(&[("a", "x"), ("b", "x"), ("c", "x"), ("d", "y")]),
    );
    let tags = [("c".to_owned(), ["<namesake>".to_owned()].into())].into();
    let mut verdict = judge(&truth, &result);
    verdict.tags = by_tag(&truth, &result, &tags);
    verdict.tags.insert("twin".into(), Tagged { records: 215, astray: 3, torn_off: 7 });
    ModelReport {
        made_at: jiff::Timestamp::constant(1_775_835_000, 0),
        version: "ja/3+0123abcd".into(),
        hash: "0123abcd".repeat(8),
        trained_on: TrainedOn {
            records: 50_000,
            silver_pairs: 23_332,
            moved: 73,
            disputed: 1,
            ..TrainedOn::default()
        },
        weights: model.weights.clone(),
        grey: model.rules.grey,
        population: 8_390,
        training: Some(training),
        figures: Figures {
            records: 50_000,
            descriptions: 49_252,
            unlinkable: 25,
            alone: 410,
            compared: 41_842,
            keys: vec![KeyFigures { postings: 40_580, values: 9_601, pairs: 105_866, crowded: 1 }; 19],
            threshold: model.rules.threshold,
            sizes: BTreeMap::from([(1, 410), (2, 7), (6, 1_500), (40, 12)]),
            curve: (-6..=12).map(point).collect(),
        },
        verdict: known.then_some(verdict),
    }
}

/// A pair that was joined and one that was not.
pub fn waterfalls() -> Vec<Waterfall> {
    let model = Model::default();
    let vector = |levels: &[(Comparison, u64)]| levels.iter().fold(0, |v, (c, l)| v | l << (4 * *c as u32));
    let (family, given, birth) = (Comparison::Family, Comparison::Given, Comparison::Birth);
    let married = [
        (family, 10),
        (given, 1),
        (birth, 1),
        (Comparison::Sex, 1),
        (Comparison::Insured, 7),
        (Comparison::Address, 5),
        (Comparison::Phone, 1),
    ];
    let twin = [
        (family, 1),
        (given, 10),
        (birth, 1),
        (Comparison::Sex, 1),
        (Comparison::Insured, 3),
        (Comparison::Address, 1),
    ];
    vec![
        Waterfall::new(&model, vector(&married), None, Some(9 * BIT)),
        Waterfall::new(&model, vector(&twin), None, Some(8 * BIT)).with_whole(-4 * BIT),
    ]
}

pub fn pages() -> Vec<String> {
    let mut out = Vec::new();
    for lang in [Lang::Ja, Lang::En] {
        for known in [true, false] {
            out.push(model_report(&report(known), lang).into_string());
        }
        let bare = ModelReport {
            training: None,
            trained_on: TrainedOn::default(),
            figures: Figures::default(),
            ..report(false)
        };
        out.push(model_report(&bare, lang).into_string());
    }
    out
}

#[test]
fn the_report_shows_its_numbers() {
    let page = model_report(&report(true), Lang::Ja).into_string();
    for text in [
        "名寄せモデルの報告 ja/3",
        "食い違う確率があります (1)",
        "3,298 / 6,001",
        "−2.0",
        "選択 −1",
        "被保険者番号+名カナ",
        "105,866",
        "twin",
        "&lt;namesake&gt;",
        "3.26%",
        "0.05%",
        "患者番号 4,444",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("&lt;10"));
    assert_eq!(page.matches(">7</text>").count(), 1, "on the axis, but not as a number of persons");
    let english = model_report(&report(false), Lang::En).into_string();
    for text in ["Model of patient matching", "expected precision", "not a measured one", "strangers"] {
        assert!(english.contains(text), "{text}");
    }
    assert!(!english.contains("Errors by cause"), "no truth, no errors");
}

#[test]
fn a_waterfall_says_what_decided() {
    for (w, ja, en) in waterfalls()
        .iter()
        .zip(["同じ人として結ぶ", "結ばない"])
        .zip(["joined", "not joined"])
        .map(|((w, ja), en)| (w, ja, en))
    {
        let (a, b) = (waterfall(Lang::Ja, w).into_string(), waterfall(Lang::En, w).into_string());
        assert!(a.contains(ja) && b.contains(en), "{ja}");
        assert_eq!(super::well_formed(&format!("<!DOCTYPE html>{a}")), Ok(()));
        assert_eq!(a.matches("<rect").count(), w.steps.len() + 1, "a bar for each step and one for the sum");
    }
}
