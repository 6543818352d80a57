//! Who a message speaks of: PID and the insurance segments, as written. These go to the identity zone only; of the
//! person, the research side learns birth month, sex and prefecture.

use compact_str::CompactString;
use musubi_model::finding::shape_of;
use musubi_model::{
    CodeSystem, Coded, Demographics, Fact, FactTable, Identifying, PartialDate, Sex, prefecture,
};

use super::rules;
use super::work::Work;
use crate::hl7::{self, Element, Message, Notes, Segment};

/// `number` is the patient number of a path, padded: PID-3 has been held against it, and sites write it in one length.
/// Without one it is PID-3.
pub(super) fn demographics(message: &Message<'_>, number: Option<&str>, notes: &mut Notes) -> Demographics {
    let pid = message.first("PID");
    let number = match number {
        Some(number) => CompactString::from(number),
        None => pid.as_ref().map(patient_number).unwrap_or_default(),
    };
    let mut d = Demographics { local_number: Identifying::new(number), ..Demographics::default() };
    if let Some(pid) = pid {
        (d.name_kanji, d.name_kana) = names(&pid);
        if d.name_kanji.expose().is_empty() && d.name_kana.expose().is_empty() {
            notes.push(pid.finding(&rules::PID_NAME, 5));
        }
        d.birth = Identifying::new(birth(&pid, notes));
        d.sex = sex(&pid, notes);
        let home = home_address(&pid);
        d.postal_code = Identifying::new(home.component(5).compact());
        d.address = Identifying::new(one_line(&home));
        d.phone = Identifying::new(phone(&pid));
    }
    // The insurance that names an insurer, before a public payer (公費), whose numbers are another space; IN1 in most
    // messages, ZI1 in PPR with the same positions.
    let named =
        || message.segments().filter(|s| (s.is("IN1") || s.is("ZI1")) && s.field(3).component(1).has_value());
    let insurance = named().find(|s| !is_public(s.field(2).component(1).code())).or_else(|| named().next());
    if let Some(insurance) = insurance {
        let field = |n: usize| Identifying::new(insurance.field(n).component(1).compact());
        (d.insurer_number, d.insured_symbol, d.insured_number) = (field(3), field(10), field(11));
    }
    d
}

/// PID-3: the repetition of type PI, or the first that has a number.
pub(super) fn patient_number(pid: &Segment<'_>) -> CompactString {
    let field = pid.field(3);
    let of_house = field.repetitions().find(|r| r.component(5).code() == "PI" && r.component(1).has_value());
    let first = || field.repetitions().find(|r| r.component(1).has_value());
    let number = of_house.or_else(first).map(|r| r.component(1).compact()).unwrap_or_default();
    CompactString::from(number.trim())
}

/// Is this a public payer (公費) of JHSD0001? Its law numbers are those of the public programmes.
pub(super) fn is_public(plan: &str) -> bool {
    matches!(
        plan,
        "10" | "11"
            | "12"
            | "13"
            | "14"
            | "15"
            | "16"
            | "17"
            | "18"
            | "19"
            | "20"
            | "21"
            | "22"
            | "23"
            | "24"
            | "25"
            | "28"
            | "29"
            | "30"
            | "38"
            | "51"
            | "52"
            | "53"
            | "54"
            | "62"
            | "66"
            | "79"
            | "DO"
    )
}

/// Names in kanji and kana, from the repetitions of PID-5: component 8 says `I` or `P`, or else the signs tell.
fn names(pid: &Segment<'_>) -> (Identifying<CompactString>, Identifying<CompactString>) {
    let (mut kanji, mut kana) = (CompactString::default(), CompactString::default());
    for name in pid.field(5).repetitions() {
        let joined = [name.component(1).text(), name.component(2).text()];
        let text: Vec<&str> = joined.iter().map(AsRef::as_ref).filter(|p| !p.is_empty()).collect();
        let text = CompactString::from(text.join(" "));
        let is_kana = match name.component(8).code() {
            "P" => true,
            "I" => false,
            _ => !text.is_empty() && text.chars().all(|c| matches!(c, 'ぁ'..='ヿ' | 'ｦ'..='ﾟ' | ' ' | '　')),
        };
        let slot = if is_kana { &mut kana } else { &mut kanji };
        if slot.is_empty() {
            *slot = text;
        }
    }
    (Identifying::new(kanji), Identifying::new(kana))
}

fn birth(pid: &Segment<'_>, notes: &mut Notes) -> Option<PartialDate> {
    let sent = pid.field(7).component(1);
    // Nobody alive or recently dead was born before 1868 (明治元年).
    if let Some(stamp) = hl7::time::read(sent.code()).ok().filter(|s| s.date.year() >= 1868) {
        return Some(stamp.date);
    }
    if sent.has_value() {
        notes.push(pid.finding(&rules::PID_BIRTH, 7).found(shape_of(&sent.text())).expected("YYYYMMDD"));
    } else if pid.field(9).code().len() == 8 && hl7::time::read(pid.field(9).code()).is_ok() {
        // Fields shifted by two. A date where an alias belongs may be anything: it is told, not taken.
        notes.push(pid.finding(&rules::PID_SHIFTED, 9));
    } else {
        notes.push(pid.finding(&rules::PID_BIRTH, 7).expected("YYYYMMDD"));
    }
    None
}

fn sex(pid: &Segment<'_>, notes: &mut Notes) -> Sex {
    let sent = pid.field(8).component(1);
    Sex::read(&sent.text()).unwrap_or_else(|| {
        notes.push(pid.finding(&rules::PID_SEX, 8).found(shape_of(&sent.text())).expected("M・F・O・U"));
        Sex::Unknown
    })
}

/// The home address of PID-11: the repetition of type `H`, or the first.
fn home_address<'m>(pid: &Segment<'m>) -> Element<'m> {
    let field = pid.field(11);
    let home = field.repetitions().find(|a| a.component(7).code() == "H");
    home.or_else(|| field.repetitions().next()).unwrap_or(field)
}

/// Component 8 holds the whole address; older messages spread it over prefecture (4), city (3), street (1), rest (2).
fn one_line(address: &Element<'_>) -> CompactString {
    let whole = address.component(8);
    if whole.has_value() {
        return whole.compact();
    }
    [4, 3, 1, 2].iter().map(|n| address.component(*n).text()).collect::<String>().into()
}

/// PID-13: component 12 as free text, component 1 by the old rule, or 6 and 7 as area and number.
fn phone(pid: &Segment<'_>) -> CompactString {
    let field = pid.field(13);
    let number = |phone: Element<'_>| -> CompactString {
        let whole = [12, 1].map(|n| phone.component(n)).into_iter().find(Element::has_value);
        match whole {
            Some(whole) => whole.compact(),
            None => [6, 7].iter().map(|n| phone.component(*n).text()).collect::<String>().into(),
        }
    };
    field.repetitions().map(number).find(|n| !n.is_empty()).unwrap_or_default()
}

/// The person's attributes for research: birth month, sex, prefecture. None when neither birth nor sex is known.
pub(super) fn person_fact(message: &Message<'_>, d: &Demographics, work: &mut Work<'_>) {
    let Some(pid) = message.first("PID") else { return };
    let birth = *d.birth.expose();
    if birth.is_none() && d.sex == Sex::Unknown {
        return;
    }
    let mut fact = Fact::new(FactTable::Person, pid.range());
    fact.start = birth.and_then(|b| PartialDate::new(b.year(), b.month().unwrap_or(0), 0));
    fact.status = CompactString::from(d.sex.code());
    let home = home_address(&pid);
    let code = prefecture::of_address(d.address.expose())
        .or_else(|| prefecture::of_address(&home.component(4).text()));
    fact.source = code.map(|code| Coded::new(CodeSystem::Prefecture, code));
    work.facts.push(fact);
}
