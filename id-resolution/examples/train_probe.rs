//! probe
#![allow(clippy::all, clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing)]
use std::collections::BTreeMap;
use musubi_id_resolution::mpi::Record;
use musubi_id_resolution::mpi::row::Lexicon;
use musubi_id_resolution::mpi::score::{Time, score};
use musubi_id_resolution::mpi::weights::*;
use musubi_id_resolution::normalise::normalise;
use musubi_id_resolution::sent::{Normal, Sent};
use musubi_id_resolution::train::{self, tally::{Look, Tally}};
fn day(text: &str) -> Option<(i32, i32)> {
    let mut parts = text.split('-').map(|p| p.parse::<i32>().ok());
    let (y, m, d) = (parts.next()??, parts.next()??, parts.next()??);
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (m + if m > 2 { -3 } else { 9 }) + 2) / 5 + d - 1;
    let days = era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468;
    Some((days, days))
}
fn record(line: &str) -> (&str, Record<'_>) {
    let mut f = [""; 18];
    for (slot, text) in f.iter_mut().zip(line.trim_end_matches('\r').split(',')) { *slot = text; }
    let sent = Sent { facility: f[3], local_number: f[4], name_kanji: f[5], name_kana: f[6], birth: f[7], sex: f[8], postal_code: f[9], address: f[10], phone: f[11], insurer: f[12], symbol: f[13], number: f[14], branch: f[15], care_insurer: f[16], care_number: f[17], inquiry_key: "" };
    (f[0], Record { id: [0; 16], sent, seen: day(f[1]) })
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let truth: BTreeMap<String, String> = std::fs::read_to_string(&args[2]).unwrap().lines().skip(1).map(|l| { let mut f = l.split(','); (f.next().unwrap().to_owned(), f.next().unwrap().to_owned()) }).collect();
    let mut options = train::Options::default(); if let Ok(n) = std::env::var("NAME_MIN") { options.name_min = n.parse().unwrap(); }
    let t = std::time::Instant::now();
    let (model, report) = train::train::<()>(&options, |each| { text.lines().skip(1).for_each(|l| each(&record(l).1)); Ok(()) }).unwrap();
    eprintln!("trained in {:.1}s", t.elapsed().as_secs_f64());
    if let Some(out) = args.get(3) { std::fs::write(out, serde_json::to_string(&model).unwrap()).unwrap(); }
    let mut short = report.clone(); short.cells.clear();
    println!("{}", serde_json::to_string(&short).unwrap());
    // truth
    let mut lexicon = Lexicon::default(); let mut normal = Normal::default();
    let mut persons: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for l in text.lines().skip(1) { let (id, r) = record(l); normalise(&r.sent, &model.names, &mut normal);
        let row = lexicon.row(&normal, r.sent.facility, r.seen, &model.names, model.rules.unseen_name);
        let p = persons.entry(&truth[id]).or_default();
        if let Some(k) = p.iter_mut().find(|x: &&mut musubi_id_resolution::mpi::row::Row| x.same_tuple(&row)) { k.first = k.first.min(row.first); k.last = k.last.max(row.last); } else { p.push(row); } }
    let mut tally = Tally::default();
    for rows in persons.values() { for (i, a) in rows.iter().enumerate() { for b in rows.iter().skip(i+1) { let look = Look::of(a, b, score(&musubi_id_resolution::mpi::model::Scorer::new(&model), &lexicon, a, b, Time::Counts).levels); for c in Comparison::ALL { tally.add(look, *c, 1.0); } } } }
    println!("persons {}", persons.len());
    println!("{:<9} {:<15} {:<9} {:>7} {:>7} {:>7} {:>7} {:>8}/{:<8} truth {:>8}", "comp","level","class","base","learn","em","truth","shown","could","n");
    for c in &report.cells {
        if c.class == Class::Household || c.class == Class::Twin { continue; }
        let (n, of) = tally.get(c.comparison, c.level);
        let tr = if c.class == Class::Same { bits((n + 0.1) / (of + 1.0)) } else { 0 };
        println!("{:<9} {:<15} {:<9} {:>7} {:>7}{} {:>7} {:>7} {:>8}/{:<8} {:>8}/{}", c.comparison.name(), c.comparison.levels()[c.level], format!("{:?}", c.class), c.base, c.learned, if c.moved {"*"} else {" "}, c.em.map_or(String::new(), |e| e.to_string()), tr, c.shown, c.could, if c.class==Class::Same {n} else {0.0}, of);
    }
}
