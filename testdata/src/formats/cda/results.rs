//! What a check-up finds of a person: plausible values that hang together (BMI from height and weight, reference marks
//! from the values).

use crate::rng::Rng;

use super::xml::Xml;
use crate::formats::{Job, Subject};
use musubi_model::Sex;

/// The value of an observation.
pub(super) enum Value {
    /// Number and unit.
    Quantity(String, &'static str),
    /// Coded value and its list.
    Code(String, &'static str),
    /// Ordered code and its list.
    Grade(String, &'static str),
    /// Text.
    Text(&'static str),
    /// Not done.
    NotDone,
    /// Done, but no value came of it.
    Failed,
}

/// One observation.
pub(super) struct Observed {
    pub(super) code: &'static str,
    pub(super) value: Value,
    /// Reference range.
    pub(super) range: Option<(&'static str, &'static str)>,
    /// `H`, `L`, `N`.
    pub(super) flag: Option<&'static str>,
    /// What stands with it, and how.
    pub(super) inside: Vec<(&'static str, Observed)>,
    /// Who judged.
    pub(super) judge: bool,
}

impl Observed {
    fn new(code: &'static str, value: Value) -> Self {
        Self { code, value, range: None, flag: None, inside: Vec::new(), judge: false }
    }
}

fn tenths(n: i64) -> String {
    format!("{}.{}", n / 10, n % 10)
}

fn hundredths(n: i64) -> String {
    format!("{}.{:02}", n / 100, n % 100)
}

/// A number with its range and mark. Values are in units of the last decimal.
fn number(
    code: &'static str,
    n: i64,
    decimals: u32,
    unit: &'static str,
    range: Option<(i64, i64, &'static str, &'static str)>,
) -> Observed {
    let text = match decimals {
        0 => n.to_string(),
        1 => tenths(n),
        _ => hundredths(n),
    };
    let mut observed = Observed::new(code, Value::Quantity(text, unit));
    if let Some((low, high, low_text, high_text)) = range {
        observed.range = Some((low_text, high_text));
        observed.flag = Some(if n < low {
            "L"
        } else if n > high {
            "H"
        } else {
            "N"
        });
    }
    observed
}

fn code(code: &'static str, value: i64, list: &'static str) -> Observed {
    Observed::new(code, Value::Code(value.to_string(), list))
}

const YES_NO: &str = "1.2.392.200119.6.2003";
const FOUND: &str = "1.2.392.200119.6.2002";

/// A specific check-up (特定健診): required items, some detailed ones, and the questionnaire.
pub(super) fn specific(job: &Job<'_>, subject: &Subject) -> Vec<Observed> {
    let mut rng = job.rng(subject, 10);
    let mut out = body(subject, &mut rng);
    out.extend(blood(&mut rng));
    out.extend(urine(&mut rng));
    if rng.chance(0.4) {
        out.push(anaemia(subject, &mut rng));
        out.push(heart(&mut rng));
    }
    out.push(code("9N501000000000011", rng.between(1, 4), "1.2.392.200119.6.1008"));
    out.push(code("9N506000000000011", rng.between(1, 4), "1.2.392.200119.6.3001"));
    let mut judged = Observed::new("9N511000000000049", Value::Text("異常なし"));
    if rng.chance(0.5) {
        judged.value = Value::Text("血圧がやや高めです。塩分を控え、半年後に再検査を受けてください。");
    }
    judged.judge = true;
    out.push(judged);
    out.push(Observed::new("9N516000000000049", Value::Text("見本　一郎")));
    out.extend(questions(&mut rng));
    out
}

/// The check-up of an employer (事業者健診): without the questionnaire of the insurers.
pub(super) fn employer(job: &Job<'_>, subject: &Subject) -> Vec<Observed> {
    let mut rng = job.rng(subject, 11);
    let mut out = body(subject, &mut rng);
    out.extend(blood(&mut rng));
    out.extend(urine(&mut rng));
    for (item, value) in [("9D100163100000011", 2), ("9D100163500000011", 2)] {
        out.push(code(item, value, FOUND));
    }
    out.push(number("9E160162100000001", rng.between(50, 150), 2, "", None));
    out.push(number("9E160162200000001", rng.between(50, 150), 2, "", None));
    out.push(code("9N206160700000011", rng.between(1, 2), FOUND));
    out
}

/// The check-up of the elderly (後期高齢者健診) with its fifteen questions.
pub(super) fn elderly(job: &Job<'_>, subject: &Subject) -> Vec<Observed> {
    let mut rng = job.rng(subject, 12);
    let mut out = body(subject, &mut rng);
    // 腹囲 is not measured in this check-up.
    out.retain(|o| o.code != "9N016160100000001");
    out.extend(blood(&mut rng));
    out.extend(urine(&mut rng));
    const CODES: [(&str, i64); 15] = [
        ("9N932000000000011", 5),
        ("9N933000000000011", 4),
        ("9N934000000000011", 2),
        ("9N935000000000011", 2),
        ("9N936000000000011", 2),
        ("9N937000000000011", 2),
        ("9N938000000000011", 2),
        ("9N939000000000011", 2),
        ("9N940000000000011", 2),
        ("9N941000000000011", 2),
        ("9N942000000000011", 2),
        ("9N943000000000011", 3),
        ("9N944000000000011", 2),
        ("9N945000000000011", 2),
        ("9N946000000000011", 2),
    ];
    for (item, most) in CODES {
        out.push(code(item, rng.between(1, most), "1.2.392.200119.6.19010"));
    }
    out
}

fn body(subject: &Subject, rng: &mut Rng) -> Vec<Observed> {
    let (tall, spread) = if subject.sex == Sex::Male { (1700, 80) } else { (1570, 75) };
    let height = tall + rng.between(-spread, spread);
    let wanted = rng.between(185, 310);
    // Tenths of kg from tenths of kg/m² and tenths of cm; then the BMI that follows.
    let weight = wanted * height * height / 1_000_000;
    let bmi = (weight * 1_000_000 + height * height / 2) / (height * height);
    let upper = rng.between(100, 165);
    let lower = upper - rng.between(35, 60);
    let mut out = vec![
        number("9N001000000000001", height, 1, "cm", None),
        number("9N006000000000001", weight, 1, "kg", None),
        number("9N011000000000001", bmi, 1, "kg/m2", Some((185, 249, "18.5", "24.9"))),
        number("9N016160100000001", bmi * 36 / 10 + rng.between(-40, 40), 1, "cm", None),
        number("9A751000000000001", upper, 0, "mm[Hg]", Some((60, 129, "60", "129"))),
        number("9A761000000000001", lower, 0, "mm[Hg]", Some((30, 84, "30", "84"))),
        code("9N056000000000011", rng.between(1, 2), "1.2.392.200119.6.2001"),
        code("9N061000000000011", 2, "1.2.392.200119.6.2001"),
        code("9N066000000000011", 2, "1.2.392.200119.6.2001"),
    ];
    if rng.chance(0.3) {
        out.push(number("9A752000000000001", upper - 4, 0, "mm[Hg]", Some((60, 129, "60", "129"))));
        out.push(number("9A762000000000001", lower - 2, 0, "mm[Hg]", Some((30, 84, "30", "84"))));
    }
    out
}

fn blood(rng: &mut Rng) -> Vec<Observed> {
    let fasting = rng.chance(0.8);
    let hours = if fasting { 2 } else { 3 };
    let mut out = vec![code("9N141000000000011", hours, "1.2.392.200119.6.2202")];
    let fat = if fasting {
        *rng.pick(&["3F015000002327101", "3F015000002327201", "3F015000002399901"])
    } else {
        "3F015129902327101"
    };
    out.push(number(fat, rng.between(40, 280), 0, "mg/dL", Some((30, 149, "30", "149"))));
    out.push(number("3F070000002327101", rng.between(32, 95), 0, "mg/dL", Some((40, 119, "40", "119"))));
    out.push(number("3F077000002327101", rng.between(70, 190), 0, "mg/dL", Some((60, 119, "60", "119"))));
    let liver = [("3B035000002327201", 12, 60), ("3B045000002327201", 8, 70), ("3B090000002327101", 10, 120)];
    for (item, low, high) in liver {
        out.push(number(item, rng.between(low, high), 0, "U/L", Some((0, 30, "0", "30"))));
    }
    if rng.chance(0.7) {
        let item = if fasting { "3D010000001927201" } else { "3D010129901927201" };
        out.push(number(item, rng.between(75, 150), 0, "mg/dL", Some((20, 99, "20", "99"))));
    }
    out.push(number("3D046000001920402", rng.between(48, 78), 1, "%", Some((40, 55, "4.0", "5.5"))));
    if rng.chance(0.3) {
        let mut creatinine = number("3C015000002327101", rng.between(50, 130), 2, "mg/dL", None);
        let filtration = number("8A065000002391901", rng.between(450, 980), 1, "ml/min/1.73m2", None);
        creatinine.inside.push(("COMP", filtration));
        out.push(creatinine);
    }
    out
}

fn urine(rng: &mut Rng) -> Vec<Observed> {
    const LIST: &str = "1.2.392.200119.6.2102";
    let mut grade = |item: &'static str| {
        let grade = if rng.chance(0.85) { 1 } else { rng.between(2, 5) };
        let value = match rng.below(60) {
            0 => Value::NotDone,
            1 => Value::Failed,
            _ => Value::Grade(grade.to_string(), LIST),
        };
        Observed::new(item, value)
    };
    vec![grade("1A020000000191111"), grade("1A010000000191111")]
}

fn anaemia(subject: &Subject, rng: &mut Rng) -> Observed {
    let low = if subject.sex == Sex::Male { 130 } else { 115 };
    let mut test = number("2A040000001930102", rng.between(340, 500), 1, "%", None);
    let haemoglobin = number("2A030000001930101", low + rng.between(-10, 35), 1, "g/dL", None);
    let cells = number("2A020000001930101", rng.between(370, 540), 0, "10*4/mm3", None);
    let reason =
        Observed::new("2A020161001930149", Value::Text("貧血の既往があり、医師が必要と判断したため"));
    test.inside = vec![("COMP", haemoglobin), ("COMP", cells), ("RSON", reason)];
    test
}

fn heart(rng: &mut Rng) -> Observed {
    let found = rng.chance(0.2);
    let mut test = code("9A110160700000011", if found { 1 } else { 2 }, FOUND);
    if found {
        test.inside.push(("COMP", Observed::new("9A110160800000049", Value::Text("左室高電位、経過観察"))));
    }
    test.inside.push(("RSON", code("9A110161600000011", 1, "1.2.392.200119.6.18120")));
    test
}

fn questions(rng: &mut Rng) -> Vec<Observed> {
    const ITEMS: [(&str, i64, &str); 22] = [
        ("9N701000000000011", 2, YES_NO),
        ("9N706000000000011", 2, YES_NO),
        ("9N711000000000011", 2, YES_NO),
        ("9N716000000000011", 2, YES_NO),
        ("9N721000000000011", 2, YES_NO),
        ("9N726000000000011", 2, YES_NO),
        ("9N731000000000011", 2, YES_NO),
        ("9N736000000000011", 3, "1.2.392.200119.6.24060"),
        ("9N741000000000011", 2, YES_NO),
        ("9N746000000000011", 2, YES_NO),
        ("9N751000000000011", 2, YES_NO),
        ("9N756000000000011", 2, YES_NO),
        ("9N872000000000011", 3, "1.2.392.200119.6.18030"),
        ("9N766000000000011", 3, "1.2.392.200119.6.2004"),
        ("9N771000000000011", 2, YES_NO),
        ("9N782000000000011", 3, "1.2.392.200119.6.18040"),
        ("9N781000000000011", 2, YES_NO),
        ("9N786000000000011", 8, "1.2.392.200119.6.24040"),
        ("9N791000000000011", 5, "1.2.392.200119.6.24050"),
        ("9N796000000000011", 2, YES_NO),
        ("9N801000000000011", 5, "1.2.392.200119.6.2007"),
        ("9N808000000000011", 2, YES_NO),
    ];
    ITEMS.iter().map(|(item, most, list)| code(item, rng.between(1, *most), list)).collect()
}

/// Writes an observation and what stands in it.
pub(super) fn observation(xml: &mut Xml, o: &Observed) {
    let mut attrs = vec![("classCode", "OBS"), ("moodCode", "EVN")];
    if matches!(o.value, Value::NotDone) {
        attrs.push(("negationInd", "true"));
    }
    xml.open("observation", &attrs);
    xml.empty("code", &[("code", o.code)]);
    match &o.value {
        Value::Quantity(n, "") => xml.empty("value", &[("xsi:type", "PQ"), ("value", n)]),
        Value::Quantity(n, unit) => xml.empty("value", &[("xsi:type", "PQ"), ("value", n), ("unit", unit)]),
        Value::Code(c, list) => xml.empty("value", &[("xsi:type", "CD"), ("code", c), ("codeSystem", list)]),
        Value::Grade(c, list) => xml.empty("value", &[("xsi:type", "CO"), ("code", c), ("codeSystem", list)]),
        Value::Text(text) => xml.leaf("value", &[("xsi:type", "ST")], text),
        Value::NotDone => {}
        Value::Failed => xml.empty("value", &[("xsi:type", "CO"), ("nullFlavor", "NI")]),
    }
    if let Some(flag) = o.flag {
        xml.empty("interpretationCode", &[("code", flag)]);
    }
    if o.judge {
        xml.open("author", &[]);
        xml.empty("time", &[("nullFlavor", "NI")]);
        xml.nest(&["assignedAuthor"]);
        xml.empty("id", &[("nullFlavor", "NI")]);
        xml.nest(&["assignedPerson"]);
        xml.leaf("name", &[], "見本　一郎");
        xml.close(3);
    }
    for (relation, inner) in &o.inside {
        xml.open("entryRelationship", &[("typeCode", relation)]);
        observation(xml, inner);
        xml.close(1);
    }
    if let Some((low, high)) = o.range {
        xml.open("referenceRange", &[("typeCode", "REFV")]);
        xml.open("observationRange", &[("classCode", "OBS"), ("moodCode", "EVN.CRT")]);
        xml.open("value", &[("xsi:type", "IVL_PQ")]);
        xml.empty("low", &[("value", low)]);
        xml.empty("high", &[("value", high)]);
        xml.close(3);
    }
    xml.close(1);
}
