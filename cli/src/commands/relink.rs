//! `musubi person relink` (全件再突合): what a model would change for everybody, and the switch, which two people make.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_etl::relink::{self, ShadowReport};
use musubi_id_resolution::mpi::Model;
use musubi_storage::StorageError;
use serde_json::json;

use super::{Ending, books, night};
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::Voice;

/// `musubi person relink`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["shadow", "switch"])))]
pub struct Relink {
    /// Say what would change (影の全件突合); nothing is written.
    #[arg(long)]
    shadow: bool,
    /// Switch to the model: one person proposes, another confirms.
    #[arg(long, requires = "by")]
    switch: bool,
    /// Who proposes or confirms.
    #[arg(long)]
    by: Option<String>,
    /// Confirm what another person proposed.
    #[arg(long, requires = "switch")]
    confirm: bool,
    /// The model as JSON; without it the model in force.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Write the report of the shadow as one HTML file.
    #[arg(long, value_name = "FILE", requires = "shadow")]
    out: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Relink) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut matching = night::matching(&home)?;
    if let Some(file) = &order.model {
        if !order.shadow {
            let why = "切替は、採用済みのモデルへだけ行えます(musubi model adopt。--model は --shadow でだけ使えます)";
            voice.say(
                why,
                "Only an adopted model can be switched to (musubi model adopt); --model goes with --shadow",
            );
            return Ok(Ending::Usage);
        }
        matching.model = read(file)?;
    } else if !order.shadow
        && let Some(version) = super::model_::adopted(&home)?
    {
        matching.model = super::model_::of_ledger(&home, &version)?.model;
    }
    let mut db = home.registry.identity()?;
    if order.shadow {
        let report = relink::shadow(&mut db, &home.ring, &matching).context("全件突合ができません")?;
        return tell(voice, &report, order.out.as_deref());
    }
    let by = Name::new(order.by.as_deref().unwrap_or_default()).context("--by")?.to_string();
    if !order.confirm {
        let id = relink::propose(&mut db, &matching, &by, now()).context("提案を記録できません")?;
        let object = AuditObject::Relink(id.unsigned_abs());
        books::audit(&mut db, cli, AuditRole::Identity, AuditAction::ProposeRelink, object, 0)?;
        voice.say(
            format!(
                "切替を提案しました: {}(番号 {id})。別の人が --confirm で確認してください",
                matching.model.version
            ),
            format!(
                "Proposed to switch to {} (number {id}); another person has to confirm it",
                matching.model.version
            ),
        );
        voice.value(&json!({ "relink": id, "confirmed": false }));
        return Ok(Ending::Done);
    }
    let (id, done) = match relink::confirm(&mut db, &home.ring, &matching, &by, now()) {
        Ok(done) => done,
        Err(StorageError::Refused(why)) => {
            voice.say(
                "切り替えません: このモデルを最後に提案した、別の人がいません",
                format!("Not switched: {why}"),
            );
            return Ok(Ending::Usage);
        }
        Err(e) => return Err(e).context("切替が中断しました(何も変わっていません。再実行してください)"),
    };
    let changed = done.changed.len() as u64;
    let object = AuditObject::Relink(id.unsigned_abs());
    books::audit(&mut db, cli, AuditRole::Identity, AuditAction::Relink, object, changed)?;
    voice.say(
        format!(
            "切り替えました: 本人記述 {}、統合 {}、分割 {}、移動 {}。提供の前に musubi gate run で判定してください",
            done.decided, done.persons_merged, done.persons_split, done.moved
        ),
        format!(
            "Switched: {} identities, {} merged, {} split, {} moved. Run the gates before a release (musubi gate run)",
            done.decided, done.persons_merged, done.persons_split, done.moved
        ),
    );
    voice.value(&json!({
        "relink": id,
        "confirmed": true,
        "identities": done.decided,
        "persons_merged": done.persons_merged,
        "persons_split": done.persons_split,
        "moved": done.moved,
    }));
    Ok(Ending::Done)
}

fn read(file: &Path) -> Result<Model> {
    let text = fs::read(file).with_context(|| format!("モデルを読めません: {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("モデルの書式が違います: {}", file.display()))
}

/// Rows of the report: word, count.
fn rows(report: &ShadowReport, voice: Voice) -> Vec<(String, String)> {
    let c = &report.churn;
    let row = |ja: &str, en: &str, n: u64| (voice.word(ja, en).to_owned(), n.to_string());
    let mut rows = vec![
        (voice.word("モデル", "model").to_owned(), report.model.clone()),
        row("本人記述", "identities", c.identities),
        row("人(いま)", "persons in force", c.persons_before),
        row("人(全件突合)", "persons as decided", c.persons_after),
        row("差異のある人", "differences", c.differences()),
        row("統合される人", "merged", c.merged),
        row("分割される人", "split", c.split),
        row("研究用IDが変わる本人記述", "research ids that change", c.changed),
        row("うち不要な変更", "of those needless", c.needless),
        row("人の確認に回る組", "pairs for people", report.doubtful),
        row("照合の手がかりがない本人記述", "nothing to match on", report.unlinkable),
    ];
    for (cause, n) in &c.causes {
        let ja = match *cause {
            "joined:rule" => "理由: 規則による結合",
            "joined:score" => "理由: 得点による結合",
            "joined:ruling" => "理由: 裁定による結合",
            "parted:no-evidence" => "理由: 結びつける根拠がない",
            _ => "理由: 全体像が別人を示す",
        };
        rows.push(row(ja, cause, *n));
    }
    for release in &report.releases {
        let names =
            if release.releases.is_empty() { release.cohort_id.clone() } else { release.releases.join(", ") };
        rows.push((
            format!("{}: {names}", voice.word("影響する提供", "release touched")),
            release.identities.to_string(),
        ));
    }
    rows
}

fn tell(voice: Voice, report: &ShadowReport, out: Option<&Path>) -> Result<Ending> {
    let rows = rows(report, voice);
    for (word, n) in &rows {
        voice.line(format!("{word}: {n}"));
    }
    let c = &report.churn;
    if c.differences() == 0 {
        voice.say(
            "差異 0: 夜ごとの名寄せと全件突合は一致します",
            "0 differences: the nights and the whole agree",
        );
    }
    if let Some(out) = out {
        let title = voice.word("影の全件突合", "Shadow relink");
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
        let cells: String = rows
            .iter()
            .map(|(word, n)| {
                format!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>", escape(word), escape(n))
            })
            .collect();
        let lang = if voice.english { "en" } else { "ja" };
        let page = format!(
            "<!doctype html><html lang=\"{lang}\"><meta charset=\"utf-8\"><title>{title}</title>\
             <style>body{{font:16px sans-serif;margin:2em}}th{{text-align:left;padding-right:2em}}\
             td{{text-align:right}}</style><h1>{title}</h1><table>{cells}</table></html>\n"
        );
        fs::write(out, page).with_context(|| format!("書けません: {}", out.display()))?;
    }
    voice.value(&json!({
        "model": report.model,
        "model_hash": report.model_hash,
        "identities": c.identities,
        "persons_before": c.persons_before,
        "persons_after": c.persons_after,
        "differences": c.differences(),
        "merged": c.merged,
        "split": c.split,
        "changed": c.changed,
        "needless": c.needless,
        "causes": c.causes,
        "doubtful": report.doubtful,
        "unlinkable": report.unlinkable,
        "releases": report.releases.iter().flat_map(|r| r.releases.iter()).collect::<Vec<_>>(),
        "cohorts": report.releases.iter().map(|r| r.cohort_id.as_str()).collect::<Vec<_>>(),
    }));
    Ok(Ending::Done)
}
