//! The page of a check: one file with its own style, nothing fetched, nothing run. Grouped by rule; it shows shapes,
//! codes and counts, never a person's value.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use musubi_model::finding::Severity;

use crate::report::{Broken, Report};
use crate::run::Ending;
use crate::say::{pick, position};

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(crate) fn page(r: &Report, ending: Ending, english: bool) -> Markup {
    let t = |ja, en| pick(english, ja, en);
    let title = t("送信前点検", "Check before sending");
    html! {
        (DOCTYPE)
        html lang=(t("ja", "en")) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header { h1 { "結び " (title) } }
                    (verdict(r, ending, english))
                    (counts(r, english))
                    @if !r.parcels.is_empty() { (parcels(r, english)) }
                    section {
                        h2 { (t("指摘(規則ごと)", "Findings by rule")) }
                        @if r.rules.is_empty() { p { (t("指摘はありません。", "Nothing was found.")) } }
                        @for broken in r.worst_first() { (rule(broken, english)) }
                    }
                    section.soft {
                        p { (t(
                            "この点検では、フィードの登録、提供停止の求め、名寄せ、同じ文書の重複と版、コードマスタとの照合は確かめません。検出値とパスは形だけを示し、個人の値は含みません。",
                            "Not checked here: registration of the feed, opt-outs, matching, duplicates and versions, code masters. Values and paths are shown as shapes; no person's value is in this page."
                        )) }
                    }
                }
            }
        }
    }
}

fn verdict(r: &Report, ending: Ending, english: bool) -> Markup {
    let t = |ja, en| pick(english, ja, en);
    let (class, words) = match ending {
        Ending::Clean if r.count(Severity::Warning) > 0 => {
            ("wait", t("受け付けられますが、警告があります。", "Would be accepted; there are warnings."))
        }
        Ending::Clean => ("good", t("このまま提出できます。", "Ready to be sent.")),
        Ending::Errors => {
            ("bad", t("隔離または受付不可になる部分があります。", "Parts would be refused or quarantined."))
        }
        Ending::Broken => {
            ("bad", t("提出物が目録と一致しません。", "A package is not what its manifest says."))
        }
    };
    html! {
        section.verdict.(class) {
            p { (words) }
            p.soft {
                (t("エラー", "errors")) " " (r.count(Severity::Error)) " · "
                (t("警告", "warnings")) " " (r.count(Severity::Warning)) " · "
                (t("参考", "notes")) " " (r.count(Severity::Note))
            }
        }
    }
}

fn counts(r: &Report, english: bool) -> Markup {
    let t = |ja, en| pick(english, ja, en);
    html! {
        section {
            h2 { (t("点検したもの", "What was checked")) }
            table {
                thead { tr {
                    th { (t("書式", "Format")) } th.n { (t("文書", "Documents")) } th.n { (t("単位", "Units")) }
                    th.n { (t("隔離", "Quarantined")) } th { (t("レコード", "Records")) }
                } }
                tbody {
                    @for ((kind, interface), of) in &r.kinds {
                        tr {
                            td { (t(kind.ja(), kind.as_str())) @if !interface.is_empty() { " " code { (interface) } } }
                            td.n { (of.documents) } td.n { (of.units) } td.n { (of.units_quarantined) }
                            td { @for (k, n) in &of.records { code { (k) } " " (n) "　" } }
                        }
                    }
                    @if r.unrecognised > 0 {
                        tr { td { (t("書式不明", "Format unknown")) } td.n { (r.unrecognised) } td {} td {} td {} }
                    }
                }
            }
            @if !r.facts.is_empty() {
                h3 { (t("表ごとの事実(エラーのない単位)", "Facts by table (of units without errors)")) }
                table { tbody {
                    @for (table, n) in &r.facts { tr { td { (t(table.ja(), table.as_str())) } td.n { (n) } } }
                } }
            }
        }
    }
}

fn parcels(r: &Report, english: bool) -> Markup {
    let t = |ja, en| pick(english, ja, en);
    html! {
        section {
            h2 { (t("提出物と統制合計", "Packages and control totals")) }
            @for p in &r.parcels {
                h3 {
                    code { (p.place) } " " (p.feed.as_deref().unwrap_or_default()) " "
                    (if p.holds { t("目録のとおりです", "as its manifest says") } else { t("目録と一致しません", "not as its manifest says") })
                }
                p.soft {
                    (p.files) " " (t("ファイル", "files")) " · "
                    (match (p.signed, p.signature_holds) {
                        (false, _) => t("署名なし", "not signed"),
                        (true, None) => t("署名あり(鍵がないため未検証)", "signed (no key given: not verified)"),
                        (true, Some(true)) => t("署名を検証しました", "signature holds"),
                        (true, Some(false)) => t("署名を検証できません", "signature does not hold"),
                    })
                }
                @if !p.totals.is_empty() {
                    table {
                        thead { tr { th { (t("種別", "Kind")) } th.n { (t("目録", "Manifest")) } th.n { (t("計数", "Counted")) } th { } } }
                        tbody {
                            @for (kind, (promised, counted)) in &p.totals {
                                tr {
                                    td { code { (kind) } } td.n { (promised) } td.n { (counted) }
                                    td { (if promised == counted { "✓" } else { "✗" }) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn rule(b: &Broken, english: bool) -> Markup {
    let t = |ja, en| pick(english, ja, en);
    let r = b.rule;
    let more = b.count.saturating_sub(u64::try_from(b.examples.len()).unwrap_or(0));
    html! {
        div.rule {
            h3 {
                span.sev.(r.severity.as_str()) { (t(r.severity.ja(), r.severity.as_str())) }
                (t(r.ja, r.en)) " " code.soft { (r.id) }
            }
            p { b { (b.count) } (t(" 件", "")) " · " (b.documents) " " (t("文書", "documents")) }
            div.mend { (t("直し方: ", "Mend: ")) (t(r.mend_ja, r.mend_en)) }
            @if !r.example.is_empty() && !english { p.eg { "例: " (r.example) } }
            @if b.vendors.keys().any(|v| !v.is_empty()) {
                table {
                    thead { tr { th { (t("作成システム(MSH-3 等)", "Made by (MSH-3 etc.)")) } th.n { (t("件数", "Count")) } } }
                    tbody {
                        @for (vendor, n) in &b.vendors {
                            tr {
                                td { (if vendor.is_empty() { t("(記載なし)", "(not said)") } else { vendor.as_str() }) }
                                td.n { (n) }
                            }
                        }
                    }
                }
            }
            ul {
                @for example in &b.examples { li { (position(example, english)) } }
                @if more > 0 { li { (t("ほか", "and")) " " (more) " " (t("件(CSV に全件)", "more (all in the CSV)")) } }
            }
        }
    }
}
