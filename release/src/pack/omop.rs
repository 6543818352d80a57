//! The layout of OMOP CDM v5.4 beside the files of a release (OMOP CDM形式): all columns of the model, in its order.
//!
//! It must never invent: a concept that no vocabulary is shipped for is 0, a date that is not told stays empty even
//! where the model requires one. `person_id` is the rank of the random `pid`; the number of an event is its row in the
//! file it comes from, so that what the model has no place for (bins of days) is found there.

use std::collections::HashMap;
use std::sync::Arc;

use compact_str::CompactString;
use jiff::ToSpan as _;
use jiff::civil::Date;
use musubi_model::policy::ColumnClass;
use musubi_model::spec::Product;

use super::error::PackError;
use super::seal::{PERSON, PID};
use super::sheet::{Cell, Column, Kind, NOT_TOLD, Sheet, Values};

/// Where the values of a column of the model come from.
#[derive(Clone, Copy)]
enum Source {
    /// Rank of the `pid`.
    PersonId,
    /// Number of the row.
    Row,
    /// 0: no vocabulary, or not known.
    Zero,
    /// The standard concept of a label of this column; 0 for all others.
    Concept(&'static str, &'static [(&'static str, i64)]),
    /// The column of the file as it is, when it has it.
    Same(&'static str),
    /// The day `when`, in pseudonymised products.
    Start,
    /// The day `when`, when `days` are told moved by all but one of them.
    End,
    /// Nothing.
    Nothing(Kind),
}

use Kind::{Date as D, Decimal as F, Integer as I, Text as T};
use Source::{Concept, End, Nothing, PersonId, Row, Same, Start, Zero};

/// A table of the model: its name and its columns.
type Table = (&'static str, &'static [(&'static str, Source)]);

/// Concepts that every installation of the model has: gender, and kinds of visits.
const GENDER: &[(&str, i64)] = &[("1", 8507), ("2", 8532)];
const VISIT: &[(&str, i64)] = &[("inpatient", 9201), ("outpatient", 9202)];

const TABLES: [Table; 6] = [
    (
        PERSON,
        &[
            ("person_id", PersonId),
            ("gender_concept_id", Concept("sex", GENDER)),
            ("year_of_birth", Nothing(I)),
            ("month_of_birth", Nothing(I)),
            ("day_of_birth", Nothing(I)),
            ("birth_datetime", Nothing(D)),
            ("race_concept_id", Zero),
            ("ethnicity_concept_id", Zero),
            ("location_id", Nothing(I)),
            ("provider_id", Nothing(I)),
            ("care_site_id", Nothing(I)),
            ("person_source_value", Same(PID)),
            ("gender_source_value", Same("sex")),
            ("gender_source_concept_id", Zero),
            ("race_source_value", Nothing(T)),
            ("race_source_concept_id", Nothing(I)),
            ("ethnicity_source_value", Nothing(T)),
            ("ethnicity_source_concept_id", Nothing(I)),
        ],
    ),
    (
        "condition_occurrence",
        &[
            ("condition_occurrence_id", Row),
            ("person_id", PersonId),
            ("condition_concept_id", Zero),
            ("condition_start_date", Start),
            ("condition_start_datetime", Nothing(D)),
            ("condition_end_date", Nothing(D)),
            ("condition_end_datetime", Nothing(D)),
            ("condition_type_concept_id", Zero),
            ("condition_status_concept_id", Nothing(I)),
            ("stop_reason", Nothing(T)),
            ("provider_id", Nothing(I)),
            ("visit_occurrence_id", Nothing(I)),
            ("visit_detail_id", Nothing(I)),
            ("condition_source_value", Same("code")),
            ("condition_source_concept_id", Nothing(I)),
            ("condition_status_source_value", Nothing(T)),
        ],
    ),
    (
        "drug_exposure",
        &[
            ("drug_exposure_id", Row),
            ("person_id", PersonId),
            ("drug_concept_id", Zero),
            ("drug_exposure_start_date", Start),
            ("drug_exposure_start_datetime", Nothing(D)),
            ("drug_exposure_end_date", End),
            ("drug_exposure_end_datetime", Nothing(D)),
            ("verbatim_end_date", Nothing(D)),
            ("drug_type_concept_id", Zero),
            ("stop_reason", Nothing(T)),
            ("refills", Nothing(I)),
            ("quantity", Nothing(F)),
            ("days_supply", Same("days")),
            ("sig", Nothing(T)),
            ("route_concept_id", Nothing(I)),
            ("lot_number", Nothing(T)),
            ("provider_id", Nothing(I)),
            ("visit_occurrence_id", Nothing(I)),
            ("visit_detail_id", Nothing(I)),
            ("drug_source_value", Same("code")),
            ("drug_source_concept_id", Nothing(I)),
            ("route_source_value", Nothing(T)),
            ("dose_unit_source_value", Nothing(T)),
        ],
    ),
    (
        "procedure_occurrence",
        &[
            ("procedure_occurrence_id", Row),
            ("person_id", PersonId),
            ("procedure_concept_id", Zero),
            ("procedure_date", Start),
            ("procedure_datetime", Nothing(D)),
            ("procedure_end_date", Nothing(D)),
            ("procedure_end_datetime", Nothing(D)),
            ("procedure_type_concept_id", Zero),
            ("modifier_concept_id", Nothing(I)),
            ("quantity", Nothing(I)),
            ("provider_id", Nothing(I)),
            ("visit_occurrence_id", Nothing(I)),
            ("visit_detail_id", Nothing(I)),
            ("procedure_source_value", Same("code")),
            ("procedure_source_concept_id", Nothing(I)),
            ("modifier_source_value", Nothing(T)),
        ],
    ),
    (
        "measurement",
        &[
            ("measurement_id", Row),
            ("person_id", PersonId),
            ("measurement_concept_id", Zero),
            ("measurement_date", Start),
            ("measurement_datetime", Nothing(D)),
            ("measurement_time", Nothing(T)),
            ("measurement_type_concept_id", Zero),
            ("operator_concept_id", Nothing(I)),
            ("value_as_number", Same("value")),
            ("value_as_concept_id", Nothing(I)),
            ("unit_concept_id", Nothing(I)),
            ("range_low", Nothing(F)),
            ("range_high", Nothing(F)),
            ("provider_id", Nothing(I)),
            ("visit_occurrence_id", Nothing(I)),
            ("visit_detail_id", Nothing(I)),
            ("measurement_source_value", Same("code")),
            ("measurement_source_concept_id", Nothing(I)),
            ("unit_source_value", Same("unit")),
            ("unit_source_concept_id", Nothing(I)),
            ("value_source_value", Nothing(T)),
            ("measurement_event_id", Nothing(I)),
            ("meas_event_field_concept_id", Nothing(I)),
        ],
    ),
    (
        "visit_occurrence",
        &[
            ("visit_occurrence_id", Row),
            ("person_id", PersonId),
            ("visit_concept_id", Concept("code", VISIT)),
            ("visit_start_date", Start),
            ("visit_start_datetime", Nothing(D)),
            ("visit_end_date", End),
            ("visit_end_datetime", Nothing(D)),
            ("visit_type_concept_id", Zero),
            ("provider_id", Nothing(I)),
            ("care_site_id", Nothing(I)),
            ("visit_source_value", Same("code")),
            ("visit_source_concept_id", Nothing(I)),
            ("admitted_from_concept_id", Nothing(I)),
            ("admitted_from_source_value", Nothing(T)),
            ("discharged_to_concept_id", Nothing(I)),
            ("discharged_to_source_value", Nothing(T)),
            ("preceding_visit_occurrence_id", Nothing(I)),
        ],
    ),
];

/// The files `omop_*` of a release's files.
///
/// # Errors
/// [`PackError::Person`]: no `person.pid`, or an event of somebody who is not there.
pub(crate) fn sheets(sheets: &[Sheet], product: Product) -> Result<Vec<Sheet>, PackError> {
    let persons = sheets.iter().find(|s| s.name == PERSON).and_then(|s| s.column(PID));
    let persons = persons.ok_or_else(|| PackError::Person(PERSON.to_owned()))?;
    let ranks: HashMap<&str, i64> = persons.values.used_labels().into_iter().zip(1..).collect();
    let dates = product == Product::Pseudonymized;
    TABLES
        .iter()
        .filter_map(|table| sheets.iter().find(|s| s.name == table.0).map(|s| (s, table)))
        .map(|(sheet, (name, columns))| {
            let columns = columns
                .iter()
                .map(|(column, from)| made(sheet, column, *from, &ranks, dates))
                .collect::<Option<Vec<Column>>>()
                .ok_or_else(|| PackError::Person(sheet.name.clone()))?;
            Ok(Sheet {
                name: format!("omop_{name}"),
                title_ja: format!("OMOP CDM v5.4 の {name}({})", sheet.title_ja),
                title_en: format!("{name} of OMOP CDM v5.4 ({})", sheet.title_en),
                columns,
            })
        })
        .collect()
}

/// A column of the model; `None`: a `pid` without person.
fn made(sheet: &Sheet, name: &str, from: Source, ranks: &HashMap<&str, i64>, dates: bool) -> Option<Column> {
    let rows = sheet.rows();
    let values_of = |column: &str| sheet.column(column).map(|c| &c.values);
    let class_of = |column: &str| sheet.column(column).map_or(ColumnClass::Neutral, |c| c.class);
    let (values, class, ja, en) = match from {
        PersonId => {
            let Values::Text { ids, labels } = values_of(PID)? else { return None };
            // A label that no row uses has no rank and needs none.
            let numbers = labels.iter().map(|l| ranks.get(l.as_str()).copied().unwrap_or(0)).collect();
            let numbers: Arc<[i64]> = numbers;
            let known = |id: &u32| numbers.get(*id as usize).is_some_and(|rank| *rank > 0);
            if !ids.iter().all(known) {
                return None;
            }
            let values = Values::Numbered { ids: Arc::clone(ids), numbers };
            (values, ColumnClass::Neutral, "pid の順位(1から)", "rank of the pid, from 1 on")
        }
        Row => (
            Values::Sequence(rows),
            ColumnClass::Neutral,
            "元のファイルの行番号(見出しを除き1から)",
            "row of the file it comes from, from 1 on",
        ),
        Zero => (
            Values::Constant(0, rows),
            ColumnClass::Neutral,
            "0: 標準語彙は同梱していません",
            "0: no vocabulary is shipped",
        ),
        Concept(column, concepts) => (
            concept(values_of(column), concepts, rows),
            class_of(column),
            "標準概念。当てはまるものがなければ0",
            "standard concept; 0 where there is none",
        ),
        Same(column) => match values_of(column) {
            // A band of days is not a number of days.
            Some(values) if column != "days" || values.kind() == Kind::Integer => {
                (values.clone(), class_of(column), "元のファイルの値", "as in the file it comes from")
            }
            _ => (
                Values::Empty(if column == "days" { I } else { T }, rows),
                ColumnClass::Neutral,
                "空欄: 提供していないか、区間でしか示していません(元のファイルを参照)",
                "empty: not released, or told as a band only (see the file it comes from)",
            ),
        },
        Start => match values_of("when").filter(|_| dates).and_then(days) {
            Some(days) => (
                Values::Date(days),
                class_of("when"),
                "日付(方針に従いずらしてあります)",
                "day, moved as the policy says",
            ),
            None => untold(rows),
        },
        End => {
            let start = values_of("when").filter(|_| dates).and_then(days);
            match (start, values_of("days")) {
                (Some(start), Some(days)) if days.kind() == Kind::Integer => (
                    Values::Date(ends(&start, days)),
                    class_of("when"),
                    "開始日に日数−1を足した日",
                    "first day moved by all but one of the days",
                ),
                _ => untold(rows),
            }
        }
        Nothing(kind) => {
            (Values::Empty(kind, rows), ColumnClass::Neutral, "空欄: 提供していません", "empty: not released")
        }
    };
    Some(Column::new(name, name, name, class, values).meaning(ja, en))
}

/// A required date that cannot be told.
fn untold(rows: usize) -> (Values, ColumnClass, &'static str, &'static str) {
    (
        Values::Empty(D, rows),
        ColumnClass::Neutral,
        "空欄: 日付は提供していません。CDMでは必須ですが、作り出すことはしません。時期は元のファイルの when にあります",
        "empty: dates are not released. The CDM requires one; none is invented. See `when` of the file it comes from",
    )
}

/// The concept of each label.
fn concept(values: Option<&Values>, concepts: &[(&str, i64)], rows: usize) -> Values {
    let Some(Values::Text { ids, labels }) = values else { return Values::Constant(0, rows) };
    let of = |label: &CompactString| concepts.iter().find(|(l, _)| l == label).map_or(0, |(_, id)| *id);
    // "Not told" is one more label, whose concept is 0.
    let none = u32::try_from(labels.len()).unwrap_or(NOT_TOLD);
    let ids = ids.iter().map(|id| if *id == NOT_TOLD { none } else { *id }).collect();
    Values::Numbered { ids, numbers: labels.iter().map(of).chain([0]).collect() }
}

/// The days of a column of days, or of labels that all are days.
fn days(values: &Values) -> Option<Arc<[Option<Date>]>> {
    match values {
        Values::Date(days) => Some(Arc::clone(days)),
        Values::Text { ids, labels } => {
            let parsed: Vec<Option<Date>> = labels.iter().map(|l| l.parse().ok()).collect();
            let used = values.used_labels();
            let all = used.iter().all(|label| label.parse::<Date>().is_ok());
            all.then(|| ids.iter().map(|id| parsed.get(*id as usize).copied().flatten()).collect())
        }
        _ => None,
    }
}

/// The last days.
fn ends(start: &[Option<Date>], days: &Values) -> Arc<[Option<Date>]> {
    let end = |(row, start): (usize, &Option<Date>)| match days.cell(row) {
        Cell::Integer(days) if (1..=36_600).contains(&days) => {
            start.and_then(|s| s.checked_add((days - 1).days()).ok())
        }
        _ => None,
    };
    start.iter().enumerate().map(end).collect()
}
