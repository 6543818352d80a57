//! Traces both ways: a fact back to its bytes, a submission forward to facts and releases. An auditor sees the way, no value.

use maud::{Markup, html};
use serde_json::Value;

use super::{count, parts, text, word, yes};
use crate::web::house::{Ended, Order};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::keeping as w;

/// The form, and what was found. Looking is booked by the verb.
pub(super) fn form(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let (fact, submission) = (v.field("fact").trim().to_owned(), v.field("submission").trim().to_owned());
    let found = match (fact.is_empty(), submission.is_empty()) {
        (true, true) => None,
        (false, _) => Some(Order::new("trace").word(fact.as_str())),
        (true, false) => Some(Order::new("trace").option("--submission", submission.as_str())),
    };
    let found = match found {
        None => html! {},
        Some(order) => {
            let not_there = |said: String| {
                html! {
                    div.problem role="alert" {
                        p { (v.pick("見つかりません。番号を確かめてください。", "Not found. Please check the number.")) }
                        p { (said) }
                    }
                }
            };
            // A number that leads nowhere is an answer of this page, not a failure of the house.
            match v.give(&order) {
                Ok(answer) if answer.ended == Ended::Done && !fact.is_empty() => back(v, &answer.value),
                Ok(answer) if answer.ended == Ended::Done => forward(v, &answer.value),
                Ok(answer) => not_there(answer.said()),
                Err(other) => return Err(other),
            }
        }
    };
    let body = html! {
        p.note { (v.pick("一つの値がどの提出のどのバイトから来て、どの提供物に入ったかをたどります。たどったことは証跡に残ります。", "Which bytes of which delivery a value came from, and which releases it went into. Tracing is booked.")) }
        form.stack method="get" action="/trace" {
            (ui::field(v.lang, "fact", &w::FACT, "text", &fact, false, v.pick("事実から元の文書へ", "From a fact back to its document")))
            (ui::field(v.lang, "submission", &w::SUBMISSION, "text", &submission, false, v.pick("提出から事実・提供物へ", "From a delivery forward to facts and releases")))
            div.go { button.main { (v.say(&w::TRACE)) } }
        }
        (found)
    };
    let title = v.say(&w::TRACE);
    Ok(v.page(title, &body))
}

fn releases(v: &Visit<'_>, told: &Value) -> Markup {
    let all: Vec<&str> = parts(told, "releases").iter().filter_map(Value::as_str).collect();
    html! {
        @if all.is_empty() { (ui::empty(v.pick("まだどの提供物にも使われていません", "In no release yet"))) }
        @else { ul { @for release in all { li { code { (release) } } } } }
    }
}

fn back(v: &Visit<'_>, told: &Value) -> Markup {
    let nothing = Value::Null;
    let source = told.get("source").unwrap_or(&nothing);
    let person = told.get("person").unwrap_or(&nothing);
    let range = source.get("range").unwrap_or(&nothing);
    let decisions: Vec<Vec<Markup>> = parts(person, "decisions")
        .iter()
        .map(|d| {
            vec![
                super::moment(d, "at"),
                html! { (text(d, "kind")) },
                html! { (text(d, "rule")) },
                html! { code { (text(d, "engine")) } },
            ]
        })
        .collect();
    let heads = [
        (v.pick("時刻", "When"), false),
        (v.pick("判断", "Decision"), false),
        (v.pick("規則", "Rule"), false),
        (v.pick("モデル", "Model"), false),
    ];
    html! {
        (ui::standing(
            v.lang,
            if yes(told, "current") { Tone::Good } else { Tone::Plain },
            if yes(told, "current") { v.pick("現行の事実です", "A current fact") } else { v.pick("旧版です。新しい提出に置き換えられました", "Superseded by a later delivery") },
            "", "", None,
        ))
        (ui::section(v.pick("事実", "Fact"), "", &ui::facts(&[
            (v.pick("番号", "Number"), html! { code { (text(told, "fact_id")) } }),
            (v.pick("表", "Table"), html! { (word(v, told, "table", "table_ja")) }),
        ])))
        (ui::section(v.pick("元の文書", "Source"), "", &html! {
            (ui::facts(&[
                (v.pick("文書", "Document"), html! { code { (text(source, "document")) } }),
                (v.pick("単位", "Unit"), html! { (count(source, "unit")) }),
                (v.pick("バイト位置", "Bytes"), html! { (count(range, "start")) "+" (count(range, "len")) }),
                (v.pick("医療機関等", "Provider"), html! { code { (text(source, "provider")) } }),
                (v.pick("提出", "Delivery"), ui::link(&format!("/trace?submission={}", super::segment(text(source, "submission"))), text(source, "submission"))),
                (v.pick("変換", "Mapper"), html! { code { (text(source, "mapper_version")) } }),
                (v.pick("マスタ", "Masters"), html! { code { (text(source, "master_version")) } }),
            ]))
            @if yes(source, "withheld") { p.note { (v.pick("監査では値を表示しません。", "An auditor is shown no value.")) } }
            @else { pre { (text(source, "text")) } }
        }))
        (ui::section(v.pick("名寄せの判断", "Decisions of matching"), "", &html! {
            @if decisions.is_empty() { (ui::empty(v.pick("ありません", "None"))) }
            @else { (ui::table(v.pick("判断", "Decisions"), &heads, &decisions)) }
        }))
        (ui::section(v.pick("提供物", "Releases"), "", &releases(v, told)))
    }
}

fn forward(v: &Visit<'_>, told: &Value) -> Markup {
    let facts: Vec<Vec<Markup>> = parts(told, "facts")
        .iter()
        .map(|f| {
            let table = text(f, "table");
            let name =
                musubi_model::fact::FactTable::from_name(table).map_or(table, |t| v.pick(t.ja(), table));
            vec![
                html! { (name) },
                html! { (ui::number(count(f, "current"))) },
                html! { (ui::number(count(f, "superseded"))) },
            ]
        })
        .collect();
    let heads = [
        (v.pick("表", "Table"), false),
        (v.pick("現行", "Current"), true),
        (v.pick("旧版", "Superseded"), true),
    ];
    let documents = parts(told, "documents");
    html! {
        (ui::section(v.pick("提出", "Delivery"), "", &ui::facts(&[
            (v.pick("番号", "Number"), html! { code { (text(told, "submission")) } }),
            (v.pick("文書", "Documents"), html! { (documents.len()) }),
            (v.pick("元データ上の本人", "Source identities"), html! { (ui::number(count(told, "identities"))) }),
        ])))
        (ui::section(v.pick("格納された事実", "Facts"), "", &html! {
            @if facts.is_empty() { (ui::empty(v.pick("ありません", "None"))) }
            @else { (ui::table(v.pick("事実", "Facts"), &heads, &facts)) }
        }))
        (ui::section(v.pick("提供物", "Releases"), "", &releases(v, told)))
    }
}
