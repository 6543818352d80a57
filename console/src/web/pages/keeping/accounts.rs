//! Accounts: who can log in, what each may do, who is in the house. A code is shown once, on the answer to the action that
//! made it, and on no page that could be opened again.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use serde_json::Value;

use super::{
    GOVERN, button, count, filter, filter_choice, may, moment, parts, role_word, roles, rows, segment, text,
    word, yes,
};
use crate::web::house::{Answer, Ended, Order};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::keeping as w;

/// How a state feels.
fn tone(state: &str) -> Tone {
    match state {
        "active" => Tone::Good,
        "invited" => Tone::Waiting,
        "locked" | "locked-out" | "invitation-over" => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// The list, filtered here on the server.
pub(super) fn list(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("account list"))?;
    let accounts = parts(&told, "accounts");
    let (find, state, role) =
        (v.field("q").trim().to_lowercase(), v.field("state").to_owned(), v.field("role").to_owned());
    let wanted = |a: &&Value| {
        let held = parts(a, "roles").iter().any(|r| text(r, "role") == role);
        let found = [text(a, "account"), text(a, "organisation"), text(a, "organisation_name")];
        (find.is_empty() || found.iter().any(|t| t.to_lowercase().contains(&find)))
            && (state.is_empty() || text(a, "state") == state)
            && (role.is_empty() || held)
    };
    let mut states: Vec<(String, String)> = vec![(String::new(), v.pick("すべて", "all").to_owned())];
    for a in accounts {
        let pair = (text(a, "state").to_owned(), word(v, a, "state", "state_ja").to_owned());
        if !states.contains(&pair) {
            states.push(pair);
        }
    }
    let mut all_roles = vec![(String::new(), v.pick("すべて", "all").to_owned())];
    all_roles.extend(
        AuditRole::ALL.iter().map(|r| (r.as_str().to_owned(), v.pick(r.ja(), r.as_str()).to_owned())),
    );
    let shown: Vec<Vec<Markup>> = accounts
        .iter()
        .filter(wanted)
        .map(|a| {
            let id = text(a, "account");
            vec![
                ui::link(&format!("/accounts/{}", segment(id)), id),
                html! { (text(a, "organisation_name")) @if yes(a, "outside") { " " span.soft { (v.pick("(外部)", "(outside)")) } } },
                html! { (roles(v, parts(a, "roles"))) },
                ui::badge(tone(text(a, "state")), word(v, a, "state", "state_ja")),
                moment(a, "last_login"),
                html! { (ui::number(count(a, "sessions"))) },
            ]
        })
        .collect();
    let waiting = accounts.iter().filter(|a| matches!(tone(text(a, "state")), Tone::Bad)).count();
    let sentence = v.pick(
        format!("{}件のアカウントのうち、手当てが要るもの {waiting} 件", accounts.len()),
        format!("{} accounts, {waiting} of them need a look", accounts.len()),
    );
    let next = v.pick(
        "ロックや期限切れは、本人に確かめてから解除・再招待します",
        "Ask the holder before you unlock or invite again",
    );
    let heads = [
        (v.say(&w::ACCOUNT), false),
        (v.pick("所属", "Organisation"), false),
        (v.say(&w::ROLE), false),
        (v.say(&w::STATE), false),
        (v.pick("最後のログイン", "Last login"), false),
        (v.pick("ログイン中", "Sessions"), true),
    ];
    let body = html! {
        (ui::standing(v.lang, if waiting > 0 { Tone::Waiting } else { Tone::Good }, &sentence, next, v.pick("安全管理", "security-admin"), None))
        @if yes(&told, "issue_allowed") {
            div.problem role="note" { p { (v.pick(
                "実演用の環境です(パラメータ login.issue_allowed が 1)。本番では 0 に戻してください。",
                "A house of demonstration (parameter login.issue_allowed is 1). Set it back to 0 for real work.",
            )) } }
        }
        form.inline method="get" action="/accounts" {
            (filter("q", v.say(&w::FIND_ACCOUNT), "search", v.field("q")))
            (filter_choice("state", v.say(&w::STATE), &states, &state))
            (filter_choice("role", v.say(&w::ROLE), &all_roles, &role))
            button { (v.say(&w::LOOK)) }
        }
        @if shown.is_empty() { (ui::empty(v.pick("当てはまるアカウントがありません", "No such account"))) }
        @else { (ui::table(v.say(&w::ACCOUNTS), &heads, &shown)) }
        p { (ui::link("/accounts.csv", v.say(&w::ACCESS_LIST))) }
        p.note { (v.pick(
            "アカウントと役割の登録・変更は二人で決めます(musubi organisation load)。",
            "Accounts and roles are registered and changed by two people (musubi organisation load).",
        )) }
    };
    let title = v.say(&w::ACCOUNTS);
    Ok(v.page(title, &body))
}

/// A field of a CSV. What a spreadsheet would take for a formula is marked as text.
fn field(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Every account, who stands behind it, its roles and its training: the list that R-SEC-01 asks for.
pub(super) fn access_list(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("account list"))?;
    let mut csv =
        String::from("account,staff_number,organisation,roles,state,trained_on,pledged_on,last_login\r\n");
    for a in parts(&told, "accounts") {
        let held: Vec<&str> = parts(a, "roles").iter().map(|r| text(r, "role")).collect();
        let held = held.join(" ");
        let fields = [
            text(a, "account"),
            text(a, "staff_number"),
            text(a, "organisation"),
            &held,
            text(a, "state"),
            text(a, "trained_on"),
            text(a, "pledged_on"),
            text(a, "last_login"),
        ];
        csv += &fields.map(field).join(",");
        csv += "\r\n";
    }
    Ok(Reply::bytes("text/csv; charset=utf-8", csv.into_bytes()).named("accounts.csv"))
}

/// What an account's state means, and what comes next.
fn standing(v: &Visit<'_>, a: &Value) -> Markup {
    let state = text(a, "state");
    let (sentence, next) = match state {
        "active" if yes(a, "must_change") => (
            v.pick(
                "ログインできます。最初にパスワードを変更します",
                "Can log in; the password is changed first",
            ),
            "",
        ),
        "active" => (v.pick("二要素でログインできます", "Can log in with two factors"), ""),
        "invited" => (
            v.pick("招待しました。本人がまだ使っていません", "Invited; the holder has not used it yet"),
            v.pick(
                "期限までに使われなければ、もう一度招待します",
                "Invite again when it was not used in time",
            ),
        ),
        "invitation-over" => (
            v.pick("招待の期限が切れました", "The invitation is over"),
            v.pick("本人に確かめて、もう一度招待します", "Ask the holder, then invite again"),
        ),
        "none" => (
            v.pick("まだ招待していません", "Not invited yet"),
            v.pick("招待し、番号を本人に手渡します", "Invite, and hand the code to the holder"),
        ),
        "locked" => (
            v.pick("人がロックしました", "Locked by people"),
            v.pick("理由がなくなれば解除します", "Unlock when the reason is gone"),
        ),
        "locked-out" => (
            v.pick("失敗が続いたためロックされています", "Locked after failures"),
            v.pick(
                "時間がたてば解けます。身に覚えがないという本人の申告があれば、事故として扱います",
                "It ends by itself; when the holder knows nothing of it, treat it as an incident",
            ),
        ),
        "service" => {
            (v.pick("サービス用です。証明書で接続します", "A service; it comes with a certificate"), "")
        }
        _ => (v.pick("閉鎖されています", "Closed"), ""),
    };
    ui::standing(v.lang, tone(state), sentence, next, v.pick("安全管理", "security-admin"), None)
}

/// One account: state, actions, sessions, permissions.
pub(super) fn one(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let told = v.value(&Order::new("account list"))?;
    let found = parts(&told, "accounts").iter().find(|a| text(a, "account") == id);
    let a = found.ok_or(Problem::NotFound)?;
    let permitted = v.value(&Order::new("account permissions").word(id.as_str()))?;
    let sessions = v.value(&Order::new("account sessions").flag("--all").word(id.as_str()))?;
    let body = html! {
        (standing(v, a))
        (ui::section(v.pick("登録と認証", "Registered, and credentials"), "", &ui::facts(&[
            (v.pick("所属", "Organisation"), html! { (text(a, "organisation_name")) " " code { (text(a, "organisation")) } }),
            (v.say(&w::ROLE), html! { (roles(v, parts(a, "roles"))) }),
            (v.pick("教育の日", "Trained on"), html! { (text(a, "trained_on")) }),
            (v.pick("守秘誓約の日", "Pledged on"), html! { (text(a, "pledged_on")) }),
            (v.pick("最後のログイン", "Last login"), moment(a, "last_login")),
            (v.pick("認証情報の変更", "Credentials changed"), moment(a, "changed_at")),
            (v.pick("続いた失敗", "Failures in a row"), html! { (count(a, "failures")) }),
            (v.pick("ロックの終わり", "Locked until"), moment(a, "locked_until")),
            (v.pick("招待の期限", "Invited until"), moment(a, "invited_until")),
        ])))
        @if yes(a, "human") { (actions(v, &id, a)?) }
        (ui::section(v.say(&w::SESSIONS), v.pick("新しい順に20件", "The newest 20"), &session_table(v, rows(&sessions).get(..20).unwrap_or(rows(&sessions)))))
        (ui::section(
            v.pick("できる操作", "What it may do"),
            v.pick("権限の表に、今日の役割を当てたものです", "The table of authority, by today's roles"),
            &permissions(v, parts(&permitted, "permissions")),
        ))
    };
    Ok(v.page(&id, &body))
}

/// What can be done with an account now; what cannot stands greyed, with the reason.
fn actions(v: &Visit<'_>, id: &str, a: &Value) -> Result<Markup, Problem> {
    let (state, path) = (text(a, "state"), |what: &str| format!("/accounts/{}/{what}", segment(id)));
    let (keeper, governs) = (may(v, &[AuditRole::SecurityAdmin])?, may(v, GOVERN)?);
    if !keeper && !governs {
        return Ok(html! {});
    }
    let own = v.me()?.account == id;
    let own_reason = v.pick("自分自身にはできません", "not to oneself");
    let never = v.pick("まだ招待していません", "never invited");
    let closed = state == "closed";
    let body = html! {
        @if own { (ui::greyed(v.say(&w::INVITE), own_reason)) }
        @else if closed { (ui::empty(v.pick("閉鎖されたアカウントには何もできません", "Nothing can be done with a closed account"))) }
        @else {
            div.columns {
                @if keeper {
                    @if matches!(state, "none" | "invited" | "invitation-over") { (button(&path("invite"), v.say(&w::INVITE), "")) }
                    @else { (ui::greyed(v.say(&w::INVITE), v.pick("すでにログインできます", "can log in already"))) }
                    @if matches!(state, "locked" | "locked-out") { (button(&path("unlock"), v.say(&w::UNLOCK), "")) }
                    @else { (ui::greyed(v.say(&w::UNLOCK), v.pick("ロックされていません", "not locked"))) }
                }
                @if matches!(state, "none") { (ui::greyed(v.say(&w::LOCK), never)) }
                @else if state == "locked" { (ui::greyed(v.say(&w::LOCK), v.pick("ロック済み", "locked already"))) }
                @else { (button(&path("lock"), v.say(&w::LOCK), v.pick("ロックして、ログインも終わらせますか", "Lock it and end its sessions?"))) }
                @if count(a, "sessions") > 0 { (button(&path("end-sessions"), v.say(&w::END_SESSIONS), v.pick("ログインを終わらせますか", "End its sessions?"))) }
                @else { (ui::greyed(v.say(&w::END_SESSIONS), v.pick("ログインしていません", "not logged in"))) }
            }
            @if matches!(state, "invited") {
                h3 { (v.pick("招待の番号の後半(招待した人とは別の人が渡します)", "Second half of the code (given by somebody else than whoever invited)")) }
                p.note { (v.pick(
                    "招待した人のアカウントを正しく入れてください。違うと番号が合いません。招待した本人には出ません。",
                    "Name the account that invited; otherwise the half does not fit. Whoever invited does not get it.",
                )) }
                (ui::form(&path("second-half"), v.say(&w::SECOND_HALF), &ui::field(v.lang, "invited_by", &w::INVITED_BY, "text", "", true, "")))
            }
            h3 { (v.pick("初期化(二人で決めます)", "Reset (decided by two people)")) }
            @if state == "none" { (ui::greyed(v.say(&w::RESET), never)) }
            @else {
                p.note { (v.pick(
                    "パスワードと確認コードを失ったときに使います。一人が提案し、別の人が承認した後、もう一度押すと新しい招待の番号が出ます。",
                    "For a lost password or second factor: one proposes, another approves, then press again for a new invitation.",
                )) }
                (ui::form(&path("reset"), v.say(&w::RESET), &ui::field(v.lang, "reason", &w::REASON, "text", "", true, "")))
            }
        }
    };
    Ok(ui::section(v.pick("できること", "Actions"), "", &body))
}

fn permissions(v: &Visit<'_>, told: &[Value]) -> Markup {
    let shown: Vec<Vec<Markup>> = told
        .iter()
        .map(|p| {
            let refused = p.get("refused").filter(|r| !r.is_null());
            vec![
                html! { code { (text(p, "verb")) } },
                html! {
                    @if let Some(role) = p.get("role") { (word(v, role, "role", "ja")) }
                    @if yes(p, "lent") { " " (ui::badge(Tone::Waiting, v.pick("例外", "lent"))) }
                },
                html! { @if let Some(job) = p.get("instruction").filter(|j| !j.is_null()) { (word(v, job, "job", "ja")) } },
                html! { @if let Some(kind) = p.get("two_people").filter(|k| !k.is_null()) { (word(v, kind, "kind", "ja")) } },
                match refused {
                    Some(why) => html! { (ui::badge(Tone::Bad, v.pick("不可", "refused"))) " " (v.pick(text(why, "ja"), text(why, "en"))) },
                    None => ui::badge(Tone::Good, v.pick("可", "may")),
                },
            ]
        })
        .collect();
    if shown.is_empty() {
        return ui::empty(v.pick("役割がありません", "It holds no role"));
    }
    let heads = [
        (v.pick("操作", "Command"), false),
        (v.say(&w::ROLE), false),
        (v.pick("要る指示", "Instruction"), false),
        (v.pick("二人制", "Two people"), false),
        (v.pick("今日", "Today"), false),
    ];
    ui::table(v.pick("できる操作", "What it may do"), &heads, &shown)
}

fn session_table(v: &Visit<'_>, told: &[Value]) -> Markup {
    if told.is_empty() {
        return ui::empty(v.pick("ありません", "None"));
    }
    let why = |s: &Value| match text(s, "ended_why") {
        "left" => v.pick("本人がログアウト", "logged out"),
        "idle" => v.pick("操作がなく終了", "idle"),
        "over" => v.pick("時間切れ", "time over"),
        "ended" => v.pick("管理者が終了", "ended by an administrator"),
        "closed" => v.pick("アカウントの閉鎖・ロック", "account closed or locked"),
        "changed" => v.pick("パスワードの変更", "password changed"),
        _ => "",
    };
    let shown: Vec<Vec<Markup>> = told
        .iter()
        .map(|s| {
            let id = text(s, "account");
            vec![
                moment(s, "code_at"),
                ui::link(&format!("/accounts/{}", segment(id)), id),
                moment(s, "seen_at"),
                html! {
                    @if yes(s, "open") { (ui::badge(Tone::Good, v.pick("ログイン中", "open"))) }
                    @else { (why(s)) }
                },
            ]
        })
        .collect();
    let heads = [
        (v.pick("始まり(二要素)", "Began (both factors)"), false),
        (v.say(&w::ACCOUNT), false),
        (v.pick("最後の操作", "Last seen"), false),
        (v.say(&w::STATE), false),
    ];
    ui::table(v.say(&w::SESSIONS), &heads, &shown)
}

/// Who is in the house.
pub(super) fn sessions(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let all = v.field("all") == "1";
    let order = Order::new("account sessions");
    let told = v.value(&if all { order.flag("--all") } else { order })?;
    let shown = rows(&told);
    let other = if all {
        ("/sessions", v.pick("ログイン中だけ", "Open ones only"))
    } else {
        ("/sessions?all=1", v.pick("終わったものも", "Ended ones too"))
    };
    let body = html! {
        p { (ui::link(other.0, other.1)) }
        (session_table(v, shown.get(..200).unwrap_or(shown)))
    };
    let title = v.say(&w::SESSIONS);
    Ok(v.page(title, &body))
}

/// An invitation's code, shown once on the answer itself.
fn code(v: &mut Visit<'_>, answer: &Answer) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    if answer.ended == Ended::LookAtIt {
        return Ok(v.done(format!("/accounts/{}", segment(&id)), answer.said()));
    }
    if answer.ended != Ended::Done {
        return Err(Problem::Bad(answer.said()));
    }
    let half = html! { code #invitation { (text(&answer.value, "code")) } };
    let lang = v.lang;
    Ok(half_page(
        v,
        lang.say(&w::INVITE),
        &answer.value,
        [
            lang.pick("招待の番号の前半です。この画面でだけ表示します", "The first half of the invitation's code, shown on this page only"),
            lang.pick("本人に渡してください。後半は別の人がこのアカウントの画面から出して、本人に渡します", "Hand it to the holder. Somebody else gets the second half from the page of this account and hands it over"),
        ],
        &[
            (lang.pick("招待の番号の前半", "First half"), half),
            (lang.say(&w::INVITED_BY), html! { code { (text(&answer.value, "invited_by")) } }),
        ],
    ))
}

/// A half of an invitation's code: what it is, what to do with it, and until when.
fn half_page(
    v: &mut Visit<'_>,
    title: &str,
    told: &Value,
    [state, next]: [&str; 2],
    half: &[(&str, Markup)],
) -> Reply {
    let id = v.param("id").to_owned();
    let account = (v.say(&w::ACCOUNT), html! { code { (text(told, "account")) } });
    let until = (v.pick("期限", "Until"), moment(told, "until"));
    let facts: Vec<(&str, Markup)> =
        [account].into_iter().chain(half.iter().cloned()).chain([until]).collect();
    let body = html! {
        (ui::standing(v.lang, Tone::Waiting, state, next, &id, None))
        (ui::facts(&facts))
        p { (ui::link(&format!("/accounts/{}", segment(&id)), v.pick("アカウントへ戻る", "Back to the account"))) }
    };
    v.page(title, &body)
}

pub(super) fn invite(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let answer = v.give(&Order::new("account invite").word(v.param("id")))?;
    code(v, &answer)
}

/// The second half, shown to somebody else.
pub(super) fn second_half(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let inviter = v.need("invited_by", &w::INVITED_BY)?.trim().to_owned();
    let answer =
        v.give(&Order::new("account second-half").option("--invited-by", inviter).word(id.as_str()))?;
    if answer.ended != Ended::Done {
        return Err(Problem::Bad(answer.said()));
    }
    let half = html! { code #second-half { (text(&answer.value, "second_half")) } };
    let lang = v.lang;
    Ok(half_page(
        v,
        lang.say(&w::SECOND_HALF),
        &answer.value,
        [
            lang.pick("招待の番号の後半です", "The second half of the invitation's code"),
            lang.pick(
                "前半を渡した人とは別に、本人に直接渡してください",
                "Hand it to the holder yourself, apart from the first half",
            ),
        ],
        &[(lang.pick("招待の番号の後半", "Second half"), half)],
    ))
}

pub(super) fn reset(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let reason = v.need("reason", &w::REASON)?.to_owned();
    let answer = v.give(&Order::new("account reset").option("--reason", reason).word(v.param("id")))?;
    code(v, &answer)
}

fn simple(v: &Visit<'_>, verb: &'static str) -> Result<Reply, Problem> {
    let answer = v.give(&Order::new(verb).word(v.param("id")))?;
    v.after(&answer, format!("/accounts/{}", segment(v.param("id"))))
}

pub(super) fn lock(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    simple(v, "account lock")
}

pub(super) fn unlock(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    simple(v, "account unlock")
}

pub(super) fn end_sessions(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    simple(v, "account end-sessions")
}

/// An account as people read it in a list.
pub(super) fn account_with_role(v: &Visit<'_>, account: &str, role: &str) -> Markup {
    html! { code { (account) } " " span.soft { (role_word(v, role)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_the_list_is_no_formula() {
        assert_eq!(field("linker-01"), "\"linker-01\"");
        assert_eq!(field("=1+1"), "\"'=1+1\"");
        assert_eq!(field("a\"b,c"), "\"a\"\"b,c\"");
    }

    #[test]
    fn what_stops_somebody_looks_like_it() {
        assert_eq!(tone("active"), Tone::Good);
        for bad in ["locked", "locked-out", "invitation-over"] {
            assert_eq!(tone(bad), Tone::Bad);
        }
    }
}
