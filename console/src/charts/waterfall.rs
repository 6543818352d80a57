//! The waterfall (滝図): how the weight of one pair came about, step by step. Holds no value of a person.

use maud::{Markup, html};
use musubi_id_resolution::mpi::BIT;
use musubi_id_resolution::mpi::explain::{Waterfall, signed};
use serde_json::Value;

use crate::format::c;
use crate::words::{self, Lang};

const LEFT: f64 = 372.0;
const RIGHT: f64 = 960.0;
const ROW: f64 = 27.0;
const TOP: f64 = 34.0;

/// A step as it is drawn.
struct Drawn {
    what: String,
    found: String,
    adds: i32,
    sum: i32,
}

/// A waterfall as it is drawn, in one language.
struct Picture {
    model: String,
    steps: Vec<Drawn>,
    weight: i32,
    threshold: i32,
    rule: Option<String>,
}

/// Draws a waterfall.
#[must_use]
pub fn waterfall(lang: Lang, w: &Waterfall) -> Markup {
    let english = lang == Lang::En;
    let step = |s: &musubi_id_resolution::mpi::explain::Step| Drawn {
        what: s.what.get(english).to_owned(),
        found: s.found.get(english).to_owned(),
        adds: s.adds,
        sum: s.sum,
    };
    let picture = Picture {
        model: w.model.clone(),
        steps: w.steps.iter().map(step).collect(),
        weight: w.weight,
        threshold: w.threshold,
        rule: w.rule.map(|rule| rule.get(english).to_owned()),
    };
    draw(lang, &picture)
}

/// Draws a waterfall as a verb told it. `None`: there is none.
pub(crate) fn waterfall_told(lang: Lang, told: &Value) -> Option<Markup> {
    let number =
        |of: &Value, name: &str| of.get(name).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
    let word = |of: &Value, name: &str| of.get(name)?.get(lang.code())?.as_str().map(str::to_owned);
    let step = |s: &Value| {
        Some(Drawn {
            what: word(s, "what")?,
            found: word(s, "found")?,
            adds: number(s, "adds")?,
            sum: number(s, "sum")?,
        })
    };
    let picture = Picture {
        model: told.get("model")?.as_str()?.to_owned(),
        steps: told.get("steps")?.as_array()?.iter().map(step).collect::<Option<_>>()?,
        weight: number(told, "weight")?,
        threshold: number(told, "threshold")?,
        rule: word(told, "rule"),
    };
    Some(draw(lang, &picture))
}

fn draw(lang: Lang, w: &Picture) -> Markup {
    let ends = w.steps.iter().flat_map(|s| [s.sum, s.sum - s.adds]).chain([0, w.threshold]);
    let (mut low, mut high) = (0, 0);
    for end in ends {
        low = low.min(end);
        high = high.max(end);
    }
    let span = f64::from((high - low).max(BIT));
    let x = |weight: i32| LEFT + (RIGHT - LEFT) * f64::from(weight - low) / span;
    let height = TOP + ROW * (w.steps.len() as f64 + 1.0) + 30.0;
    let joined = w.weight >= w.threshold;
    let verdict = if joined { &words::W_JOINED } else { &words::W_APART };
    let said = w
        .steps
        .iter()
        .map(|s| format!("{} {} {}", s.what, s.found, signed(s.adds)))
        .collect::<Vec<_>>()
        .join("; ");
    html! {
        svg viewBox={ "0 0 1040 " (c(height)) } role="img" {
            title { (lang.say(&words::W_TITLE)) " " (w.model) }
            desc { (said) "; " (lang.say(verdict)) " " (signed(w.weight)) }
            path d={ "M" (c(x(0))) " " (c(TOP - 8.0)) "V" (c(height - 26.0)) } stroke="#bdb8ab" stroke-width="1" fill="none" {}
            text x=(c(x(0))) y=(c(TOP - 14.0)) text-anchor="middle" font-size="11.5" fill-opacity="0.7" { "0" }
            path d={ "M" (c(x(w.threshold))) " " (c(TOP - 8.0)) "V" (c(height - 26.0)) } stroke="#1d4e6e" stroke-width="1.3" stroke-dasharray="3 3" fill="none" {}
            text x=(c(x(w.threshold))) y=(c(height - 10.0)) text-anchor="middle" font-size="11.5" {
                (lang.say(&words::W_THRESHOLD)) " " (signed(w.threshold))
            }
            @for (i, s) in w.steps.iter().enumerate() {
                @let y = TOP + ROW * i as f64;
                @let (from, to) = (x(s.sum - s.adds), x(s.sum));
                @let fill = if s.adds < 0 { "#cc5a14" } else { "#1b6a8c" };
                text x="118" y=(c(y + 15.0)) text-anchor="end" font-size="12.5" font-weight="600" { (s.what) }
                text x="128" y=(c(y + 15.0)) font-size="12" fill-opacity="0.8" { (s.found) }
                rect x=(c(from.min(to))) y=(c(y + 3.0)) width=(c((to - from).abs().max(1.5))) height=(c(ROW - 10.0)) rx="2" fill=(fill) {}
                path d={ "M" (c(to)) " " (c(y + 3.0)) "v" (c(ROW)) } stroke="#8b949c" stroke-width="0.8" fill="none" {}
                text x=(c(from.max(to) + 6.0)) y=(c(y + 15.5)) font-size="11.5" { (signed(s.adds)) }
            }
            @let y = TOP + ROW * w.steps.len() as f64;
            text x="118" y=(c(y + 15.0)) text-anchor="end" font-size="12.5" font-weight="600" { (lang.say(&words::W_SUM)) }
            text x="128" y=(c(y + 15.0)) font-size="12" fill-opacity="0.8" {
                (lang.say(verdict)) @if let Some(rule) = &w.rule { " (" (rule) ")" }
            }
            rect x=(c(x(w.weight) - 2.0)) y=(c(y + 3.0)) width="4" height=(c(ROW - 10.0)) fill="#1c2530" {}
            text x=(c(x(w.weight) + 8.0)) y=(c(y + 15.5)) font-size="12.5" font-weight="600" { (signed(w.weight)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use musubi_id_resolution::mpi::Model;

    use super::*;

    #[test]
    fn what_a_verb_told_is_drawn_as_the_waterfall_itself() {
        let drawn = Waterfall::new(&Model::default(), 0x0011, None, None);
        let told = serde_json::to_value(&drawn).unwrap();
        for lang in [Lang::Ja, Lang::En] {
            assert_eq!(
                waterfall_told(lang, &told).map(Markup::into_string),
                Some(waterfall(lang, &drawn).into_string())
            );
        }
        assert!(waterfall_told(Lang::Ja, &Value::Null).is_none());
    }
}
