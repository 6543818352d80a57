//! The public page (公表): who we are, whose data we hold, what was decided, how to ask to stop; small counts hidden
//! (law: R-DIS-01, check C-089).
//!
//! What stands here comes from the books. No account, nobody who asked or decided, and no count between 1 and the minimum
//! may stand on it; [`scan`] looks at the finished page for them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::parameter::ParameterSet;
use musubi_model::spec::ExtractSpec;
use musubi_storage::ingest::read_records;
use musubi_storage::registry::ActDb;
use serde::Serialize;

use crate::book::{day_begins, japanese_day};
use crate::inquiry::InquiryKind;
use crate::masked::{Shown, mask};
use crate::register::{date, text};
use crate::yearly::{YearlyError, days};

/// A table of counts with its total, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicTable {
    /// Its heading.
    pub ja: String,
    /// Names and counts; `*` is hidden.
    pub rows: Vec<(String, String)>,
    /// The total; `*` is hidden.
    pub total: String,
}

impl PublicTable {
    fn new(ja: &str, cells: Vec<(String, u64)>, min: u64) -> Self {
        let counts: Vec<u64> = cells.iter().map(|(_, n)| *n).collect();
        let (shown, total) = mask(&counts, min);
        let rows = cells.into_iter().zip(shown).map(|((name, _), s)| (name, s.text())).collect();
        Self { ja: ja.to_owned(), rows, total: Shown::text(total) }
    }
}

/// A study that was decided on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicStudy {
    /// Its title.
    pub title: String,
    /// Who uses the result.
    pub user: String,
    /// What for.
    pub purpose: String,
    /// What became of it: `approved`, `provided`.
    pub state: &'static str,
    /// On which day.
    pub on: Date,
}

/// The page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disclosure {
    /// Version of this layout; 1.
    pub version: u32,
    /// The business year.
    pub year: i16,
    /// What came later is not on it.
    pub cutoff: Timestamp,
    /// Name of the operator, its certificate and since when, desk, hours of the desk; empty: not entered yet.
    pub operator: Option<PublicOperator>,
    /// Names of providers whose data came in.
    pub providers: Vec<String>,
    /// Kinds of records that came in.
    pub items: Vec<String>,
    /// Opt-outs of the year by provider.
    pub opt_outs: PublicTable,
    /// Inquiries of the year by kind.
    pub inquiries: PublicTable,
    /// What was decided and provided.
    pub studies: Vec<PublicStudy>,
}

/// The operator on the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicOperator {
    /// Name.
    pub name: String,
    /// Number of the certificate.
    pub certificate: String,
    /// Since when.
    pub certified: Option<Date>,
    /// The desk.
    pub desk: String,
    /// Its hours.
    pub hours: String,
}

/// Computes the page of a year, up to `now` or the end of the year.
pub fn compute(
    db: &mut ActDb,
    set: &ParameterSet,
    year: i16,
    now: Timestamp,
) -> Result<Disclosure, YearlyError> {
    let (first, last) = days(set, year, japanese_day(now))?;
    let from = day_begins(first)?;
    let until = day_begins(last.tomorrow().map_err(|_| YearlyError::Year(year))?)?.min(now);
    if until <= from {
        return Err(YearlyError::Year(year));
    }
    let min = set.number("disclosure.count_min", japanese_day(until))?;
    let operator = db.register("operator", Some(until))?.first().map(|r| PublicOperator {
        name: text(r, "name").to_owned(),
        certificate: text(r, "certificate").to_owned(),
        certified: date(r, "certified"),
        desk: text(r, "desk").to_owned(),
        hours: text(r, "desk-hours").to_owned(),
    });
    // Everything ever received, not only this year's: whose data are held.
    let received = db.received_counts(Timestamp::UNIX_EPOCH, until)?;
    let names: BTreeMap<&str, &str> =
        received.iter().map(|r| (r.provider.as_str(), r.name.as_str())).collect();
    let mut items: BTreeMap<String, u64> = BTreeMap::new();
    for row in db.book_of_days(japanese_day(Timestamp::UNIX_EPOCH), japanese_day(until))? {
        if row.event == "receipt" && row.at.parse::<Timestamp>().is_ok_and(|at| at < until) {
            for (kind, n) in read_records(&row.items) {
                *items.entry(kind.to_owned()).or_default() += n;
            }
        }
    }
    let asked: BTreeMap<String, u64> = db.opt_out_counts(from, until)?.into_iter().collect();
    let mut cells: Vec<(String, u64)> =
        names.iter().map(|(id, name)| ((*name).to_owned(), asked.get(*id).copied().unwrap_or(0))).collect();
    let elsewhere: u64 =
        asked.iter().filter(|(id, _)| !names.contains_key(id.as_str())).map(|(_, n)| n).sum();
    cells.push(("全医療機関等・その他".to_owned(), elsewhere));
    let mut kinds: BTreeMap<InquiryKind, u64> = InquiryKind::ALL.iter().map(|k| (*k, 0)).collect();
    for (q, _) in db.inquiries()?.iter().filter(|(q, _)| q.at >= from && q.at < until) {
        if let Some(n) = InquiryKind::from_name(&q.kind).and_then(|k| kinds.get_mut(&k)) {
            *n += 1;
        }
    }
    let mut studies = Vec::new();
    for r in db.decided_requests(until)? {
        let (Some((state, at)), Ok(spec)) = (
            r.sealed_at.map(|at| ("provided", at)).or(r.approved_at.map(|at| ("approved", at))),
            toml::from_str::<ExtractSpec>(&r.spec),
        ) else {
            continue;
        };
        studies.push(PublicStudy {
            title: spec.title,
            user: spec.recipient,
            purpose: spec.purpose,
            state,
            on: japanese_day(at),
        });
    }
    Ok(Disclosure {
        version: 1,
        year,
        cutoff: until,
        operator,
        providers: names.values().map(|n| (*n).to_owned()).collect(),
        items: items.into_keys().collect(),
        opt_outs: PublicTable::new("停止の求め(医療機関等別)", cells, min),
        inquiries: PublicTable::new(
            "問い合わせ(種別)",
            kinds.into_iter().map(|(k, n)| (k.ja().to_owned(), n)).collect(),
            min,
        ),
        studies,
    })
}

impl Disclosure {
    /// As JSON: the bytes that are hashed.
    pub fn json(&self) -> Result<String, YearlyError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// Looks at a finished page for what must not stand on it: a cell of counts (class `n`) from 1 to `min` − 1, and any of
/// `names` as a word of its own. Says what was found, without the name itself.
#[must_use]
pub fn scan(html: &str, names: &[String], min: u64) -> Vec<String> {
    let cells = html.split("<td class=\"n\">").skip(1);
    let mut found: Vec<String> = cells
        .filter_map(|cell| small(&cell.chars().take_while(|c| *c != '<').collect::<String>(), min))
        .collect();
    found.extend(named(&text_of(html), names));
    found
}

/// The same of a page before it is written (C-089): every count of every table, and every word.
#[must_use]
pub fn scan_page(page: &Disclosure, names: &[String], min: u64) -> Vec<String> {
    let tables = [&page.opt_outs, &page.inquiries];
    let cells = tables.into_iter().flat_map(|t| t.rows.iter().map(|(_, n)| n).chain([&t.total]));
    let mut found: Vec<String> = cells.filter_map(|cell| small(cell, min)).collect();
    let operator = page.operator.iter().flat_map(|o| [&o.name, &o.certificate, &o.desk, &o.hours]);
    let studies = page.studies.iter().flat_map(|s| [&s.title, &s.user, &s.purpose]);
    let rows = tables.into_iter().flat_map(|t| t.rows.iter().map(|(name, _)| name));
    let words = operator.chain(studies).chain(rows).chain(&page.providers).chain(&page.items);
    let words: Vec<&str> = words.map(String::as_str).collect();
    found.extend(named(&words.join(" "), names));
    found
}

/// What is wrong with a cell of counts.
fn small(cell: &str, min: u64) -> Option<String> {
    let shown: String = cell.chars().filter(|c| !matches!(c, ',' | ' ')).collect();
    match shown.parse::<u64>() {
        Ok(n) if n > 0 && n < min => Some(format!("a count below {min}")),
        Ok(_) => None,
        Err(_) if matches!(shown.as_str(), "*" | "—" | "") => None,
        Err(_) => Some("a cell of counts that is no count".to_owned()),
    }
}

/// Which names of the list stand in a text as words of their own; told by their place in the list.
fn named(words: &str, names: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let name = name.trim();
        let hit = words.match_indices(name).any(|(at, _)| {
            let before = words.get(..at).and_then(|t| t.chars().next_back());
            let after = words.get(at + name.len()..).and_then(|t| t.chars().next());
            let part_of_word =
                |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            // A Japanese name has no blanks around it; an ASCII one has to stand alone.
            !name.is_ascii() || (!part_of_word(before) && !part_of_word(after))
        });
        if !name.is_empty() && hit {
            found.push(format!("name {} of the list", place + 1));
        }
    }
    found
}

/// What a reader sees: without tags and style.
fn text_of(html: &str) -> String {
    let body = html.split("</head>").nth(1).unwrap_or(html);
    let mut out = String::with_capacity(body.len());
    let mut inside = false;
    for c in body.chars() {
        match c {
            '<' => (inside, _) = (true, out.push(' ')),
            '>' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scanner_finds_small_counts_and_names() {
        let scan = |html: &str| scan(html, &["y-sato".to_owned(), "見本花子".to_owned()], 10);
        for good in [
            "<td class=\"n\">12</td><td class=\"n\">0</td><td class=\"n\">*</td><td class=\"n\">1,234</td>",
            "<p>y-satoh</p><p>2026-11-09</p><p data-x=\"y-sato\"></p>",
            "<head><style>y-sato</style></head><body></body>",
        ] {
            assert!(scan(good).is_empty(), "{good}: {:?}", scan(good));
        }
        for bad in [
            "<td class=\"n\">9</td>",
            "<td class=\"n\"> 1 </td>",
            "<td class=\"n\">few</td>",
            "<p>decided by y-sato.</p>",
            "<p>担当見本花子様</p>",
        ] {
            assert_eq!(scan(bad).len(), 1, "{bad}");
            assert!(!scan(bad).concat().contains("sato"));
        }
    }
}
