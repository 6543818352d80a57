//! `musubi parameter preview`: what a change of a parameter would have done to the deliveries and runs of the last nights,
//! counted where the books hold what is needed; where they do not, it says what the parameter governs and claims no number.

use anyhow::{Context as _, Result};
use jiff::Span;
use jiff::civil::Date;
use musubi_compliance::deliveries::{CalendarRules, Mark, mark_of};
use musubi_compliance::trust::{Proof, Standing, standing};
use musubi_model::parameter::ParameterValue;
use musubi_storage::delivery::{DeliveriesWanted, DeliveryRow};
use musubi_storage::unmapped::UnmappedWanted;
use serde_json::{Value, json};

use super::{Ending, delivery, trust};
use crate::args::Cli;
use crate::home::{Home, today};
use crate::say::Voice;

/// Runs of the gates that are looked at.
const GATE_RUNS: u32 = 30;

/// What a parameter governs, by the part of its name before the dot.
const GOVERNS: [(&str, &str, &str); 22] = [
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
    let effects = match (&row.value, value.parse::<u64>()) {
        (ParameterValue::Number(now), Ok(then)) => effects(&home, name, *now, then)?,
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
            format!("影響の件数は数えられません。及ぶ範囲: {ja}"),
            format!("The effect cannot be counted. It governs {en}"),
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

fn count<T>(all: &[T], holds: impl Fn(&T) -> bool) -> u64 {
    u64::try_from(all.iter().filter(|one| holds(one)).count()).unwrap_or(u64::MAX)
}

/// A rule over a list: how many it holds for under each of the two values.
fn each<T>(
    all: &[T],
    (now, then): (u64, u64),
    ja: &'static str,
    en: &'static str,
    holds: impl Fn(&T, u64) -> bool,
) -> Vec<Effect> {
    let before = count(all, |one| holds(one, now));
    let after = count(all, |one| holds(one, then));
    vec![Effect { ja, en, before, after, of: count(all, |_| true) }]
}

fn effects(home: &Home, name: &str, now: u64, then: u64) -> Result<Vec<Effect>> {
    let both = (now, then);
    Ok(match name {
        "limits.files_per_submission_max" => {
            let all = deliveries(home)?;
            each(
                &all,
                both,
                "ファイル数で受け付けない提出",
                "deliveries refused for their files",
                |d, n| d.files > n,
            )
        }
        "limits.zip_bytes_max" => {
            let all = deliveries(home)?;
            each(
                &all,
                both,
                "大きさで受け付けない提出",
                "deliveries refused for their size",
                |d, n| d.bytes > n,
            )
        }
        "deliveries.late_days" => {
            let all = deliveries(home)?;
            let rules = delivery::rules(home)?;
            each(&all, both, "遅れとなる提出", "deliveries that count as late", |d, n| {
                mark_of(d, &CalendarRules { late_days: n, ..rules }) == Mark::Late
            })
        }
        "codes.show_min_persons" => {
            let mut db = home.registry.ingest()?;
            let all = db.unmapped_codes(UnmappedWanted { provider: None, submissions: &[] })?;
            each(
                &all,
                both,
                "値をそのまま示す未対応コード",
                "codes without a standard shown as they are",
                |r, n| r.persons >= n,
            )
        }
        "gates.cluster_largest" => gates(home, both, |m, n| m("largest") > n)?,
        "gates.sentinel_splits" => gates(home, both, |m, n| m("sentinel_split") > n)?,
        "gates.unlinkable_permille" => gates(home, both, |m, n| {
            m("unlinkable").saturating_mul(1000).checked_div(m("decided")).unwrap_or(0) > n
        })?,
        _ => match Proof::ALL.iter().copied().find(|p| p.parameter() == name) {
            Some(proof) => {
                let seen = trust::seen(home, &mut home.registry.act()?, proof)?;
                each(&[proof], both, "期限を過ぎる証し", "proofs that are overdue", |_, n| {
                    standing(seen.as_ref(), n, today()) == Standing::Overdue
                })
            }
            None => Vec::new(),
        },
    })
}

/// Deliveries of the days that are looked back on.
fn deliveries(home: &Home) -> Result<Vec<DeliveryRow>> {
    let back = i64::try_from(home.parameters.number("deliveries.calendar_days", today())?)?;
    let from = today().checked_sub(Span::new().try_days(back)?)?;
    let wanted = DeliveriesWanted { submitter: None, from, until: Date::MAX, set_aside: false };
    home.registry.console()?.deliveries(wanted).context("提出を読めません")
}

/// Runs of the gates that one gate stops.
fn gates(
    home: &Home,
    both: (u64, u64),
    stops: impl Fn(&dyn Fn(&str) -> u64, u64) -> bool,
) -> Result<Vec<Effect>> {
    let runs = home.registry.identity()?.gate_runs(GATE_RUNS).context("関門の記録を読めません")?;
    let measured: Vec<Value> = runs
        .iter()
        .map(|r| serde_json::from_str(&r.measured))
        .collect::<Result<_, _>>()
        .context("measured")?;
    Ok(each(&measured, both, "この関門で止まる夜", "nights that this gate stops", |run, n| {
        stops(&|key| run.get(key).and_then(Value::as_u64).unwrap_or(0), n)
    }))
}
