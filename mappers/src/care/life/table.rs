//! The fields of LIFE as data (`life_fields.tsv`, `life_codes.tsv`): what each is and which values it takes.

use std::collections::HashMap;
use std::sync::OnceLock;

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::care) enum Class {
    /// 事業所番号.
    Facility,
    /// サービス種類コード.
    Service,
    /// 外部システム管理番号: of the user in SERVICE_USER_INFO, of the form elsewhere.
    Number,
    /// 外部システム管理明細番号.
    Detail,
    Insurer,
    Insured,
    Family,
    Given,
    FamilyKana,
    GivenKana,
    Sex,
    Birth,
    /// 要介護度 of the user.
    Level,
    /// The day the form speaks of.
    When,
    Date,
    Time,
    /// A value of a list.
    Code,
    Amount,
    Icd10,
    Icf,
    Drug,
    /// A name of a member of staff: sealed.
    Staff,
    /// Free text: a sealed note.
    Text,
}

impl Class {
    /// How many classes there are.
    pub(in crate::care) const COUNT: usize = Self::Text as usize + 1;

    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "facility" => Self::Facility,
            "service" => Self::Service,
            "number" => Self::Number,
            "detail" => Self::Detail,
            "insurer" => Self::Insurer,
            "insured" => Self::Insured,
            "family" => Self::Family,
            "given" => Self::Given,
            "family-kana" => Self::FamilyKana,
            "given-kana" => Self::GivenKana,
            "sex" => Self::Sex,
            "birth" => Self::Birth,
            "level" => Self::Level,
            "when" => Self::When,
            "date" => Self::Date,
            "time" => Self::Time,
            "code" => Self::Code,
            "n" => Self::Amount,
            "icd10" => Self::Icd10,
            "icf" => Self::Icf,
            "drug" => Self::Drug,
            "staff" => Self::Staff,
            "text" => Self::Text,
            _ => return None,
        })
    }
}

/// One field of one interface.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::care) struct Field {
    /// `INTERFACE.field`.
    pub code: &'static str,
    /// The part behind the point.
    pub name: &'static str,
    /// The part before it.
    pub interface: &'static str,
    /// Japanese name.
    pub ja: &'static str,
    pub class: Class,
    /// Characters, or digits before the point.
    pub size: usize,
    /// Values of the list; empty: any code.
    pub values: &'static [&'static str],
    /// Lowest and highest number.
    pub range: Option<(i64, i64)>,
    pub unit: &'static str,
    /// ◎: without it there is no record.
    pub required: bool,
}

pub(in crate::care) fn fields() -> &'static [Field] {
    static ALL: OnceLock<Vec<Field>> = OnceLock::new();
    ALL.get_or_init(|| {
        let lists = lists();
        let lines = include_str!("../life_fields.tsv").lines();
        lines.filter(|l| !l.starts_with('#')).filter_map(|l| read(l, &lists)).collect()
    })
}

fn lists() -> HashMap<&'static str, &'static [&'static str]> {
    let lines = include_str!("../life_codes.tsv").lines().filter(|l| !l.starts_with('#'));
    let list = |line: &'static str| {
        let (name, values) = line.split_once('\t')?;
        let values: Vec<&'static str> =
            values.split('|').filter_map(|v| Some(v.split_once(':')?.0)).collect();
        // Read once for the life of the process.
        Some((name, &*values.leak()))
    };
    lines.filter_map(list).collect()
}

fn read(line: &'static str, lists: &HashMap<&'static str, &'static [&'static str]>) -> Option<Field> {
    let mut columns = line.split('\t');
    let code = columns.next()?;
    let (interface, name) = code.split_once('.')?;
    let ja = columns.next()?;
    let class = Class::read(columns.next()?)?;
    let size = columns.next().unwrap_or_default();
    // Digits behind the point are not counted: senders round as they like.
    let size = size.split_once('.').map_or(size, |(whole, _)| whole);
    let extra = columns.next().unwrap_or_default();
    let required = columns.next() == Some("◎");
    let values = lists.get(extra).copied().unwrap_or_default();
    let (mut range, mut unit) = (None, "");
    if class == Class::Amount {
        let (first, rest) = extra.split_once(' ').unwrap_or((extra, ""));
        let told = first.split_once('-').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        unit = if told.is_some() { rest } else { first };
        range = told.or_else(|| plausible(unit));
    }
    Some(Field {
        code,
        name,
        interface,
        ja,
        class,
        size: size.parse().unwrap_or(0),
        values,
        range,
        unit,
        required,
    })
}

/// What a measured value can be at all; wider than any person, narrower than a slip of the unit.
fn plausible(unit: &str) -> Option<(i64, i64)> {
    Some(match unit {
        "cm" => (30, 250),
        "kg" => (-50, 300),
        "kg/m2" => (5, 80),
        "g/dL" => (0, 10),
        "%" => (0, 200),
        "kcal" => (0, 9_999),
        "kcal/kg" => (0, 200),
        "g" => (0, 500),
        "g/kg" => (0, 20),
        _ => return None,
    })
}

/// The fields of an interface by name.
pub(in crate::care) fn find(interface: &str, name: &str) -> Option<usize> {
    static BY_NAME: OnceLock<HashMap<&'static str, usize>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| fields().iter().enumerate().map(|(at, f)| (f.code, at)).collect());
    by_name.get(format!("{interface}.{name}").as_str()).copied()
}

/// The same field of any interface.
pub(in crate::care) fn find_anywhere(name: &str) -> Option<usize> {
    static BY_NAME: OnceLock<HashMap<&'static str, usize>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| {
        // Of fields that share a name, the one that shows least: text before codes.
        let mut map = HashMap::new();
        for (at, field) in fields().iter().enumerate() {
            let known = map.entry(field.name).or_insert(at);
            if matches!(field.class, Class::Text | Class::Staff) {
                *known = at;
            }
        }
        map
    });
    by_name.get(name).copied()
}

/// The names of the interfaces.
pub(in crate::care) fn interfaces() -> &'static [&'static str] {
    static ALL: OnceLock<Vec<&'static str>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all: Vec<&'static str> = fields().iter().map(|f| f.interface).collect();
        all.dedup();
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_field_and_every_list_is_used() {
        let lines = include_str!("../life_fields.tsv").lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!((fields().len(), lines, interfaces().len()), (1_855, 1_855, 21));
        let used: std::collections::BTreeSet<_> = fields().iter().map(|f| f.values).collect();
        assert!(lists().values().all(|values| !values.is_empty() && used.contains(values)));
        let height = &fields()[find("FORM_0000_2021", "height").unwrap()];
        assert_eq!((height.unit, height.range, height.size), ("cm", Some((30, 250)), 3));
        let teeth = &fields()[find("FORM_0210_2021", "number_of_teeth").unwrap()];
        assert_eq!((teeth.unit, teeth.range), ("本", Some((0, 28))));
    }
}
