//! The certificate of an erasure for printing (削除証明書), Japanese: it goes to the person or the provider.
//!
//! Shows counts, numbers of books and names of accounts. It must never show whom the erasure was about.

use maud::{Markup, html};
use musubi_compliance::erasure::SignedCertificate;

use crate::page::{section, shell};
use crate::words::Lang;

fn day(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).strftime("%Y年%-m月%-d日 %H:%M").to_string()
}

fn rows(rows: &[(&str, String)]) -> Markup {
    html! {
        table {
            tbody {
                @for (name, value) in rows { tr { th scope="row" { (name) } td { (value) } } }
            }
        }
    }
}

/// The page.
#[must_use]
pub fn erasure_certificate(signed: &SignedCertificate) -> Markup {
    let c = &signed.certificate;
    let (b, d) = (&c.before, &c.done);
    let table_rows: u64 = d.rows.values().filter_map(serde_json::Value::as_u64).sum();
    let body = html! {
        h1 { "削除証明書 " (c.erasure) }
        (section("事由と経過", "", &rows(&[
            ("事由", c.ground_ja().to_owned()),
            ("指示・求めの番号", if c.instruction.is_empty() { "—".to_owned() } else { c.instruction.clone() }),
            ("計画", day(c.planned_at)),
            ("削除の完了", day(c.erased_at)),
            ("検証", day(c.verified_at)),
            ("実施者(二名)", format!("{}、{}", c.executors.0, c.executors.1)),
            ("検証者(実施者以外)", c.verifier.clone()),
        ])))
        (section("削除したもの", "件数のみを示す。対象者の氏名・番号は記載しない。", &rows(&[
            ("本人", format!("{} 名", b.persons)),
            ("提供元ごとの識別", format!("{} 件", b.identities)),
            ("記録の単位", format!("{} 件", b.units)),
            ("臨床の事実", format!("{} 件", d.facts)),
            ("書き直したファイル", format!("{} / {} 件", d.files, d.files_all)),
            ("破棄したデータ鍵", format!("{} 件", d.keys)),
            ("台帳の行", format!("{table_rows} 行")),
            ("削除後の残存", format!("{} 件", c.left_over)),
        ])))
        (section("方法", "", &rows(&c.methods.iter().map(|(s, m)| (s.as_str(), m.clone())).collect::<Vec<_>>())))
        (section("取り戻せないもの", "", &html! {
            ul { @for why in &c.not_recalled { li { (why) } } }
            @if b.releases.is_empty() { p { "対象の提供はない。" } }
            @else { (rows(&b.releases.iter().map(|(id, at)| (id.as_str(), at.clone())).collect::<Vec<_>>())) }
        }))
        (section("削除前のバックアップ", "復元したときは、削除を再適用するまで使用できない。", &html! {
            @if b.backups.is_empty() { p { "なし。" } }
            @else { (rows(&b.backups.iter().map(|(id, at)| (id.as_str(), at.clone())).collect::<Vec<_>>())) }
            @if b.unread > 0 { p { "内容を読まずに封緘した隔離の提出物が " (b.unread) " 件ある。本人を含むかは確認できない。" } }
        }))
        (section("署名", "同じ名の JSON ファイルで検証する。", &rows(&[
            ("発行", day(c.issued_at)),
            ("対象の照合値", c.scope_hash.clone()),
            ("公開鍵", signed.key.to_string()),
            ("署名", signed.signature.to_string()),
        ])))
    };
    shell(Lang::Ja, "削除証明書", &body)
}
