//! The answer in words for a terminal.

use std::fmt::Write as _;

use musubi_model::finding::Severity;

use crate::check::Sums;
use crate::report::{Example, Named, Report};
use crate::run::Ending;

/// Documents that are named although nothing is wrong with them.
const NAMED_MAX: u64 = 20;
/// Documents that are named because something is wrong with them.
const WRONG_MAX: u64 = 200;

/// One of two languages.
pub(crate) fn pick<'a>(english: bool, ja: &'a str, en: &'a str) -> &'a str {
    if english { en } else { ja }
}

/// The line of a document; none when there are too many of them.
pub(crate) fn document(english: bool, named: &Named, sums: &Sums, report: &Report) -> Option<String> {
    let (errors, warnings) = report.of_current();
    let clean = errors + warnings == 0;
    if named.number > if clean { NAMED_MAX } else { WRONG_MAX } {
        return None;
    }
    let t = |ja, en| pick(english, ja, en);
    let mark = match (errors, warnings) {
        (0, 0) => "✓",
        (0, _) => "△",
        _ => "✗",
    };
    let kind = named.kind.map_or(t("書式不明", "format unknown"), |k| t(k.ja(), k.as_str()));
    let mut line = format!("{mark} {} {}  {kind}", named.number, named.place);
    if !named.interface.is_empty() {
        let _ = write!(line, " {}", named.interface);
    }
    let _ = write!(line, "  {} {}", t("単位", "units"), sums.units);
    if sums.quarantined > 0 {
        let _ = write!(line, " ({} {})", t("隔離", "quarantined"), sums.quarantined);
    }
    if !clean {
        let _ = write!(line, "  {} {errors} {} {warnings}", t("エラー", "errors"), t("警告", "warnings"));
    }
    Some(line)
}

/// The rest: what was counted, what is wrong and how to mend it.
pub(crate) fn summary(report: &Report, ending: Ending, english: bool) -> String {
    let t = |ja, en| pick(english, ja, en);
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!("■ {}", t("書式ごとの件数", "By format")));
    for ((kind, interface), of) in &report.kinds {
        line(format!(
            "  {} {interface} {} {}, {} {} ({} {})",
            t(kind.ja(), kind.as_str()),
            t("文書", "documents"),
            of.documents,
            t("単位", "units"),
            of.units,
            t("うち隔離", "quarantined"),
            of.units_quarantined
        ));
        let records: Vec<String> = of.records.iter().map(|(k, n)| format!("{k} {n}")).collect();
        line(format!("    {}: {}", t("レコード", "records"), records.join(", ")));
    }
    if report.unrecognised > 0 {
        line(format!(
            "  {} {}",
            t("書式の分からない文書", "documents of no known format"),
            report.unrecognised
        ));
    }
    if !report.facts.is_empty() {
        line(format!(
            "■ {}",
            t("表ごとの事実(エラーのない単位)", "Facts by table (of units without errors)")
        ));
        for (table, n) in &report.facts {
            line(format!("  {} {n}", t(table.ja(), table.as_str())));
        }
    }
    for parcel in &report.parcels {
        let holds = if parcel.holds {
            t("目録のとおりです", "as its manifest says")
        } else {
            t("目録と一致しません", "not as its manifest says")
        };
        let feed = parcel.feed.as_deref().unwrap_or_default();
        line(format!("■ {} {} {feed}: {holds}", t("提出物", "Package"), parcel.place));
        for (kind, (promised, counted)) in &parcel.totals {
            let mark = if promised == counted { "✓" } else { "✗" };
            line(format!(
                "  {mark} {kind}: {} {promised} / {} {counted}",
                t("目録", "manifest"),
                t("計数", "counted")
            ));
        }
    }
    line(format!("■ {}", t("指摘", "Findings")));
    if report.rules.is_empty() {
        line(format!("  {}", t("指摘はありません。", "Nothing was found.")));
    }
    for broken in report.worst_first() {
        let rule = broken.rule;
        let severity = t(rule.severity.ja(), rule.severity.as_str());
        line(format!("  [{severity}] {} ×{}  {}", rule.id, broken.count, t(rule.ja, rule.en)));
        line(format!("      → {}", t(rule.mend_ja, rule.mend_en)));
        for example in &broken.examples {
            line(format!("      {}", position(example, english)));
        }
    }
    let verdict = match ending {
        Ending::Clean if report.count(Severity::Warning) > 0 => {
            t("受け付けられますが、警告があります。", "Would be accepted; there are warnings.")
        }
        Ending::Clean => t("このまま提出できます。", "Ready to be sent."),
        Ending::Errors => {
            t("隔離または受付不可になる部分があります。", "Parts would be refused or quarantined.")
        }
        Ending::Broken => t("提出物が目録と一致しません。", "The package is not what its manifest says."),
    };
    line(format!("■ {verdict}"));
    line(format!(
        "  {}",
        t(
            "ここで確かめないもの: フィードの登録、提供停止、名寄せ、重複と版、コードマスタ。",
            "Not checked here: registration of the feed, opt-outs, matching, duplicates and versions, code masters.",
        )
    ));
    out
}

/// Where a finding stands, what was found and what was expected.
pub(crate) fn position(e: &Example, english: bool) -> String {
    let t = |ja, en| pick(english, ja, en);
    let document = t("文書", "document");
    let mut text = if e.number > 0 { format!("{document} {} ", e.number) } else { String::new() };
    text.push_str(&e.place);
    if let Some(unit) = e.unit {
        let _ = write!(text, " {} {unit}", t("単位", "unit"));
    }
    for part in [&e.record, &e.field] {
        if !part.is_empty() {
            let _ = write!(text, " {part}");
        }
    }
    if let (Some(start), Some(len)) = (e.byte_start, e.byte_len) {
        let _ = write!(text, " ({} {start}–{})", t("バイト", "bytes"), start + u64::from(len));
    }
    if !e.found.is_empty() {
        let _ = write!(text, " {}: {}", t("検出", "found"), e.found);
    }
    if !e.expected.is_empty() {
        let _ = write!(text, " {}: {}", t("期待", "expected"), e.expected);
    }
    text
}
