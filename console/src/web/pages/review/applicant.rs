//! The applicant's pages (申出者): what one applied for, writing section by section, thread, differences, handing in.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use serde_json::{Value, json};

use super::{
    act, ask, changes, conditions, day, fields, give, history, input, list, origin, outcome, state_words,
    text, tone, way,
};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::route::{Area, Route, action, page};
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::review as w;

const APPLICANT: &[AuditRole] = &[AuditRole::Applicant];

pub(crate) const ROUTES: &[Route] = &[
    page("/applications", w::MY_APPLICATIONS, all)
        .roles(APPLICANT)
        .verbs(&["application list"])
        .menu(Area::Applicant),
    page("/applications/new", w::NEW, new_page)
        .roles(APPLICANT)
        .verbs(&["application fields"])
        .menu(Area::Applicant),
    action("/applications/new", w::NEW, new).roles(APPLICANT).verbs(&["application new"]),
    page("/applications/{id}", w::APPLICATION, one).roles(APPLICANT).verbs(&["application show"]),
    page("/applications/{id}/edit/{section}", w::EDIT, edit_page)
        .roles(APPLICANT)
        .verbs(&["application show"]),
    action("/applications/{id}/edit/{section}", w::EDIT, edit)
        .roles(APPLICANT)
        .verbs(&["application show", "application save"]),
    page("/applications/{id}/diff", w::DIFF, diff).roles(APPLICANT).verbs(&["application diff"]),
    action("/applications/{id}/submit", w::SUBMIT, submit).roles(APPLICANT).verbs(&["application submit"]),
    action("/applications/{id}/withdraw", w::WITHDRAW, withdraw)
        .roles(APPLICANT)
        .verbs(&["application withdraw"]),
    action("/applications/{id}/say", w::SAY, say).roles(APPLICANT).verbs(&["application say"]),
    action("/applications/{id}/appeal", w::APPEAL, appeal).roles(APPLICANT).verbs(&["application appeal"]),
    action("/applications/{id}/amend", w::AMEND, amend)
        .roles(APPLICANT)
        .verbs(&["application show", "application amend"]),
];

fn all(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = ask(v, &Order::new("application list"))?;
    let rows: Vec<Vec<Markup>> = list(&told, "applications")
        .iter()
        .map(|a| {
            let id = text(a, "application");
            vec![
                ui::link(&format!("/applications/{id}"), id),
                html! { (text(a, "title")) },
                ui::badge(tone(text(a, "state")), state_words(v, a)),
                html! { (text(a, "expires_on")) },
            ]
        })
        .collect();
    let heads = [
        (v.pick("番号", "Number"), false),
        (v.pick("研究課題名", "Title"), false),
        (v.pick("状態", "State"), false),
        (v.pick("承認の期限", "Approved until"), false),
    ];
    let body = html! {
        p { (ui::link("/applications/new", v.say(&w::NEW))) }
        @if rows.is_empty() { (ui::empty(v.pick("まだ申出はありません。", "No applications yet."))) }
        @else { (ui::table(v.say(&w::MY_APPLICATIONS), &heads, &rows)) }
    };
    Ok(v.page(v.say(&w::MY_APPLICATIONS), &body))
}

fn new_page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = ask(v, &Order::new("application fields"))?;
    let names = list(&told, "templates").iter().filter_map(Value::as_str);
    let choices: Vec<(String, String)> = names.map(|n| (n.to_owned(), n.to_owned())).collect();
    let fields = html! {
        (ui::field(v.lang, "title", &w::TITLE, "text", "", true, ""))
        (ui::choice(v.lang, "template", &w::TEMPLATE, &choices, ""))
        (ui::field(v.lang, "from", &w::FROM, "date", "", true, ""))
        (ui::field(v.lang, "to", &w::TO, "date", "", true, ""))
    };
    let note = v.pick(
        "ひな型は後から変えられます。下書きは誰にも見えません。",
        "The template can be changed later. Nobody sees a draft.",
    );
    let body = html! { p { (note) } (ui::form("/applications/new", v.say(&w::NEW), &fields)) };
    Ok(v.page(v.say(&w::NEW), &body))
}

fn new(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let document = json!({
        "fields": { "title": v.need("title", &w::TITLE)? },
        "template": {
            "name": v.need("template", &w::TEMPLATE)?, "from": v.need("from", &w::FROM)?, "to": v.need("to", &w::TO)?,
        },
    });
    let answer = give(v, &Order::new("application new").file(document.to_string()))?;
    let path = format!("/applications/{}", text(&answer.value, "application"));
    v.after(&answer, path)
}

fn may_write(shown: &Value) -> bool {
    matches!(text(shown, "state"), "draft" | "returned")
}

/// The next step of an application, for its applicant.
fn next(v: &Visit<'_>, shown: &Value) -> (&'static str, &'static str) {
    let office = v.pick("審査事務局", "review office");
    let me = v.pick("申出者", "applicant");
    match text(shown, "state") {
        "draft" => (v.pick("各区分を書いて提出してください。", "Fill in the sections and hand it in."), me),
        "returned" => (
            v.pick("差戻しの理由を読み、直して提出してください。", "Read the reasons, mend it, hand it in."),
            me,
        ),
        "submitted" | "pre-check" => {
            (v.pick("事務局が内容を確認します。", "The office looks whether it is complete."), office)
        }
        "in-review" => {
            (v.pick("委員会が審査します。", "The committee reviews it."), v.pick("審査委員会", "committee"))
        }
        "conditional" => (
            v.pick("条件の充足を待っています。", "Waits for its conditions."),
            v.pick("条件の確認者", "verifiers"),
        ),
        "approved" => (
            v.pick(
                "提供物ができると「受け取った提供物」に出ます。",
                "What is made for you will stand under “My deliveries”.",
            ),
            v.pick("提供の担当", "makers of releases"),
        ),
        "rejected" => (v.pick("異議を申し立てることができます。", "You may object."), me),
        _ => ("", ""),
    }
}

fn one(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let shown = ask(v, &Order::new("application show").word(&id))?;
    let (state, path) = (text(&shown, "state"), format!("/applications/{id}"));
    let (todo, owner) = next(v, &shown);
    let body = html! {
        (ui::standing(v.lang, tone(state), state_words(v, &shown), todo, owner, day(&shown, "expires_on")))
        (way(v.lang, state))
        (origin(v, &shown))
        @if may_write(&shown) { (flaws(v, &shown)) }
        @if shown.get("outcome").is_some_and(Value::is_object) {
            (ui::section(v.pick("委員会の結論", "What the committee decided"), "", &outcome(v, shown.get("outcome").unwrap_or(&Value::Null))))
        }
        @if !list(&shown, "conditions").is_empty() {
            (ui::section(v.say(&w::CONDITIONS), "", &conditions(v, list(&shown, "conditions"))))
        }
        (sections(v, &shown, &path))
        (ui::section(v.pick("経過と連絡", "History and messages"), "", &html! {
            (history(v, &shown))
            (ui::form(&format!("{path}/say"), v.say(&w::SAY), &html! {
                (ui::choice(v.lang, "section", &w::ABOUT, &section_choices(v, &shown), "general"))
                (ui::area(v.lang, "text", &w::MESSAGE, "", true, ""))
            }))
        }))
        (versions(v, &shown, &path))
        (deeds(v, &shown, &path))
    };
    let title = format!("{id} {}", text(&shown, "title"));
    Ok(v.page(&title, &body))
}

pub(super) fn section_choices(v: &Visit<'_>, shown: &Value) -> Vec<(String, String)> {
    let mut choices = vec![
        ("general".to_owned(), v.pick("全体", "All of it").to_owned()),
        ("spec".to_owned(), v.pick("抽出仕様と項目", "Specification and items").to_owned()),
    ];
    let of = |s: &Value| (text(s, "id").to_owned(), v.pick(text(s, "ja"), text(s, "en")).to_owned());
    choices.extend(list(shown, "sections").iter().map(of));
    choices
}

fn flaws(v: &Visit<'_>, shown: &Value) -> Markup {
    let all = list(shown, "flaws");
    ui::section(
        v.pick("提出の前に残っていること", "What is left before handing in"),
        "",
        &html! {
            @if all.is_empty() { p { (v.pick("ありません。提出できます。", "Nothing. It can be handed in.")) } }
            (flaw_list(v, all))
        },
    )
}

/// What is missing or does not fit, one a line.
pub(super) fn flaw_list(v: &Visit<'_>, all: &[Value]) -> Markup {
    html! { ul.many { @for f in all { li { (v.pick(text(f, "ja"), text(f, "en"))) } } } }
}

fn sections(v: &Visit<'_>, shown: &Value, path: &str) -> Markup {
    let edit = |id: &str, name: &str| {
        let words = v.pick(format!("「{name}」を書く"), format!("Write “{name}”"));
        html! { @if may_write(shown) { p { (ui::link(&format!("{path}/edit/{id}"), &words)) } } }
    };
    html! {
        @for section in list(shown, "sections") {
            @let name = v.pick(text(section, "ja"), text(section, "en"));
            (ui::section(name, "", &html! { (fields(v, section)) (edit(text(section, "id"), name)) }))
        }
        @let name = v.pick("抽出仕様と項目", "Specification and items");
        (ui::section(name, "", &html! { (items(v, shown)) (edit("spec", name)) }))
    }
}

pub(super) fn items(v: &Visit<'_>, shown: &Value) -> Markup {
    let rows: Vec<Vec<Markup>> = list(shown, "items")
        .iter()
        .map(|i| vec![html! { code { (text(i, "item")) } }, html! { (text(i, "necessity")) }])
        .collect();
    let heads = [(v.pick("項目", "Item"), false), (v.pick("必要性", "Necessity"), false)];
    html! {
        (ui::table(v.pick("項目と必要性", "Items and necessity"), &heads, &rows))
        details { summary { (v.say(&w::SPEC)) } pre { (text(shown, "spec")) } }
    }
}

fn versions(v: &Visit<'_>, shown: &Value, path: &str) -> Markup {
    let rows: Vec<Vec<Markup>> = list(shown, "versions")
        .iter()
        .rev()
        .map(|version| {
            let n = super::number(version, "version");
            let words = v.pick(format!("第{n}版の変更点"), format!("Changes of version {n}"));
            vec![
                html! { (n) },
                html! { (text(version, "saved_by")) },
                ui::link(&format!("{path}/diff?to={n}"), &words),
            ]
        })
        .collect();
    let heads = [
        (v.pick("版", "Version"), true),
        (v.pick("保存した人", "Saved by"), false),
        (v.pick("違い", "Differences"), false),
    ];
    ui::section(v.pick("版", "Versions"), "", &ui::table(v.pick("版の一覧", "Versions"), &heads, &rows))
}

fn deeds(v: &Visit<'_>, shown: &Value, path: &str) -> Markup {
    let may = |step: &str| list(shown, "next_steps").iter().any(|s| text(s, "step") == step);
    let state = text(shown, "state");
    let reason = ui::field_as(v.lang, ("reason-withdraw", "reason"), &w::REASON, "text", "", true, "");
    let body = html! {
        @if may("submit") {
            @if list(shown, "flaws").is_empty() { (ui::form(&format!("{path}/submit"), v.say(&w::SUBMIT), &html! {})) }
            @else { (ui::greyed(v.say(&w::SUBMIT), v.pick("残っている項目があります", "something is left to be done"))) }
        }
        @if may("appeal") {
            (ui::form(&format!("{path}/appeal"), v.say(&w::APPEAL), &ui::area(v.lang, "reason", &w::REASON, "", true, "")))
        }
        @if matches!(state, "approved" | "suspended") { (ui::form(&format!("{path}/amend"), v.say(&w::AMEND), &html! {})) }
        @if may("withdraw") {
            details { summary { (v.say(&w::WITHDRAW)) } (ui::form(&format!("{path}/withdraw"), v.say(&w::WITHDRAW), &reason)) }
        }
    };
    ui::section(v.pick("できること", "What you can do"), "", &body)
}

fn edit_page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let (id, section) = (v.param("id").to_owned(), v.param("section").to_owned());
    let shown = ask(v, &Order::new("application show").word(&id))?;
    let path = format!("/applications/{id}/edit/{section}");
    let mut name = v.pick("抽出仕様と項目", "Specification and items").to_owned();
    let body = if section == "spec" {
        ui::form(&path, v.pick("保存する", "Save"), &spec_form(v, &shown))
    } else {
        let found = list(&shown, "sections").iter().find(|s| text(s, "id") == section);
        let found = found.ok_or(Problem::NotFound)?;
        v.pick(text(found, "ja"), text(found, "en")).clone_into(&mut name);
        ui::form(
            &path,
            v.pick("保存する", "Save"),
            &html! { @for f in list(found, "fields") { (input(v, &format!("f.{}", text(f, "id")), f)) } },
        )
    };
    let body = html! { p { (ui::link(&format!("/applications/{id}"), v.pick("申出へ戻る", "Back to the application"))) } (body) };
    let title = format!("{}: {name}", v.say(&w::EDIT));
    Ok(v.page(&title, &body))
}

fn spec_form(v: &Visit<'_>, shown: &Value) -> Markup {
    let necessity = |item: &str| {
        let found = list(shown, "items").iter().find(|i| text(i, "item") == item);
        found.map_or("", |i| text(i, "necessity")).to_owned()
    };
    html! {
        @for item in list(shown, "asked_items").iter().filter_map(Value::as_str) {
            @let name = format!("i.{item}");
            div.field {
                label for=(name) { code { (item) } " " (v.pick("の必要性", "– why it is needed")) " " span.must { (v.pick("必須", "required")) } }
                input id=(name) name=(name) type="text" value=(necessity(item));
            }
        }
        (ui::area(v.lang, "spec", &w::SPEC, text(shown, "spec"), true,
            v.pick("仕様(TOML)。変えて保存すると、項目の一覧が新しくなります。", "TOML. When it is changed and saved, the list of items follows.")))
    }
}

fn edit(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let (id, section) = (v.param("id").to_owned(), v.param("section").to_owned());
    let shown = ask(v, &Order::new("application show").word(&id))?;
    let mut document = shown.get("document").and_then(Value::as_object).cloned().unwrap_or_default();
    if section == "spec" {
        let items: Vec<Value> = v
            .carried
            .form
            .iter()
            .filter_map(|(name, value)| {
                name.strip_prefix("i.").map(|item| json!({ "item": item, "necessity": value }))
            })
            .filter(|i| !text(i, "necessity").trim().is_empty())
            .collect();
        document.insert("items".to_owned(), json!(items));
        // A browser changes the ends of lines: what means the same stays byte for byte.
        let spec = v.field("spec").replace("\r\n", "\n");
        if spec.trim() != text(&shown, "spec").trim() {
            document.insert("spec".to_owned(), json!(spec));
        }
    } else {
        let mut kept = document.get("fields").and_then(Value::as_object).cloned().unwrap_or_default();
        for (name, value) in &v.carried.form {
            if let Some(field) = name.strip_prefix("f.") {
                kept.insert(field.to_owned(), json!(value.replace("\r\n", "\n").trim()));
            }
        }
        document.insert("fields".to_owned(), Value::Object(kept));
    }
    let order = Order::new("application save").word(&id).file(Value::Object(document).to_string());
    act(v, &order, format!("/applications/{id}"))
}

fn diff(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let order = Order::new("application diff")
        .word(&id)
        .given("--from", v.field("from"))
        .given("--to", v.field("to"));
    let told = ask(v, &order)?;
    let body = html! {
        p { (ui::link(&format!("/applications/{id}"), v.pick("申出へ戻る", "Back to the application"))) }
        (ui::section(v.say(&w::DIFF), "", &changes(v, list(&told, "changes"))))
    };
    Ok(v.page(&format!("{id} {}", v.say(&w::DIFF)), &body))
}

fn submit(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    act(v, &Order::new("application submit").word(&id), format!("/applications/{id}"))
}

fn withdraw(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let order =
        Order::new("application withdraw").word(&id).option("--reason", v.need("reason", &w::REASON)?);
    act(v, &order, format!("/applications/{id}"))
}

fn say(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let words = v.need("text", &w::MESSAGE)?.as_bytes().to_vec();
    let order = Order::new("application say").word(&id).word(v.field("section")).file(words);
    act(v, &order, format!("/applications/{id}"))
}

fn appeal(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let order =
        Order::new("application appeal").word(&id).file(v.need("reason", &w::REASON)?.as_bytes().to_vec());
    act(v, &order, format!("/applications/{id}"))
}

fn amend(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let shown = ask(v, &Order::new("application show").word(&id))?;
    let document = shown.get("document").cloned().unwrap_or_default().to_string();
    let answer = give(v, &Order::new("application amend").word(&id).file(document))?;
    let path = format!("/applications/{}", text(&answer.value, "application"));
    v.after(&answer, path)
}
