//! LIFE (科学的介護情報システム) CSV: one interface a file, one row for each form of a user.
//!
//! 2021: line 1 is the interface, line 2 its fields (any of them, in any order). 2024: the fields alone. What becomes
//! of a field is data (`life_fields.tsv`). An empty cell says nothing, a single blank says that there is nothing; both
//! give no fact. Names, numbers, staff and free text never enter a fact. Source: formats.md §4.3, LIFE CSV連携仕様.

use compact_str::CompactString;
use musubi_model::code::Masters;
use musubi_model::finding::shape_of;
use musubi_model::{Finding, Rule};

use super::sheet::{self, Cells, Cutter, each_row, encoding_of, open};
use super::{Frame, Shape, rules};
use crate::text::Encoding;
use crate::text::rows::{Row, Rows};
use crate::{Document, MappedUnit, Split, UnitContext, UnitSlice};

mod map;
mod table;

use table::{Class, Field, fields, find, find_anywhere, interfaces};

pub(super) use table::{Class as FieldClass, Field as LifeField, fields as all_fields};

/// A column: its field, or the heading of one that the interface does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    field: Option<&'static Field>,
    /// `INTERFACE.heading`, for a field that is not in the table and may be read; empty: it may not.
    code: CompactString,
}

/// The first column of each class.
pub(super) type Places = [Option<u16>; Class::COUNT];

fn places(columns: &[Column]) -> Places {
    let mut places = [None; Class::COUNT];
    for (at, column) in columns.iter().enumerate().rev() {
        if let Some(place) = column.field.and_then(|f| places.get_mut(f.class as usize)) {
            *place = u16::try_from(at).ok();
        }
    }
    places
}

/// What stands before the data: the interface, its headings, and where the data begin.
struct Front {
    interface: CompactString,
    /// Rows before the data.
    rows: u32,
    columns: Vec<Column>,
    headings: Vec<String>,
}

/// A heading: ASCII letters, digits and underscores.
fn is_heading(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Reads the first rows. `None`: this is no file of LIFE.
fn front(document: &Document<'_>, encoding: Encoding) -> Option<Front> {
    let mut rows = Rows::new(document.bytes, 0, b',', document.limits.record_bytes_max);
    let mut row = Row::default();
    let mut read = || {
        while rows.read(&mut row) {
            let cells = Cells { bytes: document.bytes, row: &row, encoding, shift: 0 };
            if cells.filled() > 0 {
                let texts = (0..cells.filled()).map(|at| cells.text(at).trim().to_owned());
                return Some(texts.collect::<Vec<_>>());
            }
        }
        None
    };
    let first = read()?;
    let is_key = |headings: &[String]| headings.iter().any(|h| h == "external_system_management_number");
    let (interface, rows, headings) = match first.as_slice() {
        [name] if is_heading(name) => {
            let headings = read()?;
            if !interfaces().contains(&name.as_str()) && !is_key(&headings) {
                return None;
            }
            (name.clone(), 2, headings)
        }
        headings if is_key(headings) => (interface_of(document.path, headings), 1, first),
        _ => return None,
    };
    let interface = CompactString::from(interface);
    let columns = headings.iter().map(|h| column(&interface, h)).collect();
    Some(Front { interface, rows, columns, headings })
}

/// The interface of a file without its name in line 1: by the file's name, else the one that has all its headings.
fn interface_of(path: &str, headings: &[String]) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_uppercase();
    let parts: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    // `17_INDIVIDUAL_FUNCTION_TRAINING_PLAN_2024_….csv`: from the first word to the year.
    let from = parts.iter().position(|p| p.bytes().any(|b| b.is_ascii_alphabetic()));
    let year = |p: &&str| p.len() == 4 && p.starts_with("20") && p.bytes().all(|b| b.is_ascii_digit());
    let to = parts.iter().position(year);
    if let (Some(from), Some(to)) = (from, to)
        && let Some(words) = parts.get(from..=to)
        && is_heading(&words.join("_"))
    {
        return words.join("_");
    }
    if name.contains("SERVICE_USER_INFO") {
        return "SERVICE_USER_INFO".to_owned();
    }
    let has_all = |interface: &&&str| headings.iter().all(|h| h == "version" || find(interface, h).is_some());
    let mut fitting = interfaces().iter().filter(has_all);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => (*one).to_owned(),
        _ => "UNKNOWN".to_owned(),
    }
}

fn column(interface: &str, heading: &str) -> Column {
    let known = find(interface, heading).or_else(|| {
        // A later interface keeps the names of fields; what was a name or a text there is one here.
        (!interfaces().contains(&interface)).then(|| find_anywhere(heading)).flatten()
    });
    let field = known.and_then(|at| fields().get(at));
    let own = field.is_some_and(|f| f.interface == interface);
    let readable = is_heading(heading) && !names_somebody(heading);
    Column {
        field,
        code: if own || !readable {
            CompactString::default()
        } else {
            CompactString::from(format!("{interface}.{heading}"))
        },
    }
}

/// Fields of which a number may be one of a person.
fn names_somebody(heading: &str) -> bool {
    let heading = heading.to_ascii_lowercase();
    ["name", "staff", "kana", "address", "phone", "tel", "number", "_no", "_id", "birth", "doctor", "person"]
        .iter()
        .any(|word| heading.contains(word))
}

pub(super) fn split(document: &Document<'_>) -> Split {
    let mut split = Split::default();
    let Some(encoding) = open(document, &mut split, true) else { return split };
    let Some(front) = front(document, encoding) else {
        let rule = if document.bytes.trim_ascii().is_empty() { &rules::EMPTY } else { &rules::LIFE_KIND };
        split.findings.push(Finding::new(rule).expected("1行目に様式名、2行目に項目名"));
        return split;
    };
    check_headings(&front, &mut split);
    let time = time_of(document.path);
    let labels = front.columns.clone();
    let (interface, front_rows) = (front.interface.clone(), front.rows);
    let places = places(&front.columns);
    let shape = Shape::Life { interface: front.interface, columns: front.columns, places, time };
    split.contexts.push(UnitContext::Care(Frame { encoding, shape }));
    let mut cutter = Cutter::default();
    let (mut rows, mut data) = (0u32, 0u32);
    each_row(document.bytes, 0, b',', document.limits.record_bytes_max, |row| {
        let cells = Cells { bytes: document.bytes, row, encoding, shift: 0 };
        if rows < front_rows && cells.filled() > 0 {
            rows += 1;
            split.envelope.add("heading", 1);
            return;
        }
        if cells.filled() == 0 {
            split.envelope.add("blank", 1);
            return;
        }
        if data == 0 && is_labels(&cells, &labels) {
            split.envelope.add("label", 1);
            split.findings.push(Finding::new(&rules::LIFE_LABELS).at(cells.range()));
            return;
        }
        data += 1;
        cutter.begin(document, &mut split, row, &interface, 0);
    });
    cutter.close(document, &mut split);
    if data == 0 {
        split.findings.push(Finding::new(&rules::EMPTY).found("データ行なし"));
    }
    sheet::totals(&mut split);
    split
}

/// Does the row hold the Japanese names of its columns? Facility and management number cannot.
fn is_labels(cells: &Cells<'_, '_>, columns: &[Column]) -> bool {
    columns.iter().enumerate().any(|(at, column)| {
        column.field.is_some_and(|f| {
            matches!(f.class, Class::Facility | Class::Number) && cells.text(at).trim() == f.ja
        })
    })
}

fn check_headings(front: &Front, split: &mut Split) {
    let mut say = |rule: &'static Rule, field: &str, found: String| {
        split.findings.push(Finding::new(rule).in_field("項目名の行", field).found(found));
    };
    for name in ["care_facility_id", "external_system_management_number"] {
        if !front.headings.iter().any(|h| h == name) {
            say(&rules::LIFE_HEADINGS, name, "列なし".to_owned());
        }
    }
    let mut sorted: Vec<&String> = front.headings.iter().filter(|h| !h.is_empty()).collect();
    sorted.sort_unstable();
    if let Some(twice) =
        sorted.windows(2).find(|pair| matches!(pair, [a, b] if a == b)).and_then(|p| p.first())
    {
        say(&rules::LIFE_TWICE, "", shape_of(twice));
    }
    let unknown = front
        .columns
        .iter()
        .filter(|c| c.field.is_none_or(|f| f.interface != front.interface.as_str()))
        .count();
    if unknown > 0 {
        say(&rules::LIFE_FIELD, "", format!("{unknown} 列"));
    }
}

/// The time of writing in a file's name: a run of 14 or 8 digits that begins with 20.
fn time_of(path: &str) -> CompactString {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let runs = name.split(|c: char| !c.is_ascii_digit());
    let time = runs.rev().find(|r| matches!(r.len(), 8 | 12 | 14) && r.starts_with("20"));
    time.map(CompactString::from).unwrap_or_default()
}

pub(super) fn map(
    document: &Document<'_>,
    split: &Split,
    unit: &UnitSlice,
    masters: &dyn Masters,
) -> MappedUnit {
    map::map(document, split, unit, masters)
}

/// A name of an interface in line 1 with its key fields in line 2, or the key fields in line 1.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    let Some(encoding) = encoding_of(document.bytes) else { return false };
    front(document, encoding).is_some_and(|front| {
        ["care_facility_id", "external_system_management_number"]
            .iter()
            .all(|name| front.headings.iter().any(|h| h == name))
    })
}
