//! The package writer: same bytes twice, the same values in both files, nothing left behind by a full disk, nothing
//! fetched by the page, nothing written outside by an archive.

// Helpers of tests stand outside #[test] functions, where clippy.toml's allowances do not reach; a panic is a failure.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

#[path = "made.rs"]
mod made;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Mutex;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Decimal128Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use jiff::civil::Date;
use musubi_model::policy::ColumnClass;
use musubi_model::spec::Product;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::seal::stage_with;
use super::*;
use crate::verify::VerifyProblem;
use made::{Made, board, officer, rows, tables};

fn quiet(_: Progress<'_>) {}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

fn placed(made: &Made, out: &Path) -> std::path::PathBuf {
    stage(&made.parts(), out, &quiet).unwrap().place().unwrap()
}

/// A reader of CSV of this test's own: rows of fields.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            ('"', _) => quoted = !quoted,
            (',', false) => row.push(std::mem::take(&mut field)),
            ('\r', false) if chars.peek() == Some(&'\n') => {
                chars.next();
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            (c, _) => field.push(c),
        }
    }
    assert!(field.is_empty() && row.is_empty() && !quoted, "the last line has its end");
    rows
}

fn utf8(folder: &Path, name: &str) -> String {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.strip_prefix('\u{feff}').expect("a BOM").to_owned()
}

/// A field of a Parquet file as the CSV has it.
fn shown(array: &ArrayRef, at: usize) -> String {
    if array.is_null(at) {
        return String::new();
    }
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(at).to_owned(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(at).to_string(),
        DataType::Date32 => array.as_primitive::<Date32Type>().value_as_date(at).unwrap().to_string(),
        DataType::Decimal128(_, scale) => {
            let digits = array.as_primitive::<Decimal128Type>().value(at);
            Decimal::from_i128_with_scale(digits, u32::try_from(*scale).unwrap()).normalize().to_string()
        }
        other => panic!("a type that no column of a package has: {other}"),
    }
}

/// Header and rows of a Parquet file.
fn read_parquet(path: &Path) -> Vec<Vec<String>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let mut rows = vec![builder.schema().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>()];
    for batch in builder.build().unwrap() {
        let batch = batch.unwrap();
        for at in 0..batch.num_rows() {
            rows.push(batch.columns().iter().map(|c| shown(c, at)).collect());
        }
    }
    rows
}

#[test]
fn the_same_parts_give_the_same_bytes() {
    for made in [rows(150), tables()] {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let one = placed(&made, a.path());
        let few = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let two = few.install(|| placed(&made, b.path()));
        assert_eq!(names(&one), names(&two));
        for name in names(&one) {
            assert_eq!(fs::read(one.join(&name)).unwrap(), fs::read(two.join(&name)).unwrap(), "{name}");
        }
        // Only the package lies there, and it may be made again over itself.
        assert_eq!(names(a.path()).len(), 1);
        assert_eq!(placed(&made, a.path()), one);
        // Sealing tells its own time, not the machine's.
        let time = fs::metadata(one.join("risk.html")).unwrap().modified().unwrap();
        assert_eq!(jiff::Timestamp::try_from(time).unwrap(), made.parts().sealed_at);
        // Another content of the same name is not overwritten.
        let other = Parts { code_version: "musubi/other", ..made.parts() };
        let error = stage(&other, a.path(), &quiet).unwrap().place().unwrap_err();
        assert_eq!(error.code(), "PACK_EXISTS");
        assert_eq!(names(a.path()).len(), 1);
    }
}

/// Texts of the golden folders. `cargo test -p musubi-release golden -- --ignored` writes them anew.
const GOLDEN: [(&str, &[&str]); 2] = [
    (
        "rows",
        &[
            "README.txt",
            "README.en.txt",
            "dictionary.csv",
            "person.csv",
            "omop_drug_exposure.csv",
            "risk.json",
            "risk.html",
        ],
    ),
    ("tables", &["README.txt", "README.en.txt", "dictionary.csv", "by-area.csv", "risk.json", "risk.html"]),
];

/// Calls with each golden file: as made now, as it is kept.
fn each_golden(look: impl Fn(&Path, &Path)) {
    for ((name, files), made) in GOLDEN.iter().zip([rows(40), tables()]) {
        let out = tempfile::tempdir().unwrap();
        let folder = placed(&made, out.path());
        let kept = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/pack")).join(name);
        files.iter().for_each(|file| look(&folder.join(file), &kept.join(file)));
    }
}

#[test]
fn the_texts_are_those_of_the_golden_folder() {
    each_golden(|made, kept| {
        let (made, expected) = (fs::read_to_string(made).unwrap(), fs::read_to_string(kept).unwrap());
        let differs = made.lines().zip(expected.lines()).position(|(a, b)| a != b);
        assert!(made == expected, "{}: differs at line {differs:?} (from 0 on)", kept.display());
    });
}

#[test]
#[ignore = "writes the golden files"]
fn write_golden() {
    each_golden(|made, kept| {
        fs::create_dir_all(kept.parent().unwrap()).unwrap();
        fs::copy(made, kept).unwrap();
    });
}

#[test]
fn both_files_hold_the_same_and_the_dictionary_knows_every_column() {
    let out = tempfile::tempdir().unwrap();
    let made = rows(150);
    let folder = placed(&made, out.path());
    let dictionary = read_csv(&utf8(&folder, "dictionary.csv"));
    let mut described: Vec<(String, String)> =
        dictionary.iter().skip(1).map(|row| (row[0].clone(), row[1].clone())).collect();
    assert!(dictionary.iter().skip(1).all(|row| !row[6].is_empty() && !row[7].is_empty()), "type and class");
    let tables: Vec<String> =
        names(&folder).iter().filter_map(|n| n.strip_suffix(".parquet").map(str::to_owned)).collect();
    assert_eq!(tables.len(), 8, "four files and their CDM layout");
    for table in tables {
        let csv = read_csv(&utf8(&folder, &format!("{table}.csv")));
        let parquet = read_parquet(&folder.join(format!("{table}.parquet")));
        assert_eq!(csv, parquet, "{table}");
        assert_eq!(csv.len(), if table.ends_with("person") { 151 } else { 451 });
        for column in &csv[0] {
            let at = described
                .iter()
                .position(|d| *d == (table.clone(), column.clone()))
                .expect("in the dictionary");
            described.remove(at);
        }
    }
    assert_eq!(described, [], "nothing else is in the dictionary");
}

#[test]
fn labels_that_no_row_uses_are_written_nowhere() {
    let out = tempfile::tempdir().unwrap();
    let mut made = rows(40);
    let Values::Text { ids, labels } = &mut made.sheets[1].columns[1].values else { panic!("labels") };
    let more: Vec<_> = labels.iter().cloned().chain(["SECRET-LABEL".into()]).collect();
    *labels = more.into();
    assert!(ids.iter().all(|id| (*id as usize) < labels.len() - 1));
    let folder = placed(&made, out.path());
    let text = fs::read(folder.join("dictionary.csv")).unwrap();
    assert!(!String::from_utf8(text).unwrap().contains("SECRET-LABEL"));
    let csv = fs::read_to_string(folder.join("condition_occurrence.csv")).unwrap();
    assert!(!csv.contains("SECRET-LABEL"));
    // Parquet keeps short pages as they are when they do not shrink; here the dictionary page is read back whole.
    let file = File::open(folder.join("condition_occurrence.parquet")).unwrap();
    let reader = ::parquet::file::serialized_reader::SerializedFileReader::new(file).unwrap();
    use ::parquet::file::reader::FileReader as _;
    let mut pages = reader.get_row_group(0).unwrap().get_column_page_reader(1).unwrap();
    let mut seen = 0;
    while let Some(page) = pages.get_next_page().unwrap() {
        seen += 1;
        assert!(!page.buffer().windows(12).any(|w| w == b"SECRET-LABEL"));
    }
    assert!(seen >= 2, "a dictionary and data");
    let bytes = fs::read(folder.join("condition_occurrence.parquet")).unwrap();
    for word in [&b"SECRET"[..], b"ARROW:schema", b"parquet-rs"] {
        assert!(!bytes.windows(word.len()).any(|w| w == word));
    }
}

#[test]
fn numbers_and_days_of_all_kinds_come_back() {
    let out = tempfile::tempdir().unwrap();
    let mut made = rows(40);
    let pids = made.sheets[0].columns[0].clone();
    let integers = (0..40).map(|n| (n % 3 != 0).then_some(i64::MIN + n)).collect();
    let days = (0..40).map(|n| {
        (n % 4 != 0).then(|| Date::constant(1899, 12, 31).saturating_add(jiff::Span::new().days(n * 1000)))
    });
    let decimals =
        (0..40).map(|n| (n % 5 != 0).then(|| Decimal::new(n * 1_000 - 7_000, u32::try_from(n % 7).unwrap())));
    let column = |name: &str, values| Column::new(name, name, name, ColumnClass::Neutral, values);
    made.sheets.push(Sheet {
        name: "kinds".into(),
        title_ja: "種類".into(),
        title_en: "kinds".into(),
        columns: vec![
            pids,
            column("integer", Values::Integer(integers)),
            column("day", Values::Date(days.collect())),
            column("decimal", Values::Decimal(decimals.collect())),
            column("row", Values::Sequence(40)),
            column("same", Values::Constant(-3, 40)),
            column("none", Values::Empty(Kind::Decimal, 40)),
            column("quoted", Values::text((0..40).map(|n| Some(["a,b", "\"", "x\"y\",", "", "1-2"][n % 5])))),
        ],
    });
    let folder = placed(&made, out.path());
    let csv = read_csv(&utf8(&folder, "kinds.csv"));
    assert_eq!(csv, read_parquet(&folder.join("kinds.parquet")));
    assert_eq!(&csv[2][1..], ["-9223372036854775807", "1902-09-27", "-600", "2", "-3", "", "\""]);
}

#[test]
fn shift_jis_comes_back_or_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let spec = made::ROWS_SPEC.replace("omop=true", "shift_jis=true");
    let mut made = rows(40);
    made.spec = musubi_model::spec::ExtractSpec::parse(&spec).unwrap();
    let folder = placed(&made, out.path());
    let bytes = fs::read(folder.join("person.csv")).unwrap();
    let (text, _, broken) = encoding_rs::SHIFT_JIS.decode(&bytes);
    assert!(!broken && text.contains("関東") && std::str::from_utf8(&bytes).is_err());
    assert_eq!(read_csv(&text), read_parquet(&folder.join("person.parquet")));
    assert!(!names(&folder).iter().any(|n| n.starts_with("omop_")));

    // Not there at all, and there only as something else.
    for label in ["𠮷", "¥"] {
        let other = tempfile::tempdir().unwrap();
        let mut values: Vec<&str> = vec!["E11"; 120];
        values[7] = label;
        made.sheets[1].columns[1].values = Values::text(values.into_iter().map(Some));
        let error = stage(&made.parts(), other.path(), &quiet).unwrap_err();
        let PackError::ShiftJis { file, column, row } = &error else { panic!("{error}") };
        assert_eq!((file.as_str(), column.as_str(), *row), ("condition_occurrence", "code", 8));
        assert!(!error.to_string().contains(label), "never the value");
        assert!(names(other.path()).is_empty(), "nothing is left");
    }
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is() {
    let code = |change: &dyn Fn(&mut Made)| {
        let out = tempfile::tempdir().unwrap();
        let mut made = rows(40);
        change(&mut made);
        let error = stage(&made.parts(), out.path(), &quiet).unwrap_err();
        assert!(names(out.path()).is_empty(), "nothing is left");
        error.code()
    };
    let first = |text: &'static str| {
        move |m: &mut Made| {
            m.sheets[1].columns[1].values =
                Values::text((0..120).map(|n| Some(if n == 0 { text } else { "E11" })));
        }
    };
    for label in ["=1+1", "@x", "+cmd", "-x", "a\nb", "\u{0}"] {
        assert_eq!(code(&first(label)), "PACK_LABEL", "{label:?}");
    }
    assert_eq!(code(&|m| m.sheets[1].columns[1].values = Values::Constant(1, 119)), "PACK_SHAPE");
    assert_eq!(
        code(&|m| {
            m.sheets[1].columns[1].values =
                Values::Text { ids: vec![5; 120].into(), labels: vec!["x".into()].into() };
        }),
        "PACK_SHAPE"
    );
    assert_eq!(code(&|m| m.sheets[0].columns[1].class = ColumnClass::Direct), "PACK_DIRECT");
    assert_eq!(code(&|m| m.sheets[1].name = "../up".into()), "PACK_NAME");
    assert_eq!(code(&|m| m.sheets[1].name = "manifest".into()), "PACK_NAME");
    assert_eq!(code(&|m| m.sheets[2].name = "condition_occurrence".into()), "PACK_NAME");
    assert_eq!(code(&|m| m.sheets[1].columns[2].name = "code".into()), "PACK_NAME");
    assert_eq!(code(&|m| drop(m.sheets[1].columns.remove(0))), "PACK_PERSON");
    assert_eq!(
        code(&|m| m.sheets[1].columns[0].values = Values::text((0..120).map(|_| Some("0123456789abcdef")))),
        "PACK_PERSON"
    );
    assert_eq!(code(&|m| drop(m.sheets[0].columns.remove(0))), "PACK_PERSON");
    assert_eq!(code(&|m| drop(m.sheets.remove(0))), "PACK_PERSON");
    assert_eq!(
        code(&|m| m.sheets[0].columns[2].values =
            Values::text((0..40).map(|n| Some(if n == 0 { "90+" } else { "60-69" })))),
        "PACK_CLAIM"
    );
    assert_eq!(code(&|m| m.risk.rows = None), "PACK_PARTS");
    let far = [Decimal::MAX, Decimal::new(1, 28)];
    assert_eq!(
        code(&|m| m.sheets[3].columns[3].values =
            Values::Decimal((0..120).map(|n| Some(far[n % 2])).collect())),
        "PACK_DECIMAL"
    );
}

#[test]
fn a_full_disk_leaves_nothing_and_says_so() {
    if !Path::new("/dev/full").exists() {
        println!("skipped: this system has no /dev/full");
        return;
    }
    for full in ["README.txt", "person.csv", "measurement.parquet", "manifest.sig"] {
        let out = tempfile::tempdir().unwrap();
        let create = |path: &Path| -> io::Result<File> {
            if path.ends_with(full) {
                File::options().write(true).open("/dev/full")
            } else {
                File::create_new(path)
            }
        };
        let error = stage_with(&rows(40).parts(), out.path(), &quiet, &create).unwrap_err();
        assert_eq!(error.code(), "REL_DISK", "{full}: {error}");
        assert!(error.to_string().contains(full) && names(out.path()).is_empty());
    }
}

#[test]
fn progress_reaches_every_row_of_every_file() {
    let out = tempfile::tempdir().unwrap();
    let done = Mutex::new(BTreeSet::new());
    let tell = |p: Progress<'_>| {
        assert!(p.done <= p.rows);
        if p.done == p.rows {
            done.lock().unwrap().insert(p.file.to_owned());
        }
    };
    let staged = stage(&rows(40).parts(), out.path(), &tell).unwrap();
    assert!(staged.folder().join("manifest.sig").exists());
    let files: BTreeSet<String> = names(staged.folder())
        .into_iter()
        .filter(|n| n.ends_with(".parquet") || (n.ends_with(".csv") && n != "dictionary.csv"))
        .collect();
    assert_eq!(*done.lock().unwrap(), files);
    drop(staged);
    assert!(names(out.path()).is_empty(), "what was not placed is gone");
}

#[test]
fn the_page_fetches_nothing_and_runs_nothing() {
    for made in [rows(150), tables()] {
        let out = tempfile::tempdir().unwrap();
        let page = fs::read_to_string(placed(&made, out.path()).join("risk.html")).unwrap();
        for word in [
            "<script",
            "http:",
            "https:",
            "src=",
            "href=",
            "url(",
            "@import",
            "<iframe",
            "onload",
            "javascript:",
        ] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("<svg") && page.contains("default-src 'none'"));
    }
}

#[test]
fn omop_tells_no_date_of_an_anonymised_product_and_those_of_a_pseudonymised_one() {
    let made = rows(40);
    let sheets = omop::sheets(&made.sheets, Product::Anonymized).unwrap();
    assert_eq!(
        sheets.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(),
        ["omop_person", "omop_condition_occurrence", "omop_drug_exposure", "omop_measurement"]
    );
    for sheet in &sheets {
        sheet.check().unwrap();
        assert_eq!(sheet.columns.first().unwrap().values.cell(39), Cell::Integer(40));
        for column in sheet.columns.iter().filter(|c| c.values.kind() == Kind::Date) {
            assert!((0..sheet.rows()).all(|n| column.values.cell(n) == Cell::Empty), "{}", column.name);
        }
    }
    assert_eq!(sheets[0].column("gender_concept_id").unwrap().values.cell(0), {
        let male = made.sheets[0].column("sex").unwrap().values.cell(0) == Cell::Text("1");
        Cell::Integer(if male { 8507 } else { 8532 })
    });
    assert!(sheets[2].column("days_supply").unwrap().values.cell(0) == Cell::Empty, "a band is no number");

    let mut dated = rows(40);
    let day = |n: usize| Some(format!("2026-05-{:02}", n % 28 + 1));
    dated.sheets[2].columns[2].values = Values::text((0..120).map(day));
    dated.sheets[2].columns[3].values = Values::Integer((0..120).map(|n| (n > 0).then_some(n)).collect());
    let drug = &omop::sheets(&dated.sheets, Product::Pseudonymized).unwrap()[2];
    let cell = |name: &str, row| drug.column(name).unwrap().values.cell(row);
    assert_eq!(cell("drug_exposure_start_date", 3), Cell::Date(Date::constant(2026, 5, 4)));
    assert_eq!(cell("drug_exposure_end_date", 3), Cell::Empty, "no file tells it");
    assert_eq!(cell("days_supply", 3), Cell::Integer(3));
    assert!(omop::sheets(&dated.sheets[1..], Product::Pseudonymized).is_err());
}

#[test]
fn a_sound_package_verifies_and_no_byte_can_change() {
    let out = tempfile::tempdir().unwrap();
    let folder = placed(&rows(40), out.path());
    let look = |checker: &dyn Fn(&Path) -> Vec<String>| {
        verify(&folder, &board().public(), &officer().public(), checker)
    };
    assert!(is_version_2(&folder));
    let report = look(&|_| Vec::new());
    assert!(report.ok(), "{:?}", report.problems);
    let manifest = report.manifest.unwrap();
    assert_eq!((manifest.recipients, manifest.attrition.len()), (vec!["mihon-u".to_owned()], 3));
    let refused = look(&|_| vec!["C-036".to_owned()]);
    assert_eq!(refused.problems, [VerifyProblem::Independent("C-036".to_owned())]);
    for name in names(&folder) {
        let path = folder.join(&name);
        let content = fs::read(&path).unwrap();
        let mut changed = content.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        fs::write(&path, changed).unwrap();
        assert!(!look(&|_| Vec::new()).ok(), "{name}: a changed byte");
        fs::remove_file(&path).unwrap();
        assert!(!look(&|_| Vec::new()).ok(), "{name}: missing");
        fs::write(&path, content).unwrap();
    }
    fs::write(folder.join("extra.txt"), "").unwrap();
    assert_eq!(look(&|_| Vec::new()).problems, [VerifyProblem::ExtraFile]);
}

#[test]
fn what_is_written_passes_the_independent_checker() {
    let out = tempfile::tempdir().unwrap();
    let folder = placed(&rows(150), out.path());
    let report = crate::verify(&folder, &board().public(), &officer().public());
    assert!(report.ok(), "{:#?}", report.problems);
}

#[test]
fn another_policy_or_another_approval_does_not_verify() {
    let problems = |change: &dyn Fn(&mut Made)| {
        let out = tempfile::tempdir().unwrap();
        let mut made = rows(40);
        change(&mut made);
        verify(&placed(&made, out.path()), &board().public(), &officer().public(), &|_| Vec::new()).problems
    };
    assert_eq!(problems(&|_| ()), []);
    let other = made::ROWS_POLICY.replace("version=1", "version=2");
    let sign = |m: &mut Made, toml: &str, key: &musubi_model::sign::SecretKey| {
        m.policy_toml = toml.to_owned();
        m.policy = musubi_model::policy::Policy::parse(toml).unwrap();
        m.policy_signature = key.sign(POLICY_DOMAIN, toml.as_bytes()).to_string();
    };
    assert_eq!(problems(&|m| sign(m, &other, &board())), [VerifyProblem::Policy]);
    let late = made::ROWS_POLICY.replace("2026-04-01", "2027-04-01");
    assert_eq!(problems(&|m| sign(m, &late, &board())), [VerifyProblem::Policy]);
    assert_eq!(problems(&|m| sign(m, made::ROWS_POLICY, &officer())), [VerifyProblem::PolicySignature]);
    assert_eq!(problems(&|m| m.officer = board()), [VerifyProblem::ReleaseSignature]);
    let wider = made::ROWS_SPEC.replace("['sex','age','area']", "['sex','age','area','death']");
    assert_eq!(
        problems(&|m| {
            m.spec_toml.clone_from(&wider);
            m.spec = musubi_model::spec::ExtractSpec::parse(&wider).unwrap();
        }),
        [VerifyProblem::Scope]
    );
}

fn identity() -> (String, String) {
    let (public, secret) = key_pair();
    (secret.to_string(), public)
}

#[test]
fn every_recipient_opens_it_and_nobody_else() {
    let out = tempfile::tempdir().unwrap();
    let folder = placed(&rows(150), out.path());
    let ((one, to_one), (two, to_two), (stranger, _)) = (identity(), identity(), identity());
    let sealed = encrypt(&folder, &[to_one.clone(), to_two], &out.path().join("sent")).unwrap();
    assert_eq!(
        sealed.file_name().unwrap().to_str().unwrap(),
        format!("{}.tar.age", folder.file_name().unwrap().to_str().unwrap())
    );
    for (at, key) in [format!("# made for a test\n{one}\n"), format!("{stranger}\n{two}")].iter().enumerate()
    {
        let opened = open(&sealed, key, &out.path().join(format!("opened{at}"))).unwrap();
        assert_eq!(names(&opened), names(&folder));
        for name in names(&folder) {
            assert_eq!(
                fs::read(opened.join(&name)).unwrap(),
                fs::read(folder.join(&name)).unwrap(),
                "{name}"
            );
        }
        assert!(verify(&opened, &board().public(), &officer().public(), &|_| Vec::new()).ok());
        assert_eq!(
            open(&sealed, key, &out.path().join(format!("opened{at}"))).unwrap_err().code(),
            "PACK_EXISTS"
        );
    }
    let elsewhere = out.path().join("elsewhere");
    let code = |file: &Path, key: &str| open(file, key, &elsewhere).unwrap_err().code();
    assert_eq!(code(&sealed, &stranger), "PACK_IDENTITY");
    assert_eq!(code(&sealed, "# nothing"), "PACK_IDENTITY");
    assert_eq!(code(&sealed, &to_one), "PACK_IDENTITY");
    // Cut or changed anywhere: nothing comes out.
    let bytes = fs::read(&sealed).unwrap();
    let broken = out.path().join("broken.age");
    let cut = bytes.len() - 1;
    for (at, flip) in
        [(10, true), (bytes.len() / 2, true), (cut, true), (cut, false), (bytes.len() / 2, false)]
    {
        let mut other = bytes.clone();
        if flip {
            other[at] ^= 1;
        } else {
            other.truncate(at);
        }
        fs::write(&broken, other).unwrap();
        assert!(["PACK_ARCHIVE", "PACK_IDENTITY"].contains(&code(&broken, &one)), "{at} {flip}");
        assert!(!elsewhere.exists() || names(&elsewhere).is_empty(), "{at} {flip}");
    }
    let refused = |keys: &[String]| encrypt(&folder, keys, &elsewhere).unwrap_err().code();
    assert_eq!(refused(&[]), "PACK_RECIPIENT");
    assert_eq!(refused(&["age1mihon".to_owned()]), "PACK_RECIPIENT");
    assert_eq!(encrypt(&folder, &[to_one], &out.path().join("sent")).unwrap_err().code(), "PACK_EXISTS");
}

#[test]
fn an_archive_is_the_same_twice_and_never_leads_elsewhere() {
    let out = tempfile::tempdir().unwrap();
    let folder = placed(&tables(), out.path());
    let (mut one, mut two) = (Vec::new(), Vec::new());
    archive::write(&folder, &mut one, &folder).unwrap();
    archive::write(&folder, &mut two, &folder).unwrap();
    assert!(one == two && one.len() % 512 == 0);
    let name = folder.file_name().unwrap().to_str().unwrap();
    let target = out.path().join("unpacked");
    assert_eq!(archive::read(one.as_slice(), &target).unwrap(), target.join(name));

    // The first header is changed, and its checksum made right again.
    let refused = |change: &dyn Fn(&mut [u8])| {
        let mut other = one.clone();
        change(&mut other[..512]);
        other[148..156].fill(b' ');
        let sum: u32 = other[..512].iter().map(|b| u32::from(*b)).sum();
        other[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let target = out.path().join("never");
        let error = archive::read(other.as_slice(), &target).unwrap_err();
        assert!(!target.exists() || names(&target).is_empty());
        error.code()
    };
    let named = |name: &'static str| {
        move |block: &mut [u8]| {
            block[..100].fill(0);
            block[..name.len()].copy_from_slice(name.as_bytes());
        }
    };
    for name in ["../up/x", "/etc/x", "a/../x", "a/b/c", "x", "a/", "/", "a/.x", ".a/x", "a\\b/x", "a/ü"] {
        assert_eq!(refused(&named(name)), "PACK_ARCHIVE", "{name}");
    }
    assert_eq!(refused(&|block| block[156] = b'2'), "PACK_ARCHIVE", "a link");
    assert_eq!(refused(&|block| block[345] = b'x'), "PACK_ARCHIVE", "a prefix");
    assert_eq!(refused(&|block| block[124..135].fill(b'7')), "PACK_ARCHIVE", "longer than it is");
    // A folder with a link in it is no package.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("risk.html", folder.join("link")).unwrap();
        assert_eq!(archive::write(&folder, &mut Vec::new(), &folder).unwrap_err().code(), "PACK_ARCHIVE");
    }
}

proptest! {
    #[test]
    fn any_text_comes_back_from_csv(rows in prop::collection::vec(prop::collection::vec("\\PC*|[\",\r\n a]*", 3), 1..9)) {
        let mut text = String::new();
        for row in &rows {
            let fields: Vec<_> = row.iter().map(|f| csv::quote(f)).collect();
            text.push_str(&fields.join(","));
            text.push_str("\r\n");
        }
        prop_assert_eq!(read_csv(&text), rows);
    }

    #[test]
    fn shift_jis_is_exact_or_none(text in "\\PC*") {
        if let Some(bytes) = csv::Charset::ShiftJis.encode(&text) {
            let (back, _, broken) = encoding_rs::SHIFT_JIS.decode(&bytes);
            prop_assert!(!broken && back == text);
        }
    }

    #[test]
    fn a_band_holds_its_number_and_tells_one_digit(n in 0u64..u64::MAX / 100) {
        let band = crate::manifest::band(n);
        let (low, high) = band.split_once('-').unwrap();
        let number = |t: &str| t.replace(',', "").parse::<u64>().unwrap();
        prop_assert!((number(low)..=number(high)).contains(&n));
        let digits = low.replace(',', "");
        prop_assert!(digits.trim_end_matches('0').len() <= 1 && number(high) - number(low) >= 9);
    }
}
