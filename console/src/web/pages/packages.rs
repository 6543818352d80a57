//! The recipient's side (受取り): what was handed to one's organisation, fetching, confirming, the certificate of destruction.
//! Another organisation's delivery looks like one that does not exist.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use serde_json::Value;

use super::handover::{due, state, timeline};
use crate::web::house::{Ended, Order};
use crate::web::pages::said::{count, day, list, text, yes};
use crate::web::reply::{Problem, Reply};
use crate::web::route::{Area, Route, action, page};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::output as w;

use AuditRole::{Applicant, Municipality};

const RECIPIENTS: &[AuditRole] = &[Applicant, Municipality];

pub(crate) const ROUTES: &[Route] = &[
    page("/packages", w::DELIVERIES, packages)
        .roles(RECIPIENTS)
        .verbs(&["package list"])
        .menu(Area::Applicant),
    page("/packages/{id}", w::DELIVERY, one).roles(RECIPIENTS).verbs(&["package show"]),
    action("/packages/{id}/fetch", w::FETCH, fetch).roles(RECIPIENTS).verbs(&["package fetch"]),
    action("/packages/{id}/acknowledge", w::ACKNOWLEDGE, acknowledge)
        .roles(RECIPIENTS)
        .verbs(&["package acknowledge"]),
    action("/packages/{id}/destroyed", w::DESTROYED, destroyed)
        .roles(RECIPIENTS)
        .verbs(&["package destroyed"])
        .papers(),
];

fn packages(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("package list"))?;
    let heads = [
        (v.pick("提供番号", "Release"), false),
        (v.pick("題名", "Title"), false),
        (v.pick("区分", "Product"), false),
        (v.pick("状態", "State"), false),
        (v.pick("受取りの期限", "Access until"), false),
        (v.pick("廃棄の証明の期限", "Certificate due"), false),
    ];
    let rows: Vec<Vec<Markup>> = list(&told, "deliveries")
        .iter()
        .map(|d| {
            let id = text(d, "release");
            vec![
                ui::link(&format!("/packages/{id}"), id),
                html! { (text(d, "title")) },
                html! { (v.pick(text(d, "product_ja"), text(d, "product"))) },
                state(v, d),
                html! { @if let Some(day) = day(d, "expires_on") { (ui::day(day)) } },
                due(v, d),
            ]
        })
        .collect();
    let heading = v.say(&w::DELIVERIES);
    let body = if rows.is_empty() {
        ui::empty(v.pick("受け取る提供物はありません。", "Nothing was handed to your organisation."))
    } else {
        ui::table(heading, &heads, &rows)
    };
    Ok(v.page(heading, &body))
}

fn one(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let answer = v.give(&Order::new("package show").word(&id))?;
    if answer.ended != Ended::Done {
        return Err(Problem::NotFound);
    }
    let d = &answer.value;
    let body = html! {
        (standing(v, d))
        (ui::section(v.pick("提供の内容", "The delivery"), "", &ui::facts(&[
            (v.pick("題名", "Title"), html! { (text(d, "title")) }),
            (v.pick("区分", "Product"), html! { (v.pick(text(d, "product_ja"), text(d, "product"))) }),
            (v.pick("方法", "Way"), html! { (v.pick(text(d, "channel_ja"), text(d, "channel"))) }),
            (v.pick("契約", "Contract"), html! { (text(d, "contract")) }),
            (v.pick("受取りの期限", "Access until"), html! { @if let Some(day) = day(d, "expires_on") { (ui::day_with_era(day)) } }),
            (v.pick("廃棄の証明の期限", "Certificate due"), html! { @if let Some(day) = day(d, "destroy_due") { (ui::day_with_era(day)) } }),
            (v.pick("受取り回数", "Fetched"), html! { (count(d, "fetched")) }),
            (v.pick("目録のハッシュ", "Hash of the manifest"), html! { code { (text(d, "manifest_hash")) } }),
        ])))
        (files(v, d))
        (fetch_part(v, &id, d))
        (acknowledge_part(v, &id, d))
        (destroy_part(v, &id, d))
        (ui::section(v.pick("これまで", "What happened"), "", &timeline(v, d, false)))
    };
    let title = format!("{} {id}", v.say(&w::DELIVERY));
    Ok(v.page(&title, &body))
}

fn standing(v: &Visit<'_>, d: &Value) -> Markup {
    let (tone, sentence, next, due) = match text(d, "state") {
        "handed-over" if yes(d, "may_fetch") => (
            Tone::Waiting,
            v.pick("提供物を受け取れます。", "The package can be fetched."),
            v.pick(
                "受け取って、目録のハッシュで受領を確認してください。",
                "Fetch it and confirm its arrival by the hash of the manifest.",
            ),
            day(d, "expires_on"),
        ),
        "handed-over" => (
            Tone::Waiting,
            v.pick("引渡し済みです。ファイルは受け取れません。", "Handed over; no file is to be fetched."),
            v.pick(
                "閲覧環境または媒体で利用し、受領を確認してください。",
                "Use it in the visiting environment or on the medium, and confirm its arrival.",
            ),
            day(d, "destroy_due"),
        ),
        "acknowledged" => (
            Tone::Good,
            v.pick("受領を確認しました。", "Its arrival is confirmed."),
            v.pick(
                "利用が終わったら廃棄し、証明書を出してください。",
                "After use destroy it and hand in the certificate.",
            ),
            day(d, "destroy_due"),
        ),
        "wrong-hash" => (
            Tone::Bad,
            v.pick(
                "受け取った目録のハッシュが一致しません。",
                "The hash of the manifest received is another one.",
            ),
            v.pick("受け取り直して、もう一度確認してください。", "Fetch it again and confirm once more."),
            day(d, "expires_on"),
        ),
        "recalled" => (
            Tone::Bad,
            v.pick("回収の通知が出ています。利用を止めてください。", "It was recalled: stop using it."),
            v.pick("廃棄し、証明書を出してください。", "Destroy it and hand in the certificate."),
            day(d, "destroy_due"),
        ),
        "expired" => (
            Tone::Bad,
            v.pick("受取りの期限を過ぎました。", "The days of access are over."),
            v.pick("提供の担当者に連絡してください。", "Ask the release officers."),
            None,
        ),
        _ => (Tone::Good, v.pick("廃棄の証明を受け付けました。", "Its destruction is certified."), "", None),
    };
    ui::standing(v.lang, tone, sentence, next, v.pick("あなたの組織", "Your organisation"), due)
}

fn files(v: &Visit<'_>, d: &Value) -> Markup {
    let heads = [
        (v.pick("ファイル", "File"), false),
        (v.pick("バイト", "Bytes"), true),
        ("BLAKE3", false),
        ("SHA-256", false),
    ];
    let rows: Vec<Vec<Markup>> = list(d, "files")
        .iter()
        .map(|f| {
            vec![
                html! { (text(f, "name")) },
                html! { (ui::number(count(f, "bytes"))) },
                html! { code { (text(f, "blake3")) } },
                html! { code { (text(f, "sha256")) } },
            ]
        })
        .collect();
    let heading = v.pick("ファイルとハッシュ", "Files and hashes");
    ui::section(heading, "", &ui::table(heading, &heads, &rows))
}

fn fetch_part(v: &Visit<'_>, id: &str, d: &Value) -> Markup {
    let go = v.say(&w::FETCH);
    let terms = list(d, "terms");
    let body = if yes(d, "may_fetch") {
        ui::form(
            &format!("/packages/{id}/fetch"),
            go,
            &html! {
                p { (v.pick("契約に定めた利用条件です。受け取る前に読んでください。", "The terms of use of the contract. Read them before you fetch.")) }
                ul.many { @for term in terms { li { (v.pick(text(term, "ja"), text(term, "en"))) } } }
                label.radio {
                    input type="checkbox" name="terms" value="accepted" required; " "
                    (v.pick("利用条件を守ります", "I keep to the terms of use")) " " span.must { (v.pick("必須", "required")) }
                }
            },
        )
    } else {
        ui::greyed(go, v.pick(text(d, "why_not_ja"), text(d, "why_not")))
    };
    let note = v.pick(
        "受取りと利用条件への同意は記録されます。",
        "Every fetch is recorded, and that the terms were accepted.",
    );
    ui::section(go, note, &body)
}

fn acknowledge_part(v: &Visit<'_>, id: &str, d: &Value) -> Markup {
    let go = v.say(&w::ACKNOWLEDGE);
    if text(d, "state") == "destroyed" {
        return html! {};
    }
    let help = v.pick(
        "受け取った manifest.json を BLAKE3 で計算した64桁です(例: b3sum manifest.json)。",
        "64 digits: BLAKE3 of manifest.json as received (b3sum manifest.json).",
    );
    let body = ui::form(
        &format!("/packages/{id}/acknowledge"),
        go,
        &ui::field(v.lang, "manifest", &w::MANIFEST, "text", "", true, help),
    );
    ui::section(go, "", &body)
}

fn destroy_part(v: &Visit<'_>, id: &str, d: &Value) -> Markup {
    let go = v.say(&w::DESTROYED);
    if text(d, "state") == "destroyed" {
        return html! {};
    }
    let body = html! {
        p { (v.pick("期限: ", "Due: ")) (due(v, d)) }
        (ui::form_with_files(&format!("/packages/{id}/destroyed"), go,
            &ui::field(v.lang, "certificate", &w::CERTIFICATE, "file", "", true, "")))
    };
    ui::section(go, "", &body)
}

fn fetch(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    v.need("terms", &w::TERMS)?;
    let answer = v.give(&Order::new("package fetch").word(&id).out("--out", "zip").flag("--accept-terms"))?;
    match (answer.ended, answer.files.into_iter().next()) {
        (Ended::Done, Some(bytes)) => {
            let name = text(&answer.value, "name").to_owned();
            let kind = if name.ends_with(".zip") { "application/zip" } else { "application/octet-stream" };
            Ok(Reply::bytes(kind, bytes).named(&name))
        }
        _ => Err(Problem::Conflict(answer.error.unwrap_or_else(|| answer.lines.join("\n")))),
    }
}

fn acknowledge(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let order =
        Order::new("package acknowledge").word(&id).option("--manifest", v.need("manifest", &w::MANIFEST)?);
    let answer = v.give(&order)?;
    v.after(&answer, format!("/packages/{id}"))
}

fn destroyed(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let certificate = v.paper("certificate").map(<[u8]>::to_vec);
    let certificate = certificate.ok_or_else(|| {
        Problem::Bad(
            v.pick("証明書のファイルを選んでください。", "Choose the file of the certificate.").to_owned(),
        )
    })?;
    let answer = v.give(&Order::new("package destroyed").word(&id).file(certificate))?;
    v.after(&answer, format!("/packages/{id}"))
}
