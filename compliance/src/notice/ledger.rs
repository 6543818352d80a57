//! A provider's ledger of notices, CSV in UTF-8 with a header row, read line by line and entered into the book.
//!
//! Every line becomes a notice or has a finding that is an error; a bad line never holds up another. Whoever has no line
//! that can stand was not notified. Values must never reach a finding: it says line, column and shape.

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::finding::shape_of;
use musubi_model::identity::Demographics;
use musubi_model::ledger::ProviderLedger;
use musubi_model::matching::{Described, TokenKind};
use musubi_model::{Finding, Identifying, PartialDate, Rule, Severity, Sex, SourceIdentity};
use musubi_storage::StorageError;
use musubi_storage::act::notice::{LedgerRow, NewNotice, TemplateRow};
use musubi_storage::registry::ActDb;

use super::{NoticeRules, age_on, book, subject};
use crate::csv;

/// The columns, in the order of the blank form. A ledger may order them otherwise; the header decides.
pub const COLUMNS: [&str; 16] = [
    "local_number",
    "insurer_number",
    "symbol",
    "number",
    "branch",
    "care_insurer",
    "care_number",
    "name_kana",
    "birth",
    "sex",
    "notified_on",
    "method",
    "template",
    "party",
    "last_visit",
    "status",
];

/// One line: a notice to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Line in the file, from 1.
    pub line: usize,
    /// What identifies the person, as written.
    pub demographics: Demographics,
    /// Birth date.
    pub birth: Identifying<Date>,
    /// The day of the notice.
    pub notified_on: Date,
    /// `paper`, `mail`, `email` or `screen`.
    pub method: &'static str,
    /// Version of the text.
    pub template: String,
    /// `self`, `guardian` or `both`.
    pub party: &'static str,
    /// Last visit known.
    pub last_visit: Option<Date>,
    /// The line takes back an earlier one.
    pub void: bool,
}

/// What a ledger holds.
#[derive(Debug, Clone, Default)]
pub struct LedgerLines {
    /// Lines that can stand.
    pub entries: Vec<LedgerEntry>,
    /// What was wrong, in the order of lines.
    pub findings: Vec<Finding>,
    /// Lines after the header.
    pub lines: usize,
    /// Lines that cannot stand.
    pub refused: usize,
    /// The file as a whole cannot be read: nothing of it was.
    pub unreadable: bool,
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
    /// Not UTF-8, or not the columns.
    FILE, "NTC-FILE", Error, "通知台帳の文字コードか見出し行が違います。", "The ledger is not UTF-8 or its header row is wrong.",
        "UTF-8 で、1行目に決められた列名をすべて1回ずつ書いてください。", "Save as UTF-8 with every column name once in the first row.",
        "見出し行のない台帳、または Shift_JIS で保存した台帳。";
    /// A row cannot be cut.
    ROW, "NTC-ROW", Error, "行を列に分けられません。", "The row cannot be cut into columns.",
        "引用符の閉じ忘れと列の数を確かめてください。", "Check quotation marks and the number of columns.",
        "氏名の引用符が閉じていない。";
    /// Nothing by which to recognise the person.
    KEY, "NTC-KEY", Error, "本人を照合できる番号がありません。", "No number here can recognise the person.",
        "患者番号、または介護被保険者番号、または保険者番号と番号を書いてください。", "Give the chart number, the care number, or insurer and number.",
        "カナ氏名と生年月日だけの行。";
    /// Not a birth date, or not a sex.
    BORN, "NTC-BIRTH", Error, "生年月日か性別が読めません。", "Birth date or sex cannot be read.",
        "生年月日は西暦8桁、性別は1(男)か2(女)で書いてください。未成年の判定に使います。", "Write YYYYMMDD and 1 or 2; they decide whether a guardian must be told.",
        "生年月日が「昭和25年」。";
    /// A day that is none, or lies after the ledger was written out.
    DAY, "NTC-DAY", Error, "通知日か最終来院日が読めないか、台帳の出力日より後です。", "The day of the notice or of the last visit cannot be read or lies after the ledger.",
        "YYYY-MM-DD で、台帳の出力日までの日付を書いてください。", "Write YYYY-MM-DD, not later than the ledger.",
        "通知日が 2026-02-30、または来月の日付。";
    /// Not a word of the definition.
    WORD, "NTC-WORD", Error, "方法・相手・状態の値が定義にありません。", "Method, party or status is not defined.",
        "method は paper/mail/email/screen、party は self/guardian/both、status は notified/void です。", "method: paper/mail/email/screen; party: self/guardian/both; status: notified/void.",
        "方法が「手渡し」。";
    /// The text is not in the head.
    TEXT, "NTC-TEXT", Error, "通知文の版が台帳の見出しにありません。", "The version of the text is not in the ledger's head.",
        "ledger.toml に通知文の版を加えてください。", "Add the version to ledger.toml.",
        "版 2026-2 で通知したが、ledger.toml には 2026-1 しかない。";
    /// Handed over without a visit.
    VISIT, "NTC-VISIT", Warning, "書面・画面での通知に最終来院日がありません。この人のデータは受け入れられません。", "A notice handed over has no last visit; the person's data cannot come in.",
        "通知開始後の最終来院日を書いてください。来院していない人には郵送などで通知が要ります。", "Give the last visit since notifying began; others need a notice by mail.",
        "2015年を最後に来院のない人に「書面」と書かれている。";
    /// A minor told alone.
    ALONE, "NTC-MINOR", Warning, "通知時に16歳未満ですが、保護者に通知していません。この人のデータは受け入れられません。", "Under 16 at the notice and no guardian was told; the person's data cannot come in.",
        "保護者にも通知し、party を guardian か both にしてください。", "Tell a guardian and write guardian or both.",
        "15歳の人の party が self。";
}

/// Reads a ledger's lines.
#[must_use]
pub fn read(bytes: &[u8], head: &ProviderLedger, exported_at: Timestamp, rules: &NoticeRules) -> LedgerLines {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let whole = |found: String| LedgerLines {
        findings: vec![Finding::new(&FILE).found(found).expected(COLUMNS.join(","))],
        unreadable: true,
        ..LedgerLines::default()
    };
    let Ok(text) = std::str::from_utf8(bytes) else { return whole("UTF-8 以外".to_owned()) };
    let mut rows = csv::rows(text);
    let header = rows.next().and_then(|r| r.fields.ok()).unwrap_or_default();
    let place: BTreeMap<&str, usize> = header.iter().enumerate().map(|(i, c)| (c.trim(), i)).collect();
    if header.len() != COLUMNS.len() || COLUMNS.iter().any(|c| !place.contains_key(c)) {
        return whole(format!("{}列", header.len()));
    }
    let last = exported_at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date();
    let mut out = LedgerLines::default();
    for row in rows {
        out.lines += 1;
        let mut line = Line { number: row.line, findings: Vec::new() };
        let entry = match row.fields {
            Ok(fields) if fields.len() == COLUMNS.len() => {
                let get = |c: &str| place.get(c).and_then(|i| fields.get(*i)).map_or("", |f| f.trim());
                line.entry(&get, head, last, rules)
            }
            Ok(fields) => line.bad(&ROW, "", format!("{}列", fields.len())),
            Err(_) => line.bad(&ROW, "", "引用符".to_owned()),
        };
        out.findings.append(&mut line.findings);
        match entry {
            Some(entry) => out.entries.push(entry),
            None => out.refused += 1,
        }
    }
    out
}

struct Line {
    number: usize,
    findings: Vec<Finding>,
}

impl Line {
    fn bad<T>(&mut self, rule: &'static Rule, column: &str, found: String) -> Option<T> {
        self.findings.push(Finding::new(rule).in_field(format!("行 {}", self.number), column).found(found));
        None
    }

    fn entry<'f>(
        &mut self,
        get: &impl Fn(&str) -> &'f str,
        head: &ProviderLedger,
        last: Date,
        rules: &NoticeRules,
    ) -> Option<LedgerEntry> {
        let has = |c: &str| !get(c).is_empty();
        if !(has("local_number")
            || (has("care_insurer") && has("care_number"))
            || (has("insurer_number") && has("number")))
        {
            let given: Vec<&str> = COLUMNS.into_iter().take(8).filter(|c| has(c)).collect();
            self.bad::<()>(&KEY, "", given.join("+"));
        }
        let birth = day(get("birth"));
        if birth.is_none() {
            self.bad::<()>(&BORN, "birth", shape_of(get("birth")));
        }
        let sex = Sex::read(get("sex")).filter(|s| matches!(s, Sex::Male | Sex::Female));
        if sex.is_none() {
            self.bad::<()>(&BORN, "sex", shape_of(get("sex")));
        }
        let notified_on = day(get("notified_on")).filter(|d| *d <= last);
        if notified_on.is_none() {
            self.bad::<()>(&DAY, "notified_on", shape_of(get("notified_on")));
        }
        let last_visit = day(get("last_visit")).filter(|d| *d <= last);
        if last_visit.is_none() && has("last_visit") {
            self.bad::<()>(&DAY, "last_visit", shape_of(get("last_visit")));
        }
        let method = self.word("method", get("method"), &["paper", "mail", "email", "screen"]);
        let party = self.word("party", get("party"), &["self", "guardian", "both"]);
        let status = match get("status") {
            "" => Some("notified"),
            text => self.word("status", text, &["notified", "void"]),
        };
        let template = get("template");
        if !head.templates.iter().any(|t| t.version == template) {
            self.bad::<()>(&TEXT, "template", shape_of(template));
        }
        if self.findings.iter().any(Finding::is_error) {
            return None;
        }
        let (birth, notified_on, method, party) = (birth?, notified_on?, method?, party?);
        if matches!(method, "paper" | "screen") && last_visit.is_none() {
            self.bad::<()>(&VISIT, "last_visit", String::new());
        }
        if age_on(birth, notified_on) < i32::from(rules.minor_age_years) && party == "self" {
            self.bad::<()>(&ALONE, "party", party.to_owned());
        }
        let value = |c: &str| Identifying::new(CompactString::from(get(c)));
        Some(LedgerEntry {
            line: self.number,
            demographics: Demographics {
                local_number: value("local_number"),
                insurer_number: value("insurer_number"),
                insured_symbol: value("symbol"),
                insured_number: value("number"),
                insured_branch: value("branch"),
                care_insurer: value("care_insurer"),
                care_number: value("care_number"),
                name_kana: value("name_kana"),
                birth: Identifying::new(Some(PartialDate::day(birth))),
                sex: sex?,
                ..Demographics::default()
            },
            birth: Identifying::new(birth),
            notified_on,
            method,
            template: template.to_owned(),
            party,
            last_visit,
            void: status? == "void",
        })
    }

    fn word(&mut self, column: &str, text: &str, words: &[&'static str]) -> Option<&'static str> {
        match words.iter().find(|w| **w == text) {
            Some(word) => Some(word),
            None => self.bad(&WORD, column, shape_of(text)),
        }
    }
}

/// A day, with or without `-`.
fn day(text: &str) -> Option<Date> {
    let digits: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'-' | b'/')).collect();
    PartialDate::read(&digits).ok()?.date.to_date()
}

/// What the caller, who holds the keys, does for a ledger.
pub struct Desk<'a> {
    /// Makes the tokens of an identity.
    pub describe: &'a dyn Fn(&SourceIdentity) -> Described,
    /// Seals a birth date.
    pub seal: &'a dyn Fn(&[u8]) -> Result<Vec<u8>, StorageError>,
    /// Who sent it.
    pub submitter: &'a str,
    /// When it was written out.
    pub exported_at: Timestamp,
    /// When it came.
    pub received_at: Timestamp,
}

/// Enters a provider's ledger into the book.
pub fn enter(
    db: &mut ActDb,
    desk: &Desk<'_>,
    head: &ProviderLedger,
    lines: &LedgerLines,
    rules: &NoticeRules,
) -> Result<LedgerRow, StorageError> {
    let provider = head.id.as_str();
    let mut notices = Vec::with_capacity(lines.entries.len());
    for e in &lines.entries {
        let identity = SourceIdentity { provider: head.id.clone(), demographics: e.demographics.clone() };
        let described = (desk.describe)(&identity);
        let minor = age_on(*e.birth.expose(), e.notified_on) < i32::from(rules.minor_age_years);
        let birth = (minor && e.party == "guardian")
            .then(|| (desk.seal)(e.birth.expose().to_string().as_bytes()))
            .transpose()?;
        let mut notice = NewNotice {
            row_hash: [0; 32],
            subject: subject(&described.tokens, Some(described.guard)),
            notified_on: e.notified_on,
            method: e.method.to_owned(),
            template: e.template.clone(),
            party: e.party.to_owned(),
            last_visit: e.last_visit,
            minor,
            birth,
            local: described.tokens.iter().any(|t| t.kind == TokenKind::Local),
            void: e.void,
            keys: described
                .tokens
                .into_iter()
                .map(|t| (t.kind.as_str().to_owned(), t.value, described.guard.0.to_vec()))
                .collect(),
        };
        notice.row_hash = book::row_hash(provider, &notice);
        notices.push(notice);
    }
    let templates: Vec<TemplateRow> = head
        .templates
        .iter()
        .map(|t| TemplateRow {
            provider: provider.to_owned(),
            version: t.version.clone(),
            scope: t.scope.as_str().to_owned(),
            items: t.items.clone(),
            text_hash: t.blake3.as_bytes().to_vec(),
        })
        .collect();
    let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    db.enter_ledger(provider, &templates, &notices, &mut |previous, added, persons| {
        let mut row = LedgerRow {
            provider: provider.to_owned(),
            submitter: desk.submitter.to_owned(),
            exported_at: desk.exported_at,
            received_at: desk.received_at,
            document: head.blake3.as_bytes().to_vec(),
            programme_start: head.programme_start,
            lines: signed(lines.lines),
            refused: signed(lines.refused),
            added: signed(added.len()),
            persons,
            rows_hash: book::rows_hash(added).to_vec(),
            previous: String::new(),
            hash: String::new(),
        };
        book::chain(&mut row, previous);
        row
    })
}
