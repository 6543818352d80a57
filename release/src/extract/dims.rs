//! The dimensions of a table of cells (集計軸): their categories with labels, and where a person or a code falls.
//!
//! Categories of fixed dimensions are all there, also those with nobody in them; only ingredients and examinations are
//! those that occur. Never sees a count.

use jiff::civil::Date;
use musubi_model::prefecture::PREFECTURES;
use musubi_model::spec::{Axis, CubeMeasure, CubeSpec, Dimension, SpecError};
use musubi_model::{CodeSystem, FactTable};
use rust_decimal::Decimal;

use super::linked::InsurerKind;
use super::rules::Window;
use crate::grid::{Attributes, GridAxis, UNKNOWN, category};

/// A category of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Its code, as far as there is one.
    pub code: String,
    /// The published label.
    pub ja: String,
    /// What it belongs to: the region of a prefecture, the therapeutic class of an ingredient, the year of a month.
    pub parent: Option<String>,
}

impl Label {
    pub(super) fn new(code: impl Into<String>, ja: impl Into<String>) -> Self {
        Self { code: code.into(), ja: ja.into(), parent: None }
    }

    fn under(self, parent: impl Into<String>) -> Self {
        Self { parent: Some(parent.into()), ..self }
    }

    pub(super) fn unknown() -> Self {
        Self::new("", UNKNOWN)
    }
}

/// The regions of Japan (地方): the code of their last prefecture, and their name.
const REGIONS: [(usize, &str); 8] = [
    (1, "北海道"),
    (7, "東北"),
    (14, "関東"),
    (23, "中部"),
    (30, "近畿"),
    (35, "中国"),
    (39, "四国"),
    (47, "九州・沖縄"),
];

/// The table whose facts a cube counts; `None`: it counts persons as such.
///
/// # Errors
/// [`SpecError::Impossible`]: it asks for facts of two tables, or for what the lake does not hold.
pub(super) fn table_of(cube: &CubeSpec) -> Result<Option<FactTable>, SpecError> {
    let by_dimension = |d: &Dimension| match d {
        Dimension::DiagnosisChapter => Some(FactTable::ConditionOccurrence),
        Dimension::DrugIngredient => Some(FactTable::DrugExposure),
        Dimension::Examination | Dimension::ValueBand => Some(FactTable::Measurement),
        Dimension::CareLevel => Some(FactTable::CareNeed),
        _ => None,
    };
    let by_measure = |m: &CubeMeasure| match m {
        CubeMeasure::Points | CubeMeasure::Units => Some(FactTable::Cost),
        CubeMeasure::Mean | CubeMeasure::Quartiles => Some(FactTable::Measurement),
        // Of drugs, unless the request says of what.
        CubeMeasure::Quantity => cube.of.is_none().then_some(FactTable::DrugExposure),
    };
    let asked = cube.of.iter().map(|of| of.table).chain(cube.dimensions.iter().filter_map(by_dimension));
    let mut asked: Vec<FactTable> = asked.chain(cube.measures.iter().filter_map(by_measure)).collect();
    asked.sort_unstable();
    asked.dedup();
    if cube.dimensions.len() > super::cells::DIMENSIONS_MAX {
        return Err(SpecError::Impossible("tables: at most six dimensions"));
    }
    let sums = cube
        .measures
        .iter()
        .filter(|m| matches!(m, CubeMeasure::Quantity | CubeMeasure::Points | CubeMeasure::Units));
    if sums.count() > 1 {
        return Err(SpecError::Impossible("tables: one of quantity, points and units"));
    }
    let calendar = cube.dimensions.iter().any(|d| matches!(d, Dimension::Year | Dimension::Month));
    let by_provider = [Dimension::BedClass, Dimension::Municipality, Dimension::MedicalArea];
    if asked.is_empty() && cube.dimensions.iter().any(|d| by_provider.contains(d)) {
        return Err(SpecError::Impossible(
            "bed_class, municipality, medical_area: say of which facts, in [tables.of]",
        ));
    }
    match asked.as_slice() {
        [] => Ok(calendar.then_some(FactTable::ConditionOccurrence)),
        [one] => Ok(Some(*one)),
        _ => Err(SpecError::Impossible("tables: dimensions and measures are of facts of different tables")),
    }
}

/// Is it an attribute of a person, not of a fact?
pub(super) fn of_person(dimension: Dimension) -> bool {
    use Dimension::{AgeBand5, AgeBand10, Insurer, Prefecture, Sex};
    matches!(dimension, Sex | AgeBand5 | AgeBand10 | Prefecture | Insurer)
}

/// The months of a period as years and months.
fn months(period: (Date, Date)) -> impl Iterator<Item = (i16, i8)> {
    let number = |d: Date| i32::from(d.year()) * 12 + i32::from(d.month()) - 1;
    (number(period.0)..=number(period.1)).map(|m| {
        let month = i8::try_from(m.rem_euclid(12)).unwrap_or(0) + 1;
        (i16::try_from(m.div_euclid(12)).unwrap_or(i16::MAX), month)
    })
}

/// The categories that a dimension always has; none for those that depend on what occurs.
pub(super) fn fixed_labels(dimension: Dimension, period: (Date, Date), age_top: u16) -> Vec<Label> {
    let of_axis = |axis| -> Vec<Label> {
        let labels = GridAxis::of(axis, age_top).labels;
        labels.iter().map(|l| Label::new(l.as_str(), l.as_str())).collect()
    };
    match dimension {
        Dimension::Sex => of_axis(Axis::Sex),
        Dimension::AgeBand5 => of_axis(Axis::AgeBand5),
        Dimension::AgeBand10 => {
            let bands = (0..age_top / 10).map(|n| format!("{}-{}歳", n * 10, n * 10 + 9));
            bands
                .chain([format!("{age_top}歳以上"), UNKNOWN.to_owned()])
                .map(|l| Label::new(l.clone(), l))
                .collect()
        }
        Dimension::Prefecture => {
            let region = |at: usize| REGIONS.iter().find(|(last, _)| at < *last).map_or("", |(_, name)| name);
            let known = PREFECTURES
                .iter()
                .enumerate()
                .map(|(at, (code, name))| Label::new(*code, *name).under(region(at)));
            known.chain([Label::unknown()]).collect()
        }
        Dimension::Insurer => {
            InsurerKind::ALL.iter().map(|k| Label::new(k.ja(), k.ja())).chain([Label::unknown()]).collect()
        }
        Dimension::DiagnosisChapter => of_axis(Axis::DiagnosisChapter),
        Dimension::Year => {
            (period.0.year()..=period.1.year()).map(|y| Label::new(y.to_string(), format!("{y}年"))).collect()
        }
        Dimension::Month => months(period)
            .map(|(y, m)| Label::new(format!("{y}-{m:02}"), format!("{y}年{m}月")).under(format!("{y}年")))
            .collect(),
        Dimension::BedClass
        | Dimension::Municipality
        | Dimension::MedicalArea
        | Dimension::CareLevel
        | Dimension::DrugIngredient
        | Dimension::Examination
        | Dimension::ValueBand => Vec::new(),
    }
}

/// Where a person falls; `None` for dimensions of facts.
pub(super) fn of_attributes(
    dimension: Dimension,
    known: &Attributes,
    insurer: Option<InsurerKind>,
    age_top: u16,
) -> Option<usize> {
    match dimension {
        Dimension::Sex => category(Axis::Sex, known, age_top),
        Dimension::AgeBand5 => category(Axis::AgeBand5, known, age_top),
        Dimension::Prefecture => category(Axis::Prefecture, known, age_top),
        Dimension::AgeBand10 => {
            let bands = usize::from(age_top / 10);
            Some(known.age.map_or(bands + 1, |age| usize::from(age / 10).min(bands)))
        }
        Dimension::Insurer => Some(insurer.map_or(InsurerKind::ALL.len(), |k| k as usize)),
        _ => None,
    }
}

/// Where a day of the period falls, counted in years or months from its first day.
pub(super) fn of_day(dimension: Dimension, day: Date, first: Date) -> usize {
    let years = i32::from(day.year()) - i32::from(first.year());
    let months = years * 12 + i32::from(day.month()) - i32::from(first.month());
    usize::try_from(if dimension == Dimension::Year { years } else { months }).unwrap_or(0)
}

/// The category of a code: the ingredient of a YJ code (first seven digits), the examination as mapped. Empty: not known.
pub(super) fn of_code<'a>(dimension: Dimension, system: &str, code: &'a str) -> &'a str {
    match dimension {
        Dimension::DrugIngredient if system == CodeSystem::Yj.as_str() => code.get(..7).unwrap_or(""),
        Dimension::Examination => code,
        Dimension::CareLevel if system == CodeSystem::CareLevel.as_str() => code,
        _ => "",
    }
}

/// The label of such a category.
pub(super) fn code_label(dimension: Dimension, code: &str) -> Label {
    let label = Label::new(code, code);
    match (dimension, code.get(..4)) {
        _ if code.is_empty() => Label::unknown(),
        (Dimension::DrugIngredient, Some(class)) => label.under(class),
        (Dimension::CareLevel, _) => Label { ja: care_level(code).to_owned(), ..label },
        _ => label,
    }
}

/// The name of a level of the need for care (要介護状態区分).
fn care_level(code: &str) -> &str {
    match code {
        "01" => "非該当",
        "06" => "事業対象者",
        "11" => "要支援(経過的要介護)",
        "12" => "要支援1",
        "13" => "要支援2",
        "21" => "要介護1",
        "22" => "要介護2",
        "23" => "要介護3",
        "24" => "要介護4",
        "25" => "要介護5",
        other => other,
    }
}

/// The labels of classes of beds: the first numbers of the classes above none.
pub(super) fn bed_labels(classes: &[u32]) -> Vec<Label> {
    let mut labels = vec![Label::new("0", "無床")];
    for (nth, from) in classes.iter().enumerate() {
        let text = match classes.get(nth + 1) {
            Some(next) => format!("{from}-{}床", next.saturating_sub(1)),
            None => format!("{from}床以上"),
        };
        labels.push(Label::new(from.to_string(), text));
    }
    labels.push(Label::unknown());
    labels
}

/// The class of a number of beds.
pub(super) fn of_beds(classes: &[u32], beds: Option<u32>) -> usize {
    beds.map_or(classes.len() + 1, |beds| classes.iter().filter(|from| **from <= beds).count())
}

/// The values that part all values into quarters (四分位): of `n` values in order the one at place ⌈n·q/4⌉.
pub(super) fn quarters(values: &std::collections::BTreeMap<Decimal, u64>) -> Option<[Decimal; 3]> {
    let total: u64 = values.values().sum();
    let at = |q: u64| {
        let place = (total * q).div_ceil(4);
        let mut seen = 0;
        values.iter().find(|(_, n)| {
            seen += **n;
            seen >= place
        })
    };
    Some([*at(1)?.0, *at(2)?.0, *at(3)?.0])
}

/// The bands of values, with that of no value last.
pub(super) fn band_labels(cuts: Option<[Decimal; 3]>) -> Vec<Label> {
    let Some([a, b, c]) = cuts else { return vec![Label::unknown()] };
    let texts =
        [format!("{a} 以下"), format!("{a} 超 {b} 以下"), format!("{b} 超 {c} 以下"), format!("{c} 超")];
    texts.into_iter().map(|t| Label::new(t.clone(), t)).chain([Label::unknown()]).collect()
}

/// The band of a value.
pub(super) fn of_value(cuts: Option<[Decimal; 3]>, value: Option<Decimal>) -> usize {
    match (cuts, value) {
        (None, _) => 0,
        (Some(_), None) => 4,
        (Some(cuts), Some(value)) => cuts.iter().filter(|cut| value > **cut).count(),
    }
}

/// The period as calendar days.
pub(super) fn period_of(window: Window) -> (Date, Date) {
    (super::rules::date_of(window.from), super::rules::date_of(window.to))
}
