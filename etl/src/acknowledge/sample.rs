//! `quality.csv` (定性確認): the facts of some drawn units, for the sender to hold against the original, and the answers.
//!
//! A unit is named by its document's BLAKE3, which the manifest lists, and its bytes; so only who has the original can
//! tell whose it is. Facts of the table of persons and texts as sent are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use musubi_model::csv::{BOM, row};
use musubi_model::finding::shape_of;
use musubi_model::{Coded, DocumentHash, Fact, FactId, FactTable, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::acknowledge::{Answer, SampledUnit, identities};
use musubi_storage::lake::{self, ColumnSet, Want};

use super::Desk;
use crate::house::EtlError;

/// The column the sender fills.
pub const ANSWER_COLUMN: &str = "回答(一致/不一致/原本になし)";

/// Facts of one unit in the form, at most.
const FACTS_MAX: usize = 100;

const COLUMNS: [&str; 25] = [
    "提出番号",
    "標本",
    "文書BLAKE3",
    "単位",
    "単位開始バイト",
    "単位バイト数",
    "単位のレコード",
    "事実番号",
    "レコード開始バイト",
    "レコードバイト数",
    "表",
    "開始日",
    "終了日",
    "コード体系",
    "コード",
    "標準コード体系",
    "標準コード",
    "修飾",
    "状態",
    "値",
    "値の単位",
    "数量",
    "回数",
    "診療科",
    ANSWER_COLUMN,
];

/// Writes the form; returns how many facts it asks about.
pub(super) fn write(
    desk: &Desk<'_>,
    id: &SubmissionId,
    sample: &[SampledUnit],
    out: &mut dyn Write,
) -> Result<u64, EtlError> {
    let facts = facts(desk, id, sample)?;
    let mut asked = 0;
    let mut put = |cells: &[String]| out.write_all(row(cells).as_bytes()).map_err(EtlError::Package);
    put(&COLUMNS.map(str::to_owned).map(|c| if c == "提出番号" { format!("{BOM}{c}") } else { c }))?;
    for (number, unit) in (1u64..).zip(sample) {
        let Some(of_unit) = facts.get(&(unit.document, unit.unit)) else { continue };
        for (fact_id, fact) in of_unit.iter().take(FACTS_MAX) {
            asked += 1;
            put(&cells(id, number, unit, fact_id, fact))?;
        }
    }
    Ok(asked)
}

fn cells(id: &SubmissionId, number: u64, unit: &SampledUnit, fact_id: &FactId, f: &Fact) -> Vec<String> {
    let date = |d: Option<musubi_model::PartialDate>| d.map(|d| d.to_string()).unwrap_or_default();
    let system = |c: &Option<Coded>| c.as_ref().map(|c| c.system.to_string()).unwrap_or_default();
    // A name written in words stays here; its shape tells whether there was one.
    let code = |c: &Option<Coded>| match c {
        Some(c) if !c.code.is_empty() => c.code.to_string(),
        Some(c) => c.text.as_deref().map(shape_of).unwrap_or_default(),
        None => String::new(),
    };
    vec![
        id.to_string(),
        number.to_string(),
        unit.document.to_string(),
        unit.unit.to_string(),
        unit.range.start.to_string(),
        unit.range.len.to_string(),
        unit.records.clone(),
        fact_id.to_string(),
        f.range.start.to_string(),
        f.range.len.to_string(),
        f.table.ja().to_owned(),
        date(f.start),
        date(f.end),
        system(&f.source),
        code(&f.source),
        system(&f.standard),
        code(&f.standard),
        f.qualifiers.to_string(),
        f.status.to_string(),
        f.value.text.to_string(),
        f.value.unit.to_string(),
        f.quantity.map(|q| q.to_string()).unwrap_or_default(),
        f.times.map(|t| t.to_string()).unwrap_or_default(),
        f.department.to_string(),
        String::new(),
    ]
}

/// Facts by document and unit, each in the order of its bytes.
type FactsByUnit = BTreeMap<(DocumentHash, u32), BTreeMap<FactId, Fact>>;

/// The facts of the sampled units, in the order of their bytes.
fn facts(desk: &Desk<'_>, id: &SubmissionId, sample: &[SampledUnit]) -> Result<FactsByUnit, EtlError> {
    let mut found = FactsByUnit::new();
    let wanted: BTreeSet<(DocumentHash, u32)> = sample.iter().map(|u| (u.document, u.unit)).collect();
    if wanted.is_empty() {
        return Ok(found);
    }
    let identities = identities(sample);
    let files = desk.registry.ingest()?.lake_files()?;
    for file in files.iter().filter(|f| f.table != FactTable::Person && f.submissions.contains(id)) {
        let want = Want { identities: Some(&identities), ..Want::all(ColumnSet::ALL) };
        lake::read(desk.lake, file, &want, &mut |row| {
            let unit = (row.document(), row.unit());
            if row.submission() == *id && wanted.contains(&unit) {
                found.entry(unit).or_default().insert(row.fact_id(), row.to_fact()?.fact);
            }
            Ok::<(), StorageError>(())
        })?;
    }
    Ok(found)
}

/// Why a filled form cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswersError {
    /// Not UTF-8.
    #[error("文字コードが UTF-8 ではありません")]
    Encoding,
    /// A column is missing.
    #[error("列「{0}」がありません")]
    Column(&'static str),
    /// A row of another delivery, or two deliveries in one form.
    #[error("{0} 行目: 提出番号が違います")]
    Submission(usize),
    /// A row that cannot be understood.
    #[error("{0} 行目: 回答または事実番号を読めません")]
    Row(usize),
}

/// Reads a filled form: the delivery it is about, and the answers that were given. Rows without an answer are passed
/// over.
///
/// # Errors
/// The first thing that is wrong with it; then nothing of it is used.
pub fn read_answers(bytes: &[u8]) -> Result<(Option<SubmissionId>, BTreeMap<FactId, Answer>), AnswersError> {
    let text = std::str::from_utf8(bytes).map_err(|_| AnswersError::Encoding)?;
    let mut rows = rows(text.strip_prefix(BOM).unwrap_or(text)).into_iter();
    let header = rows.next().unwrap_or_default();
    let column = |name: &'static str| header.iter().position(|c| c == name).ok_or(AnswersError::Column(name));
    let (of, fact, answer) = (column("提出番号")?, column("事実番号")?, column(ANSWER_COLUMN)?);
    let mut submission = None;
    let mut answers = BTreeMap::new();
    for (line, cells) in (2..).zip(rows) {
        let cell = |at: usize| cells.get(at).map(|c| c.trim()).unwrap_or_default();
        if cell(answer).is_empty() {
            continue;
        }
        let id: SubmissionId = cell(of).parse().map_err(|_| AnswersError::Submission(line))?;
        if *submission.get_or_insert(id) != id {
            return Err(AnswersError::Submission(line));
        }
        let word = Answer::from_word(cell(answer)).ok_or(AnswersError::Row(line))?;
        let fact: FactId = cell(fact).parse().map_err(|_| AnswersError::Row(line))?;
        answers.insert(fact, word);
    }
    Ok((submission, answers))
}

/// Cuts CSV into rows: quoted cells may hold commas, quotes and line ends.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut signs = text.chars().peekable();
    while let Some(c) = signs.next() {
        match c {
            '"' if quoted && signs.peek() == Some(&'"') => {
                signs.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\r' if !quoted && signs.peek() == Some(&'\n') => {}
            '\n' | '\r' if !quoted => {
                cells.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut cells));
            }
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !cells.is_empty() {
        cells.push(cell);
        rows.push(cells);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filled_form_is_read_and_a_wrong_one_refused_whole() {
        let (id, fact) = ("0".repeat(32), "1".repeat(32));
        let form = |id: &str, fact: &str, answer: &str| {
            [
                row(&["提出番号", "事実番号", "値", ANSWER_COLUMN]),
                row(&[id, fact, "1,2\n\"x\"", answer]),
                row(&[id, &"2".repeat(32), "", ""]),
            ]
            .concat()
        };
        let good = format!("{BOM}{}", form(&id, &fact, "不一致"));
        let (submission, answers) = read_answers(good.as_bytes()).unwrap();
        assert_eq!(submission.map(|s| s.to_string()), Some(id.clone()));
        assert_eq!(answers.into_iter().collect::<Vec<_>>(), [(fact.parse().unwrap(), Answer::Mismatch)]);
        assert_eq!(read_answers(form(&id, "x", "一致").as_bytes()), Err(AnswersError::Row(2)));
        assert_eq!(read_answers(form(&id, &fact, "たぶん").as_bytes()), Err(AnswersError::Row(2)));
        assert_eq!(read_answers(form("x", &fact, "一致").as_bytes()), Err(AnswersError::Submission(2)));
        assert_eq!(read_answers("a,b".as_bytes()), Err(AnswersError::Column("提出番号")));
        assert_eq!(read_answers(&[0x93, 0xfa]), Err(AnswersError::Encoding));
    }
}
