//! The way in: login with two factors, invitation, first page, language, password, and the page of rights.

use axum::http::StatusCode;
use maud::{Markup, PreEscaped, html};
use musubi_compliance::audit::AuditRole;
use qrcode::QrCode;
use qrcode::render::svg;

use crate::web::house::{Enrolment, Entry};
use crate::web::reply::{Problem, Reply};
use crate::web::route::{self, Area, Route, Who, action, page};
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::frame as w;
use crate::words::Lang;

pub(crate) const ROUTES: &[Route] = &[
    page("/", w::WELCOME, welcome).logged_in(),
    page("/login", w::LOGIN, login_page).anyone(),
    action("/login", w::LOGIN, login).anyone(),
    action("/login/second", w::SECOND, second).anyone(),
    page("/invitation", w::INVITATION_TITLE, invitation_page).anyone(),
    action("/invitation", w::INVITATION_TITLE, invitation).anyone(),
    action("/invitation/confirm", w::ENROL, confirm).anyone(),
    action("/logout", w::LOGOUT, logout).logged_in(),
    action("/language", w::HOME, language).logged_in(),
    page("/account/password", w::CHANGE, password_page).logged_in().menu(Area::Own),
    action("/account/password", w::CHANGE, password).logged_in(),
    page("/rights", w::RULES_TITLE, rights).logged_in().menu(Area::Own),
];

/// Only a path of this house is a way back. Browsers drop tabulators and ends of lines before they read an address: what has
/// any is none.
fn way_back(next: &str) -> &str {
    let foreign = next.starts_with("//") || next.chars().any(|c| c == '\\' || c.is_control());
    if next.starts_with('/') && !foreign { next } else { "/" }
}

fn login_form(v: &Visit<'_>, said: Option<&str>) -> Markup {
    html! {
        @if let Some(said) = said { div.problem role="alert" { p { (said) } } }
        form.stack action="/login" method="post" {
            input type="hidden" name="next" value=(way_back(v.field("next")));
            (ui::field(v.lang, "account", &w::ACCOUNT, "text", "", true, ""))
            (ui::field(v.lang, "password", &w::PASSWORD, "password", "", true, ""))
            div.go { button.main { (v.say(&w::NEXT)) } }
        }
        p { (v.say(&w::INVITED)) " → " a href="/invitation" { (v.say(&w::INVITATION_TITLE)) } }
    }
}

fn login_page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    if v.visitor.is_some() {
        return Ok(Reply::to("/"));
    }
    let body = login_form(v, None);
    Ok(v.page(v.say(&w::LOGIN), &body))
}

fn login(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    match v.house().first(v.field("account").trim(), v.field("password"))? {
        Entry::Refused(said) => {
            let body = login_form(v, Some(&said));
            Ok(v.page(v.say(&w::LOGIN), &body).status(StatusCode::UNAUTHORIZED))
        }
        Entry::Open(pending) => {
            let body = second_form(v, &pending, None);
            Ok(v.page(v.say(&w::SECOND), &body))
        }
    }
}

fn second_form(v: &Visit<'_>, pending: &str, said: Option<&str>) -> Markup {
    html! {
        @if let Some(said) = said { div.problem role="alert" { p { (said) } } }
        p { (v.say(&w::SECOND_NOTE)) }
        form.stack action="/login/second" method="post" {
            input type="hidden" name="next" value=(way_back(v.field("next")));
            input type="hidden" name="pending" value=(pending);
            (code_field(v))
            div.go { button.main { (v.say(&w::LOGIN)) } }
        }
    }
}

fn code_field(v: &Visit<'_>) -> Markup {
    html! {
        div.field {
            label for="code" { (v.say(&w::CODE)) }
            input #code name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6" required autofocus;
        }
    }
}

fn second(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    match v.house().second(v.field("pending"), v.field("code").trim())? {
        Entry::Open(secret) => Ok(Reply::to(way_back(v.field("next"))).cookie(v.site.cookie(&secret))),
        Entry::Refused(said) => {
            let body = second_form(v, v.field("pending"), Some(&said));
            Ok(v.page(v.say(&w::SECOND), &body).status(StatusCode::UNAUTHORIZED))
        }
    }
}

fn invitation_form(v: &Visit<'_>, said: Option<&str>) -> Markup {
    html! {
        @if let Some(said) = said { div.problem role="alert" { p { (said) } } }
        form.stack action="/invitation" method="post" {
            (ui::field(v.lang, "invitation", &w::INVITATION, "text", v.field("invitation"), true, ""))
            (ui::field(v.lang, "second-half", &w::INVITATION_SECOND, "text", v.field("second-half"), true, v.pick("前半と後半は別の人から受け取ります", "The halves come from two people")))
            (ui::field(v.lang, "new", &w::NEW_PASSWORD, "password", "", true, ""))
            (ui::field(v.lang, "again", &w::AGAIN, "password", "", true, ""))
            div.go { button.main { (v.say(&w::NEXT)) } }
        }
    }
}

fn invitation_page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let body = invitation_form(v, None);
    Ok(v.page(v.say(&w::INVITATION_TITLE), &body))
}

fn invitation(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let refuse = |v: &mut Visit<'_>, said: &str| {
        let body = invitation_form(v, Some(said));
        Ok(v.page(v.say(&w::INVITATION_TITLE), &body).status(StatusCode::BAD_REQUEST))
    };
    if v.field("new") != v.field("again") {
        let said = v.say(&w::DIFFER);
        return refuse(v, said);
    }
    let code = format!("{} {}", v.field("invitation"), v.field("second-half"));
    match v.house().accept(&code, v.field("new"))? {
        Err(said) => refuse(v, &said),
        Ok(enrolment) => {
            let body = enrolment_form(v, &enrolment);
            Ok(v.page(v.say(&w::ENROL), &body))
        }
    }
}

fn enrolment_form(v: &Visit<'_>, enrolment: &Enrolment) -> Markup {
    // Not a picture file: drawn into the page, so that the secret is in no cache and no log.
    let picture = QrCode::new(enrolment.url.as_bytes())
        .map(|code| code.render::<svg::Color<'_>>().min_dimensions(200, 200).build());
    html! {
        p { (v.say(&w::ENROL_NOTE)) }
        @if let Ok(picture) = &picture {
            // The renderer's document begins with an XML declaration, which has no place inside a page.
            div.qr role="img" aria-label=(v.say(&w::QR)) { (PreEscaped(picture.split_once("?>").map_or(picture.as_str(), |p| p.1))) }
        }
        p { code { (enrolment.secret) } }
        form.stack action="/invitation/confirm" method="post" {
            input type="hidden" name="pending" value=(enrolment.pending);
            (code_field(v))
            div.go { button.main { (v.say(&w::NEXT)) } }
        }
    }
}

fn confirm(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    match v.house().confirm(v.field("pending"), v.field("code").trim())? {
        Entry::Open(secret) => Ok(Reply::to("/").cookie(v.site.cookie(&secret))),
        Entry::Refused(said) => Err(Problem::Bad(said)),
    }
}

fn logout(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    if let Some(session) = &v.session {
        v.house().leave(session)?;
    }
    Ok(Reply::to("/login").cookie(v.site.cookie("")))
}

fn language(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    if let Some(session) = &v.session {
        v.house().speak(session, v.field("lang") == "en")?;
    }
    Ok(Reply::to("/"))
}

fn password_form(v: &Visit<'_>, said: Option<&str>) -> Markup {
    html! {
        @if let Some(said) = said { div.problem role="alert" { p { (said) } } }
        form.stack action="/account/password" method="post" {
            (ui::field(v.lang, "old", &w::OLD_PASSWORD, "password", "", true, ""))
            (ui::field(v.lang, "new", &w::NEW_PASSWORD, "password", "", true, ""))
            (ui::field(v.lang, "again", &w::AGAIN, "password", "", true, ""))
            div.go { button.main { (v.say(&w::CHANGE)) } }
        }
    }
}

fn password_page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let body = password_form(v, None);
    Ok(v.page(v.say(&w::CHANGE), &body))
}

fn password(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let said = if v.field("new") != v.field("again") {
        Some(v.say(&w::DIFFER).to_owned())
    } else {
        let session = v.session.clone().ok_or(Problem::LoggedOut)?;
        v.house().change_password(&session, v.field("old"), v.field("new"))?.err()
    };
    match said {
        None => Ok(v.done("/", v.say(&w::CHANGED))),
        Some(said) => {
            let body = password_form(v, Some(&said));
            Ok(v.page(v.say(&w::CHANGE), &body).status(StatusCode::BAD_REQUEST))
        }
    }
}

fn welcome(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let me = v.me()?;
    if me.must_change {
        return Ok(Reply::to("/account/password"));
    }
    let roles: Vec<&str> = me.roles.iter().map(|r| v.pick(r.ja(), r.as_str())).collect();
    let chapters = route::menu(&me.roles);
    let body = html! {
        p.note { (v.say(&w::WELCOME_NOTE)) }
        ul.cards {
            @for (area, pages) in &chapters {
                li {
                    h2 { (area.word().text(v.lang)) }
                    ul { @for page in pages { li { a href=(page.path) { (page.name.text(v.lang)) } } } }
                }
            }
        }
        (ui::facts(&[
            (v.say(&w::ACCOUNT), html! { code { (me.account) } }),
            (v.say(&w::ORGANISATION), html! { (me.organisation_name) }),
            (v.say(&w::ROLES), html! { (roles.join("、")) }),
        ]))
    };
    Ok(v.page(v.say(&w::WELCOME), &body))
}

/// Who a row is for, in words.
#[must_use]
pub fn who(lang: Lang, row: &Route) -> String {
    match row.who {
        Who::Anyone => lang.pick("だれでも", "anybody").to_owned(),
        Who::LoggedIn => lang.pick("ログインした人", "whoever is logged in").to_owned(),
        Who::Roles(roles) => {
            let words: Vec<&str> = roles.iter().map(|r: &AuditRole| lang.pick(r.ja(), r.as_str())).collect();
            words.join(lang.pick("、", ", "))
        }
    }
}

fn rights(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let rows: Vec<Vec<Markup>> = route::all()
        .filter(|r| !r.path.starts_with("/assets/"))
        .map(|r| {
            vec![
                html! { (r.name.text(v.lang)) },
                html! { code { (r.method()) " " (r.path) } },
                html! { (who(v.lang, r)) },
                html! { @for verb in r.verbs { code { (verb) } " " } },
            ]
        })
        .collect();
    let heads = [
        (v.pick("画面・操作", "Page or action"), false),
        (v.pick("住所", "Path"), false),
        (v.pick("できる役割", "Roles"), false),
        (v.pick("行う命令", "Verbs"), false),
    ];
    let body = ui::table(v.say(&w::RULES_TITLE), &heads, &rows);
    Ok(v.page(v.say(&w::RULES_TITLE), &body))
}
