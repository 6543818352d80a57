//! The paper that is handed over for a request to stop (停止の求めの受付に関する書面, law: R-OPT-06), Japanese, for printing.
//!
//! The same request gives the same bytes. It must never show who it is about: the name is filled in by hand.

use maud::{Markup, html};
use musubi_compliance::desk::{Paper, RELEASED_JA};

use crate::page::{section, shell};
use crate::words::Lang;

fn day(on: jiff::civil::Date) -> String {
    format!("{}年{}月{}日", on.year(), on.month(), on.day())
}

fn rows(rows: &[(&str, String)]) -> Markup {
    html! {
        table {
            tbody {
                @for (name, value) in rows { tr { th scope="row" { (name) } td { (value) } } }
            }
        }
    }
}

/// The page.
#[must_use]
pub fn opt_out_receipt(paper: &Paper) -> Markup {
    let r = &paper.request;
    let back = r.withdraws.as_deref();
    let title = if back.is_some() {
        "提供停止の求めの撤回に関する書面"
    } else {
        "提供停止の求めに関する書面"
    };
    let scope =
        r.provider.clone().map_or_else(|| "すべての医療機関等".to_owned(), |p| format!("医療機関等 {p}"));
    let mut facts = vec![
        ("受付番号", r.entry.clone()),
        ("求めを受けた日", day(r.received_on)),
        ("求めた方", paper.requester_ja().to_owned()),
        ("受付の方法", paper.channel_ja().to_owned()),
        ("対象となる提供元", scope),
    ];
    match back {
        Some(entry) => facts.push(("撤回する受付番号", entry.to_owned())),
        None => facts.push(("停止の効力が生じる日", day(r.effective_from))),
    }
    let body = html! {
        h1 { (title) }
        p { "＿＿＿＿＿＿＿＿＿＿＿＿＿＿ 様(窓口で記入)" }
        p {
            @if back.is_some() { "医療情報の提供の停止の求めについて、次のとおり撤回を受け付けました。" }
            @else { "医療情報の認定作成事業者への提供を停止するよう求めがあったことを、次のとおりお知らせします。" }
        }
        (section("求めの内容", "理由をお尋ねすることはありません。", &rows(&facts)))
        (section("これからのこと", "", &html! {
            ul {
                @if back.is_some() {
                    li { "撤回の後に提供される医療情報は、通知に従って取り扱います。削除した医療情報は戻りません。" }
                } @else {
                    li { "停止の効力が生じる日から、新たな医療情報は受け入れません。" }
                    li { "すでに受け入れた医療情報は削除し、削除の後、削除証明書をお渡しします。" }
                    li { (RELEASED_JA) }
                    li { "受領の記録と、再び受け入れないための照合鍵は、法令に基づき封をして保存します。" }
                }
                li { "この求めによって、診療その他に不利益はありません。" }
            }
        }))
        (section("交付", "", &rows(&[("交付の日", day(paper.issued_on)), ("交付の期限", day(r.receipt_due))])))
    };
    shell(Lang::Ja, title, &body)
}
