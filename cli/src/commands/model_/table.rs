//! Records as a table (CSV), handed on one by one; a small TOML may say which column is what.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use jiff::civil::Date;
use musubi_id_resolution::mpi::{Day, Record};
use musubi_id_resolution::sent::Sent;
use musubi_storage::master_file::read_csv;
use serde::Deserialize;

/// The fields, by the names that their columns have unless a mapping says otherwise.
const FIELDS: [&str; 19] = [
    "record_id",
    "received",
    "facility",
    "local_id",
    "name_kanji",
    "name_kana",
    "birth",
    "sex",
    "zip",
    "address",
    "phone",
    "insurer_no",
    "ins_symbol",
    "ins_number",
    "ins_branch",
    "care_insurer_no",
    "care_insured_no",
    "inquiry_key",
    "last_seen",
];

/// `columns.toml`: `[columns]` with field = "heading".
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mapping {
    columns: BTreeMap<String, String>,
}

/// A table of records.
pub struct Table {
    bytes: Vec<u8>,
    /// Where each field stands.
    places: [Option<usize>; FIELDS.len()],
    /// Lines with a record.
    pub records: u64,
    /// Lines that cannot be read; they are left out.
    pub bad: u64,
}

impl Table {
    /// Opens a file; `columns` says which heading is which field.
    pub fn open(path: &Path, columns: Option<&Path>) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("読めません: {}", path.display()))?;
        let mapping = match columns {
            Some(file) => {
                let text =
                    fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))?;
                toml::from_str(&text).with_context(|| format!("書式が違います: {}", file.display()))?
            }
            None => Mapping::default(),
        };
        if let Some(unknown) = mapping.columns.keys().find(|k| !FIELDS.contains(&k.as_str())) {
            bail!("列の対応に知らない項目があります: {unknown}(使えるのは {})", FIELDS.join(" "));
        }
        let (mut headings, mut records, mut bad): (Vec<String>, u64, u64) = (Vec::new(), 0, 0);
        read_csv(&bytes, &mut |line, fields| match fields {
            Some(fields) if line == 1 => {
                headings =
                    fields.iter().map(|f| f.trim().trim_start_matches('\u{feff}').to_owned()).collect();
            }
            Some(_) => records += 1,
            None => bad += 1,
        });
        let places = FIELDS.map(|field| {
            let heading = mapping.columns.get(field).map_or(field, String::as_str);
            headings.iter().position(|h| h == heading)
        });
        for (field, heading) in &mapping.columns {
            if !headings.contains(heading) {
                bail!("見出しに「{heading}」がありません({field} の列)");
            }
        }
        let has = |field: &str| {
            FIELDS.iter().position(|f| *f == field).and_then(|i| places.get(i)).is_some_and(Option::is_some)
        };
        if !(has("birth") && (has("name_kanji") || has("name_kana"))) {
            bail!(
                "生年月日(birth)と氏名(name_kanji か name_kana)の列が必要です。見出しが違うときは --columns で対応を指定してください"
            );
        }
        Ok(Self { bytes, places, records, bad })
    }

    /// Hands over each record with its id.
    pub fn each(&self, take: &mut dyn FnMut(&str, &Record<'_>)) {
        read_csv(&self.bytes, &mut |line, fields| {
            let Some(fields) = fields.filter(|_| line > 1) else { return };
            let mut cells = self.places.map(|p| p.and_then(|p| fields.get(p)).map_or("", |c| c.trim()));
            // the record's own name may hold blanks
            let [
                id,
                received,
                facility,
                local_number,
                name_kanji,
                name_kana,
                birth,
                sex,
                postal_code,
                address,
                phone,
                insurer,
                symbol,
                number,
                branch,
                care_insurer,
                care_number,
                inquiry_key,
                last,
            ] = &mut cells;
            let first = day(received);
            let sent = Sent {
                facility,
                local_number,
                name_kanji,
                name_kana,
                birth,
                sex,
                postal_code,
                address,
                phone,
                insurer,
                symbol,
                number,
                branch,
                care_insurer,
                care_number,
                inquiry_key,
            };
            let seen = first.map(|f| (f, day(last).unwrap_or(f).max(f)));
            take(id, &Record { id: [0; 16], sent, seen });
        });
    }
}

/// Days since 1970 of `YYYY-MM-DD` or `YYYYMMDD`.
fn day(text: &str) -> Option<Day> {
    let date: Date = if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        Date::strptime("%Y%m%d", text).ok()?
    } else {
        text.parse().ok()?
    };
    date.since(jiff::civil::date(1970, 1, 1)).ok().map(|span| span.get_days())
}

/// Persons and tags of a truth: `record_id,person_id,tags`.
pub struct Truth {
    /// Record → person.
    pub persons: BTreeMap<String, String>,
    /// Record → what is special or went wrong.
    pub tags: BTreeMap<String, std::collections::BTreeSet<String>>,
}

impl Truth {
    /// Reads it.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("読めません: {}", path.display()))?;
        let mut out = Self { persons: BTreeMap::new(), tags: BTreeMap::new() };
        read_csv(&bytes, &mut |line, fields| {
            let Some(fields) = fields.filter(|_| line > 1) else { return };
            let [record, person, more @ ..] = fields.as_slice() else { return };
            if person.is_empty() {
                return;
            }
            out.persons.insert(record.clone(), person.clone());
            let tags =
                more.first().map(|t| t.split(['|', ';', ' ']).filter(|t| !t.is_empty()).map(str::to_owned));
            let tags: std::collections::BTreeSet<String> = tags.into_iter().flatten().collect();
            if !tags.is_empty() {
                out.tags.insert(record.clone(), tags);
            }
        });
        if out.persons.is_empty() {
            bail!("正解の表に行がありません: {}", path.display());
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_by_their_names_or_by_a_mapping() {
        let folder = tempfile::tempdir().unwrap();
        let (csv, map) = (folder.path().join("r.csv"), folder.path().join("c.toml"));
        fs::write(&csv, "番号,氏名カナ,birth,received\n1,\"テスト, タロウ\",19800401,1970-01-03\n").unwrap();
        assert!(Table::open(&csv, None).is_err(), "no column of names");
        fs::write(&map, "[columns]\nrecord_id = \"番号\"\nname_kana = \"氏名カナ\"\n").unwrap();
        let table = Table::open(&csv, Some(&map)).unwrap();
        assert_eq!((table.records, table.bad), (1, 0));
        let mut seen = Vec::new();
        table.each(&mut |id, r| seen.push((id.to_owned(), r.sent.name_kana.to_owned(), r.seen)));
        assert_eq!(seen, [("1".to_owned(), "テスト, タロウ".to_owned(), Some((2, 2)))]);
        fs::write(&map, "[columns]\nname_kana = \"カナ\"\n").unwrap();
        assert!(Table::open(&csv, Some(&map)).is_err(), "a heading that is not there");
        fs::write(&map, "[columns]\nname = \"氏名カナ\"\n").unwrap();
        assert!(Table::open(&csv, Some(&map)).is_err(), "a field that is not known");
        assert_eq!((day("1970-01-02"), day("19700102"), day("x")), (Some(1), Some(1), None));
    }
}
