//! Gates of a night (夜間の関門): after the matching, before anything is published, the night is held against what is
//! usual and against planted families. A gate that fails undoes nothing; it keeps cohorts from being written until a
//! later run passes or two people open it. A gate that cannot read its input has failed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use musubi_id_resolution::sentinel::{self, Watch};
use musubi_storage::StorageError;
use musubi_storage::identity::{GateCounts, GateWindow, NewGateRun};
use musubi_storage::registry::IdentityDb;
use serde::Serialize;

use crate::matching::Matching;

/// What is too much (閾値). The basis of each stands beside its value in the parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// So many new identities make shares say something; fewer are judged together with those of the next nights.
    pub identities_min: u64,
    /// So many earlier nights make a mean.
    pub history_min: u64,
    /// The mean is taken over so many earlier nights.
    pub history_nights: u64,
    /// How far, in thousandths, the share of joined identities may be from the mean.
    pub share_band_permille: u64,
    /// A person with more identities is large.
    pub cluster_large: u64,
    /// So many large persons, in a million persons that the night touched, are usual (rounded up).
    pub cluster_large_per_million: u64,
    /// No person has more identities than this.
    pub cluster_largest: u64,
    /// Merged and split persons and moved identities, in a thousand identities that were decided, new and again: a
    /// delivery that shows known people on more days brings nobody new and still decides them again.
    pub changes_per_thousand: u64,
    /// Identities with nothing to match on, in a thousand that were decided.
    pub unlinkable_permille: u64,
    /// Persons of the sentinels that may fall apart; none may ever be merged.
    pub sentinel_splits: u64,
}

impl Default for Thresholds {
    /// The values of the parameters that come with the product.
    fn default() -> Self {
        Self {
            identities_min: 1000,
            history_min: 3,
            history_nights: 30,
            share_band_permille: 250,
            cluster_large: 50,
            cluster_large_per_million: 200,
            cluster_largest: 200,
            changes_per_thousand: 100,
            unlinkable_permille: 50,
            sentinel_splits: 0,
        }
    }
}

/// How a gate decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateState {
    /// As usual.
    Passed,
    /// Too little to say anything; looked at again with the next nights.
    NotJudged,
    /// Not as usual, or its input could not be read.
    Failed,
}

impl GateState {
    /// The Japanese word.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Passed => "合格",
            Self::NotJudged => "判定保留",
            Self::Failed => "不合格",
        }
    }
}

/// What one gate said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Its name.
    pub gate: &'static str,
    /// How it decided.
    pub state: GateState,
    /// Why, in Japanese.
    pub ja: String,
    /// Why, in English.
    pub en: String,
}

/// What all gates said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateReport {
    /// Number of the run.
    pub gate_run_id: i64,
    /// No gate failed.
    pub passed: bool,
    /// What was measured.
    pub measured: BTreeMap<&'static str, u64>,
    /// One for each gate.
    pub verdicts: Vec<Verdict>,
}

/// Measures and judges what was decided since the last run that settled the matter, and keeps the result.
///
/// # Errors
/// When the result cannot be kept; then releases stay shut, since no run is as young as the decisions.
pub fn run(db: &mut IdentityDb, matching: &Matching, at: Timestamp) -> Result<GateReport, StorageError> {
    let t = &matching.gates;
    let counts = db.gate_counts(t.cluster_large, t.history_nights);
    let watch = sentinel::watch(&matching.model);
    let judged = judge(t, counts.as_ref().ok(), &watch);
    let window = counts.as_ref().map_or(GateWindow::default(), |c| c.window);
    let (identities_new, joined) = counts.as_ref().map_or((0, 0), |c| (c.identities_new, c.joined));
    let json = |value: Result<String, serde_json::Error>| {
        value.map_err(|_| StorageError::Damaged("a run of the gates that is no JSON".to_owned()))
    };
    let passed = judged.verdicts.iter().all(|v| v.state != GateState::Failed);
    let gate_run_id = db.record_gate_run(&NewGateRun {
        at,
        model: &matching.model.version,
        window,
        judged: judged.enough,
        identities_new,
        joined,
        measured: &json(serde_json::to_string(&judged.measured))?,
        verdicts: &json(serde_json::to_string(&judged.verdicts))?,
        passed,
    })?;
    Ok(GateReport { gate_run_id, passed, measured: judged.measured, verdicts: judged.verdicts })
}

/// The judgement, not yet kept.
struct Judged {
    enough: bool,
    measured: BTreeMap<&'static str, u64>,
    verdicts: Vec<Verdict>,
}

/// Judges counts (`None`: they could not be read) and sentinels.
fn judge(t: &Thresholds, counts: Option<&GateCounts>, watch: &Watch) -> Judged {
    let mut measured = BTreeMap::from([
        ("sentinel_families", watch.families),
        ("sentinel_records", watch.records),
        ("sentinel_merged", watch.merged),
        ("sentinel_split", watch.split),
    ]);
    let Some(c) = counts else {
        let unread = |gate| Verdict {
            gate,
            state: GateState::Failed,
            ja: "入力を読めません".to_owned(),
            en: "its input cannot be read".to_owned(),
        };
        let mut verdicts: Vec<Verdict> =
            ["share-joined", "cluster-tail", "id-changes", "unlinkable"].into_iter().map(unread).collect();
        verdicts.push(sentinels(t, watch));
        return Judged { enough: false, measured, verdicts };
    };
    measured.extend([
        ("identities_new", c.identities_new),
        ("joined", c.joined),
        ("joined_permille", permille(c.joined, c.identities_new)),
        ("earlier_nights", c.earlier_nights),
        ("earlier_joined_permille", permille(c.earlier_joined, c.earlier_new)),
        ("persons_touched", c.touched),
        ("persons_large", c.large),
        ("largest", c.largest),
        ("persons_merged", c.merged),
        ("persons_split", c.split),
        ("identities_moved", c.moved),
        ("decided", c.decided),
        ("unlinkable", c.unlinkable),
    ]);
    let enough = c.identities_new >= t.identities_min;
    let verdicts = vec![
        share(t, c, enough),
        tail(t, c),
        changes(t, c, enough),
        unlinkable(t, c, enough),
        sentinels(t, watch),
    ];
    Judged { enough, measured, verdicts }
}

/// `part` of `whole` in thousandths.
fn permille(part: u64, whole: u64) -> u64 {
    part.saturating_mul(1000).checked_div(whole).unwrap_or(0)
}

/// Thousandths as a percentage.
fn percent(permille: u64) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

fn verdict(gate: &'static str, holds: bool, ja: String, en: String) -> Verdict {
    Verdict { gate, state: if holds { GateState::Passed } else { GateState::Failed }, ja, en }
}

fn few(gate: &'static str, t: &Thresholds, c: &GateCounts) -> Verdict {
    let (new, min) = (c.identities_new, t.identities_min);
    Verdict {
        gate,
        state: GateState::NotJudged,
        ja: format!("新しい本人記述が {new} 件({min} 件から判定)"),
        en: format!("{new} new identities ({min} are needed)"),
    }
}

/// New identities that began no person, against the mean of earlier nights.
fn share(t: &Thresholds, c: &GateCounts, enough: bool) -> Verdict {
    let gate = "share-joined";
    if !enough {
        return few(gate, t, c);
    }
    let now = permille(c.joined, c.identities_new);
    if c.earlier_nights < t.history_min {
        let (have, want) = (c.earlier_nights, t.history_min);
        return Verdict {
            gate,
            state: GateState::NotJudged,
            ja: format!("既知の人への結合 {}。比べる夜が {have}({want} から判定)", percent(now)),
            en: format!("{} joined known persons; {have} earlier nights ({want} are needed)", percent(now)),
        };
    }
    let mean = permille(c.earlier_joined, c.earlier_new);
    verdict(
        gate,
        now.abs_diff(mean) <= t.share_band_permille,
        format!(
            "既知の人への結合 {}、これまで {} (幅 ±{})",
            percent(now),
            percent(mean),
            percent(t.share_band_permille)
        ),
        format!(
            "{} joined known persons, before {} (±{})",
            percent(now),
            percent(mean),
            percent(t.share_band_permille)
        ),
    )
}

/// Persons that have grown too large: the mark of a bridge between many.
fn tail(t: &Thresholds, c: &GateCounts) -> Verdict {
    let usual = c.touched.saturating_mul(t.cluster_large_per_million).div_ceil(1_000_000);
    verdict(
        "cluster-tail",
        c.large <= usual && c.largest <= t.cluster_largest,
        format!(
            "本人記述が {} を超える人 {}(通常 {usual} まで)、最大 {}(上限 {})",
            t.cluster_large, c.large, c.largest, t.cluster_largest
        ),
        format!(
            "{} persons with more than {} identities (usual: {usual}), the largest {} (at most {})",
            c.large, t.cluster_large, c.largest, t.cluster_largest
        ),
    )
}

/// Research ids that changed for what came.
fn changes(t: &Thresholds, c: &GateCounts, enough: bool) -> Verdict {
    let gate = "id-changes";
    if !enough {
        return few(gate, t, c);
    }
    let (merged, split, moved) = (c.merged, c.split, c.moved);
    let all = permille(merged + split + moved, c.decided);
    let most = t.changes_per_thousand;
    verdict(
        gate,
        all <= most,
        format!("統合 {merged}、分割 {split}、移動 {moved}: 決めた本人記述 1000 件あたり {all}(上限 {most})"),
        format!(
            "merged {merged}, split {split}, moved {moved}: {all} in a thousand identities decided (at most {most})"
        ),
    )
}

/// Identities with nothing to match on.
fn unlinkable(t: &Thresholds, c: &GateCounts, enough: bool) -> Verdict {
    let gate = "unlinkable";
    if !enough {
        return few(gate, t, c);
    }
    let share = permille(c.unlinkable, c.decided);
    let most = t.unlinkable_permille;
    verdict(
        gate,
        share <= most,
        format!("照合の手がかりがない本人記述 {}(上限 {})", percent(share), percent(most)),
        format!("{} with nothing to match on (at most {})", percent(share), percent(most)),
    )
}

/// The planted families.
fn sentinels(t: &Thresholds, watch: &Watch) -> Verdict {
    let (merged, split, families) = (watch.merged, watch.split, watch.families);
    let ja: Vec<&str> = watch.alarms.iter().map(|a| a.ja).collect();
    let en: Vec<&str> = watch.alarms.iter().map(|a| a.family).collect();
    let named =
        |names: &[&str]| if names.is_empty() { String::new() } else { format!(" ({})", names.join("、")) };
    verdict(
        "sentinels",
        merged == 0 && split <= t.sentinel_splits && families > 0,
        format!("見張り {families} 家族: 誤った結合 {merged}、分かれた人 {split}{}", named(&ja)),
        format!("{families} planted families: {merged} wrong merges, {split} persons apart{}", named(&en)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> GateCounts {
        GateCounts {
            identities_new: 10_000,
            joined: 6_000,
            earlier_new: 40_000,
            earlier_joined: 23_000,
            earlier_nights: 4,
            touched: 7_000,
            large: 1,
            largest: 60,
            merged: 100,
            split: 20,
            moved: 30,
            decided: 15_000,
            unlinkable: 40,
            ..GateCounts::default()
        }
    }

    fn quiet() -> Watch {
        Watch { families: 13, records: 37, ..Watch::default() }
    }

    fn states(counts: Option<&GateCounts>, watch: &Watch) -> Vec<(&'static str, GateState)> {
        let judged = judge(&Thresholds::default(), counts, watch);
        judged.verdicts.into_iter().map(|v| (v.gate, v.state)).collect()
    }

    fn failed(counts: &GateCounts, watch: &Watch) -> Vec<&'static str> {
        states(Some(counts), watch)
            .into_iter()
            .filter(|(_, state)| *state == GateState::Failed)
            .map(|(gate, _)| gate)
            .collect()
    }

    #[test]
    fn a_usual_night_passes_every_gate() {
        assert!(states(Some(&usual()), &quiet()).iter().all(|(_, state)| *state == GateState::Passed));
    }

    #[test]
    fn each_gate_fails_just_beyond_its_threshold() {
        let with = |change: &dyn Fn(&mut GateCounts)| {
            let mut counts = usual();
            change(&mut counts);
            failed(&counts, &quiet())
        };
        assert_eq!(with(&|c| c.joined = 8_250), [""; 0]);
        assert_eq!(with(&|c| c.joined = 8_260), ["share-joined"]);
        assert_eq!(with(&|c| c.joined = 3_240), ["share-joined"], "too few is as odd as too many");
        assert_eq!(with(&|c| c.large = 2), [""; 0], "0.02 % of 7000, rounded up");
        assert_eq!(with(&|c| c.large = 3), ["cluster-tail"]);
        assert_eq!(with(&|c| c.largest = 201), ["cluster-tail"]);
        assert_eq!(with(&|c| c.moved = 1_380), [""; 0]);
        assert_eq!(with(&|c| c.moved = 1_400), ["id-changes"]);
        assert_eq!(with(&|c| c.unlinkable = 750), [""; 0]);
        assert_eq!(with(&|c| c.unlinkable = 765), ["unlinkable"]);
        let watch = |merged, split| Watch { merged, split, ..quiet() };
        assert_eq!(failed(&usual(), &watch(1, 0)), ["sentinels"]);
        assert_eq!(failed(&usual(), &watch(0, 1)), ["sentinels"]);
        assert_eq!(failed(&usual(), &Watch::default()), ["sentinels"], "no sentinel, no gate");
    }

    #[test]
    fn the_first_nights_and_small_nights_are_not_judged_by_shares() {
        let first = GateCounts { earlier_nights: 0, earlier_new: 0, earlier_joined: 0, ..usual() };
        let share = ("share-joined", GateState::NotJudged);
        assert_eq!(states(Some(&first), &quiet()).first(), Some(&share));
        assert_eq!(failed(&first, &quiet()), [""; 0]);
        let small = GateCounts { identities_new: 999, joined: 0, merged: 999, unlinkable: 999, ..usual() };
        let not: Vec<_> = states(Some(&small), &quiet())
            .into_iter()
            .filter(|(_, state)| *state == GateState::NotJudged)
            .map(|(gate, _)| gate)
            .collect();
        assert_eq!(
            not,
            ["share-joined", "id-changes", "unlinkable"],
            "large persons and sentinels always count"
        );
    }

    #[test]
    fn what_cannot_be_read_fails() {
        let states = states(None, &quiet());
        assert_eq!(states.len(), 5);
        let open: Vec<_> = states.iter().filter(|(_, state)| *state != GateState::Failed).collect();
        assert_eq!(open, [&("sentinels", GateState::Passed)]);
    }
}
