//! The pages of those who keep the house: accounts and rights, what two people decide, instructions, the audit log, traces.
//! Every page shows what a verb says; none has a rule.

mod accounts;
mod emergencies;
mod instructions;
mod log;
mod machines;
mod operations;
mod trace;

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use musubi_compliance::organisation::role_of;
use serde_json::Value;

use crate::web::reply::Problem;
use crate::web::route::{Area, Route, action, page};
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::keeping as w;

use AuditRole::{
    Auditor, Board, Checker, Confirmer, Curator, Eraser, HelpDesk, Identity, Intake, KeyCustodian, Officer,
    Operator, Release, ReleaseApprover, ReviewSecretary, SecurityAdmin,
};

/// Who looks after accounts.
const ACCOUNTS: &[AuditRole] = &[SecurityAdmin, Officer, Auditor];
/// Who governs.
const GOVERN: &[AuditRole] = &[Officer, SecurityAdmin];
/// Who may look into the log.
const LOOKS: &[AuditRole] = &[Officer, Auditor, Operator, SecurityAdmin, Confirmer, Curator, Checker];
/// Who may read instructions.
const BOOKS: &[AuditRole] =
    &[Officer, Auditor, Operator, SecurityAdmin, Confirmer, Curator, KeyCustodian, Checker];
/// Whose approval counts for some operation.
const DECIDERS: &[AuditRole] =
    &[Officer, SecurityAdmin, Confirmer, HelpDesk, KeyCustodian, Curator, ReleaseApprover];
/// Who may ask for one role more in an emergency: not who keeps the keys, and not who audits.
const HOUSE: &[AuditRole] = &[
    Operator,
    Intake,
    Identity,
    HelpDesk,
    Curator,
    SecurityAdmin,
    Officer,
    Release,
    Checker,
    Board,
    Confirmer,
    Eraser,
    ReleaseApprover,
    ReviewSecretary,
];

pub(crate) const ROUTES: &[Route] = &[
    // accounts
    page("/accounts", w::ACCOUNTS, accounts::list)
        .roles(ACCOUNTS)
        .verbs(&["account list"])
        .menu(Area::Accounts),
    page("/accounts.csv", w::ACCESS_LIST, accounts::access_list).roles(ACCOUNTS).verbs(&["account list"]),
    page("/accounts/{id}", w::ACCOUNT, accounts::one).roles(ACCOUNTS).verbs(&[
        "account list",
        "account permissions",
        "account sessions",
    ]),
    action("/accounts/{id}/invite", w::INVITE, accounts::invite)
        .roles(&[SecurityAdmin])
        .verbs(&["account invite"]),
    action("/accounts/{id}/second-half", w::SECOND_HALF, accounts::second_half)
        .roles(GOVERN)
        .verbs(&["account second-half"]),
    action("/accounts/{id}/reset", w::RESET, accounts::reset).roles(GOVERN).verbs(&["account reset"]),
    action("/accounts/{id}/lock", w::LOCK, accounts::lock).roles(GOVERN).verbs(&["account lock"]),
    action("/accounts/{id}/unlock", w::UNLOCK, accounts::unlock)
        .roles(&[SecurityAdmin])
        .verbs(&["account unlock"]),
    action("/accounts/{id}/end-sessions", w::END_SESSIONS, accounts::end_sessions)
        .roles(GOVERN)
        .verbs(&["account end-sessions"]),
    page("/sessions", w::SESSIONS, accounts::sessions)
        .roles(ACCOUNTS)
        .verbs(&["account sessions"])
        .menu(Area::Accounts),
    page("/machines", w::MACHINES, machines::list)
        .roles(ACCOUNTS)
        .verbs(&["account certificate list"])
        .menu(Area::Accounts),
    action("/machines/add", w::ADD, machines::add)
        .roles(&[SecurityAdmin])
        .verbs(&["account certificate add"]),
    action("/machines/{fingerprint}/end", w::TAKE_BACK, machines::end)
        .roles(&[SecurityAdmin])
        .verbs(&["account certificate end"]),
    page("/emergencies", w::EMERGENCIES, emergencies::list)
        .roles(ACCOUNTS)
        .verbs(&["account break-glass list"])
        .menu(Area::Accounts),
    action("/emergencies/{id}/review", w::REVIEW_EMERGENCY, emergencies::review)
        .roles(GOVERN)
        .verbs(&["account break-glass review"]),
    page("/emergency", w::EMERGENCY, emergencies::form).roles(HOUSE).menu(Area::Own),
    action("/emergency", w::EMERGENCY, emergencies::ask).roles(HOUSE).verbs(&["account break-glass ask"]),
    // what two people decide, and instructions
    page("/operations", w::OPERATIONS, operations::list)
        .roles(DECIDERS)
        .verbs(&["operation list"])
        .menu(Area::Govern),
    action("/operations/{id}/approve", w::APPROVE, operations::approve)
        .roles(DECIDERS)
        .verbs(&["operation approve"]),
    action("/operations/{id}/reject", w::REJECT, operations::reject)
        .roles(DECIDERS)
        .verbs(&["operation reject"]),
    page("/instructions", w::INSTRUCTIONS, instructions::list)
        .roles(BOOKS)
        .verbs(&["instruction list"])
        .menu(Area::Govern),
    action("/instructions/give", w::GIVE, instructions::give).roles(&[Officer]).verbs(&["instruction give"]),
    action("/instructions/{id}/revoke", w::REVOKE, instructions::revoke)
        .roles(&[Officer])
        .verbs(&["instruction revoke"]),
    // the audit log, and traces
    page("/audit", w::LOG, log::look).roles(LOOKS).verbs(&["audit log"]).menu(Area::Audit),
    page("/audit/entry/{seq}", w::ENTRY, log::entry).roles(LOOKS).verbs(&["audit log"]),
    action("/audit/entry/{seq}/proof", w::PROOF, log::proof).roles(LOOKS).verbs(&["audit prove"]),
    page("/audit/state", w::LOG_STATE, log::state).roles(LOOKS).menu(Area::Audit),
    action("/audit/verify", w::VERIFY, log::verify).roles(LOOKS).verbs(&["audit verify"]),
    action("/audit/export", w::EXPORT, log::export).roles(LOOKS).verbs(&["audit export"]),
    action("/audit/verifier", w::VERIFIER, log::verifier).roles(LOOKS).verbs(&["audit verifier"]),
    page("/audit/review", w::LOG_REVIEW, log::review)
        .roles(ACCOUNTS)
        .verbs(&["audit log", "audit summary"])
        .menu(Area::Audit),
    action("/audit/review", w::RECORD_REVIEW, log::reviewed).roles(GOVERN).verbs(&["audit review"]),
    page("/trace", w::TRACE, trace::form)
        .roles(&[Auditor, Operator, Curator])
        .verbs(&["trace"])
        .menu(Area::Audit),
];

/// A text of what a verb told; empty when it is not there.
fn text<'t>(told: &'t Value, name: &str) -> &'t str {
    told.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A number of what a verb told.
fn count(told: &Value, name: &str) -> u64 {
    told.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// Yes or no.
fn yes(told: &Value, name: &str) -> bool {
    told.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// The parts of a list; none when it is not there.
fn parts<'t>(told: &'t Value, name: &str) -> &'t [Value] {
    told.get(name).map_or(&[], rows)
}

/// The rows of a list.
fn rows(told: &Value) -> &[Value] {
    told.as_array().map_or(&[], Vec::as_slice)
}

/// A moment of what a verb told, or a dash.
fn moment(told: &Value, name: &str) -> Markup {
    match text(told, name).parse::<Timestamp>() {
        Ok(at) => ui::moment(at),
        Err(_) => html! { "–" },
    }
}

/// The Japanese word beside the stored one, in the visitor's language.
fn word<'t>(v: &Visit<'_>, told: &'t Value, name: &str, name_ja: &str) -> &'t str {
    let ja = text(told, name_ja);
    v.pick(if ja.is_empty() { text(told, name) } else { ja }, text(told, name))
}

/// A role's word.
fn role_word(v: &Visit<'_>, stored: &str) -> String {
    role_of(stored).map_or(stored, |r| v.pick(r.ja(), r.as_str())).to_owned()
}

/// Roles of a list of `{role, ja}`.
fn roles(v: &Visit<'_>, told: &[Value]) -> String {
    let words: Vec<&str> = told.iter().map(|r| word(v, r, "role", "ja")).collect();
    words.join(v.pick("、", ", "))
}

/// Whether the visitor holds one of these roles: an action that they do not have is not shown.
fn may(v: &Visit<'_>, wanted: &[AuditRole]) -> Result<bool, Problem> {
    Ok(v.me()?.roles.iter().any(|r| wanted.contains(r)))
}

/// A day that was typed; empty: none.
fn typed_day(v: &Visit<'_>, name: &str) -> Result<Option<Date>, Problem> {
    match v.field(name).trim() {
        "" => Ok(None),
        typed => typed.parse().map(Some).map_err(|_| {
            Problem::Bad(
                v.pick("日付は 2026-11-21 のように入力してください", "Write days as 2026-11-21").to_owned(),
            )
        }),
    }
}

/// A part of a path, with nothing in it that could lead elsewhere.
fn segment(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A form of one button, in a line.
fn button(path: &str, words: &str, question: &str) -> Markup {
    html! {
        form.inline action=(path) method="post" data-confirm=[(!question.is_empty()).then_some(question)] {
            button { (words) }
        }
    }
}

/// A field in a line of filters.
fn filter(name: &str, label: &str, kind: &str, value: &str) -> Markup {
    html! { div.field { label for=(name) { (label) } input id=(name) name=(name) type=(kind) value=(value); } }
}

/// A choice in a line of filters.
fn filter_choice(name: &str, label: &str, all: &[(String, String)], chosen: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @for (value, words) in all { option value=(value) selected[value == chosen] { (words) } }
            }
        }
    }
}
