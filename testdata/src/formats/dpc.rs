//! DPC data of a hospital: 様式1 and EF.
//!
//! About one person in eight has a stay in the quarter; both writers draw the same stay, so that the two files of a
//! hospital agree with each other.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use musubi_model::Sex;
use musubi_model::manifest::FeedKind;

use super::{Format, Job, Subject, SynthFile};
use crate::SynthError;
use crate::clinical::{DISEASES, DRUGS, Disease, Whom};
use crate::rng::Rng;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    vec![
        Format { kind: FeedKind::DpcForm1, interface: "", sender: "hospital", write: form1 },
        Format { kind: FeedKind::DpcEf, interface: "", sender: "hospital", write: ef },
    ]
}

/// A stay in hospital.
struct Stay<'a> {
    subject: &'a Subject,
    admission: Date,
    discharge: Date,
    diseases: Vec<&'static Disease>,
    emergency: bool,
    dies: bool,
    operation: Option<&'static Operation>,
    department: &'static str,
    wards: [String; 2],
}

/// An operation under its section of the fee table, with its receipt code.
struct Operation {
    section: &'static str,
    receipt: &'static str,
    name: &'static str,
    points: u32,
    /// 0 no side, 1 right, 2 left.
    sided: bool,
    anaesthesia: &'static str,
}

#[rustfmt::skip] // one row a line: it is a table
static OPERATIONS: [Operation; 5] = [
    Operation { section: "K2821ﾛ", receipt: "150253010", name: "水晶体再建術", points: 12_100, sided: true, anaesthesia: "5" },
    Operation { section: "K0821", receipt: "150050410", name: "人工関節置換術", points: 37_690, sided: true, anaesthesia: "6" },
    Operation { section: "K672-2", receipt: "150254910", name: "腹腔鏡下胆嚢摘出術", points: 21_500, sided: false, anaesthesia: "1" },
    Operation { section: "K7211", receipt: "150285010", name: "内視鏡的大腸ポリープ切除術", points: 5_000, sided: false, anaesthesia: "9" },
    Operation { section: "K0461", receipt: "150019210", name: "骨折観血的手術", points: 21_630, sided: true, anaesthesia: "1" },
];

/// 診療科コード.
static DEPARTMENTS: [&str; 7] = ["010", "060", "070", "110", "120", "340", "500"];

fn compact(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// The nine digits of a facility: prefecture and institution, without the fee table.
fn facility(job: &Job<'_>) -> String {
    format!("{}{}", job.site.prefecture, job.site.institution)
}

/// The patient's number in ten digits.
fn number(subject: &Subject) -> String {
    let digits: String = subject.chart.chars().filter(char::is_ascii_digit).collect();
    format!("{digits:0>10}").chars().rev().take(10).collect::<Vec<_>>().into_iter().rev().collect()
}

fn stay<'a>(job: &Job<'_>, subject: &'a Subject) -> Option<Stay<'a>> {
    let mut rng = job.rng(subject, 71);
    if !rng.chance(if subject.age >= 65 { 0.25 } else { 0.1 }) {
        return None;
    }
    let admission = job.month.saturating_add(rng.between(0, 16).days());
    // Nobody is admitted before birth, and who is born this month is a new-born.
    let admission = admission.max(subject.birth);
    let discharge = admission.saturating_add(rng.between(1, 11).days());
    let fits = |d: &&Disease| {
        let whom = match d.whom {
            Whom::Both => true,
            Whom::Men => subject.sex == Sex::Male,
            Whom::Women => subject.sex == Sex::Female,
        };
        whom && (d.ages.0..=d.ages.1).contains(&subject.age)
    };
    let possible: Vec<&Disease> = DISEASES.iter().filter(fits).collect();
    let count = 1 + usize::try_from(rng.below(3)).unwrap_or(0);
    let mut diseases: Vec<&'static Disease> = Vec::new();
    for _ in 0..count {
        let at = usize::try_from(rng.below(possible.len() as u64)).unwrap_or(0);
        diseases.extend(possible.get(at).filter(|d| diseases.iter().all(|x| x.code != d.code)));
    }
    let wards = ["1962444444".to_owned(), "1962445555".to_owned()];
    let &department = rng.pick(&DEPARTMENTS);
    Some(Stay {
        subject,
        admission,
        discharge,
        diseases,
        emergency: rng.chance(0.4),
        dies: subject.age >= 70 && rng.chance(0.08),
        operation: rng.chance(0.35).then(|| rng.pick(&OPERATIONS)),
        department,
        wards,
    })
}

/// The rows of one stay of 様式1.
struct Rows {
    head: String,
    text: String,
    rows: u64,
}

impl Rows {
    fn row(&mut self, code: &str, version: &str, serial: u32, payloads: &[(usize, &str)]) {
        let mut cells = [""; 9];
        for (n, value) in payloads {
            if let Some(cell) = n.checked_sub(1).and_then(|n| cells.get_mut(n)) {
                *cell = value;
            }
        }
        self.text.push_str(&format!("{}\t{code}\t{version}\t{serial}\t{}\r\n", self.head, cells.join("\t")));
        self.rows += 1;
    }
}

const V2014: &str = "20140401";

fn form1(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let mut text = String::new();
    let mut rows = 0;
    for stay in job.subjects.iter().filter_map(|s| stay(job, s)) {
        let mut rng = job.rng(stay.subject, 72);
        let head = format!("{}\t{}\t{}\t0\t0", facility(job), number(stay.subject), compact(stay.admission));
        let mut out = Rows { head, text: String::new(), rows: 0 };
        patient(&stay, &mut rng, &mut out);
        diagnoses(&stay, &mut out);
        surgery(&stay, &mut rng, &mut out);
        scores(&stay, &mut rng, &mut out);
        text.push_str(&out.text);
        rows += out.rows;
    }
    into_file(job, "FF1", "FF1", &text, rows)
}

fn into_file(
    job: &Job<'_>,
    name: &str,
    kind: &str,
    text: &str,
    rows: u64,
) -> Result<Vec<SynthFile>, SynthError> {
    if rows == 0 {
        return Ok(Vec::new());
    }
    let month = format!("{:02}{:02}", job.month.year() % 100, job.month.month());
    // A file of the survey is named by facility and month; parts of a large one lie in folders.
    let path =
        format!("dpc/{}/{:03}/{name}_{}_{month}.txt", compact(job.business_date), job.part, facility(job));
    let totals = BTreeMap::from([(kind.to_owned(), rows)]);
    Ok(vec![SynthFile { path, bytes: crate::uke::encode(text)?, totals }])
}

fn patient(stay: &Stay<'_>, rng: &mut Rng, out: &mut Rows) {
    let subject = stay.subject;
    let postal: String = subject.postal.chars().filter(char::is_ascii_digit).collect();
    let sex = if subject.sex == Sex::Male { "1" } else { "2" };
    let (admission, discharge) = (compact(stay.admission), compact(stay.discharge));
    out.row("A000010", V2014, 0, &[(1, &compact(subject.birth)), (2, sex), (3, &postal)]);
    let newborn = subject.age < 1 && stay.admission == subject.birth;
    let route = if newborn { "8" } else { *rng.pick(&["1", "1", "1", "1", "4", "5"]) };
    let kind = if stay.emergency {
        *rng.pick(&["302", "333", "334", "309", "320"])
    } else {
        *rng.pick(&["100", "101", "200"])
    };
    if newborn {
        out.row("A000020", V2014, 0, &[(1, &admission), (2, route)]);
    } else {
        let ambulance = if stay.emergency && rng.chance(0.6) { "1" } else { "0" };
        let referred = *rng.pick(&["0", "1"]);
        out.row(
            "A000020",
            V2014,
            0,
            &[(1, &admission), (2, route), (3, referred), (4, "1"), (5, kind), (6, ambulance), (7, "0")],
        );
    }
    let (place, outcome) = if stay.dies {
        ("8", *rng.pick(&["6", "7"]))
    } else {
        (*rng.pick(&["1", "1", "1", "2", "4", "5"]), *rng.pick(&["1", "1", "3", "4"]))
    };
    let home = if stay.dies { "" } else { "0" };
    out.row("A000030", V2014, 0, &[(1, &discharge), (2, place), (3, outcome), (4, "0"), (5, home)]);
    out.row("A000031", V2014, 0, &[(1, &admission), (2, &discharge)]);
    out.row("A000040", V2014, 0, &[(2, stay.department), (3, "0")]);
    out.row("A000050", V2014, 0, &[(2, "1"), (3, "0"), (4, "0")]);
    out.row("A000060", V2014, 0, &[(2, *rng.pick(&["1", "3", "4", "4", "4"])), (3, "0")]);
    let before = stay.admission.saturating_sub(rng.between(40, 800).days());
    if before > subject.birth && rng.chance(0.4) {
        out.row("A000070", V2014, 0, &[(1, &compact(before)), (2, "99999999")]);
    } else {
        out.row("A000070", V2014, 0, &[(1, "99999999"), (2, "99999999")]);
    }
    body(stay, rng, out, newborn);
}

fn body(stay: &Stay<'_>, rng: &mut Rng, out: &mut Rows, newborn: bool) {
    let age = stay.subject.age;
    let (height, grams) = match age {
        ..1 => (rng.between(47, 72), rng.between(26, 90) * 100),
        1..15 => (72 + age * 7 + rng.between(-4, 8), (9 + age * 3) * 1000 + rng.between(-10, 40) * 100),
        _ => (rng.between(145, 182), rng.between(380, 890) * 100),
    };
    let weight = |g: i64| format!("{}.{}", g / 1000, g / 100 % 10);
    let leaving = if stay.dies { "000".to_owned() } else { weight(grams - rng.between(-3, 10) * 100) };
    out.row("A001010", V2014, 0, &[(2, &height.to_string()), (3, &weight(grams)), (4, &leaving)]);
    if age >= 18 {
        let index = *rng.pick(&[0, 0, 0, 200, 400, 800, 9999]);
        out.row("A001020", V2014, 0, &[(2, &index.to_string())]);
    }
    let pregnant = stay.diseases.iter().any(|d| d.icd10.starts_with('O'));
    if pregnant {
        out.row("A002010", V2014, 0, &[(2, "1"), (3, &rng.between(8, 39).to_string())]);
    } else {
        out.row("A002010", V2014, 0, &[(2, "0")]);
    }
    if newborn || stay.diseases.iter().any(|d| d.icd10.starts_with('P')) {
        let born = rng.between(1500, 3800);
        let weeks = if born < 2300 { rng.between(30, 36) } else { rng.between(36, 41) };
        out.row("A003010", V2014, 0, &[(2, &born.to_string()), (3, &weeks.to_string())]);
    }
    if age >= 65 {
        out.row("A004010", V2014, 0, &[(2, *rng.pick(&["0", "0", "1", "2", "3"]))]);
        let level = stay.subject.care.as_ref().map_or("0", |c| match c.level {
            "12" => "1",
            "13" => "2",
            "21" => "3",
            "22" => "4",
            "23" => "5",
            "24" => "6",
            _ => "7",
        });
        out.row("A004020", "20180401", 0, &[(2, level)]);
    }
    out.row("A004030", "20180401", 0, &[(4, "0"), (6, "0"), (7, "00000"), (8, "00000")]);
}

fn diagnoses(stay: &Stay<'_>, out: &mut Rows) {
    let mut of = |code: &str, serial: u32, disease: &Disease| {
        // Heart failure and lung cancer carry a suffix when most was spent on them.
        let suffix = match (code, disease.icd10.get(..3)) {
            ("A006030", Some("I50")) => "30100",
            ("A006030", Some("C34")) => "10101",
            _ => "",
        };
        let payloads = [(2, disease.icd10), (3, suffix), (4, disease.code), (9, disease.name)];
        out.row(code, V2014, serial, &payloads);
    };
    let mut diseases = stay.diseases.iter();
    if let Some(main) = diseases.next() {
        for code in ["A006010", "A006020", "A006030"] {
            of(code, 0, main);
        }
    }
    for (n, disease) in (1..).zip(diseases) {
        of("A006040", n, disease);
    }
}

fn surgery(stay: &Stay<'_>, rng: &mut Rng, out: &mut Rows) {
    let Some(operation) = stay.operation else { return };
    let day = stay.admission.saturating_add(1.day()).min(stay.discharge);
    let side = if operation.sided { *rng.pick(&["1", "2"]) } else { "0" };
    let antibiotic = if matches!(operation.anaesthesia, "1" | "6") { "1" } else { "" };
    out.row(
        "A007010",
        V2014,
        1,
        &[
            (1, &compact(day)),
            (2, operation.section),
            (4, "1"),
            (5, side),
            (6, operation.anaesthesia),
            (7, antibiotic),
            (9, operation.name),
        ],
    );
}

fn scores(stay: &Stay<'_>, rng: &mut Rng, out: &mut Rows) {
    let age = stay.subject.age;
    let has = |prefix: &str| stay.diseases.iter().any(|d| d.icd10.starts_with(prefix));
    if age >= 15 {
        let adl = |rng: &mut Rng| -> String {
            [2u64, 3, 1, 2, 1, 3, 2, 2, 2, 2].iter().map(|max| rng.below(max + 1).to_string()).collect()
        };
        let (first, last) = (adl(rng), adl(rng));
        out.row("ADL0010", V2014, 0, &[(2, &first)]);
        if !stay.dies {
            out.row("ADL0020", V2014, 0, &[(2, &last)]);
        }
    }
    if has("C") {
        out.row("CAN0010", V2014, 0, &[(3, *rng.pick(&["0", "1"]))]);
        let (t, n, m) =
            (*rng.pick(&["T1a", "T2", "T3"]), *rng.pick(&["N0", "N1"]), *rng.pick(&["M0", "M0", "M1"]));
        out.row("CAN0020", V2014, 0, &[(3, t), (4, n), (5, m), (6, "8")]);
        out.row("CAN0030", V2014, 0, &[(3, *rng.pick(&["1A", "2B", "3", "4"]))]);
    }
    out.row("CAN0040", V2014, 0, &[(3, if has("C") { *rng.pick(&["0", "1", "3"]) } else { "0" })]);
    let jcs = if stay.emergency { *rng.pick(&["0", "0", "1", "2", "3A", "10", "30R", "200I"]) } else { "0" };
    out.row("JCS0010", V2014, 0, &[(2, jcs)]);
    if !stay.dies {
        out.row("JCS0020", V2014, 0, &[(2, *rng.pick(&["0", "0", "0", "1"]))]);
    }
    if has("I69") {
        out.row("M010010", V2014, 0, &[(2, *rng.pick(&["0", "2", "3"])), (3, "4")]);
        out.row("M010020", V2014, 0, &[(2, *rng.pick(&["1", "3", "4"]))]);
    }
    if has("J") {
        out.row("M040010", V2014, 0, &[(2, *rng.pick(&["0", "1", "2", "3", "4"]))]);
    }
    if has("J18") && age >= 15 {
        out.row("M040020", V2014, 0, &[(2, *rng.pick(&["0000005", "1100005", "1211015"])), (3, "0")]);
    }
    if has("I50") {
        out.row("M050011", "20240601", 0, &[(4, *rng.pick(&["2", "3", "4"]))]);
    }
    if has("I20") {
        out.row("M050020", V2014, 0, &[(2, *rng.pick(&["1", "2", "3"]))]);
    }
    if has("S") || has("T14") {
        // Burns are rare among injuries.
        if rng.chance(0.1) {
            out.row("M160010", V2014, 0, &[(2, &rng.between(1, 40).to_string())]);
        }
    }
    if has("F") {
        out.row("M170010", V2014, 0, &[(2, &rng.between(20, 80).to_string())]);
    }
}

/// A line of an EF file under construction.
struct Line<'a> {
    section: &'a str,
    order: u32,
    detail: u32,
    code: &'a str,
    name: &'a str,
    amount: u32,
    unit: &'a str,
    points: u32,
    times: u32,
    day: Date,
    ward: &'a str,
    flags: &'a str,
}

fn ef(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let mut text = String::new();
    let mut rows = 0;
    for stay in job.subjects.iter().filter_map(|s| stay(job, s)) {
        let mut rng = job.rng(stay.subject, 73);
        for line in lines(&stay, &mut rng) {
            text.push_str(&written(job, &stay, &line));
            rows += 1;
        }
    }
    into_file(job, "EFn", "EF", &text, rows)
}

/// What was done: an act (detail 0) with its points, then its details.
fn lines<'s>(stay: &'s Stay<'_>, rng: &mut Rng) -> Vec<Line<'s>> {
    let mut lines = Vec::new();
    let [first, second] = &stay.wards;
    let moves = rng.chance(0.3);
    let middle = stay.admission.saturating_add(2.days()).min(stay.discharge);
    let ward = |day: Date| if moves && day > middle { second } else { first };
    let mut act = |section: &'s str,
                   order: u32,
                   day: Date,
                   times: u32,
                   parts: &[(&'s str, &'s str, u32, &'s str, u32)]| {
        let points: u32 = parts.iter().map(|p| p.4).sum();
        let Some((code, name, ..)) = parts.first() else { return };
        let line = |detail, code, name, amount, unit, points, flags| Line {
            section,
            order,
            detail,
            code,
            name,
            amount,
            unit,
            points,
            times,
            day,
            ward: ward(day),
            flags,
        };
        lines.push(line(0, *code, *name, 0, "000", points, "NULL"));
        for (n, (code, name, amount, unit, points)) in (1..).zip(parts) {
            lines.push(line(n, *code, *name, *amount, *unit, *points, "000000000000"));
        }
    };
    let days = (stay.discharge - stay.admission).get_days();
    let on = |n: i64| stay.admission.saturating_add(n.days()).min(stay.discharge);
    let last = i64::from(days);
    act("11", 1, on(0), 1, &[("111000110", "初診料", 0, "000", 291)]);
    for (n, drug) in
        (1..).zip(stay.diseases.iter().flat_map(|d| d.drugs).filter_map(|d| DRUGS.get(*d)).take(4))
    {
        let days = u32::try_from(rng.between(1, 14)).unwrap_or(7);
        act(
            "21",
            n,
            on(rng.between(0, last)),
            days,
            &[(drug.code, drug.name, drug.amount, "016", drug.price * drug.amount / 1000 + 1)],
        );
    }
    act(
        "31",
        1,
        on(rng.between(0, last)),
        1,
        &[("130003810", "点滴注射", 0, "000", 102), ("620008992", "見本輸液", 500, "025", 14)],
    );
    if let Some(operation) = stay.operation {
        act(
            "50",
            1,
            on(1),
            1,
            &[
                (operation.receipt, operation.name, 0, "000", operation.points),
                ("710010093", "見本材料", 1, "001", 27),
            ],
        );
        if matches!(operation.anaesthesia, "1" | "6") {
            act("54", 1, on(1), 1, &[("150332510", "閉鎖循環式全身麻酔", 0, "000", 6_000)]);
        }
    }
    act("60", 1, on(rng.between(0, last)), 1, &[("160008010", "末梢血液一般検査", 0, "000", 21)]);
    act("70", 1, on(rng.between(0, last)), 1, &[("170011810", "ＣＴ撮影", 0, "000", 1_000)]);
    for n in 0..=last {
        let order = u32::try_from(n + 1).unwrap_or(1);
        act("90", order, on(n), 1, &[("190117710", "一般病棟入院基本料", 0, "000", 1_688)]);
    }
    lines
}

fn written(job: &Job<'_>, stay: &Stay<'_>, line: &Line<'_>) -> String {
    let subject = stay.subject;
    let insurer = if subject.assistance { String::new() } else { format!("{:0>8}", subject.insurer) };
    let is_act = line.detail == 0;
    let points = |shown: bool| if shown { line.points.to_string() } else { "0".to_owned() };
    let cells = [
        facility(job),
        number(subject),
        compact(stay.discharge),
        compact(stay.admission),
        line.section.to_owned(),
        format!("{:04}", line.order),
        format!("{:03}", line.detail),
        format!("H{}", line.code),
        line.code.to_owned(),
        String::new(),
        line.name.to_owned(),
        format!("{:07}.000", line.amount),
        line.unit.to_owned(),
        points(!is_act),
        "0".to_owned(),
        points(is_act),
        line.flags.to_owned(),
        points(is_act),
        "0".to_owned(),
        "0".to_owned(),
        line.times.to_string(),
        insurer,
        "1112".to_owned(),
        compact(line.day),
        "01".to_owned(),
        stay.department.to_owned(),
        format!("DR{:04}", subject.number % 40),
        line.ward.to_owned(),
        "0".to_owned(),
        "0".to_owned(),
        String::new(),
    ];
    format!("{}\r\n", cells.join("\t"))
}
