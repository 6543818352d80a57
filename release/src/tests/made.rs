//! Made-up packages for the tests of the package writer: small rows, small tables. No person stands behind them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::policy::{ColumnClass, Policy};
use musubi_model::sign::SecretKey;
use musubi_model::spec::ExtractSpec;
use musubi_review_board::{DECISION_DOMAIN, Decision};
use rust_decimal::Decimal;

use crate::manifest::{Attrition, band};
use crate::pack::{
    Clip, Column, ColumnLevel, EventClaims, EventLevel, POLICY_DOMAIN, Parts, Persons, Probabilities, Risk,
    RiskColumn, RowClaims, Sheet, TableClaims, Values,
};

pub const ROWS_SPEC: &str = "version=2\nname='mihon-rows'\ntitle='見本の個票'\npurpose='書き出しの試験'\nrecipient='見本大学'\n\
    product='anonymized'\n[policy]\nname='mihon-k5'\nversion=1\n\
    [[recipients]]\nid='mihon-u'\nname='見本大学'\n[cohort]\nfrom='2026-01-01'\nto='2026-12-31'\nicd10_prefixes=['E11']\n\
    [rows]\nperson=['sex','age','area']\nomop=true\n[[rows.events]]\ntable='condition_occurrence'\n\
    [[rows.events]]\ntable='drug_exposure'\n[[rows.events]]\ntable='measurement'\nvalues=true\n";

pub const ROWS_POLICY: &str = "layout='musubi-policy/1'\nname='mihon-k5'\nversion=1\ntitle='見本の方針(k=5)'\nproduct='anonymized'\nfrom='2026-04-01'\n\
    [person]\nk={value=5,basis='試験',verified='D'}\nk_floor={value=3,basis='試験',verified='D'}\n\
    suppression_limit={value=0.05,basis='試験',verified='D'}\nrecoding={value='global',basis='試験',verified='D'}\n\
    [[person.column]]\nname='sex'\nclass='quasi'\nknown_by='public'\nbasis='試験'\nverified='D'\nhierarchy={kind='flat'}\n\
    [[person.column]]\nname='age'\nclass='quasi'\nknown_by='public'\nbasis='試験'\nverified='D'\nhierarchy={kind='bands',widths=[5,10,20],top=90}\n\
    [[person.column]]\nname='area'\nclass='quasi'\nknown_by='public'\nbasis='試験'\nverified='D'\nhierarchy={kind='prefecture'}\n\
    [events]\nknown_events={value=2,basis='試験',verified='D'}\ndates_known={value=true,basis='試験',verified='D'}\n\
    k={value=3,basis='試験',verified='D'}\nrare_min_persons={value=10,basis='試験',verified='D'}\n\
    dates={value={kind='relative',bin_days=30,coarser_days=[90,360]},basis='試験',verified='D'}\n\
    values={value={clip=0.001,digits=3},basis='試験',verified='D'}\n";

pub const TABLES_SPEC: &str = "version=2\nname='mihon-tables'\ntitle='見本の集計'\npurpose='書き出しの試験'\nrecipient='見本市'\n\
    product='statistics'\n[policy]\nname='mihon-cells'\nversion=1\n\
    [[recipients]]\nid='mihon-c'\nname='見本市'\n[cohort]\nfrom='2026-01-01'\nto='2026-12-31'\n\
    [[tables]]\nname='by-area'\ntitle='地方と年齢'\ndimensions=['sex','age_band10','prefecture']\n";

pub const TABLES_POLICY: &str = "layout='musubi-policy/1'\nname='mihon-cells'\nversion=1\ntitle='見本の方針(10人)'\nproduct='statistics'\nfrom='2026-04-01'\n\
    [tables]\ncell_min={value=10,basis='試験',verified='D'}\nfacility_min={value=3,basis='試験',verified='D'}\n\
    measure_min={value=10,basis='試験',verified='D'}\ndominance_share={value=0.8,basis='試験',verified='D'}\n\
    protection={value='suppress',basis='試験',verified='D'}\n";

/// What [`Parts`] borrows.
pub struct Made {
    pub spec_toml: String,
    pub spec: ExtractSpec,
    pub policy_toml: String,
    pub policy: Policy,
    pub policy_signature: String,
    pub decision: Decision,
    pub canonical: String,
    pub approval_id: String,
    pub decision_signature: String,
    pub parameters: BTreeMap<String, u64>,
    pub attrition: Vec<Attrition>,
    pub sheets: Vec<Sheet>,
    pub risk: Risk,
    pub officer: SecretKey,
}

pub fn board() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

pub fn officer() -> SecretKey {
    SecretKey::from_seed(&[2; 32])
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Made {
    fn of(spec_toml: &str, policy_toml: &str, attrition: Vec<Attrition>, sheets: Vec<Sheet>) -> Self {
        let (spec, policy) = (ExtractSpec::parse(spec_toml).unwrap(), Policy::parse(policy_toml).unwrap());
        let decision = Decision {
            request_id: "mihon-000000000000".to_owned(),
            scope_hash: spec.scope_hash(),
            approver: "見本 委員長".to_owned(),
            approved_at: at("2026-11-02T00:00:00Z"),
            expires_on: Date::constant(2027, 11, 1),
            committee: None,
        };
        let canonical = decision.canonical();
        Self {
            spec_toml: spec_toml.to_owned(),
            policy_toml: policy_toml.to_owned(),
            policy_signature: board().sign(POLICY_DOMAIN, policy_toml.as_bytes()).to_string(),
            approval_id: Decision::approval_id(&canonical),
            decision_signature: board().sign(DECISION_DOMAIN, canonical.as_bytes()).to_string(),
            parameters: BTreeMap::from([("statistics.cell_min_persons".to_owned(), 10)]),
            attrition,
            sheets,
            risk: Risk::of_tables(&policy, Vec::new()),
            officer: officer(),
            spec,
            policy,
            decision,
            canonical,
        }
    }

    pub fn parts(&self) -> Parts<'_> {
        Parts {
            spec: &self.spec,
            spec_toml: &self.spec_toml,
            policy: &self.policy,
            policy_toml: &self.policy_toml,
            policy_signature: &self.policy_signature,
            approval_id: &self.approval_id,
            request_id: &self.decision.request_id,
            decision: &self.canonical,
            decision_signature: &self.decision_signature,
            snapshot_commit: 7,
            sealed_at: at("2026-11-20T01:02:03Z"),
            parameters: &self.parameters,
            parameter_set_hash: "0000",
            code_version: "musubi/試験",
            attrition: &self.attrition,
            sheets: &self.sheets,
            risk: &self.risk,
            key: &self.officer,
        }
    }
}

/// The nth of a row of numbers without order.
fn draw(n: usize) -> usize {
    blake3::hash(&n.to_be_bytes()).as_bytes()[..3].iter().fold(0, |sum, b| sum * 256 + usize::from(*b))
}

fn steps(counts: &[(&str, u64)]) -> Vec<Attrition> {
    counts.iter().map(|(title, n)| Attrition { title: (*title).to_owned(), persons: band(*n) }).collect()
}

fn sheet(name: &str, ja: &str, en: &str, columns: Vec<Column>) -> Sheet {
    Sheet { name: name.to_owned(), title_ja: ja.to_owned(), title_en: en.to_owned(), columns }
}

fn pid(values: Values) -> Column {
    Column::new("pid", "仮の番号", "pseudonym", ColumnClass::Neutral, values)
        .meaning("この提供物だけの乱数の番号", "random, of this release only")
        .grammar("16 hexadecimal digits")
}

/// A file of events as it has to be: by all its columns, one after the other.
fn sorted(sheet: Sheet) -> Sheet {
    let mut order: Vec<usize> = (0..sheet.rows()).collect();
    order.sort_by_cached_key(|row| {
        sheet.columns.iter().map(|c| c.values.cell(*row).text().into_owned()).collect::<Vec<_>>()
    });
    let moved = |values: &Values| match values {
        Values::Decimal(rows) => Values::Decimal(order.iter().map(|at| rows[*at]).collect()),
        other => Values::text(order.iter().map(|at| Some(other.cell(*at).text().into_owned()))),
    };
    let columns = sheet.columns.iter().map(|c| Column { values: moved(&c.values), ..c.clone() }).collect();
    Sheet { columns, ..sheet }
}

/// An anonymised product of so many persons with events.
pub fn rows(persons: usize) -> Made {
    let mut pids: Vec<String> =
        (0..persons).map(|n| blake3::hash(&n.to_be_bytes()).to_hex()[..16].to_owned()).collect();
    pids.sort_unstable();
    // Four classes: sex, age, area. The events of a person follow from the class, so that any of them are shared by it.
    let classes = [
        ("1", "60-69", Some("関東")),
        ("2", "60-69", Some("関東")),
        ("2", "70-79", Some("近畿")),
        ("1", "50-59", None),
    ];
    let class = |n: usize| [0, 0, 0, 1, 1, 2, 2, 3][n % 8];
    let person_column =
        |name,
         ja,
         en,
         f: &dyn Fn((&'static str, &'static str, Option<&'static str>)) -> Option<&'static str>| {
            Column::new(
                name,
                ja,
                en,
                ColumnClass::Quasi,
                Values::text((0..persons).map(|n| f(classes[class(n)]))),
            )
        };
    let person = sheet(
        "person",
        "個人",
        "persons",
        vec![
            pid(Values::text(pids.iter().map(Some))),
            person_column("sex", "性別", "sex", &|c| Some(c.0)).meaning("1 男、2 女", "1 male, 2 female"),
            person_column("age", "基準日の年齢", "age on the index day", &|c| Some(c.1))
                .meaning("10歳階級", "ten-year band"),
            person_column("area", "都道府県", "area", &|c| c.2)
                .meaning("地方、空欄は示さない", "region; empty: not told"),
        ],
    );
    let rows: Vec<usize> = (0..persons * 3).collect();
    let events = |at: usize| pids[at / 3].clone();
    let text = |f: &dyn Fn(usize) -> Option<&'static str>| Values::text(rows.iter().map(|n| f(*n)));
    let column = |name, ja, en, values| Column::new(name, ja, en, ColumnClass::Quasi, values);
    let pids_of_events = || pid(Values::text(rows.iter().map(|n| Some(events(*n)))));
    let bins = ["-30..-1", "0..29", "30..59", "90..179", "*"];
    let condition = sheet(
        "condition_occurrence",
        "傷病",
        "diagnoses",
        vec![
            pids_of_events(),
            column("code", "コード", "code", text(&|n| Some(["E11", "I10", "K00-K93"][n % 3]))),
            column(
                "when",
                "時期",
                "bin of days since the index day",
                text(&|n| Some(bins[(class(n / 3) + n % 3 + 1) % 5])),
            ),
        ],
    );
    let drug = sheet(
        "drug_exposure",
        "医薬品",
        "drugs",
        vec![
            pids_of_events(),
            column("code", "コード", "code", text(&|n| Some(["3961003", "3969010", "*"][n % 3]))),
            column(
                "when",
                "時期",
                "bin of days since the index day",
                text(&|n| Some(bins[(class(n / 3) + n % 3 + 2) % 5])),
            ),
            column("days", "日数", "days", text(&|n| Some(["1", "8-30", "31-90"][class(n / 3) % 3]))),
        ],
    );
    let value = |n: &usize| {
        (!draw(*n).is_multiple_of(9)).then(|| Decimal::new(i64::try_from(draw(*n) % 70 + 50).unwrap(), 1))
    };
    let measurement = sheet(
        "measurement",
        "検査値",
        "measurements",
        vec![
            pids_of_events(),
            column("code", "コード", "code", text(&|_| Some("3D046"))),
            column(
                "when",
                "時期",
                "bin of days since the index day",
                text(&|n| Some(bins[(class(n / 3) + n % 3 + 3) % 5])),
            ),
            Column::new(
                "value",
                "値",
                "value",
                ColumnClass::Sensitive,
                Values::Decimal(rows.iter().map(value).collect()),
            ),
            Column::new("unit", "単位", "unit", ColumnClass::Neutral, text(&|_| Some("%"))),
        ],
    );
    let n = persons as u64;
    let attrition = steps(&[
        ("期間にE11の傷病がある", n * 4),
        ("40歳以上", n * 2),
        ("HbA1cの検査が2日以上ある", n + n / 10),
    ]);
    let mut made = Made::of(
        ROWS_SPEC,
        ROWS_POLICY,
        attrition,
        vec![person, sorted(condition), sorted(drug), sorted(measurement)],
    );
    let person = &made.sheets[0];
    let (k, groups) = (person.class_sizes().into_iter().min(), person.class_sizes().len() as u64);
    let untold = (0..persons).filter(|at| class(*at) == 3).count() as u64;
    let level = |ja: &str, en: &str, persons| ColumnLevel { ja: ja.into(), en: en.into(), persons };
    let event = |file: &str, ja: &str, en: &str, events| EventLevel {
        file: file.into(),
        ja: ja.into(),
        en: en.into(),
        events,
    };
    let quasi = |name: &str, at, levels| RiskColumn {
        file: "person".into(),
        name: name.into(),
        class: ColumnClass::Quasi,
        level: Some(at),
        levels,
    };
    made.risk = Risk::of_rows(
        &made.policy,
        RowClaims {
            persons: Persons { cohort: n + 2, released: n, suppressed: 2 },
            k,
            l: None,
            t: None,
            classes: groups,
            loss: 0.314,
            events: Some(EventClaims {
                known_events: 2,
                k: k.unwrap(),
                items: 29,
                released: 9 * n,
                coarsened: 6 * n,
                removed: n / 4,
                levels: vec![
                    event("condition_occurrence", "4桁コード", "four characters", n / 2),
                    event("condition_occurrence", "3桁コード", "three characters", n * 2),
                    event("condition_occurrence", "章", "chapter", n / 3),
                    event("condition_occurrence", "除いた記録", "left out", n / 4),
                    event("drug_exposure", "成分(7桁)", "ingredient (7 digits)", n * 2),
                    event("drug_exposure", "示さない", "not told", n),
                ],
            }),
            columns: vec![
                quasi("sex", 0, vec![level("男・女", "male, female", n), level("示さない", "not told", 0)]),
                quasi(
                    "age",
                    2,
                    vec![
                        level("1歳", "one year", 0),
                        level("5歳階級", "five-year bands", 0),
                        level("10歳階級", "ten-year bands", n),
                        level("20歳階級", "twenty-year bands", 0),
                        level("示さない", "not told", 0),
                    ],
                ),
                quasi(
                    "area",
                    1,
                    vec![
                        level("都道府県", "prefecture", 0),
                        level("地方", "region", n - untold),
                        level("示さない", "not told", untold),
                    ],
                ),
                RiskColumn {
                    file: "measurement".into(),
                    name: "value".into(),
                    class: ColumnClass::Sensitive,
                    level: None,
                    levels: Vec::new(),
                },
            ],
            clip: vec![Clip { code: "3D046".into(), unit: "%".into(), low: "5".into(), high: "11.9".into() }],
            risk: Probabilities {
                prosecutor_max: 1.0 / k.unwrap() as f64,
                marketer: groups as f64 / n as f64,
            },
        },
    );
    made
}

/// Statistics: one table of three dimensions.
pub fn tables() -> Made {
    let sexes = ["計", "男", "女"];
    let ages = ["計", "0-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80-89", "90+"];
    let areas = ["計", "北海道", "東京都", "愛知県", "大阪府", "福岡県", "沖縄県"];
    let mut cells: Vec<[String; 4]> = Vec::new();
    for (s, sex) in sexes.iter().enumerate() {
        for (a, age) in ages.iter().enumerate() {
            for (p, area) in areas.iter().enumerate() {
                let n = draw(s * 77 + a * 7 + p) % 400;
                let persons = match n {
                    0..60 => "*".to_owned(),
                    60..90 => "0".to_owned(),
                    n => n.to_string(),
                };
                cells.push([(*sex).to_owned(), (*age).to_owned(), (*area).to_owned(), persons]);
            }
        }
    }
    let column = |at: usize, name, ja, en| {
        let values = Values::text(cells.iter().map(|row| Some(&row[at])));
        Column::new(name, ja, en, ColumnClass::Neutral, values)
    };
    let sheet = sheet(
        "by-area",
        "地方と年齢",
        "area and age",
        vec![
            column(0, "sex", "性別", "sex"),
            column(1, "age_band10", "年齢階級", "ten-year age band"),
            column(2, "prefecture", "都道府県", "prefecture"),
            column(3, "persons", "人数", "persons"),
        ],
    );
    let hidden = cells.iter().filter(|c| c[3] == "*").count() as u64;
    let mut made = Made::of(TABLES_SPEC, TABLES_POLICY, steps(&[("期間に傷病がある", 48_211)]), vec![sheet]);
    let all = cells.len() as u64;
    let claims = TableClaims {
        name: "by-area".into(),
        cells: all,
        shown: all - hidden,
        primary: hidden - hidden / 3,
        complementary: hidden / 3,
        rule: "suppress".into(),
        cell_min: 10,
    };
    made.risk = Risk::of_tables(&made.policy, vec![claims]);
    made
}
