//! Sending a package: looked at, named by what it is, put where only its own load takes it from, queued, and followed until it is
//! loaded or refused. What is refused leaves nothing behind.

use std::fs;
use std::path::PathBuf;

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use musubi_model::submission::SubmissionState;
use serde_json::Value;

use super::detail::{file, state_of, state_word, tone};
use super::{delivery, outside};
use crate::format::bytes;
use crate::web::house::{Job, Order};
use crate::web::pages::said::{count, list, text, words, yes};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::submitter as w;
use crate::words::Lang;

pub(super) fn form(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let lang = v.lang;
    let most = v.site.limits.package_bytes;
    let body = html! {
        (ui::standing(lang, Tone::Plain, lang.pick("提出物(ZIP)を一つずつ送れます。", "Packages (zip) are sent one by one."), lang.pick("送る前に、手元の事前点検(musubi-precheck)で確かめると確実です。", "Check them with musubi-precheck before sending."), "", None))
        (ui::section(lang.say(&w::UPLOAD), &lang.pick(format!("大きさの上限は {} です。通知の台帳(ledger.toml)の ZIP も送れます。", bytes(most)), format!("At most {}. A zip of notice ledgers (ledger.toml) can be sent as well.", bytes(most))), &html! {
            (ui::form_with_files("/deliveries/upload", lang.pick("送る", "Send"), &file(lang, "package", lang.say(&w::PACKAGE), ".zip,application/zip")))
            p.help { (lang.pick("署名のない提出物、別の提出者の提出物は受け付けません。同じ提出物を二度送っても、二重には格納しません。", "A package without a signature, or of another sender, is refused. What is sent twice is stored once.")) }
        }))
        (queue(v)?)
    };
    Ok(v.page(v.say(&w::UPLOAD), &body))
}

/// The uploads of the visitor's own organisation in this server.
fn jobs(v: &Visit<'_>) -> Result<Vec<Job>, Problem> {
    let me = v.me()?;
    let all = v.house().jobs();
    Ok(all.into_iter().filter(|j| j.verb == "nightly" && j.organisation == me.organisation).collect())
}

fn queue(v: &Visit<'_>) -> Result<Markup, Problem> {
    let lang = v.lang;
    let rows: Vec<Vec<Markup>> = jobs(v)?
        .iter()
        .map(|job| {
            let (tone, word) = how(lang, job);
            vec![
                html! { a href={ "/deliveries/uploads/" (job.subject) } { (job.subject) } },
                ui::moment(job.asked),
                html! { (job.by) },
                ui::badge(tone, word),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Ok(html! {});
    }
    let heads = [
        (lang.pick("提出", "Package"), false),
        (lang.pick("送った時刻", "Sent"), false),
        (lang.pick("送った人", "By"), false),
        (lang.pick("処理", "Work"), false),
    ];
    Ok(ui::section(
        lang.pick("最近送ったもの", "Sent lately"),
        "",
        &ui::table(lang.pick("最近送ったもの", "Sent lately"), &heads, &rows),
    ))
}

fn how(lang: Lang, job: &Job) -> (Tone, &'static str) {
    match (job.began, job.ended) {
        (_, Some((_, true))) => (Tone::Good, lang.pick("終了", "ended")),
        (_, Some((_, false))) => (Tone::Bad, lang.pick("中断", "broke off")),
        (Some(_), None) => (Tone::Waiting, lang.pick("処理中", "under way")),
        (None, None) => (Tone::Waiting, lang.pick("順番待ち", "waits its turn")),
    }
}

/// A package that was looked at.
pub(crate) enum Looked {
    /// In the queue: what the verb says of it, and the number of its job.
    Queued(Value, u64),
    /// Refused: what the verb says of it.
    Refused(Value),
}

/// Looks at the package that came, and puts it where only its own load takes it from.
pub(crate) fn offer(v: &Visit<'_>) -> Result<Looked, Problem> {
    let Some((_, part, _)) = v.carried.package.clone().filter(|(_, _, length)| *length > 0) else {
        return Err(Problem::Bad(
            v.pick("提出物(ZIP)を選んでください。", "Choose a package (zip).").to_owned(),
        ));
    };
    let offered = v.give(&Order::new("delivery offer").word(part.to_string_lossy()))?.value;
    if !yes(&offered, "ok") {
        return Ok(Looked::Refused(offered));
    }
    let name = text(&offered, "name").to_owned();
    let folder = place(v, &name)?;
    let target = folder.join(format!("{name}.zip"));
    // The whole folder is the job's inbox: the load of this package and of no other.
    fs::create_dir_all(&folder)
        .and_then(|()| fs::rename(&part, &target))
        .map_err(|e| Problem::Broken(format!("an upload: {e}")))?;
    let job = queue_load(v, &name)?;
    sweep(v, &name)?;
    Ok(Looked::Queued(offered, job))
}

pub(super) fn take(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let length = v.carried.package.as_ref().map_or(0, |(_, _, length)| *length);
    let offered = match offer(v)? {
        Looked::Queued(offered, _) => offered,
        Looked::Refused(offered) => {
            let body = refused(v.lang, &offered, length);
            return Ok(v
                .page(v.pick("受け付けられませんでした", "Not accepted"), &body)
                .status(axum::http::StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let said = v.pick(
        format!("受け取りました({}、BLAKE3 {})。順番に処理します。", bytes(length), text(&offered, "blake3")),
        format!(
            "Received ({}, BLAKE3 {}). It will be worked on in turn.",
            bytes(length),
            text(&offered, "blake3")
        ),
    );
    Ok(v.done(format!("/deliveries/uploads/{}", text(&offered, "name")), said))
}

/// Where an upload lies. Both parts are ids: letters, digits and hyphens.
fn place(v: &Visit<'_>, name: &str) -> Result<PathBuf, Problem> {
    let plain = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let own = &v.me()?.organisation;
    if !plain(name) || !plain(own) {
        return Err(Problem::Broken("the name of an upload is no id".to_owned()));
    }
    // Hidden from a night over the whole inbox: each upload is a job's own inbox.
    Ok(v.house().inbox().join(".uploads").join(own).join(name))
}

/// Puts the load of an upload into the queue; the number of the job.
fn queue_load(v: &Visit<'_>, name: &str) -> Result<u64, Problem> {
    let folder = place(v, name)?;
    let order = Order::new("nightly").option("--inbox", folder.to_string_lossy());
    v.start(AuditRole::Intake, name, order)
}

/// Removes earlier uploads of the same organisation whose load has come to its end: the house has its own copy by then.
fn sweep(v: &Visit<'_>, keep: &str) -> Result<(), Problem> {
    let own = place(v, keep)?;
    let Some(entries) = own.parent().and_then(|p| fs::read_dir(p).ok()) else { return Ok(()) };
    let busy: Vec<String> = jobs(v)?.into_iter().filter(|j| j.ended.is_none()).map(|j| j.subject).collect();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(id) = musubi_model::ids::from_hex::<16>(&name).map(musubi_model::SubmissionId) else {
            continue;
        };
        if name == keep || busy.contains(&name) {
            continue;
        }
        let view = v.house().console()?.using(|db| db.submission(&id))?;
        if view.is_some_and(|view| view.state.is_final()) {
            fs::remove_dir_all(entry.path()).map_err(|e| Problem::Broken(format!("an old upload: {e}")))?;
        }
    }
    Ok(())
}

/// An upload that lies here and was forgotten, as after a restart of the server, is queued again.
pub(super) fn again(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let name = v.param("name").to_owned();
    if !waits(v, &name)? {
        return Err(Problem::NotFound);
    }
    queue_load(v, &name)?;
    Ok(v.done(
        format!("/deliveries/uploads/{name}"),
        v.pick("もう一度、順番に入れました。", "It was queued again."),
    ))
}

/// Lies here, and no job of this server has taken it up.
fn waits(v: &Visit<'_>, name: &str) -> Result<bool, Problem> {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    Ok(plain && jobs(v)?.iter().all(|j| j.subject != name) && place(v, name)?.is_dir())
}

/// Why a package was not queued.
pub(super) fn refused(lang: Lang, offered: &Value, length: u64) -> Markup {
    let detail = offered.get("detail").cloned().unwrap_or_default();
    html! {
        (ui::standing(lang, Tone::Bad, words(offered, "", lang), words(offered, "mend", lang), lang.pick("提出者", "Sender"), None))
        (ui::section(lang.pick("確かめたこと", "What was looked at"), lang.pick("送られたものは消しました。何も格納していません。", "What was sent has been removed. Nothing was stored."), &ui::facts(&[
            (lang.say(&w::RULE), html! { code { (text(offered, "code")) } }),
            (lang.pick("検出", "Found"), html! { (text(&detail, "found")) }),
            (lang.say(&w::EXPECTED), html! { (text(&detail, "expected")) }),
            (lang.pick("大きさ", "Size"), html! { (bytes(length)) }),
            ("BLAKE3", html! { code { (text(offered, "blake3")) } }),
        ])))
        p { (ui::link("/deliveries/upload", lang.pick("別の提出物を送る", "Send another package"))) }
    }
}

pub(super) fn status(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let name = v.param("name").to_owned();
    let job = jobs(v)?.into_iter().find(|j| j.subject == name);
    let value = match delivery(v, &name) {
        Ok(value) => Some(value),
        Err(Problem::NotFound) => None,
        Err(other) => return Err(other),
    };
    let forgotten = waits(v, &name)? && value.as_ref().and_then(state_of).is_none_or(|s| !s.is_final());
    if job.is_none() && value.is_none() && !forgotten {
        return Err(Problem::NotFound);
    }
    if forgotten {
        let body = html! {
            (ui::standing(v.lang, Tone::Waiting, v.pick("受け取りましたが、順番待ちから外れています。", "It was received, but it is not in the queue."), v.pick("下のボタンでもう一度順番に入れてください。", "Queue it again."), v.pick("提出者または運用", "Sender or operator"), None))
            form action={ "/deliveries/uploads/" (name) "/again" } method="post" { div.go { button.main { (v.say(&w::AGAIN)) } } }
        };
        return Ok(v.page(v.say(&w::UPLOADED), &body));
    }
    let inside = view(v.lang, job.as_ref(), value.as_ref(), !outside(v)?);
    if v.fragment {
        return Ok(v.part(inside));
    }
    let body = ui::live(&format!("/deliveries/uploads/{name}"), 3, &inside);
    Ok(v.page(v.say(&w::UPLOADED), &body))
}

/// What is being done with an upload. One that has come before is in its final state while it is looked at again.
fn under_way(lang: Lang, value: Option<&Value>) -> String {
    match value.map(|v| (v, state_of(v).is_some_and(SubmissionState::is_final))) {
        None => lang
            .pick("順番を待っているか、処理中です。", "It waits its turn or is being worked on.")
            .to_owned(),
        Some((_, true)) => lang
            .pick(
                "同じ提出物がすでに届いています。確かめている処理中です。",
                "The same package has come before; it is being looked at.",
            )
            .to_owned(),
        Some((v, false)) => {
            let state = state_word(lang, v);
            lang.pick(format!("処理中です: {state}"), format!("Under way: {state}"))
        }
    }
}

/// How far an upload is. What a job said is about the whole house, so it is for the house only.
pub(super) fn view(lang: Lang, job: Option<&Job>, value: Option<&Value>, house: bool) -> Markup {
    let running = job.is_some_and(|j| j.ended.is_none());
    let state = value.and_then(state_of);
    html! {
        @match (value, job) {
            (Some(value), _) if state.is_some_and(SubmissionState::is_final) && !running => {
                @let errors = list(value, "findings").iter().filter(|f| text(f, "severity") == "error").count();
                (ui::standing(lang, tone(state), &lang.pick(format!("処理が終わりました: {}", state_word(lang, value)), format!("Done: {}", state_word(lang, value))),
                    if errors > 0 { lang.pick("指摘を見て直し、もう一度送ってください。", "See what was found, mend it and send it again.") } else { "" },
                    if errors > 0 { lang.pick("提出者", "Sender") } else { "" }, None))
                p { a href={ "/deliveries/" (text(value, "submission")) } { (lang.pick("提出の内容を開く", "Open the delivery")) } }
                @if errors > 0 { p { a href="/deliveries/upload" { (lang.pick("直したものを送る", "Send the mended package")) } } }
            }
            (_, Some(job)) if job.ended.is_some_and(|(_, well)| !well) => {
                (ui::standing(lang, Tone::Bad, lang.pick("処理が中断しました。", "The work broke off."), lang.pick("運用担当者が調べます。送り直しても二重には格納しません。", "The operator will look into it. Sending again stores nothing twice."), lang.pick("運用", "Operator"), None))
            }
            (_, Some(job)) if job.ended.is_some() => {
                (ui::standing(lang, Tone::Good, lang.pick("処理が終わりました。", "Done."), lang.pick("台帳の結果は「通知の台帳と保留」にあります。", "What became of a ledger stands under “Ledger of notices”."), "", None))
                p { (ui::link("/deliveries/notices", lang.say(&w::NOTICES))) }
            }
            (value, _) => {
                (ui::standing(lang, Tone::Waiting, &under_way(lang, value), lang.pick("この画面は自動で新しくなります。", "This page renews itself."), lang.pick("運用", "Operator"), None))
            }
        }
        @if let Some(job) = job {
            @let (tone, word) = how(lang, job);
            (ui::section(lang.pick("処理", "Work"), "", &ui::facts(&[
                (lang.pick("状態", "State"), ui::badge(tone, word)),
                (lang.pick("送った時刻", "Sent"), ui::moment(job.asked)),
                (lang.pick("始まり", "Began"), html! { @if let Some(at) = job.began { (ui::moment(at)) } @else { "—" } }),
                (lang.pick("終わり", "Ended"), html! { @if let Some((at, _)) = job.ended { (ui::moment(at)) } @else { "—" } }),
            ])))
            @if house && !job.said.is_empty() { details { summary { (lang.pick("処理の記録", "What it said")) } pre { (job.said) } } }
        }
        @if let Some(value) = value {
            p.soft { (lang.pick("指摘", "Findings")) ": " (ui::number(list(value, "findings").iter().map(|f| count(f, "count")).sum())) }
        }
    }
}
