//! A pair side by side (並べて見る): the weights, what both sources wrote with the difference sign by sign, hints at a family, and
//! the ruling: shown before it is done. Whoever is to say the second word sees nothing of the first.

use maud::{Markup, html};
use serde_json::Value;

use super::{bad, diff, is_id, pair_path, reason, short};
use crate::charts::waterfall_told;
use crate::web::house::Order;
use crate::web::pages::aftermath;
use crate::web::reply::{Problem, Reply};
use crate::web::told::Told as _;
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::{matching as w, output};
use crate::words::Lang;

fn ids(v: &Visit<'_>) -> Result<(String, String), Problem> {
    let (a, b) = (v.param("a"), v.param("b"));
    if is_id(a) && is_id(b) { Ok((a.to_owned(), b.to_owned())) } else { Err(Problem::NotFound) }
}

fn explained(v: &Visit<'_>, a: &str, b: &str, values: bool) -> Result<Value, Problem> {
    let order = Order::new("person explain").word(a).word(b);
    let order = if values { order.flag("--values").option("--purpose", "review") } else { order };
    let answer = v.give(&order)?;
    if answer.went() { Ok(answer.value) } else { Err(Problem::NotFound) }
}

/// The pair without what the sources wrote.
pub(super) fn shown(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let (a, b) = ids(v)?;
    let told = explained(v, &a, &b, false)?;
    Ok(pair_page(v, (&a, &b), &told, None))
}

/// The pair with it; the look is booked for the purpose of the review.
pub(super) fn looked(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let (a, b) = ids(v)?;
    let told = explained(v, &a, &b, true)?;
    Ok(pair_page(v, (&a, &b), &told, None))
}

fn pair_page(v: &mut Visit<'_>, (a, b): (&str, &str), told: &Value, wrong: Option<&str>) -> Reply {
    let seen = told.at("values").is_array();
    let body = html! {
        @if let Some(wrong) = wrong { div.problem role="alert" { p { a href="#reason" { (wrong) } } } }
        (pair(v.lang, told))
        @if !seen {
            form.inline action=(pair_path(a, b)) method="post" { button.main autofocus { (v.say(&w::LOOK)) } span.soft { (v.say(&w::LOOK_NOTE)) } }
        }
        @if let Some(ruling) = told.at("blind").as_i64() { (second_form(v, ruling, seen)) }
        @else { (rule_form(v, a, b, seen)) }
    };
    v.page(v.say(&w::PAIR), &body)
}

/// State, values, weights, decisions. Pure.
fn pair(lang: Lang, told: &Value) -> Markup {
    let blind = told.at("blind").is_i64();
    let (tone, sentence) = match (blind, told.yes("same")) {
        (true, _) => (
            Tone::Plain,
            lang.pick(
                "二人目の確認です。先の判断は示しません。",
                "A second look: the first word is not shown.",
            ),
        ),
        _ if told.at("kept_from").is_i64() => (Tone::Plain, lang.say(&w::KEPT_NOTE)),
        (_, true) => {
            (Tone::Waiting, lang.pick("今は同一人として扱われています。", "They are one person today."))
        }
        _ => (Tone::Waiting, lang.pick("今は別人として扱われています。", "They are two persons today.")),
    };
    html! {
        (ui::standing(lang, tone, sentence, lang.say(&w::PAIR_NEXT), lang.say(&w::CLERK), None))
        (ui::facts(&[(lang.say(&w::LEFT), html! { (short(told.text("a"))) }), (lang.say(&w::RIGHT), html! { (short(told.text("b"))) })]))
        @if let Some(values) = told.at("values").as_array() {
            @for hint in told.list("hints") { div.problem role="note" { p { b { (lang.say(&w::FAMILY)) } " " (hint.text(lang.code())) } } }
            (ui::section(lang.say(&w::SIDE_BY_SIDE), lang.say(&w::DIFF_NOTE), &fields(lang, values)))
        }
        @if let Some(picture) = waterfall_told(lang, told.at("compared")) {
            (ui::section(lang.say(&w::WEIGHTS), lang.say(&w::WEIGHTS_NOTE), &picture))
            details { summary { (lang.say(&w::AS_TABLE)) } (steps(lang, told.at("compared"))) }
        }
        @if !told.list("rulings").is_empty() { (ui::section(lang.say(&w::RULINGS), "", &rulings(lang, told.list("rulings")))) }
    }
}

fn fields(lang: Lang, values: &[Value]) -> Markup {
    let rows: Vec<Vec<Markup>> = values
        .iter()
        .map(|f| {
            let (left, right) = diff::side_by_side(lang, f.text("left"), f.text("right"));
            let tone = match f.text("mark") {
                "equal" => Tone::Good,
                "differs" => Tone::Bad,
                _ => Tone::Waiting,
            };
            vec![html! { (f.word("words", lang)) }, left, right, ui::badge(tone, f.word("mark_words", lang))]
        })
        .collect();
    let heads = [
        (lang.say(&w::FIELD), false),
        (lang.say(&w::LEFT), false),
        (lang.say(&w::RIGHT), false),
        (lang.say(&w::COMPARED), false),
    ];
    ui::table(lang.say(&w::SIDE_BY_SIDE), &heads, &rows)
}

fn steps(lang: Lang, compared: &Value) -> Markup {
    let bits = |n: &Value| format!("{:+.1}", n.as_f64().unwrap_or_default() / 256.0);
    let rows: Vec<Vec<Markup>> = compared
        .list("steps")
        .iter()
        .map(|s| {
            vec![
                html! { (s.word("what", lang)) },
                html! { (s.word("found", lang)) },
                html! { (bits(s.at("adds"))) },
                html! { (bits(s.at("sum"))) },
            ]
        })
        .collect();
    let heads = [
        (lang.say(&w::FIELD), false),
        (lang.say(&w::COMPARED), false),
        (lang.say(&w::ADDS), true),
        (lang.say(&w::SUM), true),
    ];
    ui::table(lang.say(&w::WEIGHTS), &heads, &rows)
}

/// Rulings with what became of them.
pub(super) fn rulings(lang: Lang, all: &[Value]) -> Markup {
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|r| {
            vec![
                html! { (r.count("ruling")) },
                html! { (what(lang, r.yes("same"))) },
                html! { @if let Some(at) = r.moment("at") { (ui::moment(at)) } },
                html! { code { (r.text("by")) } },
                html! { (r.text("reason")) },
                if r.yes("in_force") {
                    ui::badge(Tone::Good, lang.pick("有効", "in force"))
                } else {
                    ui::badge(Tone::Plain, lang.pick("取消済み", "undone"))
                },
            ]
        })
        .collect();
    let heads = [
        ("#", true),
        (lang.say(&w::RULING), false),
        (lang.say(&w::WHEN), false),
        (lang.say(&w::WHO), false),
        (lang.say(&w::REASON), false),
        (lang.say(&w::STATE), false),
    ];
    ui::table(lang.say(&w::RULINGS), &heads, &rows)
}

/// What a ruling is called.
pub(super) fn what(lang: Lang, same: bool) -> &'static str {
    if same { lang.pick("同一人", "one person") } else { lang.pick("別人", "two persons") }
}

fn verdicts(v: &Visit<'_>, postpone: bool) -> Markup {
    html! {
        div.go {
            button.main name="verdict" value="same" { (what(v.lang, true)) }
            button.main name="verdict" value="different" { (what(v.lang, false)) }
            @if postpone { button name="verdict" value="postpone" { (v.say(&w::POSTPONE)) } }
        }
    }
}

fn rule_form(v: &Visit<'_>, a: &str, b: &str, seen: bool) -> Markup {
    ui::section(
        v.say(&w::RULE),
        v.say(&w::RULE_NOTE),
        &html! {
            form.stack action={ (pair_path(a, b)) "/rule" } method="post" {
                @if seen { input type="hidden" name="seen" value="yes"; }
                (ui::area(v.lang, "reason", &w::REASON, v.field("reason"), true, v.say(&w::REASON_HELP)))
                (verdicts(v, true))
            }
            p { a href="/matching" { (v.say(&w::BACK_TO_QUEUE)) } }
        },
    )
}

fn second_form(v: &Visit<'_>, ruling: i64, seen: bool) -> Markup {
    ui::section(
        v.say(&w::SAY_SECOND),
        v.say(&w::SECOND_NOTE),
        &html! {
            @if seen {
                form.stack action="/matching/second" method="post" {
                    input type="hidden" name="ruling" value=(ruling);
                    (ui::area(v.lang, "reason", &w::REASON, "", true, v.say(&w::REASON_HELP)))
                    (verdicts(v, false))
                }
            } @else { (ui::greyed(v.say(&w::SAY_SECOND), v.say(&w::LOOK_FIRST))) }
        },
    )
}

/// Rules on a pair: first what it would change, then, confirmed, it is done; on to the next pair.
pub(super) fn rule(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let (a, b) = ids(v)?;
    let by = v.me()?.account.clone();
    if v.field("reason").trim().is_empty() {
        let told = v.say(&w::NEED_REASON);
        let body = html! { div.problem role="alert" { p { a href="#reason" { (told) } } } (rule_form(v, &a, &b, v.field("seen") == "yes")) };
        return Ok(bad(v.page(v.say(&w::RULE), &body)));
    }
    let reason = reason(v)?;
    let order = match v.field("verdict") {
        "same" => Order::new("person queue same"),
        "different" => Order::new("person queue different"),
        "postpone" => {
            let order = Order::new("person queue postpone")
                .option("--by", by)
                .option("--reason", reason)
                .word(a)
                .word(b);
            let answer = v.give(&order)?;
            return v.after(&answer, "/matching/next");
        }
        _ => return Err(Problem::Bad(v.say(&w::NEED_VERDICT).to_owned())),
    };
    let order = order.option("--by", by).option("--reason", reason).word(a.as_str()).word(b.as_str());
    if v.field("sure") == "yes" {
        let answer = v.give(&order.flag("--yes"))?;
        return v.after(&answer, "/matching/next");
    }
    let tried = v.value(&order.flag("--dry-run"))?;
    let verdict = v.field("verdict").to_owned();
    let body = html! {
        (change(v.lang, &verdict, &tried))
        form.stack action={ (pair_path(&a, &b)) "/rule" } method="post" {
            input type="hidden" name="verdict" value=(verdict);
            input type="hidden" name="reason" value=(v.field("reason"));
            input type="hidden" name="sure" value="yes";
            div.go { button.main autofocus { (v.say(&w::DO_RULE)) } a href=(pair_path(&a, &b)) { (v.say(&w::BACK)) } }
        }
    };
    Ok(v.page(v.say(&w::WHAT_CHANGES), &body))
}

/// What a ruling would change. Pure.
fn change(lang: Lang, verdict: &str, tried: &Value) -> Markup {
    let releases = tried.list("releases");
    html! {
        (ui::standing(lang, Tone::Waiting, lang.pick("まだ何も変えていません。", "Nothing was changed yet."), lang.say(&w::CHANGE_NEXT), lang.say(&w::CLERK), None))
        (ui::facts(&[
            (lang.say(&w::RULING), html! { (what(lang, verdict == "same")) }),
            (lang.say(&w::PERSONS), html! { @for p in tried.list("persons") { (short(p.as_str().unwrap_or_default())) " " } }),
            (lang.say(&w::MERGED), html! { (tried.count("merged")) }),
            (lang.say(&w::SPLIT), html! { (tried.count("split")) }),
            (lang.say(&w::MOVED), html! { (tried.count("moved")) }),
        ]))
        (ui::section(lang.say(&w::AFFECTED), "", &affected(lang, releases)))
        (ui::section(lang.say(&output::AFTERMATH), "", &aftermath::shown(lang, tried.at("handed"))))
    }
}

/// Cohorts and releases that are touched.
pub(super) fn affected(lang: Lang, releases: &[Value]) -> Markup {
    let rows: Vec<Vec<Markup>> = releases
        .iter()
        .map(|r| {
            let made: Vec<&str> = r.list("releases").iter().filter_map(Value::as_str).collect();
            vec![
                html! { code { (r.text("cohort")) } },
                html! { code { (r.text("approval")) } },
                html! { @if let Some(at) = r.moment("at") { (ui::moment(at)) } },
                html! { @if made.is_empty() { "—" } @else { (made.join(", ")) } },
            ]
        })
        .collect();
    let heads = [
        (lang.say(&w::COHORT), false),
        (lang.say(&w::APPROVAL), false),
        (lang.say(&w::WHEN), false),
        (lang.say(&w::RELEASES), false),
    ];
    if rows.is_empty() {
        ui::empty(lang.say(&w::NO_AFFECTED))
    } else {
        ui::table(lang.say(&w::AFFECTED), &heads, &rows)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_blind_pair_says_nothing_of_the_first_word() {
        // Even if a verb told more than it does.
        let told = json!({ "a": "0".repeat(32), "b": "1".repeat(32), "blind": 7,
            "values": [{ "words": { "ja": "氏名", "en": "name" }, "left": "渡邊", "right": "渡辺", "mark": "variant", "mark_words": { "ja": "異体字", "en": "variant kanji" } }],
            "hints": [{ "ja": "双子の可能性", "en": "twins" }] });
        let page = pair(Lang::Ja, &told).into_string();
        assert!(
            page.contains("先の判断は示しません")
                && page.contains("<mark>邊")
                && page.contains("双子の可能性")
        );
        // The task may say what there is to choose from, never what somebody chose.
        assert!(!page.contains("同一人とした") && !page.contains("別人とした"), "{page}");
    }
}
