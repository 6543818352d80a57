//! `musubi findings`: the catalogue of all rules, grouped by area, as Markdown; `docs/findings.md` is its output.

use std::collections::BTreeMap;

use anyhow::Result;
use musubi_model::finding::Rule;
use serde_json::json;

use super::Ending;
use crate::say::Voice;

/// An area: the part of a rule's id before the first `-`, and its heading.
const AREAS: [(&str, &str, &str); 22] = [
    ("SUB", "提出物", "Packages"),
    ("PRE", "送信前点検", "Check before sending"),
    ("UKE", "医科・DPC レセプト", "Medical and DPC receipts"),
    ("RECEIPT", "レセプト(歯科・調剤・訪問看護・DPC)", "Receipts of other kinds"),
    ("DPC", "DPC 様式1・EF ファイル", "DPC form 1 and EF files"),
    ("HL7", "HL7 電文", "HL7 messages"),
    ("SSMIX2", "SS-MIX2", "SS-MIX2"),
    ("CDA", "CDA 文書(健診・診療情報)", "CDA documents (check-ups, clinical)"),
    ("TABLE", "表形式", "Tables"),
    ("QR", "お薬手帳・処方箋 QR", "Medication notebooks and prescription QR"),
    ("CLAIM", "介護給付費請求", "Claims of long-term care"),
    ("CERT", "要介護認定", "Certification of care need"),
    ("LIFE", "LIFE", "LIFE"),
    ("PLAN", "ケアプラン", "Care plans"),
    ("CARE", "介護(共通)", "Long-term care, all formats"),
    ("LEAK", "個人情報の混入", "Identifying values out of place"),
    ("CODE", "コードマスタ", "Code masters"),
    ("UNIT", "単位", "Units"),
    ("MPI", "名寄せ", "Matching"),
    ("NTC", "通知", "Notices"),
    ("RCV", "通知台帳の有無と鮮度", "Ledgers of notices: present, fresh, whole"),
    ("OPTOUT", "提供停止の一覧", "List of opt-outs"),
];

/// Every rule of every room, as declared.
pub fn declared() -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> = Vec::new();
    rules.extend(musubi_etl::rules::rules());
    rules.extend(musubi_precheck::rules::rules());
    rules.extend(musubi_mappers::rules());
    rules.extend(musubi_id_resolution::rules::rules());
    rules.extend(musubi_compliance::notice::ledger::RULES);
    rules.extend(musubi_compliance::optout_list::RULES);
    rules
}

/// Every rule, by id.
pub fn all_rules() -> Vec<&'static Rule> {
    let mut rules = declared();
    rules.sort_by_key(|r| r.id);
    rules.dedup_by_key(|r| r.id);
    rules
}

/// The rule of that id.
pub fn rule_named(id: &str) -> Option<&'static Rule> {
    declared().into_iter().find(|r| r.id == id)
}

/// The area of a rule.
fn area(rule: &Rule) -> &'static str {
    rule.id.split('-').next().unwrap_or(rule.id)
}

/// Runs the verb.
pub fn run(voice: Voice) -> Result<Ending> {
    let rules = all_rules();
    let mut areas: BTreeMap<(usize, &str), Vec<&Rule>> = BTreeMap::new();
    for rule in &rules {
        let name = area(rule);
        let place = AREAS.iter().position(|(n, _, _)| *n == name).unwrap_or(AREAS.len());
        areas.entry((place, name)).or_default().push(rule);
    }
    voice.line("# Findings\n");
    voice.line("Generated: `musubi findings > docs/findings.md` writes this file anew. Every rule that a sender or an operator can");
    voice.line("meet, by area. エラー (error): the smallest sound part around it is quarantined or refused; 警告 (warning): taken in,");
    voice.line("somebody should look; 参考 (note): nothing to do. Examples are made up.");
    for ((place, name), rules) in &areas {
        let (ja, en) = AREAS.get(*place).map_or((*name, *name), |(_, ja, en)| (*ja, *en));
        let heading = if ja == *name { (*name).to_owned() } else { format!("{name}: {ja} ({en})") };
        voice.line(format!("\n## {heading}\n"));
        voice.line("| rule | 重大度 | 内容 | 対処 | 例 | meaning | mending |\n|---|---|---|---|---|---|---|");
        for r in rules {
            let severity = format!("{} {}", r.severity.ja(), r.severity.as_str());
            let example = if r.example.is_empty() { "—" } else { r.example };
            let cells = [r.id, &severity, r.ja, r.mend_ja, example, r.en, r.mend_en].map(cell);
            voice.line(format!("| {} |", cells.join(" | ")));
        }
    }
    voice.value(
        &rules
            .iter()
            .map(|r| {
                json!({ "rule": r.id, "area": area(r), "severity": r.severity.as_str(), "ja": r.ja, "en": r.en,
                    "mend_ja": r.mend_ja, "mend_en": r.mend_en, "example": r.example })
            })
            .collect::<Vec<_>>(),
    );
    Ok(Ending::Done)
}

/// A text as a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_stands_in_an_area_with_a_heading() {
        let homeless: Vec<&str> = declared()
            .into_iter()
            .filter(|r| AREAS.iter().all(|(n, _, _)| *n != area(r)))
            .map(|r| r.id)
            .collect();
        assert!(homeless.is_empty(), "{homeless:?}");
        let empty = AREAS.iter().filter(|(n, _, _)| declared().into_iter().all(|r| area(r) != *n)).count();
        assert_eq!(empty, 0, "an area without rules");
    }

    #[test]
    fn ids_are_unique() {
        let mut seen = BTreeMap::new();
        for rule in declared() {
            let other = seen.insert(rule.id, rule);
            assert!(other.is_none(), "two rules are called {}", rule.id);
            let well = rule.id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
            assert!(well && rule.id.contains('-') && !rule.id.ends_with('-'), "{}", rule.id);
        }
        assert!(seen.len() > 100);
    }

    #[test]
    fn every_rule_says_what_happened_and_how_to_mend_it() {
        for r in declared() {
            for (what, text) in [("ja", r.ja), ("en", r.en), ("mend_ja", r.mend_ja), ("mend_en", r.mend_en)] {
                assert!(!text.trim().is_empty(), "{} has no words: {what}", r.id);
            }
            for (what, text) in [("ja", r.ja), ("mend_ja", r.mend_ja)] {
                let japanese = text.chars().any(|c| matches!(c, 'ぁ'..='ヿ' | '\u{4e00}'..='\u{9fff}'));
                assert!(japanese && text.ends_with('。'), "{} {what}: {text}", r.id);
            }
            for (what, text) in [("en", r.en), ("mend_en", r.mend_en)] {
                assert!(text.ends_with('.'), "{} {what}: {text}", r.id);
            }
        }
    }

    #[test]
    fn every_rule_has_an_example() {
        let missing: Vec<&str> =
            declared().into_iter().filter(|r| r.example.is_empty()).map(|r| r.id).collect();
        assert!(missing.is_empty(), "without an example: {missing:?}");
    }
}
