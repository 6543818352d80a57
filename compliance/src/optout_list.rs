//! The help desk's list of those who asked to stop (提供停止の一覧), CSV in UTF-8 with a header row.
//!
//! Every row becomes an entry or has a finding that is an error; a bad row never holds up another and none is dropped
//! in silence. Tokens are made by the caller, who holds the key. Values of the list must never reach a finding: it
//! says line, column and shape.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use jiff::civil::Date;
use musubi_model::finding::shape_of;
use musubi_model::identity::Demographics;
use musubi_model::ids::ProviderId;
use musubi_model::source::ByteRange;
use musubi_model::{Finding, Identifying, PartialDate, Rule, Severity, Sex};

use crate::csv;

/// The columns, in the order of the blank form. A list may order them otherwise; the header decides.
pub const COLUMNS: [&str; 11] = [
    "entry",
    "provider_id",
    "local_number",
    "insurer_number",
    "symbol",
    "number",
    "branch",
    "name_kana",
    "birth",
    "sex",
    "effective_from",
];

/// Columns that a list may have besides: the long-term care insurer and its number.
pub const OPTIONAL: [&str; 2] = ["care_insurer", "care_number"];

/// One line of the list: one way to recognise one person. Several lines may carry the same entry number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOutEntry {
    /// The help desk's own number.
    pub entry: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// The provider it is limited to; `None`: all.
    pub provider: Option<ProviderId>,
    /// What identifies the person, as written.
    pub demographics: Demographics,
    /// First day on which it holds.
    pub effective_from: Date,
}

/// What the list holds.
#[derive(Debug, Clone, Default)]
pub struct OptOutList {
    /// The entries that can stand.
    pub entries: Vec<OptOutEntry>,
    /// What was wrong, in the order of lines.
    pub findings: Vec<Finding>,
    /// Lines with content after the header: each became an entry or has an error.
    pub lines: usize,
    /// Lines that did not become an entry.
    pub refused: usize,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident, $id:literal, $severity:ident, $ja:literal, $en:literal, $mend_ja:literal, $mend_en:literal, $example:literal;)*) => {
        $($(#[$doc])* pub static $name: Rule = Rule {
            id: $id, severity: Severity::$severity, ja: $ja, en: $en, mend_ja: $mend_ja, mend_en: $mend_en, example: $example,
        };)*
        /// All rules of this module.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    /// Not UTF-8.
    NOT_UTF8, "OPTOUT-UTF8", Error, "提供停止の一覧が UTF-8 ではありません。", "The opt-out list is not UTF-8.",
        "文字コード UTF-8 で保存し直してください。", "Save the file as UTF-8.",
        "表計算ソフトの既定（Shift_JIS）で CSV を保存した。";
    /// The header is missing or wrong.
    HEADER, "OPTOUT-HEADER", Error, "見出し行が正しくありません。", "The header row is wrong.",
        "1行目に決められた列名をすべて1回ずつ書いてください。", "Write every column name once in the first row.",
        "1行目に列名がなく、いきなり受付が始まっている。";
    /// The list is too long.
    TOO_LONG, "OPTOUT-ROWS", Error, "一覧の行数が上限を超えています。", "The list has more rows than allowed.",
        "一覧を分けて取り込んでください。", "Split the list.",
        "上限 100,000 行の設定で、200,000 行の一覧を取り込んだ。";
    /// A row cannot be cut into fields.
    ROW, "OPTOUT-ROW", Error, "行を列に分けられません。", "The row cannot be cut into columns.",
        "引用符の閉じ忘れと列の数を確かめてください。", "Check quotation marks and the number of columns.",
        "備考の引用符が閉じず、次の行まで続いている。";
    /// No entry number, or one with other signs than letters and digits.
    ENTRY, "OPTOUT-ENTRY", Error, "受付番号がないか、使えない文字を含みます。", "The entry number is missing or has signs that cannot be used.",
        "英数字と - . で64文字以内の受付番号を書いてください。", "Write up to 64 letters, digits, '-' or '.'.",
        "受付番号の欄が空、または「受付 1」。";
    /// Not a provider's number.
    PROVIDER, "OPTOUT-PROVIDER", Error, "医療機関等の番号として読めません。", "Not a provider's number.",
        "10桁の番号を書くか、すべての医療機関等を対象とするなら空にしてください。", "Write the ten digits, or leave it empty for all providers.",
        "医療機関等の番号が 7 桁しかない。";
    /// Not a birth date.
    BIRTH, "OPTOUT-BIRTH", Error, "生年月日が年月日まで読めません。", "The birth date is not a whole date.",
        "西暦8桁か元号7桁で書いてください。", "Write YYYYMMDD, YYYY-MM-DD or GYYMMDD.",
        "生年月日が「昭和25年」。";
    /// Not a sex.
    SEX, "OPTOUT-SEX", Error, "性別の値が定義にありません。", "Not a code of sex.",
        "1(男)か2(女)を書いてください。", "Write 1 (male) or 2 (female).",
        "性別が「男性」。";
    /// Not a day.
    EFFECTIVE, "OPTOUT-EFFECTIVE", Error, "停止の効力日が読めません。", "The effective day cannot be read.",
        "YYYY-MM-DD か YYYYMMDD で書いてください。", "Write YYYY-MM-DD or YYYYMMDD.",
        "効力日が 2026-02-30。";
    /// Nothing by which to recognise the person.
    NO_KEY, "OPTOUT-NOKEY", Error, "本人を照合できる組み合わせがありません。", "Nothing here can recognise the person.",
        "医療機関等の番号と患者番号、保険者番号と番号と生年月日と性別、カナ氏名と生年月日と性別、介護保険者番号と介護被保険者番号と生年月日と性別のいずれかを書いてください。",
        "Give provider and local number, or insurer, number, birth and sex, or kana name, birth and sex, or care insurer, care number, birth and sex.",
        "カナ氏名だけで、生年月日も性別もない行。";
    /// A local number without its provider.
    LOCAL_ALONE, "OPTOUT-LOCAL", Warning, "患者番号に医療機関等の番号がないため、患者番号では照合できません。", "A local number without its provider cannot be matched.",
        "患者番号で止める行には医療機関等の番号も書いてください。", "Add the provider to the row that gives a local number.",
        "患者番号 00123 だけがあり、どの医療機関の番号か分からない。";
    /// The same line twice.
    REPEATED, "OPTOUT-REPEAT", Note, "同じ内容の行がすでにあります。", "The same row stands above.",
        "対処は不要です。", "Nothing to do.",
        "同じ受付を二度書き写した。";
}

/// Reads one person as the desk writes them down, by the names of the columns and by the same rules; what is missing is
/// empty.
#[must_use]
pub fn read_one(values: &BTreeMap<&str, &str>) -> OptOutList {
    let place: BTreeMap<&str, usize> =
        COLUMNS.iter().chain(&OPTIONAL).enumerate().map(|(i, c)| (*c, i)).collect();
    let fields =
        COLUMNS.iter().chain(&OPTIONAL).map(|c| (*values.get(c).unwrap_or(&"")).to_owned()).collect();
    let mut reader = Reader { line: 1, findings: Vec::new() };
    let entry = reader.row(&place, Ok(fields)).filter(|_| reader.sound());
    let refused = usize::from(entry.is_none());
    OptOutList { entries: entry.into_iter().collect(), findings: reader.findings, lines: 1, refused }
}

/// Reads the list. `rows_max` is the parameter `optout.list_rows_max`.
#[must_use]
pub fn read(bytes: &[u8], rows_max: u64) -> OptOutList {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let whole =
        |rule: &'static Rule| OptOutList { findings: vec![Finding::new(rule)], ..OptOutList::default() };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => {
            let mut list = whole(&NOT_UTF8);
            list.findings =
                vec![Finding::new(&NOT_UTF8).at(ByteRange::within(0, e.valid_up_to(), e.valid_up_to() + 1))];
            return list;
        }
    };
    let mut rows = csv::rows(text);
    let header = rows.next().and_then(|r| r.fields.ok()).unwrap_or_default();
    let place: BTreeMap<&str, usize> = header.iter().enumerate().map(|(i, c)| (c.trim(), i)).collect();
    let named = |c: &&str| COLUMNS.contains(c) || OPTIONAL.contains(c);
    let whole_header = place.len() == header.len() && COLUMNS.iter().all(|c| place.contains_key(c));
    if !whole_header || !place.keys().all(named) {
        let mut list = whole(&HEADER);
        for f in &mut list.findings {
            f.position.record = "行 1".into();
            f.found = format!("{}列", header.len());
            f.expected = format!("{}[,{}]", COLUMNS.join(","), OPTIONAL.join(","));
        }
        return list;
    }
    let rows: Vec<csv::CsvRow> = rows.collect();
    if u64::try_from(rows.len()).unwrap_or(u64::MAX) > rows_max {
        let mut list = whole(&TOO_LONG);
        for f in &mut list.findings {
            f.found = format!("{}行", rows.len());
            f.expected = format!("{rows_max}行まで");
        }
        return list;
    }
    let mut list = OptOutList { lines: rows.len(), ..OptOutList::default() };
    let mut seen = BTreeSet::new();
    for row in rows {
        let mut reader = Reader { line: row.line, findings: Vec::new() };
        let entry = reader.row(&place, row.fields);
        match entry {
            Some(entry) if reader.sound() => {
                let key = (
                    entry.entry.clone(),
                    entry.provider.clone(),
                    entry.demographics.clone(),
                    entry.effective_from,
                );
                if !seen.insert(key) {
                    reader.say(&REPEATED, "", String::new());
                }
                list.entries.push(entry);
            }
            _ => list.refused += 1,
        }
        list.findings.append(&mut reader.findings);
    }
    list
}

struct Reader {
    line: usize,
    findings: Vec<Finding>,
}

impl Reader {
    fn say(&mut self, rule: &'static Rule, column: &str, found: String) {
        self.findings.push(Finding::new(rule).in_field(format!("行 {}", self.line), column).found(found));
    }

    fn sound(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }

    /// The entry of a row. Reads every column even after a bad one, so that the desk mends a row once.
    fn row(
        &mut self,
        place: &BTreeMap<&str, usize>,
        fields: Result<Vec<String>, csv::CsvBroken>,
    ) -> Option<OptOutEntry> {
        let fields = match fields {
            Ok(fields) if fields.len() == place.len() => fields,
            Ok(fields) => {
                self.say(&ROW, "", format!("{}列", fields.len()));
                return None;
            }
            Err(csv::CsvBroken::OpenQuote) => {
                self.say(&ROW, "", "閉じていない引用符".into());
                return None;
            }
            Err(csv::CsvBroken::AfterQuote) => {
                self.say(&ROW, "", "引用符の後の文字".into());
                return None;
            }
        };
        let get = |column: &str| -> &str {
            place.get(column).and_then(|i| fields.get(*i)).map_or("", |f| f.trim())
        };
        let entry = get("entry");
        let clean = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        if entry.is_empty() || entry.len() > 64 || !entry.bytes().all(clean) {
            self.say(&ENTRY, "entry", shape_of(entry));
        }
        let provider = match get("provider_id") {
            "" => None,
            text => match ProviderId::new(text) {
                Ok(id) => Some(id),
                Err(_) => {
                    self.say(&PROVIDER, "provider_id", shape_of(text));
                    None
                }
            },
        };
        let birth = self.whole_date(get("birth"));
        if birth.is_none() && !get("birth").is_empty() {
            self.say(&BIRTH, "birth", shape_of(get("birth")));
        }
        let sex = Sex::read(get("sex"));
        if sex.is_none() {
            self.say(&SEX, "sex", shape_of(get("sex")));
        }
        let sex = sex.unwrap_or_default();
        let effective = self.whole_date(get("effective_from")).and_then(|d| d.to_date());
        if effective.is_none() {
            self.say(&EFFECTIVE, "effective_from", shape_of(get("effective_from")));
        }
        let has = |column: &str| !get(column).is_empty();
        if has("local_number") && !has("provider_id") {
            self.say(&LOCAL_ALONE, "provider_id", "(空)".into());
        }
        let guarded = birth.is_some() && matches!(sex, Sex::Male | Sex::Female);
        let local = has("provider_id") && has("local_number");
        let insured = has("insurer_number") && has("number") && guarded;
        let name = has("name_kana") && guarded;
        let care = has("care_insurer") && has("care_number") && guarded;
        // A column that is already complained of may be the very key; one finding is enough then.
        if !(local || insured || name || care) && self.sound() {
            let given: Vec<&str> = COLUMNS.into_iter().chain(OPTIONAL).filter(|c| has(c)).collect();
            self.say(&NO_KEY, "", given.join("+"));
        }
        let value = |column: &str| Identifying::new(CompactString::from(get(column)));
        Some(OptOutEntry {
            entry: entry.to_owned(),
            line: self.line,
            provider,
            demographics: Demographics {
                local_number: value("local_number"),
                insurer_number: value("insurer_number"),
                insured_symbol: value("symbol"),
                insured_number: value("number"),
                insured_branch: value("branch"),
                name_kana: value("name_kana"),
                birth: Identifying::new(birth),
                sex,
                care_insurer: value("care_insurer"),
                care_number: value("care_number"),
                ..Demographics::default()
            },
            effective_from: effective?,
        })
    }

    /// A date known to the day, with or without `-`.
    fn whole_date(&self, text: &str) -> Option<PartialDate> {
        let digits: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'-' | b'/')).collect();
        let read = PartialDate::read(&digits).ok()?;
        read.date.to_date().map(|_| read.date)
    }
}
