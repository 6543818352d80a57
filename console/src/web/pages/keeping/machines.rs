//! Certificates of machines: which fingerprint is whose, and until when.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;

use super::{button, may, moment, rows, segment, text, typed_day, word};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::keeping as w;

/// The list, and the form for another.
pub(super) fn list(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("account certificate list"))?;
    let keeper = may(v, &[AuditRole::SecurityAdmin])?;
    let shown: Vec<Vec<Markup>> = rows(&told)
        .iter()
        .map(|c| {
            let (state, print) = (text(c, "state"), text(c, "fingerprint"));
            let tone = match state {
                "valid" => Tone::Good,
                "over" => Tone::Bad,
                _ => Tone::Plain,
            };
            vec![
                html! { code { (text(c, "account")) } },
                html! { code { (print) } },
                ui::badge(tone, word(v, c, "state", "state_ja")),
                moment(c, "valid_to"),
                moment(c, "used_at"),
                html! {
                    @if keeper && state == "valid" {
                        (button(&format!("/machines/{}/end", segment(print)), v.say(&w::TAKE_BACK), v.pick("取り消しますか。元には戻せません", "Take it back? This cannot be undone")))
                    }
                },
            ]
        })
        .collect();
    let heads = [
        (v.say(&w::ACCOUNT), false),
        (v.say(&w::FINGERPRINT), false),
        (v.say(&w::STATE), false),
        (v.say(&w::UNTIL), false),
        (v.pick("最後の使用", "Last used"), false),
        (v.say(&w::TAKE_BACK), false),
    ];
    let add = html! {
        (ui::field(v.lang, "account", &w::ACCOUNT, "text", "", true, v.pick("サービス用アカウントだけです", "A service account")))
        (ui::field(v.lang, "fingerprint", &w::FINGERPRINT, "text", "", true, v.pick("openssl x509 -noout -fingerprint -sha256 の値。コロンがあってもかまいません", "As openssl x509 -noout -fingerprint -sha256 prints it")))
        (ui::field(v.lang, "until", &w::UNTIL, "date", "", true, ""))
    };
    let body = html! {
        @if shown.is_empty() { (ui::empty(v.pick("登録された証明書はありません", "No certificate is registered"))) }
        @else { (ui::table(v.say(&w::MACHINES), &heads, &shown)) }
        @if keeper { (ui::section(v.say(&w::ADD), "", &ui::form("/machines/add", v.say(&w::ADD), &add))) }
    };
    let title = v.say(&w::MACHINES);
    Ok(v.page(title, &body))
}

pub(super) fn add(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let account = v.need("account", &w::ACCOUNT)?.to_owned();
    let print = v.need("fingerprint", &w::FINGERPRINT)?.to_owned();
    v.need("until", &w::UNTIL)?;
    let until = typed_day(v, "until")?.map(|d| d.to_string()).unwrap_or_default();
    let order = Order::new("account certificate add")
        .option("--fingerprint", print)
        .option("--until", until)
        .word(account);
    v.after(&v.give(&order)?, "/machines")
}

pub(super) fn end(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let answer = v.give(&Order::new("account certificate end").word(v.param("fingerprint")))?;
    v.after(&answer, "/machines")
}
