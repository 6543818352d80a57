//! `musubi match eval`: a result held against a truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use musubi_id_resolution::eval::{Persons, Rates, Verdict, by_tag, churn, judge};
use musubi_id_resolution::table::csv;

use super::{Ending, refuse};
use crate::say::Voice;

/// `musubi match eval`.
#[derive(Debug, Args)]
pub struct Order {
    /// record_id,entity_id and, with --tags, a third column of tags; a record without entity is left out.
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// record_id,cluster_id; a record that is not named is a person of its own.
    #[arg(long, value_name = "FILE")]
    clusters: PathBuf,
    /// An earlier result: how many records changed their id, and how many without need.
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// Errors by the tags of the truth's third column.
    #[arg(long)]
    tags: bool,
}

/// Tags of records.
type Tags = BTreeMap<String, BTreeSet<String>>;

/// Runs the verb.
pub fn run(order: &Order, voice: Voice) -> Result<Ending> {
    let mut verdict = match (read(&order.truth, true)?, read(&order.clusters, false)?) {
        (Ok((truth, tags)), Ok((clusters, _))) => {
            let mut verdict = judge(&truth, &clusters);
            if order.tags {
                verdict.tags = by_tag(&truth, &clusters, &tags);
            }
            (verdict, clusters)
        }
        (Err(why), _) => return Ok(refuse(voice, &order.truth.display().to_string(), &why)),
        (_, Err(why)) => return Ok(refuse(voice, &order.clusters.display().to_string(), &why)),
    };
    if let Some(previous) = &order.previous {
        match read(previous, false)? {
            Ok((before, _)) => verdict.0.churn = Some(churn(&before, &verdict.1)),
            Err(why) => return Ok(refuse(voice, &previous.display().to_string(), &why)),
        }
    }
    tell(voice, &verdict.0);
    voice.value(&verdict.0);
    Ok(Ending::Done)
}

/// The first two columns, and tags from the third.
fn read(path: &Path, skip_blank: bool) -> Result<Result<(Persons, Tags), String>> {
    let bytes = fs::read(path).with_context(|| format!("読めません: {}", path.display()))?;
    let sheet = match csv::read(&bytes) {
        Ok(sheet) => sheet,
        Err(why) => return Ok(Err(why.to_string())),
    };
    let (mut persons, mut tags) = (Persons::new(), Tags::new());
    for (n, row) in sheet.rows.iter().enumerate() {
        let [record, person, more @ ..] = row.as_slice() else {
            return Ok(Err("列が二つ必要です / two columns are needed".to_owned()));
        };
        if skip_blank && person.is_empty() {
            continue;
        }
        if persons.insert(record.clone(), person.clone()).is_some() {
            return Ok(Err(format!("{} 件目の記録が二度目です / row {0} names its record again", n + 1)));
        }
        let of: BTreeSet<String> = more
            .first()
            .map(|t| t.split(['|', ';', ' ']).filter(|t| !t.is_empty()).map(str::to_owned).collect())
            .unwrap_or_default();
        if !of.is_empty() {
            tags.insert(record.clone(), of);
        }
    }
    Ok(Ok((persons, tags)))
}

fn tell(voice: Voice, v: &Verdict) {
    let rates = |r: &Rates| match voice.english {
        true => format!("precision {:.5}  recall {:.5}  F1 {:.5}", r.precision, r.recall, r.f1),
        false => format!("適合率 {:.5}  再現率 {:.5}  F1 {:.5}", r.precision, r.recall, r.f1),
    };
    voice.say(
        format!(
            "記録 {}(結果にないもの {})  本人 {}  結果の本人 {}",
            v.records, v.unnamed, v.entities, v.clusters
        ),
        format!(
            "records {} (not in the result {})  persons {}  clusters {}",
            v.records, v.unnamed, v.entities, v.clusters
        ),
    );
    voice.line(format!("{}  {}", voice.word("組  ", "pairs"), rates(&v.pairwise)));
    voice.line(format!("B³     {}", rates(&v.bcubed)));
    voice.say(
        format!(
            "過統合 {}(迷子の記録 {})  過分割 {}(余分な断片 {})  完全一致 {}",
            v.over_merged, v.astray, v.split, v.fragments, v.exact
        ),
        format!(
            "over-merged {} (records astray {})  split {} (extra fragments {})  exact {}",
            v.over_merged, v.astray, v.split, v.fragments, v.exact
        ),
    );
    let mut tags: Vec<_> = v.tags.iter().collect();
    tags.sort_by_key(|(name, t)| (std::cmp::Reverse(t.astray + t.torn_off), *name));
    for (name, t) in tags {
        voice.say(
            format!("  {name}: 記録 {}  過統合 {}  過分割 {}", t.records, t.astray, t.torn_off),
            format!("  {name}: records {}  over-merged {}  split off {}", t.records, t.astray, t.torn_off),
        );
    }
    if let Some(c) = &v.churn {
        voice.say(
            format!("ID変更 {}/{}(必要 {}、不要 {})", c.changed, c.records, c.needed, c.needless),
            format!(
                "ids changed {} of {} (needed {}, needless {})",
                c.changed, c.records, c.needed, c.needless
            ),
        );
    }
}
