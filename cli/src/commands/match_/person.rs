//! `kind = "person-ja"`: a table of Japanese persons through the engine of the nights, streamed, so that the file may be
//! larger than memory. Three passes: learn names (unless a model is given), link, write.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use musubi_id_resolution::mpi::engine::Mpi;
use musubi_id_resolution::mpi::row::hash64;
use musubi_id_resolution::mpi::{Model, Record};
use musubi_id_resolution::names::NameBook;
use musubi_id_resolution::normalise::normalise_name;
use musubi_id_resolution::sent::{Normal, Sent};
use musubi_id_resolution::table::config::PersonJa;
use serde_json::json;

use super::stream::{Cells, Table};
use super::{Ending, Order, refuse};
use crate::say::{Voice, warn};

/// Rows taken in before their keys are sorted into the index.
const BATCH: usize = 250_000;

/// What the engine knows, in the order in which [`Columns::sent`] reads it.
const KNOWN: [&str; 17] = [
    "facility",
    "local_number",
    "name_kanji",
    "name_kana",
    "birth",
    "sex",
    "postal_code",
    "address",
    "phone",
    "insurer",
    "symbol",
    "number",
    "branch",
    "care_insurer",
    "care_number",
    "inquiry_key",
    "seen",
];

/// Places of the columns in the table; a column that the configuration does not name is empty everywhere.
struct Columns {
    id: usize,
    places: [Option<usize>; 17],
}

impl Columns {
    /// What is missing, in words, when the table has not what the configuration names.
    fn find(config: &PersonJa, header: &[String]) -> Result<Self, String> {
        let find = |name: &str| {
            header.iter().position(|h| h == name).ok_or_else(|| {
                format!("列「{name}」がありません(ある列: {}) / no column `{name}`", header.join(", "))
            })
        };
        if let Some(odd) = config.columns.keys().find(|k| !KNOWN.contains(&k.as_str())) {
            return Err(format!("columns.{odd} という項目はありません({}) / no such item", KNOWN.join(", ")));
        }
        let mut places = [None; 17];
        for (place, known) in places.iter_mut().zip(KNOWN) {
            *place = config.columns.get(known).map(|name| find(name)).transpose()?;
        }
        Ok(Self { id: find(&config.id)?, places })
    }

    fn record<'c>(&self, cells: &'c Cells<'_>) -> Record<'c> {
        let [
            facility,
            local,
            kanji,
            kana,
            birth,
            sex,
            postal,
            address,
            phone,
            insurer,
            symbol,
            number,
            branch,
            ci,
            cn,
            key,
            seen,
        ] = self.places.map(|at| at.map_or("", |at| cells.get(at)));
        let sent = Sent {
            facility,
            local_number: local,
            name_kanji: kanji,
            name_kana: kana,
            birth,
            sex,
            postal_code: postal,
            address,
            phone,
            insurer,
            symbol,
            number,
            branch,
            care_insurer: ci,
            care_number: cn,
            inquiry_key: key,
        };
        Record { id: [0; 16], sent, seen: day(seen).map(|d| (d, d)) }
    }
}

/// `YYYY-MM-DD` as days since 1970-01-01.
fn day(text: &str) -> Option<i32> {
    let date: jiff::civil::Date = text.trim().parse().ok()?;
    Some(date.since(jiff::civil::date(1970, 1, 1)).ok()?.get_days())
}

/// Learns names from the table itself, and how many persons it is about.
fn learn(columns: &Columns, table: &mut Table, bar: &ProgressBar) -> Result<Model> {
    let (mut book, words) = (NameBook::empty(), NameBook::builtin());
    let mut normal = Normal::default();
    // one script at a time: who is written in both would count twice
    let mut seen: [HashSet<u64>; 2] = [HashSet::new(), HashSet::new()];
    while let Some(cells) = table.next()? {
        normalise_name(&columns.record(&cells).sent, &words, &mut normal);
        book.learn(&normal);
        let birth = u64::from(normal.birth.year) << 16
            | u64::from(normal.birth.month) << 8
            | u64::from(normal.birth.day);
        for (set, [family, given]) in seen.iter_mut().zip([
            [normal.family.kana.as_slice(), normal.given.kana.as_slice()],
            [normal.family.kanji.as_bytes(), normal.given.kanji.as_bytes()],
        ]) {
            if !given.is_empty() {
                set.insert(hash64(hash64(birth, family), given));
            }
        }
        bar.set_position(table.read_bytes());
    }
    let mut model = Model { version: "learned/1".to_owned(), ..Model::default() };
    let persons = seen.iter().map(HashSet::len).max().unwrap_or(0);
    model.rules.population = u64::try_from(persons).unwrap_or(u64::MAX).max(1_000);
    model.names = book;
    Ok(model)
}

/// Links the table.
pub fn link(order: &Order, file: &Path, config: &PersonJa, voice: Voice) -> Result<Ending> {
    let open = || Table::open(file).with_context(|| format!("表を読めません: {}", file.display()));
    let mut table = open()?;
    let columns = match Columns::find(config, table.header()) {
        Ok(columns) => columns,
        Err(why) => return Ok(refuse(voice, &file.display().to_string(), &why)),
    };
    let target = if voice.json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(table.bytes()), target);
    if let Ok(style) =
        ProgressStyle::with_template("{msg:<10} [{bar:30}] {bytes}/{total_bytes} {elapsed} {eta}")
    {
        bar.set_style(style.progress_chars("█▉ "));
    }
    let model: Model = match &order.model {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("モデルを読めません: {}", path.display()))?;
            match serde_json::from_str(&text) {
                Ok(model) => model,
                Err(why) => return Ok(refuse(voice, &path.display().to_string(), &why.to_string())),
            }
        }
        None => {
            bar.set_message(voice.word("氏名の学習", "names").to_owned());
            let model = learn(&columns, &mut table, &bar)?;
            table = open()?;
            model
        }
    };
    let mut model = model;
    if let Some(bits) = order.threshold {
        model.rules.threshold = (bits * f64::from(musubi_id_resolution::mpi::BIT)).round() as i32;
    }
    bar.set_message(voice.word("突合", "linking").to_owned());
    let mut mpi = Mpi::new(&model);
    let (mut rows, mut repeated, mut crowded) = (Vec::new(), 0, 0);
    let mut ragged: BTreeMap<u64, usize> = BTreeMap::new();
    loop {
        let before = rows.len();
        let mut lines = Vec::new();
        while lines.len() < BATCH {
            let Some(line) = table.next_line()? else { break };
            lines.push(line);
        }
        if lines.is_empty() {
            break;
        }
        let width = table.header().len();
        let cells: Vec<Cells<'_>> = lines.iter().map(|l| Cells::of(&l.text, table.comma())).collect();
        for (line, cells) in lines.iter().zip(&cells) {
            if cells.len() != width {
                ragged.insert(line.number, cells.len());
            }
        }
        let batch = mpi.take_in(cells.iter().map(|c| columns.record(c)));
        rows.extend(batch.rows);
        (repeated, crowded) = (repeated + batch.repeated, crowded + batch.crowded);
        bar.set_position(table.read_bytes());
        if rows.len() == before {
            break;
        }
    }
    mpi.settle();
    bar.finish_and_clear();
    if let Some(path) = &order.out {
        let mut out =
            BufWriter::new(File::create(path).with_context(|| format!("書けません: {}", path.display()))?);
        writeln!(out, "record_id,cluster_id")?;
        let mut table = open()?;
        let mut row = rows.iter();
        while let (Some(cells), Some(row)) = (table.next()?, row.next()) {
            writeln!(
                out,
                "{},{}",
                musubi_id_resolution::table::csv::cell(cells.get(columns.id)),
                mpi.person(*row)
            )?;
        }
        out.flush()?;
    }
    if let Some(path) = &order.model_out {
        std::fs::write(path, serde_json::to_string_pretty(&model)? + "\n")
            .with_context(|| format!("書けません: {}", path.display()))?;
    }
    for (line, cells) in ragged.iter().take(20) {
        let words = voice
            .word("{l} 行目: セルが {c} 個(見出しは {h} 個)", "line {l}: {c} cells (the header has {h})");
        let words = words.replace("{l}", &line.to_string()).replace("{c}", &cells.to_string());
        warn(&words.replace("{h}", &table.header().len().to_string()));
    }
    let mut persons: Vec<u32> = rows.iter().map(|r| mpi.person(*r)).collect();
    persons.sort_unstable();
    persons.dedup();
    let unlinkable = rows.iter().filter(|r| !mpi.linkable(**r)).count();
    let (records, persons) = (rows.len(), persons.len());
    voice.say(
        format!("記録 {records} 件 → 本人 {persons} 人(同じ記載 {repeated} 件、照合する値のない記録 {unlinkable} 件、混みすぎた鍵 {crowded})"),
        format!("{records} records → {persons} persons ({repeated} said the same again, {unlinkable} with nothing to match on, {crowded} crowded keys)"),
    );
    voice.value(&json!({
        "records": records, "persons": persons, "repeated": repeated, "blank": unlinkable, "crowded_keys": crowded,
        "rows": mpi.rows().len(), "postings": mpi.postings(), "bytes": mpi.bytes(), "pairs_scored": mpi.scored(),
        "ragged": ragged.len(), "population": model.rules.population,
    }));
    Ok(if ragged.is_empty() { Ending::Done } else { Ending::LookAtIt })
}
