//! `musubi anonymize`: the microdata engine alone, on any table of persons. Opens no installation.
//!
//! It must never leave half a result behind, and never say a cell: files, columns and rows only.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use musubi_disclosure::micro::ladder::Ladder;
use musubi_disclosure::micro::sheet::{Anonymized, Step, anonymize};
use musubi_disclosure::micro::suggest::draft;
use musubi_disclosure::report::html;
use musubi_id_resolution::table::csv::{self, Sheet};
use musubi_model::csv::row;
use musubi_model::policy::Policy;
use serde_json::json;

use super::Ending;
use crate::home::today;
use crate::say::{Voice, raw, warn};

/// `musubi anonymize`.
#[derive(Debug, Args)]
pub struct Order {
    /// The table, one row for each person: CSV (`,`, `;` or tabs), UTF-8 or Shift_JIS, with a header.
    file: PathBuf,
    /// What must hold, and what each column is (TOML).
    #[arg(long, value_name = "FILE", required_unless_present = "suggest")]
    policy: Option<PathBuf>,
    /// Folder to write to; must not exist. [default: FILE's name with `-anonymized`]
    #[arg(long, value_name = "FOLDER", conflicts_with = "suggest")]
    out: Option<PathBuf>,
    /// A hierarchy from a file of lines `leaf;level1;…;*`, instead of the policy's.
    #[arg(long, value_name = "COLUMN=FILE", conflicts_with = "suggest")]
    hierarchy: Vec<String>,
    /// Print a policy to begin with, from the table: every column with a guess of what it is.
    #[arg(long, conflicts_with = "policy")]
    suggest: bool,
}

/// Why there is no result: the words to say.
struct Refused(String);

/// Runs the verb.
pub fn run(order: &Order, voice: Voice) -> Result<Ending> {
    let done = match &order.policy {
        None => suggest(order, voice)?,
        Some(policy) => recoded(order, policy, voice)?,
    };
    Ok(match done {
        Ok(()) => Ending::Done,
        Err(Refused(why)) => {
            warn(&format!("{}: {why}", voice.word("エラー", "error")));
            Ending::Usage
        }
    })
}

fn suggest(order: &Order, voice: Voice) -> Result<Result<(), Refused>> {
    let sheet = match table(&order.file) {
        Ok(sheet) => sheet,
        Err(refused) => return Ok(Err(refused)),
    };
    let text = draft(&sheet.header, &sheet.rows, &today().to_string());
    if voice.json {
        voice.value(&json!({ "columns": sheet.header, "rows": sheet.rows.len(), "policy": text }));
    } else {
        raw(text.as_bytes())?;
    }
    Ok(Ok(()))
}

fn recoded(order: &Order, policy: &Path, voice: Voice) -> Result<Result<(), Refused>> {
    let out = order.out.clone().unwrap_or_else(|| {
        let stem = order.file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        order.file.with_file_name(format!("{stem}-anonymized"))
    });
    let (policy_text, anonymized) = match work(order, policy, &out, voice) {
        Ok(done) => done,
        Err(refused) => return Ok(Err(refused)),
    };
    write(&out, &policy_text, &anonymized, voice)?;
    let report = &anonymized.report;
    let name = out.display();
    voice.say(
        format!(
            "加工しました: {} 行のうち {} 行を出力、削除 {} 行、群 {}(最小 {})、情報損失 {:.5}、最大リスク {:.2} % → {name}",
            report.rows, report.after.rows, report.suppressed, report.after.classes, report.after.smallest, report.loss,
            report.after.prosecutor * 100.0
        ),
        format!(
            "Anonymised: {} of {} rows told, {} left out, {} classes (smallest {}), loss {:.5}, greatest risk {:.2} % → {name}",
            report.after.rows, report.rows, report.suppressed, report.after.classes, report.after.smallest, report.loss,
            report.after.prosecutor * 100.0
        ),
    );
    voice.value(&report.json());
    Ok(Ok(()))
}

/// Everything up to the result, with nothing written.
fn work(order: &Order, policy: &Path, out: &Path, voice: Voice) -> Result<(String, Anonymized), Refused> {
    if out.exists() {
        return Err(Refused(format!(
            "ANON_OUT: {} exists; name another folder with --out (出力先が既にあります)",
            out.display()
        )));
    }
    let text = fs::read_to_string(policy).map_err(|e| unreadable(policy, &e))?;
    let policy = Policy::parse(&text).map_err(|e| Refused(e.to_string()))?;
    if !policy.in_force(today()) {
        let until = policy.until.map_or_else(String::new, |day| day.to_string());
        return Err(Refused(format!(
            "ANON_DATE: the policy holds from {} to {until}, today is {}; use the version in force (方針の適用期間外です)",
            policy.from,
            today()
        )));
    }
    let ladders = order.hierarchy.iter().map(|given| hierarchy(given)).collect::<Result<_, _>>()?;
    let target = if voice.json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(Step::Tell as u64), target);
    if let Ok(style) = ProgressStyle::with_template("{msg:<16} [{bar:30}] {pos}/{len} {elapsed}") {
        bar.set_style(style.progress_chars("█▉ "));
    }
    bar.set_message(voice.word("読み込み", "reading").to_owned());
    let sheet = table(&order.file)?;
    let done = anonymize(&policy, &sheet.header, &sheet.rows, &ladders, &mut |step| {
        let word = match step {
            Step::Columns => voice.word("項目", "columns"),
            Step::Rows => voice.word("行", "rows"),
            Step::Recode => voice.word("一般化", "recoding"),
            Step::Tell => voice.word("リスク", "risks"),
        };
        bar.set_message(word.to_owned());
        bar.set_position(step as u64);
    });
    bar.finish_and_clear();
    done.map(|done| (text, done)).map_err(|e| Refused(e.to_string()))
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> Refused {
    Refused(format!("ANON_READ: {}: {why} (ファイルを読めません)", path.display()))
}

/// Reads the table. A row of another length is refused: its cells may stand in the wrong column, a name in a neutral one.
fn table(file: &Path) -> Result<Sheet, Refused> {
    let bytes = fs::read(file).map_err(|e| unreadable(file, &e))?;
    let sheet = csv::read(&bytes).map_err(|e| unreadable(file, &e))?;
    if let Some((line, cells)) = sheet.ragged.first() {
        return Err(Refused(format!(
            "ANON_WIDTH: line {line} has {cells} cells, the header has {}; mend this and {} more lines (列数が見出しと違います)",
            sheet.header.len(),
            sheet.ragged.len() - 1
        )));
    }
    if sheet.header.iter().any(String::is_empty) {
        return Err(Refused(
            "ANON_HEADER: a column has no name; name every column (名前のない項目があります)".to_owned(),
        ));
    }
    Ok(sheet)
}

fn hierarchy(given: &str) -> Result<(String, Ladder), Refused> {
    let Some((column, file)) = given.split_once('=') else {
        return Err(Refused("ANON_OPTION: --hierarchy takes COLUMN=FILE (指定の形式が違います)".to_owned()));
    };
    let file = Path::new(file);
    let bytes = fs::read(file).map_err(|e| unreadable(file, &e))?;
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::SHIFT_JIS
            .decode_without_bom_handling_and_without_replacement(&bytes)
            .ok_or_else(|| unreadable(file, &"neither UTF-8 nor Shift_JIS"))?
            .into_owned(),
    };
    let ladder = Ladder::from_rows(&text).map_err(|e| Refused(format!("{}: {e}", file.display())))?;
    Ok((column.to_owned(), ladder))
}

/// Writes the folder beside its place, then puts it there: whole or not at all.
fn write(out: &Path, policy: &str, done: &Anonymized, voice: Voice) -> Result<()> {
    let name = out.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = out.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let written = fill(&beside, policy, done, voice).and_then(|()| Ok(fs::rename(&beside, out)?));
    if written.is_err() && fs::remove_dir_all(&beside).is_err() {
        warn(&format!(
            "{}: {}",
            voice.word("途中の結果が残りました", "a partial result is left"),
            beside.display()
        ));
    }
    written.with_context(|| format!("書けません: {}", out.display()))
}

fn fill(folder: &Path, policy: &str, done: &Anonymized, voice: Voice) -> Result<()> {
    fs::create_dir_all(folder)?;
    let put = |name: &str, lines: &mut dyn Iterator<Item = String>| -> Result<()> {
        let mut file = std::io::BufWriter::new(fs::File::create(folder.join(name))?);
        for line in lines {
            file.write_all(line.as_bytes())?;
        }
        file.flush()?;
        Ok(file.get_ref().sync_all()?)
    };
    put("anonymized.csv", &mut std::iter::once(&done.header).chain(&done.rows).map(|cells| row(cells)))?;
    put("risk.json", &mut std::iter::once(serde_json::to_string_pretty(&done.report.json())? + "\n"))?;
    put("risk.html", &mut std::iter::once(html(&done.report, voice.english)))?;
    put("policy.toml", &mut std::iter::once(policy.to_owned()))
}
