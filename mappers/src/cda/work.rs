//! What the mapping of one document works with: findings that point at elements, dates, numbers, the person fact.

use compact_str::CompactString;
use musubi_model::checkdigit::{is_my_number, modulus10_weight21};
use musubi_model::code::Masters;
use musubi_model::finding::shape_of;
use musubi_model::limits::Limits;
use musubi_model::{
    CodeSystem, Coded, Demographics, Fact, FactTable, Finding, PartialDate, Rule, prefecture,
};

use super::rules;
use super::xml::El;
use crate::lookup::Lookup;
use crate::notes::Notes;
use crate::ssmix2::value::{self, Kind};

/// What every value of an empty template is.
pub(super) const PLACEHOLDER: &str = "99999999";

/// The work on one document.
pub(super) struct Work<'w> {
    pub(super) lookup: Lookup<'w>,
    pub(super) notes: Notes,
    pub(super) facts: Vec<Fact>,
    /// The day of the examination or the document; start of facts that give none.
    pub(super) day: Option<PartialDate>,
    /// The day the document was made.
    pub(super) made: Option<PartialDate>,
    sealed: u32,
    facts_max: u32,
}

impl<'w> Work<'w> {
    pub(super) fn new(masters: &'w dyn Masters, limits: &Limits) -> Self {
        Self {
            lookup: Lookup::new(masters),
            notes: Notes::new(limits.findings_per_unit_max),
            facts_max: limits.records_per_unit_max,
            facts: Vec::with_capacity(64),
            day: None,
            made: None,
            sealed: 0,
        }
    }

    /// A finding about an element. `found` must be a shape, a count or a code that names nobody.
    pub(super) fn say(
        &mut self,
        rule: &'static Rule,
        el: El<'_>,
        field: &str,
        found: String,
        expected: &str,
    ) {
        let record = el.name().chars().take(40).collect::<String>();
        let finding = Finding::new(rule).at(el.range()).in_field(record, field).found(found);
        self.notes.push(finding.expected(expected));
    }

    /// A finding with the shape of what was found.
    pub(super) fn say_shape(
        &mut self,
        rule: &'static Rule,
        el: El<'_>,
        field: &str,
        found: &str,
        expected: &str,
    ) {
        self.say(rule, el, field, shape_of(found), expected);
    }

    /// Free text was left in the original; told once for a document, with the number at the end.
    pub(super) fn seal(&mut self) {
        self.sealed += 1;
    }

    /// Tells how many texts were sealed, and whether there was too much.
    pub(super) fn close(&mut self) {
        if u32::try_from(self.facts.len()).is_ok_and(|n| n > self.facts_max) {
            let found = format!("{} 件", self.facts.len());
            let expected = format!("{} 件以下", self.facts_max);
            self.notes.push(Finding::new(&rules::LIMIT).found(found).expected(expected));
        }
        if self.sealed > 0 {
            self.notes.push(Finding::new(&rules::TEXT_SEALED).found(format!("{} 箇所", self.sealed)));
        }
    }

    /// The day (and second of the day) of an element's `value`; what cannot be read is told by `rule`.
    pub(super) fn stamp(&mut self, el: El<'_>, rule: &'static Rule) -> Option<(PartialDate, Option<u32>)> {
        let sent = el.attr("value");
        if sent.is_empty() {
            return None;
        }
        let read = stamp(&sent);
        if read.is_none() {
            self.say_shape(rule, el, "value", &sent, "YYYYMMDD");
        }
        read
    }

    /// The day of an element's `value`.
    pub(super) fn date(&mut self, el: El<'_>, rule: &'static Rule) -> Option<PartialDate> {
        self.stamp(el, rule).map(|s| s.0)
    }

    /// The first day of an `effectiveTime`: its value, or its `low` (or `center`).
    pub(super) fn first_day(&mut self, el: El<'_>) -> Option<(PartialDate, Option<u32>)> {
        let inner = ["low", "center"].iter().find_map(|n| el.child(n));
        if el.attr("value").is_empty() {
            return inner.and_then(|i| self.stamp(i, &rules::DATE));
        }
        self.stamp(el, &rules::DATE)
    }

    /// The last day of an `effectiveTime`.
    pub(super) fn last_day(&mut self, el: El<'_>) -> Option<PartialDate> {
        let high = el.child("high")?;
        self.date(high, &rules::DATE)
    }

    /// A day later than the document itself.
    pub(super) fn check_future(&mut self, el: El<'_>, day: PartialDate) {
        if self.made.is_some_and(|made| day.earliest() > made.earliest()) {
            self.say(&rules::FUTURE, el, "", "作成日より後".to_owned(), "作成日以前");
        }
    }

    /// Is the number of an insured person a My Number? Then the document is refused.
    pub(super) fn refuse_my_number(&mut self, el: El<'_>, number: &str) {
        if is_my_number(number) {
            self.say(&rules::MYNUMBER, el, "", "12桁・検査用数字一致".to_owned(), "被保険者証の番号");
        }
    }

    /// Checks an insurer number as check-ups write it: eight digits, `00` before a national one. Gives the law number
    /// (法別番号) or `国保`.
    pub(super) fn insurer(&mut self, el: El<'_>, number: &str) -> Option<CompactString> {
        self.refuse_my_number(el, number);
        if number.len() != 8 || !number.bytes().all(|b| b.is_ascii_digit()) || number == PLACEHOLDER {
            self.say_shape(&rules::INSURER, el, "", number, "数字 8 桁");
            return None;
        }
        let national = number.strip_prefix("00");
        if modulus10_weight21(national.unwrap_or(number)) == Some(false) {
            self.say(&rules::CHECK_DIGIT, el, "", "検証番号 不一致".to_owned(), "検証番号の一致");
        }
        match national {
            Some(_) => Some(CompactString::const_new("国保")),
            None => number.get(..2).map(CompactString::from),
        }
    }

    /// The person's attributes for research: birth month, sex, prefecture.
    pub(super) fn person(&mut self, el: El<'_>, d: &Demographics) {
        let mut fact = Fact::new(FactTable::Person, el.range());
        fact.start = d.birth.expose().and_then(|b| PartialDate::new(b.year(), b.month().unwrap_or(0), 0));
        fact.status = CompactString::const_new(d.sex.code());
        // Where no address is given, the insurer's prefecture says nothing of where the person lives.
        let code = prefecture::of_address(d.address.expose());
        fact.source = code.map(|code| Coded::new(CodeSystem::Prefecture, code));
        self.facts.push(fact);
    }

    /// The birth date lies after this day: the document is refused.
    pub(super) fn check_birth(&mut self, el: El<'_>, birth: Option<PartialDate>, day: Option<PartialDate>) {
        if let (Some(birth), Some(day)) = (birth, day)
            && latest(day) < birth.earliest()
        {
            self.say(&rules::BEFORE_BIRTH, el, "", "生年月日より前".to_owned(), "生年月日以後");
        }
    }

    /// A text that may enter a fact: a number, a grade, a known word of result. Anything else is sealed.
    pub(super) fn word(&mut self, text: &str, fact: &mut Fact) {
        let reading = value::read(text);
        match reading.kind {
            Kind::Empty => {}
            Kind::Text => {
                add_named(&mut fact.qualifiers, "text", "sealed");
                self.seal();
            }
            _ => {
                fact.value.number = reading.number;
                fact.value.comparator = CompactString::const_new(reading.comparator);
                fact.value.text = CompactString::from(text);
            }
        }
    }
}

fn latest(day: PartialDate) -> jiff::civil::Date {
    match (day.month(), day.day_of_month()) {
        (None, _) => PartialDate::new(day.year(), 12, 31).map_or(day.earliest(), |d| d.earliest()),
        (Some(_), None) => day.earliest().last_of_month(),
        _ => day.earliest(),
    }
}

/// Reads a time stamp of HL7 v3: `YYYY[MM[DD[hhmm[ss[.f]]]]][±zzzz]`.
pub(super) fn stamp(text: &str) -> Option<(PartialDate, Option<u32>)> {
    let digits =
        text.find(|c: char| !c.is_ascii_digit()).map_or(text, |at| text.get(..at).unwrap_or_default());
    let rest = text.get(digits.len()..).unwrap_or_default();
    let sound = rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '+' | '-'));
    if !sound || !matches!(digits.len(), 4 | 6 | 8 | 10 | 12 | 14) {
        return None;
    }
    let date = PartialDate::read(digits.get(..digits.len().min(8))?.as_bytes()).ok()?.date;
    // A year that no document of ours can speak of is a filling.
    if !(1850..=2200).contains(&date.year()) {
        return None;
    }
    let part = |from: usize, most: u32| -> Option<u32> {
        let n: u32 = digits.get(from..from + 2).unwrap_or("00").parse().ok()?;
        (n <= most).then_some(n)
    };
    let second = match digits.len() {
        10.. => Some(part(8, 23)? * 3600 + part(10, 59)? * 60 + part(12, 59)?),
        _ => None,
    };
    Some((date, second))
}

/// Adds `name=value` to words joined by spaces, when the value is a short word.
pub(super) fn add_named(words: &mut CompactString, name: &str, value: &str) {
    if value.is_empty() || value.chars().count() > 40 || value.contains(char::is_whitespace) {
        return;
    }
    if !words.is_empty() {
        words.push(' ');
    }
    words.push_str(name);
    words.push('=');
    words.push_str(value);
}

/// A code as sent, when it is one: short, ASCII, without blanks.
pub(super) fn code_of(text: &str) -> Option<&str> {
    let sound = !text.is_empty() && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_graphic());
    sound.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps() {
        let read = |t| stamp(t).map(|(d, s)| (d.to_string(), s));
        assert_eq!(read("20240131"), Some(("2024-01-31".into(), None)));
        assert_eq!(read("20240131093015+0900"), Some(("2024-01-31".into(), Some(34_215))));
        assert_eq!(read("202401310930"), Some(("2024-01-31".into(), Some(34_200))));
        assert_eq!(read("202401"), Some(("2024-01".into(), None)));
        for bad in ["99999999", "20240231", "2024-01-31x", "0240131", "20240131256000", "", "あ"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
