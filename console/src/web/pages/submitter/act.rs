//! What one can do with a delivery: take the signed acknowledgement home, answer about the sample, open a stop by two.

use maud::{Markup, html};
use serde_json::Value;

use super::delivery;
use super::detail::file;
use crate::web::house::{Ended, Order};
use crate::web::pages::said::{count, list, text};
use crate::web::reply::{Problem, Reply};
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::submitter as w;
use crate::words::Lang;

/// What can be taken home.
pub(super) fn take_home(lang: Lang, value: &Value, may_fetch: bool) -> Markup {
    let id = text(value, "submission");
    ui::section(
        lang.pick("控え", "To take home"),
        "",
        &html! {
            @if may_fetch {
                form action={ "/deliveries/" (id) "/receipt" } method="post" {
                    button.main { (lang.say(&w::RECEIPT)) }
                }
                p.help { (lang.pick("事業者の鍵で署名した受領通知、全指摘、標本確認の用紙が入っています。", "The acknowledgement signed by the operator, all findings, and the form for the sample.")) }
            } @else {
                (ui::greyed(lang.say(&w::RECEIPT), lang.pick("提出者または運用の役割が必要です。", "For senders and operators.")))
            }
        },
    )
}

pub(super) fn answer_form(lang: Lang, value: &Value) -> Markup {
    let answers = list(value, "answers");
    ui::section(
        lang.pick("標本の確認(定性確認)", "Sample to be confirmed"),
        lang.pick(
            "受領通知一式の quality.csv に、元の記録と合うかどうかを記入して送ってください。",
            "Fill in quality.csv of the acknowledgement: does each value match the original?",
        ),
        &html! {
            p { (lang.pick("標本", "Sample")) ": " (ui::number(count(value, "sampled_units"))) " " (lang.pick("単位", "units")) }
            @if !answers.is_empty() {
                ul { @for a in answers { li { (lang.pick(text(a, "ja"), text(a, "answer"))) ": " (ui::number(count(a, "count"))) } } }
            }
            (ui::form_with_files(&format!("/deliveries/{}/answers", text(value, "submission")), lang.say(&w::ANSWERS), &file(lang, "file", lang.say(&w::ANSWER_FILE), ".csv,text/csv")))
        },
    )
}

/// A delivery that was stopped for sudden growth and the like, and the two people who may open it.
pub(super) fn stopped(lang: Lang, value: &Value, may: bool) -> Markup {
    let stops: Vec<&Value> =
        list(value, "reconciliation").iter().filter(|r| !text(r, "stopped").is_empty()).collect();
    if stops.is_empty() {
        return html! {};
    }
    let id = text(value, "submission");
    ui::section(
        lang.say(&w::ALLOW),
        lang.pick(
            "急増などで止められた分です。二人が認めると、次の夜間処理で格納されます。",
            "Stopped for sudden growth or the like. Once two people allow it, the next night loads it.",
        ),
        &html! {
            ul { @for s in &stops { li { (text(s, "provider")) ": " (super::reason(lang, text(s, "stopped"))) } } }
            @if may {
                (ui::form(&format!("/deliveries/{id}/allow"), lang.say(&w::ALLOW), &ui::field(lang, "reason", &w::REASON_CODE, "text", "", true, lang.pick("英数字と - . _ だけの短い言葉", "A short word of letters, digits, '-', '.' and '_'"))))
            } @else {
                (ui::greyed(lang.say(&w::ALLOW), lang.pick("管理責任者または受領確認の役割が必要です。", "For the officer and confirmers.")))
            }
        },
    )
}

pub(super) fn allow(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = delivery(v, v.param("id"))?;
    let id = text(&value, "submission").to_owned();
    let reason = v.need("reason", &w::REASON_CODE)?;
    if !reason.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
        return Err(Problem::Bad(
            v.pick(
                "理由は英数字と - . _ だけで書いてください。",
                "Write the reason with letters, digits, '-', '.' and '_' only.",
            )
            .to_owned(),
        ));
    }
    let answer = v.give(&Order::new("notice allow").option("--reason", reason).word(id.as_str()))?;
    if answer.ended == Ended::Usage {
        return Err(Problem::Conflict(answer.said()));
    }
    v.after(&answer, format!("/deliveries/{id}"))
}

pub(super) fn receipt(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = delivery(v, v.param("id"))?;
    let id = text(&value, "submission");
    let answer = v.give(&Order::new("ack").out("--out", "zip").word(id))?;
    let bytes = answer.files.into_iter().next().filter(|b| !b.is_empty());
    let bytes =
        bytes.ok_or_else(|| Problem::Broken(format!("the acknowledgement of {id} was not written")))?;
    Ok(Reply::bytes("application/zip", bytes).named(&format!("acknowledgement-{id}.zip")))
}

pub(super) fn answers(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = delivery(v, v.param("id"))?;
    let Some(file) = v.paper("file") else {
        return Err(Problem::Bad(v.pick("ファイルを選んでください。", "Choose a file.").to_owned()));
    };
    let answer = v.give(&Order::new("quality import").file(file))?;
    let back = format!("/deliveries/{}", text(&value, "submission"));
    v.after(&answer, back)
}
