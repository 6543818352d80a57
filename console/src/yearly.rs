//! The yearly report (事業報告), the public page (公表) and a provider's provision record (提供記録) as pages. They show what
//! they are given: what may be shown was decided in `compliance`.

use maud::{Markup, html};
use musubi_compliance::disclosure::{Disclosure, PublicTable};
use musubi_compliance::receipt::ProvisionRecord;
use musubi_compliance::yearly::YearlyReport;

use crate::format::{moment, number};
use crate::page::{section, shell};
use crate::words::Lang;

/// The yearly report.
#[must_use]
pub fn yearly_page(lang: Lang, r: &YearlyReport) -> Markup {
    let title = match lang {
        Lang::Ja => format!("{}年度 事業報告", r.year),
        Lang::En => format!("Business report {}", r.year),
    };
    let body = html! {
        header { h1 { (title) } p.note { (r.from) " – " (r.until) " · " (lang.pick("集計時点", "counted up to")) " " (moment(r.cutoff)) } }
        @for s in &r.sections {
            (section(lang.pick(&s.ja, &s.key), "", &html! {
                table { tbody {
                    @for line in &s.lines {
                        tr {
                            td { (lang.pick(&line.ja, &line.key)) }
                            td.n { (line.count.map_or_else(|| "—".to_owned(), number)) }
                        }
                    }
                } }
            }))
        }
    };
    shell(lang, &title, &body)
}

/// The public page; in Japanese, because its readers are the persons whose data are held.
#[must_use]
pub fn disclosure_page(d: &Disclosure) -> Markup {
    let title = "医療情報の取扱いに関する公表事項";
    let body = html! {
        header { h1 { (title) } p.note { (d.year) "年度 · " (moment(d.cutoff)) " 時点" } }
        (section("認定作成事業者", "", &match &d.operator {
            Some(o) => html! {
                table { tbody {
                    tr { td { "名称" } td { (o.name) } }
                    tr { td { "認定番号" } td { (o.certificate) } }
                    tr { td { "認定日" } td { (o.certified.map_or_else(|| "—".to_owned(), |d| d.to_string())) } }
                    tr { td { "相談窓口" } td { (o.desk) " " (o.hours) } }
                } }
            },
            None => html! { p { "登録されていません" } },
        }))
        (section("提供の停止の求め", "", &html! {
            p {
                "ご本人またはご遺族は、いつでも、医療情報の提供の停止を求めることができます。受診した医療機関等の窓口、または上の"
                "相談窓口にお申し出ください。受け付けた内容を記した書面をお渡しします。停止の後は新たに受領せず、保有する医療情報を"
                "消去します。匿名加工して提供を終えた情報は、ご本人を識別できないため、取り戻すことができません。"
            }
            (public_table(&d.opt_outs))
        }))
        (section("医療情報の提供元", "", &html! { ul { @for p in &d.providers { li { (p) } } } }))
        (section("受領した医療情報の項目", "", &html! { p { (d.items.join("、")) } }))
        (section("提供先と研究課題", "審査委員会が認めたもの", &html! {
            table {
                thead { tr { th { "課題" } th { "利用者" } th { "目的" } th { "状態" } th { "日付" } } }
                tbody {
                    @for s in &d.studies {
                        tr {
                            td { (s.title) } td { (s.user) } td { (s.purpose) }
                            td { (if s.state == "provided" { "提供" } else { "承認" }) } td { (s.on) }
                        }
                    }
                }
            }
        }))
        (section("問い合わせ", "", &public_table(&d.inquiries)))
    };
    shell(Lang::Ja, title, &body)
}

fn public_table(t: &PublicTable) -> Markup {
    html! {
        table {
            thead { tr { th { (t.ja) } th.n { "件数" } } }
            tbody {
                @for (name, n) in &t.rows { tr { td { (name) } td.n { (n) } } }
                tr { td { "計" } td.n { (t.total) } }
            }
        }
        p.note { "「*」は、少数のため、または少数の値が計算で分かることを防ぐため、表示していません。" }
    }
}

/// A provision record, to be kept by the provider.
#[must_use]
pub fn provision_page(p: &ProvisionRecord) -> Markup {
    let title = "医療情報の提供記録";
    let r = &p.receipt;
    let body = html! {
        header { h1 { (title) } p.note { "提供元が保存する記録です。受領した側の集計から作成しました。" } }
        (section("提供", "", &html! {
            table { tbody {
                tr { td { "提供年月日" } td { (moment(r.received_at)) } }
                tr { td { "提供先(認定作成事業者)" } td { (p.operator) } }
                tr { td { "提供元" } td { (r.provider.name) " " code { (r.provider.id) } } }
                tr { td { "受領番号" } td { code { (r.submission) } } }
                tr { td { "本人の数" } td.n { (number(p.persons)) } }
                tr { td { "本人を特定する事項" } td { "提出した文書による。文書の集約ハッシュ " code { (r.files_root) } } }
            } }
        }))
        (section("項目", "", &html! {
            table { tbody {
                @for (kind, n) in &p.items { tr { td { code { (kind) } } td.n { (number(*n)) } } }
            } }
        }))
    };
    shell(Lang::Ja, title, &body)
}
