//! The printable page of a checkpoint of the audit log (証跡の控え): for a notary, a witness, a safe. One sheet, large digits in
//! groups that a person can compare by eye, and how to check it without the house.

use maud::{Markup, html};

use crate::page::{section, shell};
use crate::words::Lang;

/// What stands on the page, every text exactly as signed.
#[derive(Debug, Clone, Default)]
pub struct CheckpointPage {
    /// Whose log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root, 64 digits.
    pub root: String,
    /// When it was signed.
    pub at: String,
    /// Who signed: name, key, signature.
    pub signatures: Vec<[String; 3]>,
    /// The whole text, as the verifier reads it.
    pub text: String,
}

/// The page. It is a document for Japanese offices and so in Japanese.
#[must_use]
pub fn checkpoint_page(page: &CheckpointPage) -> Markup {
    let digits: Vec<char> = page.root.chars().collect();
    let body = html! {
        h1 { "監査証跡の控え" }
        p { "下記の事業者の監査証跡は、記録時点において次の根(ルート)を持つ一つの木をなします。これより前の記録が一件でも変更、削除、"
            "追加または入れ替えられたときは、根がこの値と一致しなくなります。" }
        dl {
            dt { "証跡の名称" } dd { code { (page.origin) } }
            dt { "記録の件数" } dd { b { (page.size) } " 件" }
            dt { "署名時刻(協定世界時)" } dd { (page.at) }
        }
        (section("根(BLAKE3、16進64桁)", "4 桁ごとに区切り、左から右、上から下へ読みます。", &html! {
            table style="font-size:1.6em;font-family:monospace" {
                @for row in digits.chunks(16) {
                    tr { @for group in row.chunks(4) { td { (group.iter().collect::<String>()) } } }
                }
            }
        }))
        (section("署名(Ed25519)", "事業者および立会人の署名です。", &html! {
            @for [signer, key, signature] in &page.signatures {
                p { b { @if signer == "house" { "事業者" } @else { "立会人 " (signer) } }
                    br; "公開鍵 " code { (key) } br; "署名 " code style="word-break:break-all" { (signature) } }
            }
        }))
        (section("全文", "この枠内をそのままファイルにすると、検証プログラムに渡す控えになります。", &html! {
            pre style="white-space:pre-wrap;word-break:break-all" { (page.text) }
        }))
        (section("確かめ方", "", &html! {
            p { "事業者から証跡の書き出し(musubi audit export)と公開鍵を受け取り、事業者の設備を用いずに次を実行します。" }
            pre { "musubi-audit-verify 証跡ファイル --key 公開鍵 --checkpoint 控え" }
            p { "控えに反する証跡は、改変の始まる記録の番号とともに示されます。" }
        }))
        table style="width:100%;margin-top:3em" {
            tr { td { "確認日" } td { "　　　　年　　月　　日" } td { "確認者" } td { "　　　　　　　　　　　　　印" } }
        }
    };
    shell(Lang::Ja, "監査証跡の控え", &body)
}
