//! `musubi anonymize`: what it writes is counted here again, by other code, from the file alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::house::{Said, folder, run_in, text};

/// A column of a policy: name, class, hierarchy.
type Column<'a> = (&'a str, &'a str, &'a str);

fn policy(person: &str, columns: &[Column<'_>]) -> String {
    let mut text = "layout = \"musubi-policy/1\"\nname = \"test\"\nversion = 1\ntitle = \"test\"\n\
        product = \"anonymized\"\nfrom = \"2020-01-01\"\n\n[person]\n"
        .to_owned();
    for line in person.split(", ") {
        let (name, value) = line.split_once('=').unwrap();
        writeln!(text, "{name} = {{ value = {value}, basis = \"test\", verified = \"D\" }}").unwrap();
    }
    for (name, class, hierarchy) in columns {
        write!(text, "\n[[person.column]]\nname = \"{name}\"\nclass = \"{class}\"\nknown_by = \"public\"\n")
            .unwrap();
        if !hierarchy.is_empty() {
            writeln!(text, "hierarchy = {{ {hierarchy} }}").unwrap();
        }
        text.push_str("basis = \"test\"\nverified = \"D\"\n");
    }
    text
}

const LOCAL: &str = "k=4, k_floor=2, suppression_limit=0.05, recoding=\"local\"";
const GLOBAL: &str = "k=4, k_floor=2, suppression_limit=0.05, recoding=\"global\"";
const COLUMNS: [Column<'static>; 7] = [
    ("氏名", "direct", ""),
    ("年齢", "quasi", "kind = \"bands\", widths = [5, 10, 20], top = 90"),
    ("県", "quasi", "kind = \"prefecture\""),
    ("入院日", "quasi", "kind = \"quarter\""),
    ("保険", "quasi", "kind = \"flat\""),
    ("病名", "sensitive", ""),
    ("身長", "neutral", ""),
];

/// Persons of nobody: every cell from the number of the row.
fn table(comma: &str) -> String {
    let mut text = COLUMNS.map(|c| c.0).join(comma) + "\r\n";
    for n in 0..300_u32 {
        let x = n.wrapping_mul(2_654_435_761) >> 7;
        let county = ["東京都", "神奈川県", "大阪府", "沖縄県"][(x % 7 % 4) as usize];
        let cells = [
            format!("試験{n}"),
            (x % 96).to_string(),
            county.to_owned(),
            format!("2025-{:02}-{:02}", x % 12 + 1, x % 28 + 1),
            ["社保", "国保", ""][(x % 3) as usize].to_owned(),
            ["E11", "I10", "J45", "C50"][(x % 11 % 4) as usize].to_owned(),
            (140 + x % 50).to_string(),
        ];
        text.push_str(&(cells.join(comma) + "\r\n"));
    }
    text
}

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new(policy: &str, table: &[u8]) -> Self {
        let desk = Self { folder: folder() };
        fs::write(desk.at("policy.toml"), policy).unwrap();
        fs::write(desk.at("table.csv"), table).unwrap();
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, code: i32, out: &str, more: &[&str]) -> Said {
        let (table, policy, out) = (self.at("table.csv"), self.at("policy.toml"), self.at(out));
        let mut words = vec!["anonymize", text(&table), "--policy", text(&policy), "--out", text(&out)];
        words.extend(more);
        run_in(&self.at("nowhere"), code, &words)
    }

    /// Refused with this code, with nothing written.
    fn refused(&self, word: &str, more: &[&str]) -> Said {
        let said = self.run(2, "refused", more);
        assert!(said.err.contains(word), "{word}: {}", said.err);
        let mut left: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .filter(|n| n.contains("refused") || n == "nowhere")
            .collect();
        left.sort();
        assert!(left.is_empty(), "{left:?}");
        said
    }
}

/// Header and rows of a file without quotes.
fn cells(path: &Path, comma: char) -> (Vec<String>, Vec<Vec<String>>) {
    let text = fs::read_to_string(path).unwrap();
    assert!(!text.contains('"'));
    let mut rows =
        text.lines().map(|l| l.split(comma).map(str::to_owned).collect::<Vec<_>>()).collect::<Vec<_>>();
    let header = rows.remove(0);
    (header, rows)
}

/// Rows and different values of `sensitive` in the smallest class by the columns named.
fn smallest(header: &[String], rows: &[Vec<String>], quasi: &[&str], sensitive: &str) -> (usize, usize) {
    let at = |name: &str| header.iter().position(|h| h == name).unwrap();
    let mut classes: BTreeMap<Vec<&str>, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for row in rows {
        let class = classes.entry(quasi.iter().map(|q| row[at(q)].as_str()).collect()).or_default();
        class.0 += 1;
        class.1.insert(&row[at(sensitive)]);
    }
    (classes.values().map(|c| c.0).min().unwrap(), classes.values().map(|c| c.1.len()).min().unwrap())
}

const QUASI: [&str; 4] = ["年齢", "県", "入院日", "保険"];

#[test]
fn what_is_written_satisfies_the_policy() {
    let with_l = format!("{LOCAL}, l=2");
    for (person, l) in [(LOCAL, 1), (GLOBAL, 1), (with_l.as_str(), 2)] {
        let desk = Desk::new(&policy(person, &COLUMNS), table(",").as_bytes());
        let said = desk.run(0, "out", &["--json"]).json();
        let (header, rows) = cells(&desk.at("out/anonymized.csv"), ',');
        assert_eq!(header, ["年齢", "県", "入院日", "保険", "病名", "身長"]);
        let (k, values) = smallest(&header, &rows, &QUASI, "病名");
        assert!(k >= 4 && values >= l, "{person}: {k} {values}");
        // Nobody is lost beyond the limit, and locally nobody at all.
        let lost = if person == GLOBAL { 15 } else { 0 };
        assert!(rows.len() + lost >= 300 && rows.len() <= 300);
        assert!(rows.is_sorted(), "the place of a row tells nothing");
        let report = &said["report"];
        assert_eq!(report["after"]["smallest"].as_u64().unwrap(), k as u64);
        assert_eq!(report["after"]["rows"].as_u64().unwrap(), rows.len() as u64);
        assert_eq!(report["before"]["rows"].as_u64().unwrap(), 300);
        let kept: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(desk.at("out/risk.json")).unwrap()).unwrap();
        assert_eq!(kept, said);
        assert_eq!(fs::read(desk.at("out/policy.toml")).unwrap(), fs::read(desk.at("policy.toml")).unwrap());
        assert!(!desk.at("nowhere").exists(), "no house is opened");
    }
}

#[test]
fn the_page_stands_alone_and_holds_no_cell() {
    let desk = Desk::new(&policy(LOCAL, &COLUMNS), table(",").as_bytes());
    desk.run(0, "ja", &[]);
    desk.run(0, "en", &["--lang", "en"]);
    let page = |name: &str| fs::read_to_string(desk.at(name).join("risk.html")).unwrap();
    assert!(
        page("ja").contains("再識別リスク報告書") && page("en").contains("Re-identification risk report")
    );
    for page in [page("ja"), page("en")] {
        assert!(page.contains("<svg") && page.contains("1 / smallest class"));
        for word in ["<script", "<link", "src=", "試験1", "E11", "神奈川県"] {
            assert!(!page.contains(word), "{word}");
        }
    }
}

#[test]
fn the_same_table_is_told_the_same_in_any_encoding_and_order() {
    let plain = Desk::new(&policy(LOCAL, &COLUMNS), table(",").as_bytes());
    plain.run(0, "one", &[]);
    plain.run(0, "two", &[]);
    let bom = Desk::new(&policy(LOCAL, &COLUMNS), format!("\u{feff}{}", table(";")).as_bytes());
    bom.run(0, "one", &[]);
    let sjis = Desk::new(&policy(LOCAL, &COLUMNS), &encoding_rs::SHIFT_JIS.encode(&table("\t")).0);
    sjis.run(0, "one", &[]);
    for file in ["anonymized.csv", "risk.json", "risk.html"] {
        let first = fs::read(plain.at("one").join(file)).unwrap();
        for other in [plain.at("two"), bom.at("one"), sjis.at("one")] {
            assert_eq!(fs::read(other.join(file)).unwrap(), first, "{file}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_with_what_to_do() {
    let table = table(",");
    let good = policy(LOCAL, &COLUMNS);
    let desk = |policy: &str, table: &str| Desk::new(policy, table.as_bytes());

    let said = desk(&policy(LOCAL, &COLUMNS[..6]), &table).refused("ANON_COLUMN", &[]);
    assert!(said.err.contains("身長"));
    let mut more = COLUMNS.to_vec();
    more.push(("体重", "neutral", ""));
    desk(&policy(LOCAL, &more), &table).refused("ANON_COLUMN_MISSING", &[]);
    // The third row's prefecture is none; its cell is not said.
    let wrong = table.replacen("試験2,", "試験2,1,ナルニア,2025-01-01,国保,E11,150\r\n試験2,", 1);
    let said = desk(&good, &wrong).refused("ANON_LEAF", &[]);
    assert!(said.err.contains("row 3") && said.err.contains('県') && !said.err.contains("ナルニア"));
    desk(&good, table.lines().take(4).collect::<Vec<_>>().join("\n").as_str()).refused("ANON_NONE", &[]);
    desk(&good.replace("2020-01-01", "2999-01-01"), &table).refused("ANON_DATE", &[]);
    desk(&good, &format!("{table}試験,1\r\n")).refused("ANON_WIDTH", &[]);
    desk(&good, "").refused("ANON_READ", &[]);
    Desk::new(&good, b"\x81\xff,\xff\n").refused("ANON_READ", &[]);
    desk("k = 5", &table).refused("POL_READ", &[]);
    desk(
        &policy(
            &format!("{LOCAL}, l=2"),
            &COLUMNS.map(|(n, c, h)| (n, if c == "sensitive" { "neutral" } else { c }, h)),
        ),
        &table,
    )
    .refused("ANON_POLICY", &[]);
    desk(&good, &table).refused("ANON_READ", &["--hierarchy", "保険=none.csv"]);
    desk(&good, &table).refused("ANON_OPTION", &["--hierarchy", "保険"]);

    let desk = desk(&good, &table);
    fs::write(desk.at("h.csv"), "社保;*\n国保;*;*\n").unwrap();
    desk.refused("ANON_HIER_WIDTH", &["--hierarchy", &format!("保険={}", text(&desk.at("h.csv")))]);
    desk.run(0, "out", &[]);
    assert!(desk.run(2, "out", &[]).err.contains("ANON_OUT"), "what is there is not overwritten");
}

#[test]
fn a_hierarchy_may_come_from_a_file() {
    let desk = Desk::new(&policy(LOCAL, &COLUMNS), table(",").as_bytes());
    fs::write(desk.at("h.csv"), "社保;加入;*\n国保;加入;*\n(blank);不明;*\n").unwrap();
    let said =
        desk.run(0, "out", &["--json", "--hierarchy", &format!("保険={}", text(&desk.at("h.csv")))]).json();
    let columns = said["report"]["columns"].as_array().unwrap().clone();
    let column = columns.iter().find(|c| c["name"] == "保険").unwrap();
    assert_eq!(column["levels"].as_array().unwrap().len(), 3);
}

#[test]
fn a_suggested_policy_works_at_once() {
    let desk = Desk::new("", table(",").as_bytes());
    let said = run_in(&desk.at("nowhere"), 0, &["anonymize", text(&desk.at("table.csv")), "--suggest"]);
    assert!(!said.out.contains("試験1") && !said.out.contains("E11"));
    fs::write(desk.at("policy.toml"), &said.out).unwrap();
    desk.run(0, "out", &[]);
    let (header, rows) = cells(&desk.at("out/anonymized.csv"), ',');
    assert!(!header.contains(&"氏名".to_owned()));
    assert!(smallest(&header, &rows, &QUASI, "病名").0 >= 5);
}

#[test]
fn the_public_sample_is_told_better_than_the_reference_tool_tells_it() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/anon/thirdparty");
    let Ok(table) = fs::read(samples.join("adult.csv")) else {
        eprintln!("skipped: no sample folder");
        return;
    };
    let names = "sex;age;race;marital-status;education;native-country;workclass;occupation;salary-class";
    let quasi: Vec<&str> = names.split(';').collect();
    let columns: Vec<Column<'_>> = quasi.iter().map(|n| (*n, "quasi", "kind = \"flat\"")).collect();
    let desk = Desk::new(&policy(&LOCAL.replace("k=4", "k=5"), &columns), &table);
    let hierarchies: Vec<String> = quasi
        .iter()
        .map(|n| format!("{n}={}", text(&samples.join(format!("adult_hierarchy_{n}.csv")))))
        .collect();
    let options: Vec<&str> = hierarchies.iter().flat_map(|h| ["--hierarchy", h]).chain(["--json"]).collect();
    let said = desk.run(0, "out", &options).json();
    let (header, rows) = cells(&desk.at("out/anonymized.csv"), ',');
    assert_eq!(rows.len(), 30_162, "nobody is left out");
    assert!(smallest(&header, &rows, &quasi, "sex").0 >= 5);
    let loss = said["report"]["loss"].as_f64().unwrap();
    assert!(loss <= 0.0589, "{loss}");
}
