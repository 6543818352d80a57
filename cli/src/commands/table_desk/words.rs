//! What the desk says of hidden cells, in both languages, from what the view found out. No rule of its own.

use musubi_release::view::{Hidden, Reason};
use musubi_review_board::questions::Text;
use serde_json::{Value, json};

/// Both languages, chosen by the reader.
pub(super) fn both(text: &Text) -> Value {
    json!({ "ja": text.ja, "en": text.en })
}

/// A pair of words.
pub(super) fn pair((ja, en): (&str, &str)) -> Value {
    json!({ "ja": ja, "en": en })
}

/// Why a count is hidden, said to a reader of the table.
pub(super) fn why(hidden: &Hidden, measure_min: u64) -> (String, String) {
    let least = hidden.threshold.unwrap_or(0);
    let (ja, en) = reason(hidden.reason, least, measure_min);
    let totals: Vec<(String, String)> = hidden
        .totals
        .iter()
        .map(|t| {
            let others = t.hidden.saturating_sub(1);
            (
                format!(
                    "{}の合計 {} 人から引き算できないよう、同じ並びで他に {others} セルを秘匿",
                    t.names.0, t.persons
                ),
                format!(
                    "so that the total of {} persons over {} does not give it away, {others} more hidden",
                    t.persons, t.names.1
                ),
            )
        })
        .collect();
    let joined = |first: String, more: Vec<&String>, end: &str| {
        let more: Vec<&str> = more.into_iter().map(String::as_str).collect();
        if more.is_empty() { first } else { format!("{first} ({}){end}", more.join("; ")) }
    };
    match hidden.reason {
        Reason::SmallOrProtecting => (
            joined(ja, totals.iter().map(|t| &t.0).collect(), ""),
            joined(en, totals.iter().map(|t| &t.1).collect(), ""),
        ),
        _ => (ja, en),
    }
}

/// The sentence of a reason.
pub(super) fn reason(reason: Reason, least: u64, measure_min: u64) -> (String, String) {
    match reason {
        Reason::Tier => (
            "人口が少ない市区町村なので人数を示さない(人口の区分)。二次医療圏の表を使う".to_owned(),
            "a municipality of so few people is never shown (tier of population); use the table of its medical area".to_owned(),
        ),
        Reason::Closed => (
            format!("全体が {least} 人未満なので、内訳も示さない"),
            format!("all together are fewer than {least}, so nothing of them is shown"),
        ),
        Reason::Small => (
            format!("{least} 人未満(一次秘匿)。公表された合計と内訳から、少数であることは誰にでも分かる"),
            format!("fewer than {least} (primary): from the shown totals anybody can see that it is small"),
        ),
        Reason::SmallOrProtecting => (
            format!("{least} 人未満(一次秘匿)か、少数のセルが引き算で分からないための秘匿(二次秘匿)。どちらかを言うと少数の値が絞れるので示さない"),
            format!("fewer than {least} (primary), or hidden so that a small count cannot be worked out (secondary); which of the two is not told, as that would narrow the small one down"),
        ),
        Reason::OfHidden => ("人数が秘匿なので示さない".to_owned(), "its persons are hidden".to_owned()),
        Reason::TooFew => (
            format!("{measure_min} 人未満の合計・平均・分位点は示さない"),
            format!("sums, means and percentiles of fewer than {measure_min} persons are not shown"),
        ),
        Reason::Concentrated => (
            "一人の割合が大きすぎるか、合計から他の内訳を引くと分かるので示さない".to_owned(),
            "one person makes too much of it, or a total less its other parts would tell it".to_owned(),
        ),
    }
}

/// The whole of a hidden count for machines.
pub(super) fn hidden(hidden: &Hidden, measure_min: u64) -> Value {
    let (ja, en) = why(hidden, measure_min);
    json!({
        "reason": hidden.reason, "ja": ja, "en": en, "threshold": hidden.threshold, "at_most": hidden.at_most,
        "totals": hidden.totals,
    })
}
