//! A policy to begin with: every column with a class guessed from its name and its cells (方針の下書き).
//!
//! It must never write a cell into the draft, and never say that a guess is a decision: each line asks to be checked.

use std::collections::HashSet;
use std::fmt::Write as _;

use musubi_model::policy::{ColumnClass, HierarchySpec, POLICY_LAYOUT};
use musubi_model::prefecture::PREFECTURES;

use super::ladder::Ladder;

/// Parts of names of columns that identify by themselves.
const DIRECT: [&str; 16] = [
    "氏名",
    "名前",
    "カナ",
    "住所",
    "電話",
    "メール",
    "被保険者",
    "患者番号",
    "カルテ",
    "name",
    "address",
    "phone",
    "email",
    "patient_id",
    "person_id",
    "ssn",
];
/// Parts of names of columns that must not be learnt.
const SENSITIVE: [&str; 10] =
    ["病名", "傷病", "診断", "検査結果", "処方", "diagnosis", "disease", "icd", "drug", "result"];
/// Columns of more different texts than this are not told apart well by `flat`.
const FLAT_MOST: usize = 60;
/// Below so many rows, all different says nothing.
const FEW: usize = 20;

/// The draft, as TOML that `Policy::parse` reads. `today` is the day from which it holds (`YYYY-MM-DD`).
#[must_use]
pub fn draft(header: &[String], rows: &[Vec<String>], today: &str) -> String {
    let mut text = format!(
        "# 方針の下書き: 区分はすべて推定です。項目ごとに確かめ、basis に理由を書いてから使ってください。\n\
         # Draft of a policy: every class is a guess. Check each column and write the reason into its basis.\n\
         layout = \"{POLICY_LAYOUT}\"\nname = \"draft\"\nversion = 1\ntitle = \"draft\"\nproduct = \"anonymized\"\nfrom = \"{today}\"\n\n[person]\n"
    );
    let given = |name: &str, value: &str| {
        format!("{name} = {{ value = {value}, basis = \"draft: to be decided\", verified = \"D\" }}\n")
    };
    for (name, value) in
        [("k", "5"), ("k_floor", "2"), ("suppression_limit", "0.02"), ("recoding", "\"local\"")]
    {
        text.push_str(&given(name, value));
    }
    text.push_str("# l = { value = 2, basis = \"…\", verified = \"D\" }    # needs a sensitive column (機微項目が必要)\n");
    for (at, name) in header.iter().enumerate() {
        let cells: Vec<&str> = rows.iter().filter_map(|r| r.get(at)).map(|c| c.trim()).collect();
        let guess = Guess::of(name, &cells);
        let _ = write!(
            text,
            "\n# {} different values in {} rows; {}\n[[person.column]]\nname = {}\nclass = \"{}\"\nknown_by = \"{}\"\n",
            guess.distinct,
            cells.len(),
            guess.why,
            quoted(name),
            guess.class(),
            if guess.class == ColumnClass::Quasi { "acquaintance" } else { "provider" },
        );
        if let Some(hierarchy) = &guess.hierarchy {
            let _ = writeln!(text, "hierarchy = {}", spec(hierarchy));
        }
        text.push_str("basis = \"draft: to be decided\"\nverified = \"D\"\n");
    }
    text
}

struct Guess {
    distinct: usize,
    class: ColumnClass,
    hierarchy: Option<HierarchySpec>,
    why: &'static str,
}

impl Guess {
    fn of(name: &str, cells: &[&str]) -> Self {
        let distinct: HashSet<&str> = cells.iter().copied().collect();
        let lower = name.to_lowercase();
        let named = |words: &[&str]| words.iter().any(|w| lower.contains(w));
        let all = |fits: &dyn Fn(&str) -> bool| !distinct.is_empty() && distinct.iter().all(|c| fits(c));
        let guess = |class, hierarchy, why| Self { distinct: distinct.len(), class, hierarchy, why };
        let quasi = |hierarchy, why| guess(ColumnClass::Quasi, Some(hierarchy), why);
        if named(&DIRECT) {
            return guess(
                ColumnClass::Direct,
                None,
                "guess: its name says it identifies (名称から直接識別子と推定)",
            );
        }
        if named(&SENSITIVE) {
            return guess(
                ColumnClass::Sensitive,
                None,
                "guess: its name says it is sensitive (名称から機微と推定)",
            );
        }
        let dates = || Ladder::of(&HierarchySpec::Quarter, distinct.iter().copied()).ok();
        let is_date = |ladder: &Ladder| all(&|c| ladder.hierarchy.leaf(&ladder.leaf(c)).is_some());
        let whole = all(&|c| c.parse::<i64>().is_ok());
        if all(&|c| PREFECTURES.iter().any(|(_, name)| *name == c)) {
            return quasi(HierarchySpec::Prefecture, "guess: prefectures (都道府県と推定)");
        }
        if dates().is_some_and(|ladder| is_date(&ladder)) {
            return quasi(HierarchySpec::Quarter, "guess: dates (日付と推定)");
        }
        if cells.len() >= FEW && distinct.len() == cells.len() {
            return guess(
                ColumnClass::Direct,
                None,
                "guess: different in every row, so an identifier (全行で異なるため識別子と推定)",
            );
        }
        if whole && distinct.len() > 10 {
            let bands = HierarchySpec::Bands { widths: vec![5, 10, 20], top: None, bottom: None };
            return quasi(bands, "guess: whole numbers; set top and bottom (整数と推定、上下限を定めること)");
        }
        if distinct.len() > FLAT_MOST {
            return quasi(
                HierarchySpec::Prefix { keep: vec![3, 1] },
                "guess: codes; check the lengths kept (コードと推定、残す桁を確かめること)",
            );
        }
        quasi(HierarchySpec::Flat, "guess: a few values (少数の値と推定)")
    }

    fn class(&self) -> &'static str {
        match self.class {
            ColumnClass::Direct => "direct",
            ColumnClass::Quasi => "quasi",
            ColumnClass::Sensitive => "sensitive",
            ColumnClass::Neutral => "neutral",
        }
    }
}

fn spec(hierarchy: &HierarchySpec) -> String {
    match hierarchy {
        HierarchySpec::Bands { widths, .. } => format!("{{ kind = \"bands\", widths = {widths:?} }}"),
        HierarchySpec::Prefix { keep } => format!("{{ kind = \"prefix\", keep = {keep:?} }}"),
        HierarchySpec::Prefecture => "{ kind = \"prefecture\" }".to_owned(),
        HierarchySpec::Quarter => "{ kind = \"quarter\" }".to_owned(),
        HierarchySpec::Flat | HierarchySpec::Rows { .. } => "{ kind = \"flat\" }".to_owned(),
    }
}

/// A name of a column as TOML has it: it may hold anything.
fn quoted(name: &str) -> String {
    toml::Value::String(name.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use musubi_model::policy::Policy;

    use super::*;

    #[test]
    fn the_draft_is_a_policy_and_holds_no_cell() {
        let header: Vec<String> =
            ["氏名", "年齢", "pref", "day", "odd \"name\"", "code", "ICD"].map(String::from).to_vec();
        let rows: Vec<Vec<String>> = (0..200)
            .map(|i| {
                let day = format!("2026-{:02}-01", i % 12 + 1);
                let pref = if i % 2 == 0 { "東京都" } else { "沖縄県" };
                let code = format!("Z{i:03}");
                [&format!("試験{i}"), &(i % 90).to_string(), pref, &day, "値", &code, "E11"]
                    .map(ToString::to_string)
                    .to_vec()
            })
            .collect();
        let text = draft(&header, &rows, "2026-04-01");
        let policy = Policy::parse(&text).unwrap();
        let columns = policy.person.unwrap().columns;
        let classes: Vec<ColumnClass> = columns.iter().map(|c| c.class).collect();
        use ColumnClass::{Direct, Quasi, Sensitive};
        assert_eq!(classes, [Direct, Quasi, Quasi, Quasi, Direct, Direct, Sensitive]);
        assert_eq!(columns[3].hierarchy, Some(HierarchySpec::Quarter));
        for cell in ["試験1", "沖縄県", "E11", "Z001", "値"] {
            assert!(!text.contains(cell));
        }
    }
}
