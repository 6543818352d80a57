//! `musubi parameter preview`: what a change of a parameter would have done to the deliveries and runs of the last nights,
//! counted where the books hold what is needed; where they do not, it says what the parameter governs and claims no number.

mod measures;

use anyhow::Result;
use musubi_model::parameter::ParameterValue;
use serde_json::{Value, json};

use super::Ending;
use crate::args::Cli;
use crate::home::{Home, today};
use crate::say::Voice;

/// What a parameter governs, by the part of its name before the dot.
const GOVERNS: [(&str, &str, &str); 30] = [
    (
        "notice",
        "通知の関門: どの記録が保留・格納されるか",
        "the notice gate: which records are held or loaded",
    ),
    ("optout", "停止の求めの受付と照合", "how requests to stop are taken and matched"),
    ("intake", "受入れと急増の停止", "intake, and the stop for sudden growth"),
    ("quality", "定性確認の標本の大きさ", "the size of samples for comparison"),
    ("release", "提供物の作成", "how releases are made"),
    ("statistics", "統計表の秘匿と区分", "suppression and bands of statistics"),
    ("matching", "名寄せの候補と確認の数", "candidates and reviews of matching"),
    ("gates", "名寄せの夜間の関門", "the nightly gates of matching"),
    ("codes", "未対応コードの表示", "how codes without a standard are shown"),
    ("approval", "承認の有効期間", "the term of approvals"),
    ("ledger", "提供台帳の保存", "how long the ledger is kept"),
    ("authority", "兼務の禁止と権限の点検", "separation of duties and reviews of rights"),
    ("operation", "二人制の操作の期限", "the term of two-person operations"),
    ("limits", "提出物の大きさの上限", "how large deliveries may be"),
    ("incident", "事故対応の時計", "clocks of incidents"),
    ("inquiry", "問い合わせの期限", "deadlines of inquiries"),
    ("register", "台帳の点検の間隔", "intervals of registers"),
    ("retention", "保存期間", "how long things are kept"),
    ("checks", "遵守点検の基準", "criteria of the checks"),
    ("deliveries", "提出暦の印と画面からの提出", "marks of the calendar of feeds, and uploads"),
    ("trust", "信頼の記録の期限", "when proofs are overdue"),
    ("login", "ログインと認証情報", "logging in"),
    ("board", "審査委員会の運営", "how the review committee works"),
    ("console", "画面の受付の上限", "limits of the pages"),
    ("desk", "自治体の統計窓口", "the municipality's table desk"),
    ("disclosure", "公表する件数の下限", "the least counts that are published"),
    ("handover", "引渡しとその後の期限", "hand-overs and the terms after them"),
    ("output", "出力確認", "the output check"),
    ("purpose", "認められる利用目的", "the purposes that are allowed"),
    ("yearly", "年次報告の年度", "the year of the yearly report"),
];

/// One thing that was counted before and after.
struct Effect {
    ja: &'static str,
    en: &'static str,
    before: u64,
    after: u64,
    of: u64,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, name: &str, value: &str) -> Result<Ending> {
    let home = Home::open(cli)?;
    let Some(row) = home.parameters.in_force(name, today()) else {
        voice.say("その名前のパラメータはありません", "There is no parameter of that name");
        return Ok(Ending::Usage);
    };
    let effects: Vec<Effect> = match (&row.value, value.parse::<u64>()) {
        (ParameterValue::Number(now), Ok(then)) => {
            let before = measures::count(&home, name, *now)?;
            let after = measures::count(&home, name, then)?;
            let both = before.zip(after);
            both.map(|((ja, en, was), (.., will))| Effect {
                ja,
                en,
                before: was.hit,
                after: will.hit,
                of: will.of,
            })
            .into_iter()
            .collect()
        }
        (ParameterValue::Number(_), Err(_)) => {
            voice.say("値は数で書いてください", "The value is a number");
            return Ok(Ending::Usage);
        }
        (ParameterValue::Text(_), _) => Vec::new(),
    };
    let area = name.split('.').next().unwrap_or(name);
    let governs = GOVERNS.iter().find(|(prefix, ..)| *prefix == area);
    let (ja, en) =
        governs.map_or(("この値を使う処理", "whatever reads this value"), |(_, ja, en)| (*ja, *en));
    if effects.is_empty() {
        voice.say(
            format!("影響の件数は数えていません。及ぶ範囲: {ja}"),
            format!("Nothing is counted for it. It governs {en}"),
        );
    }
    for e in &effects {
        voice.say(
            format!("{}: {} → {}(全 {})", e.ja, e.before, e.after, e.of),
            format!("{}: {} → {} (of {})", e.en, e.before, e.after, e.of),
        );
    }
    voice.value(&json!({
        "name": name, "now": row.value, "then": value, "min": row.min, "max": row.max,
        "counted": !effects.is_empty(), "governs_ja": ja, "governs_en": en,
        "effects": effects.iter().map(|e| json!({
            "ja": e.ja, "en": e.en, "before": e.before, "after": e.after, "of": e.of,
        })).collect::<Vec<Value>>(),
    }));
    Ok(Ending::Done)
}
