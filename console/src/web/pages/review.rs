//! Applications, the review office and the review committee: what all their pages share. A page shows what a verb told; it
//! must never work out a state, a quorum or a result by itself.

pub(crate) mod applicant;
pub(crate) mod approvals;
pub(crate) mod committee;
pub(crate) mod meetings;
pub(crate) mod office;
pub(crate) mod papers;

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};
use serde_json::Value;

use crate::dossier;
use crate::web::house::{Answer, Order};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::words::Lang;

/// Gives a verb; what is not there for this visitor is not found.
pub(super) fn give(v: &Visit<'_>, order: &Order) -> Result<Answer, Problem> {
    let answer = v.give(order)?;
    if !answer.went() && answer.said().contains("REV_UNKNOWN") {
        return Err(Problem::NotFound);
    }
    Ok(answer)
}

/// Gives a verb and wants its value.
pub(super) fn ask(v: &Visit<'_>, order: &Order) -> Result<Value, Problem> {
    let answer = give(v, order)?;
    if answer.went() { Ok(answer.value) } else { Err(Problem::Bad(answer.said())) }
}

/// Gives a verb that does something and goes on.
pub(super) fn act(v: &Visit<'_>, order: &Order, path: impl Into<String>) -> Result<Reply, Problem> {
    let answer = give(v, order)?;
    v.after(&answer, path)
}

/// A text of an answer; empty when it is not there.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A list of an answer.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Is it so?
pub(super) fn yes(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// A number of an answer.
pub(super) fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// A day of an answer.
pub(super) fn day(value: &Value, name: &str) -> Option<Date> {
    text(value, name).parse().ok()
}

/// A moment of an answer.
fn at(value: &Value, name: &str) -> Markup {
    text(value, name).parse::<Timestamp>().map_or_else(|_| html! {}, ui::moment)
}

/// How a state feels.
pub(super) fn tone(state: &str) -> Tone {
    match state {
        "approved" | "completed" => Tone::Good,
        "returned" | "rejected" | "suspended" | "expired" => Tone::Bad,
        "withdrawn" => Tone::Plain,
        _ => Tone::Waiting,
    }
}

/// A state of an application in the visitor's language.
pub(super) fn state_words<'a>(v: &Visit<'_>, value: &'a Value) -> &'a str {
    v.pick(text(value, "state_ja"), text(value, "state"))
}

/// Where an application came from, when it began as a question at the municipality's table desk.
pub(super) fn origin(v: &Visit<'_>, shown: &Value) -> Markup {
    let Some(origin) = shown.get("origin").filter(|o| o.is_object()) else { return html! {} };
    let question = v.pick(text(origin, "ja"), text(origin, "en"));
    let how = if yes(origin, "changed") {
        v.pick(
            "仕様は、その問いのものから変えられています。",
            "Its specification is not that of the question any more.",
        )
    } else {
        v.pick("仕様は、その問いのもののままです。", "Its specification is that of the question.")
    };
    html! {
        p.origin {
            (v.pick("統計窓口の問いから: ", "From a question at the table desk: ")) b { (question) } " "
            code { (text(origin, "question")) } " — " (how)
        }
    }
}

/// The way of an application, for everybody the same.
pub(super) fn way(lang: Lang, state: &str) -> Markup {
    let all = [
        ("draft", lang.pick("作成", "Draft")),
        ("submitted", lang.pick("提出", "Handed in")),
        ("pre-check", lang.pick("事前確認", "Pre-check")),
        ("in-review", lang.pick("審査", "Review")),
        ("approved", lang.pick("承認", "Approved")),
    ];
    let now = match state {
        "returned" => 0,
        "rejected" | "conditional" => 3,
        "suspended" | "expired" | "completed" => 4,
        state => all.iter().position(|(name, _)| *name == state).unwrap_or(0),
    };
    let steps: Vec<(&str, Option<bool>)> = all
        .iter()
        .enumerate()
        .map(|(i, (_, word))| match i.cmp(&now) {
            std::cmp::Ordering::Less => (*word, Some(true)),
            std::cmp::Ordering::Equal => (*word, Some(false)),
            std::cmp::Ordering::Greater => (*word, None),
        })
        .collect();
    ui::steps(lang, &steps)
}

/// What happened, with messages and reasons.
pub(super) fn history(v: &Visit<'_>, shown: &Value) -> Markup {
    html! {
        ol.timeline {
            @for event in list(shown, "history").iter().filter(|e| text(e, "kind") != "card") {
                @let body = event.get("body").cloned().unwrap_or_default();
                li {
                    span.at { (at(event, "at")) } " " b { (text(event, "account")) } " "
                    @if text(event, "kind") == "message" {
                        (v.pick("連絡", "message")) " [" (text(&body, "section")) "] " (text(&body, "text"))
                    } @else {
                        (v.pick(text(event, "ja"), text(event, "kind")))
                        @if !text(&body, "reason").is_empty() { ": " (text(&body, "reason")) }
                        @for (section, why) in body.get("reasons").and_then(Value::as_object).into_iter().flatten() {
                            " [" (section) "] " (why.as_str().unwrap_or_default())
                        }
                    }
                }
            }
        }
    }
}

/// The fields that were given, section by section.
pub(super) fn fields(v: &Visit<'_>, section: &Value) -> Markup {
    html! {
        dl.facts {
            @for f in list(section, "fields").iter().filter(|f| !text(f, "value").is_empty()) {
                dt { (v.pick(text(f, "ja"), text(f, "en"))) }
                dd {
                    @let shown = if text(f, "shown").is_empty() { text(f, "value") } else { text(f, "shown") };
                    @for line in shown.lines() { (line) br; }
                }
            }
        }
    }
}

/// Conditions of an approval.
pub(super) fn conditions(v: &Visit<'_>, all: &[Value]) -> Markup {
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|c| {
            let (tone, word) = if yes(c, "closed") {
                (Tone::Good, v.pick("充足", "closed"))
            } else if yes(c, "overdue") {
                (Tone::Bad, v.pick("期限切れ", "overdue"))
            } else {
                (Tone::Waiting, v.pick("未充足", "open"))
            };
            vec![
                html! { (v.pick(text(c, "ja"), text(c, "en"))) @if v.lang == Lang::En && !text(c, "words").is_empty() { " – " (text(c, "words")) } },
                html! { (v.pick(text(c, "verifier_ja"), text(c, "verifier"))) },
                html! { (text(c, "due")) },
                ui::badge(tone, word),
            ]
        })
        .collect();
    let heads = [
        (v.pick("条件", "Condition"), false),
        (v.pick("確認者", "Verifier"), false),
        (v.pick("期限", "Due"), false),
        (v.pick("状態", "State"), false),
    ];
    ui::table(v.pick("承認の条件", "Conditions"), &heads, &rows)
}

/// What a ballot came to, after its closing.
pub(super) fn outcome(v: &Visit<'_>, ballot: &Value) -> Markup {
    let Some(result) = ballot.get("result").filter(|r| r.is_object()) else {
        return html! { p { (v.pick("採決中です。票は締切りまで誰にも見えません。", "The ballot is open. Nobody sees a vote before the closing.")) } };
    };
    let tally = result.get("tally").cloned().unwrap_or_default();
    let counted = tally.get("counted").cloned().unwrap_or_default();
    let rows: Vec<Vec<Markup>> = list(&tally, "votes")
        .iter()
        .map(|n| vec![html! { (v.pick(text(n, "ja"), text(n, "vote"))) }, html! { (number(n, "n")) }])
        .collect();
    html! {
        p { b { (v.pick("結論", "Result")) } " " (v.pick(text(result, "outcome_ja"), text(result, "outcome"))) }
        @if tally.is_object() { p {
            (v.pick("審査に加わった委員", "Members who counted")) " " (number(&counted, "members"))
            " / " (v.pick("除斥等", "aside")) " " (number(&tally, "aside"))
            " / " (v.pick("決するのに要る票", "votes needed")) " " (number(&tally, "needed"))
        }
        (ui::table(v.pick("票数", "Votes"), &[(v.pick("票", "Vote"), false), (v.pick("数", "Number"), true)], &rows)) }
        @if !list(ballot, "reasons").is_empty() {
            h3 { (v.pick("理由(氏名なし)", "Reasons, without names")) }
            ul { @for r in list(ballot, "reasons") { li { (v.pick(text(r, "ja"), text(r, "vote"))) ": " (text(r, "reason")) } } }
        }
    }
}

/// Whether a quorum holds, in words.
pub(super) fn quorum(v: &Visit<'_>, quorum: &Value) -> Markup {
    let lacks: Vec<&str> =
        list(quorum, "lacks").iter().map(|l| v.pick(text(l, "ja"), text(l, "lack"))).collect();
    let n = number(quorum, "members");
    html! {
        @if yes(quorum, "holds") {
            (ui::badge(Tone::Good, v.pick("定足数を満たす", "Quorum"))) " " (n) (v.pick(" 人", " members"))
        } @else {
            (ui::badge(Tone::Bad, v.pick("定足数に足りない", "No quorum"))) " " (n) (v.pick(" 人。不足: ", " members; missing: ")) (lacks.join("、"))
        }
    }
}

/// What changed, field by field.
pub(super) fn changes(v: &Visit<'_>, all: &[Value]) -> Markup {
    dossier::changes(v.lang, all)
}

/// Who was asked in a ballot and who has answered; never how.
pub(super) fn answers(v: &Visit<'_>, ballot: &Value) -> Markup {
    let rows: Vec<Vec<Markup>> = list(ballot, "members")
        .iter()
        .map(|m| {
            let (tone, word) = if yes(m, "recused") {
                (Tone::Plain, v.pick("除斥", "recused"))
            } else if yes(m, "voted") {
                (Tone::Good, v.pick("回答済み", "answered"))
            } else {
                (Tone::Waiting, v.pick("未回答", "not yet"))
            };
            vec![html! { (text(m, "member")) }, ui::badge(tone, word)]
        })
        .collect();
    let heads = [(v.pick("委員", "Member"), false), (v.pick("回答", "Answer"), false)];
    html! {
        @if yes(ballot, "expedited") {
            p { (v.pick(
                "迅速審査です。会議を開かず、求められた委員全員の回答によって決します。",
                "An expedited review: no meeting; all members who are asked must answer.",
            )) }
        }
        @if !rows.is_empty() { (ui::table(v.pick("回答の状況(票の内容は締切りまで見えません)", "Who has answered; nobody sees how before the closing"), &heads, &rows)) }
    }
}

/// An input whose label comes from data.
pub(super) fn input(v: &Visit<'_>, name: &str, f: &Value) -> Markup {
    let help_id = format!("{name}-help");
    let (label, help) =
        (v.pick(text(f, "ja"), text(f, "en")), v.pick(text(f, "help_ja"), text(f, "help_en")));
    let value = text(f, "value");
    html! {
        div.field {
            label for=(name) { (label) @if yes(f, "required") { " " span.must { (v.pick("必須", "required")) } } }
            @match text(f, "kind") {
                "long" | "list" => { textarea id=(name) name=(name) rows="4" aria-describedby=(help_id) { (value) } }
                "word" => {
                    select id=(name) name=(name) aria-describedby=(help_id) {
                        option value="" { "–" }
                        @for word in list(f, "words") {
                            @let stored = word.get(0).and_then(Value::as_str).unwrap_or_default();
                            option value=(stored) selected[stored == value] {
                                (v.pick(word.get(1).and_then(Value::as_str).unwrap_or_default(), stored))
                            }
                        }
                    }
                }
                "date" => { input id=(name) name=(name) type="date" value=(value) aria-describedby=(help_id); }
                "number" => { input id=(name) name=(name) inputmode="numeric" value=(value) aria-describedby=(help_id); }
                _ => { input id=(name) name=(name) type="text" value=(value) aria-describedby=(help_id); }
            }
            p.help id=(help_id) { (help) }
        }
    }
}
