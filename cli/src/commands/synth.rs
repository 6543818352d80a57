//! `musubi synth`: a synthetic region in the real formats.

use std::cell::Cell;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use musubi_testdata::{ErrorRates, NoticeScenario, RegionSpec, Scenario, write_region};
use serde_json::json;

use super::Ending;
use crate::args::Synth;
use crate::say::Voice;

/// Runs the verb.
pub fn run(order: &Synth, voice: Voice) -> Result<Ending> {
    let (errors, scenario) = if order.clean {
        (ErrorRates::NONE, Scenario::default())
    } else {
        (ErrorRates::default(), Scenario::demo())
    };
    let notices = NoticeScenario { waiting: order.waiting, unnotified: order.unnotified };
    let scenario = Scenario { others: order.others, notices, ..scenario };
    let spec = RegionSpec {
        persons: order.persons,
        seed: order.seed,
        nights: order.nights,
        first_night: order.first_night,
        errors,
        scenario,
    };
    let target = if voice.json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(order.persons), target);
    if let Ok(style) = ProgressStyle::with_template("{msg:<24} [{bar:30}] {pos}/{len} {elapsed}") {
        bar.set_style(style.progress_chars("█▉ "));
    }
    let night = Cell::new(0);
    let summary = write_region(&spec, &order.out, &mut |p| {
        if night.replace(p.night) != p.night {
            bar.set_message(format!("{} {}/{}", voice.word("夜", "night"), p.night, p.nights));
        }
        bar.set_position(p.persons);
    })
    .context("合成データを書けません")?;
    bar.finish_and_clear();
    voice.say(
        format!(
            "合成地域を書き出しました: {} 人、医療機関 {}、提出 {}、ファイル {}({} MB)、レセプト {}、SS-MIX2 {}",
            summary.persons, summary.providers, summary.submissions, summary.files, summary.bytes >> 20, summary.receipts, summary.messages
        ),
        format!(
            "Wrote a synthetic region: {} persons, {} providers, {} submissions, {} files ({} MB), {} receipts, {} messages",
            summary.persons, summary.providers, summary.submissions, summary.files, summary.bytes >> 20, summary.receipts, summary.messages
        ),
    );
    voice.value(&json!({
        "persons": summary.persons, "providers": summary.providers, "submissions": summary.submissions,
        "files": summary.files, "bytes": summary.bytes, "receipts": summary.receipts, "messages": summary.messages,
    }));
    Ok(Ending::Done)
}
