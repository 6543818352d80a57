//! Medical receipts (医科レセプト, RECEIPTC.UKE) as text, and the files they stand in.
//!
//! Layout after 記録条件仕様（医科用）; see the rules beside each function. It must never write a file whose GO does not
//! agree with its receipts: broken files are made from sound ones, in `broken`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use musubi_model::Sex;
use musubi_model::checkdigit::modulus10_weight21_digit;

use crate::SynthError;
use crate::care::Care;
use crate::clinical::{DRUGS, ITEMS, Route};
use crate::people::{Payer, age_on};
use crate::place::{PREFECTURES, Provider, full_width};
use crate::rng::{Rng, Use};
use crate::seen::Seen;

/// A receipt as text, and what GO must say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// Records with CRLF.
    pub(crate) text: String,
    /// HO and KO records: GO counts claims by payer, not receipts.
    pub(crate) claims: u64,
    /// HO's points, or the first KO's when there is no HO.
    pub(crate) points: u64,
}

/// The review organisation (審査支払機関) a claim goes to: 1 支払基金, 2 国保連合会.
pub(crate) fn reviewer(payer: Payer) -> usize {
    match payer {
        Payer::Association | Payer::Union | Payer::Mutual | Payer::Assistance => 1,
        Payer::National | Payer::Elderly => 2,
    }
}

/// One line of a calculation unit.
enum Line {
    Procedure(&'static str),
    Drug { code: &'static str, amount: u32 },
    Material { code: &'static str, price: u32 },
    Comment { code: &'static str, text: &'static str },
}

/// A 点数・回数算定単位: lines that are paid together. Points stand on its last line, 診療識別 on its first.
struct Unit {
    section: &'static str,
    lines: Vec<Line>,
    points: u64,
    /// Day of the month and times on that day.
    days: Vec<(i8, u64)>,
}

impl Unit {
    fn times(&self) -> u64 {
        self.days.iter().map(|(_, n)| n).sum()
    }
}

/// Yen to points: 15 yen and less is one point, then 五捨五超入.
fn points_of(hundredths_of_yen: u64) -> u64 {
    ((hundredths_of_yen + 499) / 1000).max(1)
}

/// The units of a care, in order of 診療識別.
fn units(provider: &Provider, care: &Care, rng: &mut Rng) -> Vec<Unit> {
    let mut out: Vec<Unit> = Vec::with_capacity(16);
    let day = |i: usize| care.days.get(i).map_or(1, |d| d.day());
    let mut add =
        |section, lines, points, days: Vec<(i8, u64)>| out.push(Unit { section, lines, points, days });
    let once = vec![(day(0), 1)];
    let returns: Vec<(i8, u64)> =
        care.days.iter().skip(usize::from(care.first_visit)).map(|d| (d.day(), 1)).collect();
    let diagnosed =
        |chapter: &str| care.diagnoses.iter().any(|d| !d.suspected && d.disease.icd10.starts_with(chapter));
    let one = |code| vec![Line::Procedure(code)];
    if care.first_visit {
        add("11", one("111000110"), 291, once.clone());
    }
    if !returns.is_empty() {
        add("12", one("112007410"), 75, returns.clone());
        add("12", one("112011010"), 52, returns.clone());
        if !provider.hospital {
            add("12", one("112015570"), 1, returns.clone());
        }
    }
    if !provider.hospital && !care.first_visit {
        if diagnosed("I10") || diagnosed("E11") || diagnosed("E785") {
            add("13", one("113707110"), 333, once.clone());
        } else if diagnosed("I") || diagnosed("J45") || diagnosed("K25") {
            add("13", one("113001810"), 225, once.clone());
        }
    }
    if provider.dispenses {
        for (route, section) in [(Route::Oral, "21"), (Route::AsNeeded, "22"), (Route::External, "23")] {
            for (drug, days) in care.drugs.iter().filter_map(|p| Some((DRUGS.get(p.drug)?, p.days))) {
                if drug.route != route {
                    continue;
                }
                let price = u64::from(drug.price) * u64::from(drug.amount);
                let times = if route == Route::External { 1 } else { u64::from(days) };
                let mut lines = Vec::with_capacity(2);
                if rng.chance(0.5) {
                    lines.push(Line::Comment { code: "810000001", text: drug.usage });
                }
                lines.push(Line::Drug { code: drug.code, amount: drug.amount });
                add(section, lines, points_of(price), vec![(day(0), times)]);
            }
        }
        if !care.drugs.is_empty() {
            add("24", one("120000710"), 11, once.clone());
            add("25", one("120001210"), 42, once.clone());
        }
    }
    if diagnosed("T140") || diagnosed("S000") {
        add("40", one("140000610"), 52, once.clone());
    }
    if provider.hospital && diagnosed("N40") && rng.chance(0.2) {
        add("40", one("140013810"), 40, once.clone());
        add("40", vec![Line::Material { code: "710010158", price: 233 }], 23, once.clone());
    }
    laboratory(care, &once, &mut add);
    if provider.hospital && (diagnosed("I2") || diagnosed("I4")) {
        add("60", one("160068410"), 130, once.clone());
    }
    if diagnosed("S") || diagnosed("M17") || diagnosed("J18") {
        let lines = ["170000410", "170027910", "170000210"].map(Line::Procedure);
        add("70", lines.into(), 210, once.clone());
    }
    if !provider.dispenses && !care.drugs.is_empty() {
        let lines = ["120002910", "120003570"].map(Line::Procedure);
        add("80", lines.into(), 68, once);
    }
    out
}

/// Tests: single ones, biochemistry I in a bundle, the fee for drawing blood and the judgement fees.
fn laboratory(
    care: &Care,
    once: &[(i8, u64)],
    add: &mut impl FnMut(&'static str, Vec<Line>, u64, Vec<(i8, u64)>),
) {
    let wanted = || ITEMS.iter().filter(|i| i.panels.iter().any(|p| care.panels.contains(p)));
    let mut codes: Vec<&'static str> = Vec::new();
    for item in wanted().filter(|i| !i.bundled) {
        let (code, points) = item.procedure;
        if points > 0 && !codes.contains(&code) {
            codes.push(code);
            add("60", vec![Line::Procedure(code)], u64::from(points), once.to_vec());
        }
    }
    let has = |code: &str| codes.contains(&code);
    let (blood, immune) = (has("160008010") || has("160010010"), has("160054710"));
    let bundle: Vec<&'static str> = wanted().filter(|i| i.bundled).map(|i| i.procedure.0).collect();
    if !bundle.is_empty() {
        let sum: u32 = wanted().filter(|i| i.bundled).map(|i| i.procedure.1).sum();
        let points = match bundle.len() {
            0..=4 => u64::from(sum),
            5..=7 => 93,
            8 | 9 => 99,
            _ => 103,
        };
        add("60", bundle.iter().map(|c| Line::Procedure(c)).collect(), points, once.to_vec());
    }
    let mut judged = |is: bool, code, points| {
        if is {
            add("60", vec![Line::Procedure(code)], points, once.to_vec());
        }
    };
    judged(blood || immune || !bundle.is_empty(), "160095710", 40);
    judged(blood, "160061810", 125);
    judged(!bundle.is_empty(), "160061910", 144);
    judged(immune, "160062110", 144);
    if care.panels.contains(&crate::clinical::Panel::Urine) {
        add("60", vec![Line::Procedure("160000310")], 26, once.to_vec());
        add("60", vec![Line::Procedure("160061710")], 34, once.to_vec());
    }
}

fn write_unit(out: &mut String, unit: &Unit, share: char) {
    let mut days = [0u64; 31];
    for (day, n) in &unit.days {
        if let Some(slot) = days.get_mut(usize::try_from(*day - 1).unwrap_or(0)) {
            *slot += n;
        }
    }
    let calendar = |out: &mut String| {
        for n in days {
            out.push(',');
            if n > 0 {
                let _ = write!(out, "{n}");
            }
        }
        out.push_str("\r\n");
    };
    let times = unit.times();
    let last = unit.lines.len().saturating_sub(1);
    for (i, line) in unit.lines.iter().enumerate() {
        let section = if i == 0 { unit.section } else { "" };
        let points = if i == last { unit.points.to_string() } else { String::new() };
        // Writing to a String cannot fail.
        let _ = match line {
            Line::Comment { code, text } => write!(out, "CO,{section},{share},{code},{text}\r\n"),
            Line::Procedure(code) => write!(out, "SI,{section},{share},{code},,{points},{times},,,,,,"),
            Line::Drug { code, amount } => {
                write!(out, "IY,{section},{share},{code},{amount},{points},{times},,,,,,")
            }
            Line::Material { code, price } => {
                write!(out, "TO,{section},{share},{code},1,{points},{times},,{price},,,,,,,,")
            }
        };
        if !matches!(line, Line::Comment { .. }) {
            calendar(out);
        }
    }
}

/// A public expense (公費): payer number, recipient number, what the patient paid.
struct PublicExpense {
    payer: String,
    recipient: String,
    paid: String,
}

fn checked(body: &str) -> String {
    format!("{body}{}", modulus10_weight21_digit(body).unwrap_or('0'))
}

/// The public expense beside the insurance: children's medical care, or outpatient psychiatry.
fn public_expense(
    seen: &Seen,
    person_word: u64,
    age: i64,
    care: &Care,
    rng: &mut Rng,
) -> Option<PublicExpense> {
    let prefecture = seen.home.prefecture;
    let recipient = |law: u64| checked(&format!("{:06}", (person_word * 7 + law) % 1_000_000));
    let child = rng.chance(0.9);
    let psychiatry = rng.chance(0.4);
    if seen.coverage.payer == Payer::Assistance {
        let number = seen.coverage.number.clone();
        return Some(PublicExpense {
            payer: seen.coverage.insurer.clone(),
            recipient: number,
            paid: "0".into(),
        });
    }
    if age < 15 && child {
        let paid = (*rng.pick(&["0", "200", "300", "500"])).to_owned();
        return Some(PublicExpense {
            payer: checked(&format!("83{prefecture}980")),
            recipient: recipient(83),
            paid,
        });
    }
    let mental = care
        .diagnoses
        .iter()
        .any(|d| !d.suspected && ["F20", "F32", "G40"].iter().any(|c| d.disease.icd10.starts_with(c)));
    (mental && psychiatry).then(|| PublicExpense {
        payer: checked(&format!("21{prefecture}985")),
        recipient: recipient(21),
        paid: String::new(),
    })
}

/// Digits of the receipt's kind (レセプト種別): medical, payer, number of payers, who and where (all outpatients).
fn kind_of(seen: &Seen, age: i64, publics: usize, low_income: bool) -> String {
    let payer = match seen.coverage.payer {
        Payer::Assistance => return format!("12{}2", publics.max(1)),
        Payer::Elderly => '3',
        _ => '1',
    };
    let who = match age {
        0..=5 => '4',
        70.. if low_income => '8',
        70.. => '0',
        _ if seen.coverage.own => '2',
        _ => '6',
    };
    format!("1{payer}{}{who}", publics + 1)
}

fn ymd(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

fn ym(day: Date) -> String {
    format!("{:04}{:02}", day.year(), day.month())
}

/// The receipt of one person for one month. `number` is its place in the file, from 1.
pub(crate) fn receipt(
    seed: u64,
    person: u64,
    provider: &Provider,
    seen: &Seen,
    care: &Care,
    month: Date,
    number: u64,
) -> Receipt {
    let words = [person, provider.district * 64 + provider.slot, u64::from(month.month().unsigned_abs()), 3];
    let mut rng = Rng::new(seed, Use::Care, &words);
    let age = age_on(seen.birth, month);
    let public = public_expense(seen, person, age, care, &mut rng);
    let general = rng.chance(0.93);
    let units = units(provider, care, &mut rng);
    let points: u64 = units.iter().map(|u| u.points * u.times()).sum();
    let insured = seen.coverage.payer != Payer::Assistance;
    let share = match (insured, &public) {
        (true, None) => '1',
        (true, Some(_)) => '2',
        (false, _) => '5',
    };
    let mut out = String::with_capacity(2048);
    let blank = if provider.name_blank { "　" } else { "" };
    let sex = if seen.sex == Sex::Female { "2" } else { "1" };
    let burden = match age {
        70.. if general => "29",
        70.. => "26",
        _ => "",
    };
    let _ = write!(
        out,
        "RE,{number},{},{},{}{blank}{},{sex},{},,,,,{burden},,{}{},{}{},\r\n",
        kind_of(seen, age, usize::from(public.is_some()), general),
        ym(month),
        seen.kanji.0,
        seen.kanji.1,
        ymd(seen.birth),
        seen.chart,
        // Columns 14 to 35: discount, search number, departments and others that an outpatient claim leaves empty.
        ",".repeat(22),
        seen.kana.0,
        seen.kana.1,
    );
    let days = care.days.len();
    let c = &seen.coverage;
    if insured {
        let _ = write!(
            out,
            "HO,{:>8},{},{},{days},{points},,,,,,,,,\r\n",
            c.insurer,
            full_width(&c.symbol),
            full_width(&c.number)
        );
    }
    if let Some(p) = &public {
        let _ = write!(out, "KO,{},{},,{days},{points},{},,,,,\r\n", p.payer, p.recipient, p.paid);
    }
    if insured && !c.branch.is_empty() {
        let _ = write!(out, "SN,1,01,,,,{},,\r\n", c.branch);
    }
    let _ = write!(out, "JD,{}", if insured { 1 } else { 2 });
    for day in 1..=31i8 {
        out.push_str(if care.days.iter().any(|d| d.day() == day) { ",1" } else { "," });
    }
    out.push_str("\r\n");
    for (i, d) in care.diagnoses.iter().enumerate() {
        let modifier = if d.suspected { "8002" } else { "" };
        let main = if i == 0 { "01" } else { "" };
        let _ = write!(out, "SY,{},{},1,{modifier},,{main},\r\n", d.disease.code, ymd(d.start));
    }
    for unit in &units {
        write_unit(&mut out, unit, share);
    }
    if provider.hospital && points > 1000 {
        out.push_str("SJ,01,合成データによる症状の記述である。検査値の推移をみながら治療を続けている。\r\n");
    }
    Receipt { text: out, claims: u64::from(insured) + u64::from(public.is_some()), points }
}

/// The institution record that opens a file (IR).
pub(crate) fn institution(provider: &Provider, reviewer: usize, billing: Date) -> String {
    let prefecture = PREFECTURES.get(provider.prefecture).map_or("13", |p| p.0);
    format!(
        "IR,{reviewer},{prefecture},1,{},,{},{},00,{}\r\n",
        provider.institution,
        provider.name,
        ym(billing),
        provider.phone
    )
}

/// The record that closes a file (GO).
pub(crate) fn closing(claims: u64, points: u64) -> String {
    format!("GO,{claims},{points},99\r\n")
}

/// Counts records by their id, as the manifest's control totals want them.
pub(crate) fn count_records(text: &str, totals: &mut BTreeMap<String, u64>) {
    for line in text.split("\r\n").filter(|l| !l.is_empty()) {
        let id = line.split(',').next().unwrap_or_default();
        match totals.get_mut(id) {
            Some(n) => *n += 1,
            None => {
                totals.insert(id.to_owned(), 1);
            }
        }
    }
}

/// The text in Shift_JIS (windows-31J). A character without a code is our defect and stops the run.
pub(crate) fn encode(text: &str) -> Result<Vec<u8>, SynthError> {
    let (bytes, _, lost) = encoding_rs::SHIFT_JIS.encode(text);
    if lost { Err(SynthError::Encoding("Shift_JIS")) } else { Ok(bytes.into_owned()) }
}
