//! One observation of a check-up or of guidance as a fact: code, value by its type, unit, range, and what the item table
//! has to say of them.

use std::fmt::Write as _;

use compact_str::CompactString;
use musubi_model::{CodeSystem, Coded, Fact, FactTable};
use rust_decimal::Decimal;

use super::items::{self, Item, Words};
use super::rules;
use super::work::{PLACEHOLDER, Work, add_named, code_of};
use super::xml::El;
use crate::ssmix2::value;

/// The observation as a fact. `forced` is the table of all observations of a guidance document.
pub(super) fn observed(el: El<'_>, forced: Option<FactTable>, work: &mut Work<'_>) -> Option<Fact> {
    let code = el.child("code")?;
    let sent = code.attr("code");
    let Some(sent) = code_of(&sent).filter(|c| *c != PLACEHOLDER) else {
        let rule = if sent == PLACEHOLDER { &rules::PLACEHOLDER } else { &rules::NO_CODE };
        work.say_shape(rule, code, "code", &sent, "項目コード");
        return None;
    };
    let item = items::item(sent);
    if item.is_none() {
        work.say_shape(&rules::ITEM, code, "code", sent, "項目コード表にあるコード");
    }
    let kind = el.child("value").map(El::kind).unwrap_or_default();
    let table = forced.unwrap_or(match item {
        Some(item) if item.measured => FactTable::Measurement,
        None if kind == "PQ" => FactTable::Measurement,
        _ => FactTable::Observation,
    });
    let mut fact = Fact::new(table, el.range());
    fact.source = Some(Coded::new(CodeSystem::CheckupItem, sent));
    fact.standard = item.map(|i| Coded::new(CodeSystem::CheckupConcept, i.concept).with_text(i.name));
    fact.start = work.day;
    if let Some((day, second)) = el.child("effectiveTime").and_then(|t| work.first_day(t)) {
        (fact.start, fact.start_second) = (Some(day), second);
        work.check_future(el, day);
    }
    status(el, &mut fact);
    read_values(el, item, &mut fact, work);
    fact.value.flag = el.child("interpretationCode").map(|c| short(&c.attr("code"))).unwrap_or_default();
    for method in el.all("methodCode") {
        add_named(&mut fact.qualifiers, "method", code_of(&method.attr("code")).unwrap_or_default());
    }
    fact.value.range = range(el);
    check_range(el, item, &mut fact, work);
    if table == FactTable::HealthGuidance {
        points(&mut fact);
    }
    Some(fact)
}

fn short(text: &str) -> CompactString {
    code_of(text).filter(|c| c.len() <= 20).map(CompactString::from).unwrap_or_default()
}

/// 未実施 and 測定不能: `negationInd`, and `nullFlavor` of the observation or its value.
fn status(el: El<'_>, fact: &mut Fact) {
    let null = |el: El<'_>| short(&el.attr("nullFlavor"));
    let flavour = el.child("value").map(null).filter(|f| !f.is_empty()).unwrap_or_else(|| null(el));
    if el.attr("negationInd") == "true" {
        fact.status = CompactString::const_new("not-done");
        add_named(&mut fact.qualifiers, "null", &flavour);
    } else {
        fact.status = flavour;
    }
}

/// The first value; a further number is the original of a value that was capped (入力上限・下限).
fn read_values(el: El<'_>, item: Option<&Item>, fact: &mut Fact, work: &mut Work<'_>) {
    let mut values = el.all("value");
    let Some(first) = values.next() else { return };
    value_of(first, item, fact, work);
    for further in values {
        let number = further.attr("value");
        if number.parse::<Decimal>().is_ok() {
            add_named(&mut fact.qualifiers, "original", &number);
        }
    }
}

fn value_of(el: El<'_>, item: Option<&Item>, fact: &mut Fact, work: &mut Work<'_>) {
    if !el.attr("nullFlavor").is_empty() {
        return;
    }
    let kind = el.kind();
    if let Some(item) = item
        && !item.kind.is_empty()
        && !same_kind(&kind, item.kind)
    {
        let found = if kind.is_empty() { "(なし)".to_owned() } else { kind.chars().take(10).collect() };
        work.say(&rules::ITEM_TYPE, el, item.code, found, item.kind);
    }
    match &*kind {
        "PQ" | "INT" | "REAL" | "MO" => quantity(el, item, fact, work),
        "CD" | "CO" | "CE" | "CS" | "CV" => coded(el, item, fact, work),
        "TS" => dated(&el.attr("value"), el, fact, work),
        // A value of another type may hold anything, as ST may.
        _ => text(el, item, fact, work),
    }
}

/// CD and CO are written for one another; INT and REAL for PQ.
fn same_kind(sent: &str, wanted: &str) -> bool {
    let fold = |kind: &str| match kind {
        "CO" | "CE" | "CS" | "CV" => 'c',
        "CD" => 'c',
        "PQ" | "INT" | "REAL" => 'q',
        "ST" | "TS" => 's',
        _ => '?',
    };
    fold(sent) == fold(wanted)
}

fn quantity(el: El<'_>, item: Option<&Item>, fact: &mut Fact, work: &mut Work<'_>) {
    let sent = el.attr("value");
    let unit = el.attr("unit");
    if sent == PLACEHOLDER {
        work.say_shape(&rules::PLACEHOLDER, el, "value", &sent, "値");
        return;
    }
    if unit.chars().count() <= 24 && !unit.bytes().all(|b| b.is_ascii_digit()) {
        fact.value.unit = CompactString::from(&*unit);
    }
    if let Some(item) = item
        && !(item.unit.is_empty() && item.shown.is_empty())
        && !item.has_unit(&unit)
    {
        work.say(&rules::ITEM_UNIT, el, item.code, unit.chars().take(12).collect(), item.unit);
    }
    let reading = value::read(&sent);
    if reading.kind != value::Kind::Number {
        work.say_shape(&rules::NUMBER, el, "value", &sent, "数値");
    }
    work.word(&sent, fact);
}

fn coded(el: El<'_>, item: Option<&Item>, fact: &mut Fact, work: &mut Work<'_>) {
    let sent = el.attr("code");
    let Some(code) = code_of(&sent).filter(|c| c.len() <= 20) else {
        // Only the text of a code: it may be a word of result.
        work.say_shape(&rules::ITEM_VALUE, el, "code", &sent, "コード値");
        return;
    };
    if code == PLACEHOLDER {
        work.say_shape(&rules::PLACEHOLDER, el, "code", code, "コード値");
        return;
    }
    if let Some(item) = item.filter(|i| !i.has_choice(code)) {
        work.say_shape(&rules::ITEM_VALUE, el, item.code, code, item.choices);
    }
    fact.value.text = CompactString::from(code);
    let system = el.attr("codeSystem");
    if let Some(list) = system.strip_prefix("1.2.392.200119.6.").and_then(code_of) {
        add_named(&mut fact.qualifiers, "valueset", list);
    }
}

fn dated(sent: &str, el: El<'_>, fact: &mut Fact, work: &mut Work<'_>) {
    match super::work::stamp(sent) {
        Some((day, _)) => fact.value.text = CompactString::from(day.to_string()),
        None => work.say_shape(&rules::DATE, el, "value", sent, "YYYYMMDD"),
    }
}

fn text(el: El<'_>, item: Option<&Item>, fact: &mut Fact, work: &mut Work<'_>) {
    let sent = el.text();
    if sent.is_empty() {
        return;
    }
    if sent == PLACEHOLDER {
        work.say_shape(&rules::PLACEHOLDER, el, "", &sent, "値");
        return;
    }
    match item.map_or(Words::Free, |i| i.words) {
        Words::Free => work.word(&sent, fact),
        Words::Date => dated(&sent, el, fact, work),
        Words::Sealed => {
            add_named(&mut fact.qualifiers, "text", "sealed");
            work.seal();
        }
    }
}

/// `low-high` of the first reference range; numbers only.
fn range(el: El<'_>) -> CompactString {
    let mut out = CompactString::default();
    let Some(value) = el.down(&["referenceRange", "observationRange", "value"]) else { return out };
    let bound = |name: &str| {
        let sent = value.child(name).map(|b| b.attr("value").into_owned()).unwrap_or_default();
        sent.parse::<Decimal>().ok().map(|_| sent)
    };
    match (bound("low"), bound("high")) {
        (None, None) => {}
        (low, high) => {
            let (low, high) = (low.unwrap_or_default(), high.unwrap_or_default());
            // Writing to a string cannot fail.
            let _ = write!(out, "{low}-{high}");
        }
    }
    out
}

/// A number that nobody can have is kept as text and flagged; a value at the very limit is a capped one.
fn check_range(el: El<'_>, item: Option<&Item>, fact: &mut Fact, work: &mut Work<'_>) {
    let (Some(item), Some(number)) = (item, fact.value.number) else { return };
    let (Some(min), Some(max)) = (item.min, item.max) else { return };
    if number < min || number > max {
        work.say_shape(
            &rules::ITEM_RANGE,
            el,
            item.code,
            &fact.value.text.clone(),
            &format!("{min}～{max} {}", item.shown),
        );
        fact.value.number = None;
        add_named(&mut fact.qualifiers, "check", "range");
        return;
    }
    match (&*fact.value.flag, number == min, number == max) {
        ("L", true, _) => fact.value.comparator = CompactString::const_new("<="),
        ("H", _, true) => fact.value.comparator = CompactString::const_new(">="),
        _ => {}
    }
}

/// Of guidance, points (…114) are an amount, and numbers of contacts (…116 to …118) are times.
fn points(fact: &mut Fact) {
    let (Some(source), Some(number)) = (&fact.source, fact.value.number) else { return };
    match source.code.get(7..) {
        Some("114") => fact.quantity = Some(number),
        Some("116" | "117" | "118") => fact.times = u32::try_from(number.trunc()).ok(),
        _ => {}
    }
}

/// What must hold among the results of one examination.
pub(super) fn check_together(root: El<'_>, work: &mut Work<'_>) {
    let number = |work: &Work<'_>, code: &str| {
        let of = |f: &&Fact| f.source.as_ref().is_some_and(|s| s.code == code);
        work.facts.iter().find(of).and_then(|f| f.value.number)
    };
    let (height, weight, bmi) = (
        number(work, "9N001000000000001"),
        number(work, "9N006000000000001"),
        number(work, "9N011000000000001"),
    );
    if let (Some(height), Some(weight), Some(bmi)) = (height, weight, bmi)
        && let Some(metres) = height.checked_div(Decimal::ONE_HUNDRED)
        && let Some(computed) = metres.checked_mul(metres).and_then(|square| weight.checked_div(square))
        && (computed - bmi).abs() > Decimal::ONE
    {
        work.say(&rules::BMI, root, "9N011000000000001", "差が 1 を超える".to_owned(), "体重 ÷ 身長²");
    }
    for reading in ["9A7X1", "9A7X2", "9A7X5"] {
        let of = |kind: &str| format!("{}000000000001", reading.replace('X', kind));
        if let (Some(upper), Some(lower)) = (number(work, &of("5")), number(work, &of("6")))
            && upper < lower
        {
            work.say(&rules::PRESSURE, root, reading, "収縮期 < 拡張期".to_owned(), "収縮期 ≧ 拡張期");
        }
    }
    fasting(root, work);
}

/// Concepts that say by their name how long after a meal: fasting must be code 2, casual must not be.
fn fasting(root: El<'_>, work: &mut Work<'_>) {
    fn concept(fact: &Fact) -> &str {
        fact.standard.as_ref().map(|s| s.code.as_str()).unwrap_or_default()
    }
    let hours = work.facts.iter().find(|f| concept(f) == "9N1410000").map(|f| f.value.text.clone());
    let Some(hours) = hours.filter(|h| !h.is_empty()) else { return };
    let has =
        |codes: &[&str]| work.facts.iter().any(|f| f.value.number.is_some() && codes.contains(&concept(f)));
    let wrong = (hours != "2" && has(&["3F0150000", "3D0100000"]))
        || (hours == "2" && has(&["3F0151299", "3D0101299"]));
    if wrong {
        work.say(&rules::FASTING, root, "9N141000000000011", "不一致".to_owned(), "空腹時は 2、随時は 3・4");
    }
}

/// Two facts of one item on one day.
pub(super) fn is_same(a: &Fact, b: &Fact) -> bool {
    a.start == b.start && a.source == b.source
}
