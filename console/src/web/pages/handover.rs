//! Handing over (提供): the list of releases, the package with conditions and keys, hand-over and recall. Whether anything may
//! be handed over is said by the verbs, condition by condition.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use musubi_compliance::handover::{Cause, Channel};
use serde_json::Value;

use crate::web::house::Order;
use crate::web::pages::output::joined;
use crate::web::pages::said::{count, day, list, moment, part, text, yes};
use crate::web::reply::{Problem, Reply};
use crate::web::route::{Area, Route, action, page};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::output as w;

use AuditRole::{Auditor, Officer, ReleaseApprover};

pub(crate) const ROUTES: &[Route] = &[
    page("/releases", w::RELEASES, releases)
        .roles(&[ReleaseApprover, Officer, Auditor])
        .verbs(&["release list"])
        .menu(Area::Handover),
    page("/releases/{id}", w::PACKAGE, package)
        .roles(&[ReleaseApprover, Officer, Auditor])
        .verbs(&["release list", "release conditions"]),
    action("/releases/{id}/key", w::KEY, key).roles(&[ReleaseApprover, Officer]).verbs(&["release key"]),
    action("/releases/{id}/handover", w::HANDOVER, hand)
        .roles(&[ReleaseApprover, Officer])
        .verbs(&["release handover"]),
    action("/releases/{id}/recall", w::RECALL, recall)
        .roles(&[ReleaseApprover, Officer])
        .verbs(&["release recall"]),
];

fn tone(state: &str) -> Tone {
    match state {
        "checked" | "acknowledged" | "destroyed" => Tone::Good,
        "returned" | "recalled" | "wrong-hash" | "expired" => Tone::Bad,
        _ => Tone::Waiting,
    }
}

/// A state with its mark.
pub(super) fn state(v: &Visit<'_>, value: &Value) -> Markup {
    ui::badge(tone(text(value, "state")), v.pick(text(value, "state_ja"), text(value, "state")))
}

fn releases(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("release list"))?;
    let heads = [
        (v.pick("提供番号", "Release"), false),
        (v.pick("題名", "Title"), false),
        (v.pick("出力確認", "Output check"), false),
        (v.pick("鍵", "Keys"), true),
        (v.pick("引渡し先", "Handed to"), false),
        (v.pick("受取り回数", "Fetched"), true),
        (v.pick("廃棄の期限", "Destroy by"), false),
    ];
    let rows: Vec<Vec<Markup>> = list(&told, "releases")
        .iter()
        .map(|r| {
            let id = text(r, "release");
            let deliveries = list(r, "deliveries");
            vec![
                ui::link(&format!("/releases/{id}"), id),
                html! { (text(r, "title")) },
                state(v, r),
                html! { (count(r, "keys_set")) " / " (count(r, "keys_needed")) },
                html! { @for d in deliveries { (text(d, "organisation_name")) " " (state(v, d)) br; } },
                html! { (deliveries.iter().map(|d| count(d, "fetched")).sum::<u64>()) },
                html! { @for d in deliveries { (due(v, d)) br; } },
            ]
        })
        .collect();
    let heading = v.say(&w::RELEASES);
    let body = if rows.is_empty() {
        ui::empty(v.pick("提供物はまだありません。", "There is no release yet."))
    } else {
        ui::table(heading, &heads, &rows)
    };
    Ok(v.page(heading, &body))
}

/// When the certificate of destruction is due, and whether it is late.
pub(super) fn due(v: &Visit<'_>, delivery: &Value) -> Markup {
    html! {
        @if let Some(day) = day(delivery, "destroy_due") { (ui::day(day)) " " }
        @if text(delivery, "state") == "destroyed" { (ui::badge(Tone::Good, v.pick("証明済み", "certified"))) }
        @else if yes(delivery, "overdue") { (ui::badge(Tone::Bad, v.pick("期限超過", "overdue"))) }
        @else if yes(delivery, "remind") { (ui::badge(Tone::Waiting, v.pick("まもなく期限", "due soon"))) }
    }
}

fn package(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let told = v.value(&Order::new("release list").word(&id)).map_err(missing)?;
    let this = list(&told, "releases").first().ok_or(Problem::NotFound)?;
    let judged = if v.field("to").is_empty() {
        None
    } else {
        let order = Order::new("release conditions")
            .word(&id)
            .option("--to", v.field("to"))
            .option("--channel", v.field("channel"))
            .given("--line", v.field("line"));
        Some(v.value(&order)?)
    };
    let me = v.me()?;
    let acts = me.roles.iter().any(|r| [ReleaseApprover, Officer].contains(r));
    let body = html! {
        (standing(v, this))
        (ui::section(v.pick("提供物", "The release"), "", &facts(v, this)))
        (keys(v, &id, this, &me.account, acts))
        (conditions_form(v, &id, this))
        @if let Some(judged) = &judged { (conditions(v, &id, judged, acts)) }
        (deliveries(v, &id, this, acts))
    };
    let title = format!("{} {id}", v.say(&w::PACKAGE));
    Ok(v.page(&title, &body))
}

/// A release that is not there looks like any other unknown page.
fn missing(problem: Problem) -> Problem {
    match problem {
        Problem::Bad(_) => Problem::NotFound,
        other => other,
    }
}

fn standing(v: &Visit<'_>, r: &Value) -> Markup {
    let (set, needed) = (count(r, "keys_set"), count(r, "keys_needed"));
    let handed = list(r, "deliveries").len();
    let (tone, sentence, next, owner) = match text(r, "state") {
        "checked" if handed > 0 => (
            Tone::Good,
            v.pick(format!("{handed}件の引渡しをしました。"), format!("Handed over to {handed}.")),
            v.pick("受領の確認と廃棄の証明を待ちます。", "Arrival and destruction are to be confirmed."),
            v.pick("提供先", "Recipient"),
        ),
        "checked" if set >= needed => (
            Tone::Good,
            v.pick("二つの鍵がそろいました。".to_owned(), "All keys are set.".to_owned()),
            v.pick("条件を確かめて引き渡してください。", "Look at the conditions and hand it over."),
            v.pick("提供承認の担当者", "Release officers"),
        ),
        "checked" => (
            Tone::Waiting,
            v.pick(
                format!("出力確認が済み、鍵は{needed}つのうち{set}つです。"),
                format!("Checked; {set} of {needed} keys set."),
            ),
            v.pick(
                "別の二人が、同じ目録に鍵を設定します。",
                "Two different people set keys on the same manifest.",
            ),
            v.pick("提供承認の担当者", "Release officers"),
        ),
        "returned" => (
            Tone::Bad,
            v.pick("出力確認で差し戻されました。".to_owned(), "Returned by its checkers.".to_owned()),
            "",
            v.pick("提供の担当", "Makers of releases"),
        ),
        _ => (
            Tone::Waiting,
            v.pick(
                "出力確認が済んでいません。提供先には何も渡りません。".to_owned(),
                "Not checked yet; its recipient gets nothing.".to_owned(),
            ),
            v.pick("出力確認を待ちます。", "Wait for the output check."),
            v.pick("出力確認の担当者", "Output checkers"),
        ),
    };
    ui::standing(v.lang, tone, &sentence, next, owner, None)
}

fn facts(v: &Visit<'_>, r: &Value) -> Markup {
    let made = part(r, "made");
    ui::facts(&[
        (v.pick("題名", "Title"), html! { (text(r, "title")) }),
        (v.pick("区分", "Product"), html! { (v.pick(text(r, "product_ja"), text(r, "product"))) }),
        (v.pick("利用目的", "Purpose"), html! { (text(r, "purpose")) }),
        (v.pick("提供先", "Recipient"), html! { (text(r, "recipient")) }),
        (v.pick("作成", "Made by"), html! { (joined(made, "by")) " " span.soft { (text(made, "program")) } }),
        (
            v.pick("作成日時", "Sealed"),
            html! { @if let Some(at) = moment(r, "sealed_at") { (ui::moment(at)) } },
        ),
        (v.pick("承認", "Approval"), html! { (text(r, "approval")) }),
        (v.pick("ファイル", "Files"), html! { (joined(r, "files")) }),
        (v.pick("目録のハッシュ", "Hash of the manifest"), html! { code { (text(r, "manifest_hash")) } }),
        (
            v.pick("出力確認", "Output check"),
            html! { (state(v, r)) " " (ui::link(&format!("/output/{}/result", text(r, "release")), v.say(&w::RESULT))) },
        ),
    ])
}

fn keys(v: &Visit<'_>, id: &str, r: &Value, account: &str, acts: bool) -> Markup {
    let all = list(r, "keys");
    let mine = all.iter().any(|k| text(k, "holder") == account);
    let go = v.say(&w::KEY);
    let body = html! {
        @if all.is_empty() { (ui::empty(v.pick("鍵はまだありません。", "No key is set."))) }
        ul { @for k in all { li {
            (text(k, "holder")) " " @if let Some(at) = moment(k, "at") { (ui::moment(at)) } " "
            @if text(k, "manifest_hash") == text(r, "manifest_hash") { (ui::badge(Tone::Good, v.pick("この目録", "this manifest"))) }
            @else { (ui::badge(Tone::Bad, v.pick("別の目録", "another manifest"))) }
        } } }
        @if text(r, "state") != "checked" { (ui::greyed(go, v.pick("出力確認が済むと設定できます。", "After the output check."))) }
        @else if !acts { (ui::greyed(go, v.pick("提供承認の担当者が設定します。", "Release officers set keys."))) }
        @else if count(r, "keys_set") >= count(r, "keys_needed") { (ui::greyed(go, v.pick("必要な鍵はそろっています。", "All keys are set."))) }
        @else if mine { (ui::greyed(go, v.pick("あなたの鍵は設定済みです。別の人が設定します。", "Yours is set; another person sets the next."))) }
        @else {
            (ui::form(&format!("/releases/{id}/key"), go, &html! {
                (ui::field(v.lang, "manifest", &w::MANIFEST, "text", "", true,
                    v.pick("確認した目録のハッシュを写してください。この目録だけに鍵がかかります。", "Copy the hash of the manifest that was checked. The key is for it alone.")))
            }))
        }
    };
    let note = v.pick(
        "作成者でも確認者でもない別々の二人が、まったく同じ目録に鍵を設定したときだけ引き渡せます。",
        "Handed over only when two different people, neither makers nor checkers, set keys on the very same manifest.",
    );
    ui::section(v.pick("提供の二つの鍵", "Two keys"), note, &body)
}

fn conditions_form(v: &Visit<'_>, id: &str, r: &Value) -> Markup {
    let named = list(r, "recipients").first().map(|one| text(one, "id")).unwrap_or_default();
    let to = if v.field("to").is_empty() { named } else { v.field("to") };
    let channels: Vec<(String, String)> =
        Channel::ALL.iter().map(|c| (c.as_str().to_owned(), v.pick(c.ja(), c.as_str()).to_owned())).collect();
    let body = html! {
        form.stack action={ "/releases/" (id) } method="get" {
            (ui::field(v.lang, "to", &w::RECIPIENT, "text", to, true, ""))
            (ui::choice(v.lang, "channel", &w::CHANNEL, &channels, v.field("channel")))
            (ui::field(v.lang, "line", &w::LINE, "text", v.field("line"), false, v.pick("閲覧環境では不要です。", "Not for visiting.")))
            div.go { button { (v.pick("条件を確かめる", "Look at the conditions")) } }
        }
    };
    ui::section(v.pick("引渡しの条件", "Conditions"), "", &body)
}

fn conditions(v: &Visit<'_>, id: &str, judged: &Value, acts: bool) -> Markup {
    let heads = [
        (v.pick("点検", "Check"), false),
        (v.pick("条件", "Condition"), false),
        (v.pick("結果", "Met"), false),
        (v.pick("理由", "Why not"), false),
    ];
    let rows: Vec<Vec<Markup>> = list(judged, "conditions")
        .iter()
        .map(|c| {
            vec![
                html! { (text(c, "check")) },
                html! { (v.pick(text(c, "ja"), text(c, "en"))) },
                if yes(c, "met") {
                    ui::badge(Tone::Good, v.pick("満たす", "met"))
                } else {
                    ui::badge(Tone::Bad, v.pick("満たさない", "not met"))
                },
                html! { (joined(c, "wrong")) },
            ]
        })
        .collect();
    let heading = v.pick("条件の確認結果", "What was found");
    let go = v.say(&w::HANDOVER);
    let body = html! {
        (ui::table(heading, &heads, &rows))
        (ui::facts(&[
            (v.pick("契約", "Contract"), html! { (text(judged, "contract")) }),
            (v.pick("受取りの期限", "Access until"), html! { @if let Some(day) = day(judged, "expires_on") { (ui::day_with_era(day)) } }),
            (v.pick("廃棄の証明の期限", "Certificate of destruction due"), html! { @if let Some(day) = day(judged, "destroy_by") { (ui::day_with_era(day)) } }),
        ]))
        @if !yes(judged, "ready") { (ui::greyed(go, v.pick("出力確認・鍵・条件がそろうと引き渡せます。", "After check, keys and conditions."))) }
        @else if !acts { (ui::greyed(go, v.pick("提供承認の担当者が引き渡します。", "Release officers hand over."))) }
        @else {
            form.stack action={ "/releases/" (id) "/handover" } method="post"
                data-confirm=(v.pick("この提供先に引き渡しますか。", "Hand this release to this recipient?")) {
                @for name in ["to", "channel", "line"] { input type="hidden" name=(name) value=(v.field(name)); }
                div.go { button.main { (go) } }
            }
        }
    };
    ui::section(heading, "", &body)
}

fn deliveries(v: &Visit<'_>, id: &str, r: &Value, acts: bool) -> Markup {
    let all = list(r, "deliveries");
    let heading = v.pick("引渡しとその後", "Deliveries");
    if all.is_empty() {
        return ui::section(
            heading,
            "",
            &ui::empty(v.pick("まだ引き渡していません。", "Not handed over yet.")),
        );
    }
    let body = html! {
        @for d in all {
            h3 { (text(d, "organisation_name")) " " span.soft { (text(d, "organisation")) } }
            (ui::facts(&[
                (v.pick("状態", "State"), state(v, d)),
                (v.pick("方法", "Way"), html! { (v.pick(text(d, "channel_ja"), text(d, "channel"))) " " (text(d, "line")) }),
                (v.pick("受取りの期限", "Access until"), html! { @if let Some(day) = day(d, "expires_on") { (ui::day(day)) } }),
                (v.pick("廃棄の証明の期限", "Certificate due"), due(v, d)),
                (v.pick("受取り回数", "Fetched"), html! { (count(d, "fetched")) }),
            ]))
            (timeline(v, d, true))
        }
        @if acts { (recall_form(v, id, all)) }
    };
    ui::section(heading, "", &body)
}

/// What became of a delivery. Its recipient is not told who in the house did what.
pub(super) fn timeline(v: &Visit<'_>, delivery: &Value, house: bool) -> Markup {
    let mut entries = Vec::new();
    if let Some(at) = moment(delivery, "handed_at") {
        let by = if house { text(delivery, "handed_by").to_owned() } else { String::new() };
        entries.push((at, by, html! { (v.pick("引渡し", "handed over")) }));
    }
    for e in list(delivery, "events") {
        let Some(at) = moment(e, "at") else { continue };
        let recalled = text(e, "event") == "recalled";
        let word = match text(e, "event") {
            "fetched" => v.pick("受取り", "fetched"),
            "acknowledged" => v.pick("受領確認", "acknowledged"),
            "recalled" => v.pick("回収の通知", "recalled"),
            _ => v.pick("廃棄の証明", "certificate of destruction"),
        };
        let by = if house || !recalled { text(e, "by").to_owned() } else { String::new() };
        let cause = v.pick(text(e, "cause_ja"), text(e, "cause"));
        entries.push((at, by, html! { (word) " " @if recalled { (cause) ": " (text(e, "note")) } @else {
            @if !text(e, "note").is_empty() && text(e, "event") == "fetched" { (v.pick("(利用条件に同意)", "(terms accepted)")) " " }
            code { (text(e, "hash")) }
        } }));
    }
    ui::timeline(&entries)
}

fn recall_form(v: &Visit<'_>, id: &str, all: &[Value]) -> Markup {
    let mut whom = vec![(String::new(), v.pick("全ての提供先", "all recipients").to_owned())];
    whom.extend(all.iter().map(|d| {
        let organisation = text(d, "organisation").to_owned();
        (organisation.clone(), organisation)
    }));
    let causes: Vec<(String, String)> =
        Cause::ALL.iter().map(|c| (c.as_str().to_owned(), v.pick(c.ja(), c.as_str()).to_owned())).collect();
    html! {
        h3 { (v.say(&w::RECALL)) }
        form.stack action={ "/releases/" (id) "/recall" } method="post"
            data-confirm=(v.pick("提供物を回収しますか。受取りはできなくなり、廃棄の期限が早まります。", "Recall? It can no longer be fetched, and destruction is due earlier.")) {
            (ui::choice(v.lang, "whom", &w::RECIPIENT, &whom, ""))
            (ui::choice(v.lang, "cause", &w::CAUSE, &causes, ""))
            (ui::area(v.lang, "reason", &w::REASON, "", true, v.pick("提供先に伝わります。個人が分かることは書かないでください。", "Its recipient reads this; nothing of a person.")))
            div.go { button { (v.say(&w::RECALL)) } }
        }
    }
}

fn key(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let order = Order::new("release key").word(&id).option("--manifest", v.need("manifest", &w::MANIFEST)?);
    let answer = v.give(&order)?;
    v.after(&answer, format!("/releases/{id}"))
}

fn hand(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let order = Order::new("release handover")
        .word(&id)
        .option("--to", v.need("to", &w::RECIPIENT)?)
        .option("--channel", v.need("channel", &w::CHANNEL)?)
        .given("--line", v.field("line"));
    let answer = v.give(&order)?;
    v.after(&answer, format!("/releases/{id}"))
}

fn recall(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let order = Order::new("release recall")
        .word(&id)
        .given("--to", v.field("whom"))
        .option("--cause", v.need("cause", &w::CAUSE)?)
        .option("--reason", v.need("reason", &w::REASON)?);
    let answer = v.give(&order)?;
    v.after(&answer, format!("/releases/{id}"))
}
