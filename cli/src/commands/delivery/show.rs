//! One delivery whole, and all its findings as CSV. Everything comes from the acknowledgement that the sender gets, so that the
//! page, the signed receipt and this verb say the same.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use musubi_etl::acknowledge::Acknowledgement;
use musubi_model::manifest::FeedKind;
use musubi_storage::StorageError;
use musubi_storage::console::{FindingCount, FindingView, SubmissionView};
use serde_json::{Value, json};

use super::calendar::decided;
use super::unknown;
use crate::commands::Ending;
use crate::commands::ack::desk;
use crate::commands::findings::rule_named;
use crate::commands::outside::Reach;
use crate::home::Home;
use crate::say::{Voice, raw};

/// Positions of each rule that are told; all of them stand in the CSV.
const POSITIONS: u32 = 20;

/// The columns of the CSV.
const COLUMNS: [&str; 15] = [
    "rule",
    "severity",
    "document",
    "unit",
    "byte_start",
    "byte_len",
    "record",
    "field",
    "found",
    "expected",
    "what_ja",
    "what_en",
    "mend_ja",
    "mend_en",
    "submission",
];

/// An event's detail; of what somebody decided about a delivery that was set aside, in words.
fn told_of(voice: Voice, detail: &str) -> String {
    match decided(detail) {
        Some(("returned", why)) => format!("{}: {why}", voice.word("差戻し", "given back")),
        Some((_, why)) => format!("{}: {why}", voice.word("再取込みの指示", "to be taken in again")),
        None => detail.to_owned(),
    }
}

pub fn run(home: &Home, voice: Voice, reach: &Reach, prefix: &str) -> Result<Ending> {
    let Some(id) = reach.delivery(home, prefix)? else { return Ok(unknown(voice)) };
    let lake = home.folders().lake;
    let Some(ack) = Acknowledgement::read(&desk(home, &lake)?, &id).context("提出を読めません")?
    else {
        return Ok(unknown(voice));
    };
    let positions = home.registry.console()?.findings(&id, POSITIONS)?;
    let copies = home.registry.ingest()?.first_copies(&id).context("重複を調べられません")?;
    let after = home.registry.act()?.reconciliations(&id.to_string(), 200).context("突合を読めません")?;
    let view = &ack.view;
    // An acknowledgement ends with the delivery's last state; what was decided about it later stands in its history only.
    let events = home.registry.console()?.submission(&id)?.map(|s| s.events).unwrap_or_default();
    voice.line(format!("■ {} {id}", voice.word("提出", "delivery")));
    voice.line(format!("  {}", voice.word(view.state.ja(), view.state.as_str())));
    let kind = view.kind.as_deref().and_then(FeedKind::from_name);
    let before = |rule: &str| ack.before.as_ref().map_or(0, |b| counted(b, rule));
    let findings: Vec<Value> = view
        .findings
        .iter()
        .map(|f| {
            voice.line(format!("  {} ×{}", f.rule, f.count));
            finding(f, positions.get(&f.rule), ack.makers.get(&f.rule), before(&f.rule))
        })
        .collect();
    let gone: Vec<Value> = ack
        .before
        .iter()
        .flat_map(|b| &b.findings)
        .filter(|f| counted(view, &f.rule) == 0)
        .map(|f| json!({ "rule": f.rule, "before": f.count, "words": words(&f.rule) }))
        .collect();
    voice.value(&json!({
        "submission": id, "feed": view.feed, "submitter": view.submitter, "kind": view.kind,
        "kind_ja": kind.map(FeedKind::ja), "business_date": view.business_date, "received_at": view.received_at,
        "state": view.state, "state_ja": view.state.ja(), "files": view.files, "bytes": view.bytes,
        "parameter_hash": view.parameter_hash, "code_version": view.code_version, "balance": view.balance,
        "closes": view.balance.closes(), "concluded_at": ack.concluded_at,
        "events": events.iter().map(|e| json!({
            "at": e.at, "state": e.state, "detail": told_of(voice, &e.detail),
        })).collect::<Vec<_>>(),
        "findings": findings, "gone": gone,
        "before": ack.before.as_ref().map(|b| json!({
            "submission": b.id, "business_date": b.business_date, "received_at": b.received_at, "balance": b.balance,
        })),
        "totals": ack.totals.iter().map(|t| json!({
            "kind": t.kind, "promised": t.promised, "counted": t.counted,
            "stored": view.balance.lines.get(&t.kind).map(|l| l.loaded),
        })).collect::<Vec<_>>(),
        "sampled_units": ack.sampled_units(),
        "answers": ack.answers.iter().map(|(a, n)| json!({ "answer": a.as_str(), "ja": a.ja(), "count": n })).collect::<Vec<_>>(),
        "unmapped": ack.unmapped,
        "first_copies": copies.iter().map(|(s, n)| json!({ "submission": s, "units": n })).collect::<Vec<_>>(),
        "reconciliation": after,
    }));
    Ok(Ending::Done)
}

fn counted(view: &SubmissionView, rule: &str) -> u64 {
    view.findings.iter().filter(|f| f.rule == rule).map(|f| f.count).sum()
}

/// What a rule says, in both languages.
fn words(rule: &str) -> Value {
    rule_named(rule).map_or(Value::Null, |r| {
        json!({ "ja": r.ja, "en": r.en, "mend_ja": r.mend_ja, "mend_en": r.mend_en, "example": r.example })
    })
}

fn position(f: &FindingView) -> Value {
    json!({
        "document": f.document, "unit": f.unit, "start": f.range.map(|r| r.start), "len": f.range.map(|r| r.len),
        "record": f.record, "field": f.field, "found": f.found, "expected": f.expected,
    })
}

fn finding(
    f: &FindingCount,
    positions: Option<&Vec<FindingView>>,
    makers: Option<&BTreeMap<String, u64>>,
    before: u64,
) -> Value {
    let mut makers: Vec<(&String, &u64)> = makers.into_iter().flatten().collect();
    makers.sort_by_key(|(name, n)| (std::cmp::Reverse(**n), (*name).clone()));
    let examples: Vec<Value> = match positions {
        Some(all) => all.iter().map(position).collect(),
        None => vec![position(&f.example)],
    };
    json!({
        "rule": f.rule, "severity": f.severity, "count": f.count, "before": before, "words": words(&f.rule),
        "makers": makers.iter().map(|(name, n)| json!({ "maker": name, "count": n })).collect::<Vec<_>>(),
        "positions": examples,
    })
}

/// One field of a CSV. What begins like a formula is made harmless for spreadsheets.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn line(fields: &[String]) -> String {
    let fields: Vec<String> = fields.iter().map(|f| field(f)).collect();
    fields.join(",") + "\r\n"
}

pub fn findings(home: &Home, voice: Voice, reach: &Reach, prefix: &str, out: &Path) -> Result<Ending> {
    let Some(id) = reach.delivery(home, prefix)? else { return Ok(unknown(voice)) };
    let mut sink: Box<dyn std::io::Write> = if out == Path::new("-") {
        Box::new(Vec::new())
    } else {
        let file = std::fs::File::create(out).with_context(|| format!("書けません: {}", out.display()))?;
        Box::new(std::io::BufWriter::new(file))
    };
    let mut text = String::from("\u{feff}") + line(&COLUMNS.map(str::to_owned)).as_str();
    let mut rows = 0u64;
    let to_screen = out == Path::new("-");
    // Handed out row by row: a delivery may have millions.
    home.registry.console()?.each_finding(&id, &mut |f| {
        rows += 1;
        let rule = rule_named(&f.rule);
        let says = |pick: fn(&musubi_model::Rule) -> &'static str| rule.map_or("", pick).to_owned();
        text += &line(&[
            f.rule.clone(),
            f.severity.clone(),
            f.document.map(|d| d.to_string()).unwrap_or_default(),
            f.unit.map(|u| u.to_string()).unwrap_or_default(),
            f.range.map(|r| r.start.to_string()).unwrap_or_default(),
            f.range.map(|r| r.len.to_string()).unwrap_or_default(),
            f.record.clone(),
            f.field.clone(),
            f.found.clone(),
            f.expected.clone(),
            says(|r| r.ja),
            says(|r| r.en),
            says(|r| r.mend_ja),
            says(|r| r.mend_en),
            id.to_string(),
        ]);
        if !to_screen && text.len() > 1 << 16 {
            sink.write_all(text.as_bytes()).map_err(|e| StorageError::Refused(e.to_string()))?;
            text.clear();
        }
        Ok(())
    })?;
    if to_screen {
        raw(text.as_bytes())?;
        return Ok(Ending::Done);
    }
    sink.write_all(text.as_bytes()).and_then(|()| sink.flush()).context("書けません")?;
    voice.say(format!("指摘 {rows} 行を書き出しました"), format!("Wrote {rows} findings"));
    voice.value(&json!({ "submission": id, "rows": rows }));
    Ok(Ending::Done)
}

#[cfg(test)]
mod tests {
    use super::field;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_field_of_the_csv_is_a_formula_or_breaks_its_line(text in ".{0,40}") {
            let out = field(&text);
            prop_assert!(!out.starts_with(['=', '+', '-', '@']));
            let inside = out.strip_prefix('"').and_then(|o| o.strip_suffix('"'));
            match inside {
                Some(inside) => prop_assert!(!inside.replace("\"\"", "").contains('"')),
                None => prop_assert!(!out.contains([',', '\n', '\r', '"'])),
            }
        }
    }
}
