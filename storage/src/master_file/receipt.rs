//! The receipt masters of 社会保険診療報酬支払基金: Shift_JIS, quoted fields, no header, one letter in the second column.
//!
//! Column numbers count from 0 and are those of the マスターファイル仕様説明書 (formats.md §2.9); what is read of them was
//! held against files where there are some. A code's last day is the dropped day (廃止年月日), or the earlier end of its
//! period of grace (経過措置); its first day is known for listed drugs (薬価基準収載年月日) and for rows marked as new
//! (変更区分 3). 変更年月日 of other rows says when the row was last touched, not since when the code may be used.

use musubi_model::CodeSystem;

use super::lines::{Delimiter, day, each_line, encoding_of};
use super::pattern::Receipt;
use super::{Derived, MasterList, MasterRow, Misfit, Parsed, Sink, is_alphanumeric, is_digits};

/// Where things stand.
struct Layout {
    system: CodeSystem,
    /// マスター種別, column 1.
    letter: &'static str,
    code: usize,
    /// Digits of a code, and the digit it begins with.
    digits: usize,
    first: Option<char>,
    name: usize,
    unit: Option<usize>,
    changed: usize,
    /// 収載年月日 that tells since when the code may be used.
    listed: Option<usize>,
    /// Days of which the earliest is the last.
    ends: &'static [usize],
    /// Columns without which a line is no line of this master.
    columns_min: usize,
    name_may_be_empty: bool,
}

/// Columns of the disease master that hold other codes.
mod disease {
    pub(super) const MANAGEMENT_NUMBER: usize = 10;
    pub(super) const ICD10_2003: usize = 13;
    pub(super) const ICD10_2013: usize = 15;
}

/// Columns of the drug master that hold other codes.
mod drug {
    pub(super) const PRICE_CODE: usize = 31;
    pub(super) const GENERIC_CODE: usize = 36;
}

/// Column of the dental master that holds the code of an addition, and what stands there when there is none.
const DENTAL_ADDITION: usize = 7;
const NO_ADDITION: &str = "00000";

/// 変更区分: the row is new.
const NEW: &str = "3";

fn layout(master: Receipt) -> Layout {
    let plain = Layout {
        system: CodeSystem::ReceiptProcedure,
        letter: "S",
        code: 2,
        digits: 9,
        first: Some('1'),
        name: 4,
        unit: Some(9),
        changed: 86,
        listed: None,
        ends: &[87],
        columns_min: 88,
        name_may_be_empty: false,
    };
    match master {
        Receipt::Procedure => plain,
        Receipt::Disease | Receipt::DiseaseOld => Layout {
            system: CodeSystem::ReceiptDisease,
            letter: "B",
            digits: 7,
            first: None,
            name: 5,
            unit: None,
            changed: 22,
            ends: &[23],
            // Older editions end behind the ICD-10 codes.
            columns_min: 16,
            ..plain
        },
        Receipt::Drug => Layout {
            system: CodeSystem::ReceiptDrug,
            letter: "Y",
            first: Some('6'),
            changed: 29,
            listed: Some(35),
            ends: &[30, 33],
            columns_min: 32,
            ..plain
        },
        Receipt::Material => Layout {
            system: CodeSystem::ReceiptMaterial,
            letter: "T",
            first: Some('7'),
            changed: 27,
            ends: &[28, 29],
            columns_min: 30,
            ..plain
        },
        Receipt::Comment => Layout {
            system: CodeSystem::ReceiptComment,
            letter: "C",
            code: 22,
            first: Some('8'),
            name: 6,
            unit: None,
            changed: 20,
            ends: &[21],
            columns_min: 23,
            name_may_be_empty: true,
            ..plain
        },
        Receipt::Modifier => Layout {
            system: CodeSystem::ReceiptModifier,
            letter: "Z",
            digits: 4,
            first: None,
            name: 6,
            unit: None,
            changed: 14,
            ends: &[15],
            columns_min: 16,
            ..plain
        },
        Receipt::Dental => Layout {
            system: CodeSystem::ReceiptDental,
            letter: "H",
            first: Some('3'),
            name: 8,
            unit: None,
            changed: 56,
            ends: &[57],
            columns_min: 58,
            ..plain
        },
        Receipt::Dispensing => Layout {
            system: CodeSystem::ReceiptDispensing,
            letter: "M",
            first: Some('4'),
            changed: 27,
            ends: &[28, 29],
            columns_min: 30,
            ..plain
        },
    }
}

/// Reads a receipt master. `reduced`: the form with code and name alone, other columns blank or missing.
pub(super) fn parse(master: Receipt, reduced: bool, bytes: &[u8]) -> Parsed {
    let layout = layout(master);
    let (bytes, encoding) = encoding_of(bytes);
    let (mut sink, mut derived) = (Sink::default(), Derived::default());
    each_line(bytes, encoding, Delimiter::Comma, &mut |line, fields| {
        let before = sink.rows.len();
        let row = fields.ok_or(Misfit::Text).and_then(|fields| {
            let row = row(&layout, master, reduced, &fields)?;
            Ok((row, fields))
        });
        match row {
            Ok((row, fields)) => {
                sink.take(line, Ok(row));
                if let Some(row) = sink.rows.get(before) {
                    derive(master, &fields, row, &mut derived);
                }
            }
            Err(why) => sink.take(line, Err(why)),
        }
    });
    let part = if master == Receipt::DiseaseOld { "old" } else { "" };
    let mut lists = vec![MasterList { system: layout.system, part: part.to_owned(), rows: sink.rows }];
    let system = match master {
        Receipt::Dental => Some(CodeSystem::ReceiptDentalAddition),
        Receipt::Disease | Receipt::DiseaseOld => Some(CodeSystem::MedisDisease),
        _ => None,
    };
    let rows = derived.into_rows();
    if let Some(system) = system.filter(|_| !rows.is_empty()) {
        lists.push(MasterList { system, part: part.to_owned(), rows });
    }
    Parsed { lists, bad: sink.bad }
}

fn row(layout: &Layout, master: Receipt, reduced: bool, fields: &[String]) -> Result<MasterRow, Misfit> {
    let field = |at: usize| fields.get(at).map_or("", |f| f.trim());
    let kind_fits = field(1) == layout.letter || (reduced && field(1).is_empty());
    let columns_min = if reduced { layout.code.max(layout.name) + 1 } else { layout.columns_min };
    if !kind_fits || fields.len() < columns_min {
        return Err(Misfit::Layout);
    }
    let (code, name) = (field(layout.code), field(layout.name));
    if !is_digits(code, layout.digits) || layout.first.is_some_and(|first| !code.starts_with(first)) {
        return Err(Misfit::Code);
    }
    if name.is_empty() && !layout.name_may_be_empty {
        return Err(Misfit::Name);
    }
    let mut row = MasterRow {
        code: code.to_owned(),
        name: name.to_owned(),
        unit: layout.unit.map_or("", field).to_owned(),
        ..MasterRow::default()
    };
    if !reduced {
        let date = |at: usize, ends: bool| day(field(at), ends).map_err(|()| Misfit::Date);
        row.valid_from = match layout.listed.map(|at| date(at, false)).transpose()?.flatten() {
            Some(listed) => Some(listed),
            None if field(0) == NEW => date(layout.changed, false)?,
            None => None,
        };
        for at in layout.ends {
            row.valid_until = match (row.valid_until, date(*at, true)?) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        // A drug listed again after it was dropped keeps both days; then the first one says nothing.
        if row.valid_from.zip(row.valid_until).is_some_and(|(from, until)| from > until) {
            row.valid_from = None;
        }
    }
    match master {
        Receipt::Disease | Receipt::DiseaseOld => {
            let plain = |at| field(at).chars().filter(|c| !matches!(c, '.' | ' ')).collect::<String>();
            let (old, new) = (plain(disease::ICD10_2003), plain(disease::ICD10_2013));
            let icd10 = if new.is_empty() { old } else { new };
            row.add_also(&CodeSystem::MedisDisease, field(disease::MANAGEMENT_NUMBER));
            row = row.with_standard(&CodeSystem::Icd10, &icd10);
        }
        Receipt::Drug => {
            let coded = |at| Some(field(at)).filter(|code| is_alphanumeric(code, 12)).unwrap_or_default();
            let (price, generic) = (coded(drug::PRICE_CODE), coded(drug::GENERIC_CODE));
            row.add_also(&CodeSystem::GenericDrug, generic);
            row = row.with_standard(&CodeSystem::Yj, price);
        }
        _ => {}
    }
    Ok(row)
}

/// Other systems' codes in the same row, as lists of their own.
fn derive(master: Receipt, fields: &[String], row: &MasterRow, derived: &mut Derived) {
    let field = |at: usize| fields.get(at).map_or("", |f| f.trim());
    match master {
        Receipt::Disease | Receipt::DiseaseOld => {
            let number = field(disease::MANAGEMENT_NUMBER);
            if is_digits(number, 8) {
                derived.add(number, &row.name, (&row.standard_system, &row.standard_code));
            }
        }
        Receipt::Dental => {
            let addition = field(DENTAL_ADDITION);
            if is_alphanumeric(addition, 5) && addition != NO_ADDITION {
                derived.add(addition, &row.name, ("", ""));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::SHIFT_JIS;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::master_file::{Kind, parse_disease_master, recognise};

    /// A line of so many columns with these set.
    fn line(columns: usize, set: &[(usize, &str)]) -> String {
        let mut fields = vec![""; columns];
        for (at, value) in set {
            fields[*at] = value;
        }
        fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect::<Vec<_>>().join(",")
    }

    fn sjis(text: &str) -> Vec<u8> {
        let (bytes, _, lossy) = SHIFT_JIS.encode(text);
        assert!(!lossy);
        bytes.into_owned()
    }

    fn disease(code: &str, name: &str, old: &str, new: &str) -> String {
        line(20, &[(1, "B"), (2, code), (5, name), (13, old), (15, new)])
    }

    #[test]
    fn rows_and_bad_lines() {
        let text = [
            disease("0000001", "見本ソ病", "A00.0", ""),
            disease("0000002", "見本表病", "A000", "B01 1"),
            disease("0000003", "見本無病", "", ""),
            disease("0000001", "二度目", "", ""),
            disease("12", "短い", "", ""),
            disease("0000004", "", "", ""),
            "\"1\",\"B\",\"0000005\"".to_owned(),
            "\"1".to_owned(),
            disease("0000006", "終", "C00", "C00"),
        ]
        .join("\r\n");
        let mut bytes = sjis(&text);
        bytes.extend_from_slice(b"\r\n\x1a");
        let parsed = parse(Receipt::Disease, false, &bytes);
        let seen: Vec<_> = parsed.lists[0]
            .rows
            .iter()
            .map(|r| (r.code.as_str(), r.name.as_str(), r.standard_system.as_str(), r.standard_code.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("0000001", "見本ソ病", "ICD10", "A000"),
                ("0000002", "見本表病", "ICD10", "B011"),
                ("0000003", "見本無病", "", ""),
                ("0000006", "終", "ICD10", "C00")
            ]
        );
        let bad: Vec<_> = parsed.bad.iter().map(|b| (b.line, b.why)).collect();
        assert_eq!(
            bad,
            [
                (4, Misfit::Repeated),
                (5, Misfit::Code),
                (6, Misfit::Name),
                (7, Misfit::Layout),
                (8, Misfit::Text)
            ]
        );
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for utf8 in [marked.as_slice(), text.as_bytes()] {
            let (rows, bad_lines) = parse_disease_master(utf8);
            assert_eq!((rows.len(), bad_lines.as_slice()), (4, &[4, 5, 6, 7, 8][..]));
        }
    }

    #[test]
    fn undecodable_text_spoils_its_own_line_only() {
        let good = disease("0000001", "A", "", "");
        let bytes = [good.as_bytes(), b"\n\"0\",\"B\",\"0000002\",\"\",\"\",\"\xfd\"\n"].concat();
        let (rows, bad_lines) = parse_disease_master(&bytes);
        assert_eq!((rows.len(), bad_lines.as_slice()), (1, &[2][..]));
    }

    #[test]
    fn management_numbers_map_only_where_all_rows_agree() {
        let row = |code: &str, number: &str, icd: &str| {
            line(46, &[(1, "B"), (2, code), (5, "病"), (10, number), (15, icd)])
        };
        let text = [
            row("0000001", "20000001", "A00"),
            row("0000002", "20000001", "A00"),
            row("0000003", "20000002", "A00"),
            row("0000004", "20000002", "B00"),
            row("0000005", "x", "B00"),
        ]
        .join("\n");
        let parsed = parse(Receipt::Disease, false, &sjis(&text));
        assert_eq!(parsed.lists[1].system, CodeSystem::MedisDisease);
        let seen: Vec<_> =
            parsed.lists[1].rows.iter().map(|r| (r.code.as_str(), r.standard_code.as_str())).collect();
        assert_eq!(seen, [("20000001", "A00"), ("20000002", "")]);
        assert_eq!(parsed.lists[0].rows[0].also, "MDCDX2=20000001");
    }

    #[test]
    fn days_of_use() {
        let drug = |change: &str, code: &str, changed: &str, dropped: &str, grace: &str, listed: &str| {
            let cells = [
                (0, change),
                (1, "Y"),
                (2, code),
                (4, "薬"),
                (9, "錠"),
                (29, changed),
                (30, dropped),
                (31, "1234567F1011"),
                (33, grace),
                (35, listed),
                (36, "1234567F1ZZZ"),
            ];
            line(42, &cells)
        };
        let text = [
            drug("0", "600000001", "20240601", "99999999", "0", ""),
            drug("3", "600000002", "20240601", "99999999", "0", ""),
            drug("0", "600000003", "20240601", "20250331", "0", "20100401"),
            drug("0", "600000004", "20240601", "99999999", "20241130", ""),
            drug("0", "600000005", "20240601", "20250331", "20241130", ""),
            drug("0", "600000006", "20240601", "20251332", "0", ""),
            drug("0", "600000007", "20240601", "20200331", "0", "20210401"),
            drug("0", "700000007", "20240601", "99999999", "0", ""),
        ]
        .join("\r\n");
        let parsed = parse(Receipt::Drug, false, &sjis(&text));
        let rows: Vec<_> = parsed.lists[0].rows.iter().map(|r| (r.valid_from, r.valid_until)).collect();
        assert_eq!(
            rows,
            [
                (None, None),
                (Some(date(2024, 6, 1)), None),
                (Some(date(2010, 4, 1)), Some(date(2025, 3, 31))),
                (None, Some(date(2024, 11, 30))),
                (None, Some(date(2024, 11, 30))),
                (None, Some(date(2020, 3, 31))),
            ]
        );
        assert_eq!(parsed.bad.iter().map(|b| b.why).collect::<Vec<_>>(), [Misfit::Date, Misfit::Code]);
        let first = &parsed.lists[0].rows[0];
        assert_eq!((first.standard_system.as_str(), first.standard_code.as_str()), ("YJ", "1234567F1011"));
        assert_eq!((first.also.as_str(), first.unit.as_str()), ("IPPANMEI=1234567F1ZZZ", "錠"));
    }

    #[test]
    fn dental_and_dispensing() {
        let dental = |code: &str, addition: &str, until: &str| {
            line(66, &[(1, "H"), (2, code), (7, addition), (8, "歯科見本"), (56, "20240601"), (57, until)])
        };
        let text = [
            dental("301000110", "00000", "99999999"),
            dental("301000370", "CA001", "20250331"),
            dental("301000371", "CA001", "99999999"),
            dental("101000370", "CA001", "99999999"),
        ]
        .join("\r\n");
        let parsed = parse(Receipt::Dental, false, &sjis(&text));
        assert_eq!((parsed.lists[0].rows.len(), parsed.bad.len()), (3, 1));
        assert_eq!(parsed.lists[0].rows[1].valid_until, Some(date(2025, 3, 31)));
        assert_eq!(parsed.lists[1].system, CodeSystem::ReceiptDentalAddition);
        assert_eq!(parsed.lists[1].rows.iter().map(|r| r.code.as_str()).collect::<Vec<_>>(), ["CA001"]);

        let text = line(65, &[(0, "3"), (1, "M"), (2, "410000110"), (4, "調剤見本"), (27, "20240601")]);
        let parsed = parse(Receipt::Dispensing, false, &sjis(&text));
        assert_eq!(parsed.lists[0].rows[0].valid_from, Some(date(2024, 6, 1)));
        assert_eq!(parsed.lists.len(), 1);
    }

    /// The masters that others publish, where they are at hand.
    #[test]
    fn published_files_are_read_whole() {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/samples");
        let check = |path: &str, rows: usize, standards: usize, until: usize| {
            let Ok(bytes) = std::fs::read(format!("{samples}/{path}")) else {
                println!("skipped: {path} is not here");
                return;
            };
            let name = path.rsplit('/').next().unwrap();
            let Kind::Receipt { master, reduced } = recognise(name).unwrap().kind else { panic!("{name}") };
            let parsed = parse(master, reduced, &bytes);
            assert_eq!(parsed.bad, [], "{path}");
            let list = &parsed.lists[0].rows;
            let with = |f: fn(&MasterRow) -> bool| list.iter().filter(|r| f(r)).count();
            let found =
                (list.len(), with(|r| !r.standard_code.is_empty()), with(|r| r.valid_until.is_some()));
            assert_eq!(found, (rows, standards, until), "{path}");
        };
        let full = "rece-masters-receiptisan";
        check(&format!("{full}/t_ALL20250228.csv"), 1_344, 0, 3);
        check(&format!("{full}/c_ALL20250307.csv"), 3_857, 0, 98);
        check(&format!("{full}/z_20250101.txt"), 2_359, 0, 0);
        check(&format!("{full}/2020/s_ALL00000000.csv"), 2, 0, 0);
        check(&format!("{full}/2022/s_ALL00000000.csv"), 5, 0, 0);
        check(&format!("{full}/2022/b_ALL00000000.csv"), 5, 4, 0);
        check(&format!("{full}/2022/y_ALL00000000.csv"), 4, 3, 0);
        check(&format!("{full}/2022/t_ALL00000000.csv"), 6, 0, 0);
        check(&format!("{full}/2022/z_ALL00000000.csv"), 8, 0, 0);
        let reduced = "rece-masters-openreceiptviewer";
        check(&format!("{reduced}/b.min.csv"), 27_519, 0, 0);
        check(&format!("{reduced}/s.min.csv"), 10_156, 0, 0);
        check(&format!("{reduced}/y.min.csv"), 19_572, 0, 0);
        check(&format!("{reduced}/t.min.csv"), 1_344, 0, 0);
        check(&format!("{reduced}/c.min.csv"), 3_857, 0, 0);
        check(&format!("{reduced}/z.min.csv"), 2_359, 0, 0);
    }

    const ALL: [Receipt; 9] = [
        Receipt::Disease,
        Receipt::DiseaseOld,
        Receipt::Procedure,
        Receipt::Drug,
        Receipt::Material,
        Receipt::Comment,
        Receipt::Modifier,
        Receipt::Dental,
        Receipt::Dispensing,
    ];

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            master in 0..ALL.len(),
            reduced: bool,
        ) {
            let parsed = parse(ALL[master], reduced, &bytes);
            let lines = bytes.split(|b| *b == b'\n').count();
            prop_assert!(parsed.lists[0].rows.len() + parsed.bad.len() <= lines);
        }
    }
}
