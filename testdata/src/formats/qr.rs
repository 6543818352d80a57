//! 電子版お薬手帳 and 処方箋 QR: record sets of patients, one after the other in a file.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use musubi_model::Sex;
use musubi_model::manifest::FeedKind;

use super::{Format, Job, Subject, SynthFile};
use crate::SynthError;
use crate::clinical::{DRUGS, Drug, Route};
use crate::rng::Rng;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    vec![
        Format { kind: FeedKind::MedicationNotebook, interface: "", sender: "pharmacy", write: notebooks },
        Format { kind: FeedKind::PrescriptionQr, interface: "", sender: "clinic", write: prescriptions },
    ]
}

/// Bytes of a part of a divided notebook, about what one QR code holds.
const PART_BYTES: usize = 900;

/// Record sets put into a file.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, items: &[&str]) {
        // A half-width comma inside a text is written in full width, as the standards say; trailing blanks are dropped.
        let kept = items.iter().rposition(|i| !i.is_empty()).map_or(0, |n| n + 1);
        let items: Vec<String> = items.iter().take(kept).map(|i| i.replace(',', "，")).collect();
        self.text.push_str(&items.join(","));
        self.text.push_str("\r\n");
    }

    fn into_file(self, path: String) -> Result<Vec<SynthFile>, SynthError> {
        if self.text.is_empty() {
            return Ok(Vec::new());
        }
        let mut totals: BTreeMap<String, u64> = BTreeMap::new();
        for line in self.text.lines() {
            let kind = line.split(',').next().unwrap_or_default();
            let kind = if kind.starts_with("JAHIS") { "JAHIS" } else { kind };
            *totals.entry(kind.to_owned()).or_default() += 1;
        }
        Ok(vec![SynthFile { path, bytes: crate::uke::encode(&self.text)?, totals }])
    }
}

fn western(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// With the era, its letter (notebooks) or digit (prescriptions) in front.
fn era(date: Date, letters: bool) -> String {
    let eras = [
        (Date::constant(2019, 5, 1), 2018, 'R', '5'),
        (Date::constant(1989, 1, 8), 1988, 'H', '4'),
        (Date::constant(1926, 12, 25), 1925, 'S', '3'),
        (Date::constant(1912, 7, 30), 1911, 'T', '2'),
    ];
    match eras.iter().find(|(first, ..)| date >= *first) {
        Some((_, base, letter, digit)) => {
            let sign = if letters { letter } else { digit };
            format!("{sign}{:02}{:02}{:02}", date.year() - base, date.month(), date.day())
        }
        None => western(date),
    }
}

fn sex(subject: &Subject) -> &'static str {
    if subject.sex == Sex::Male { "1" } else { "2" }
}

fn names(subject: &Subject) -> (String, String) {
    let join = |parts: &(String, String)| format!("{} {}", parts.0, parts.1).trim().to_owned();
    (join(&subject.kanji), join(&subject.kana))
}

/// A day of the month, never before birth.
fn day(job: &Job<'_>, subject: &Subject, rng: &mut Rng) -> Date {
    job.month.saturating_add(rng.between(0, 27).days()).max(subject.birth)
}

/// The check digit of a JAN of 12 digits.
fn jan(body: &str) -> String {
    let sum: u32 = body.bytes().zip([1, 3].iter().cycle()).map(|(b, w)| u32::from(b - b'0') * w).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// Drugs of one visit, in RPs of one usage.
fn drugs(rng: &mut Rng) -> Vec<&'static Drug> {
    let count = 1 + rng.weighted(&[40, 30, 20, 10]);
    let mut picked: Vec<&Drug> = (0..count).map(|_| rng.pick(&DRUGS)).collect();
    picked.sort_by_key(|d| (d.usage, d.code));
    picked.dedup_by_key(|d| d.code);
    picked
}

/// A dose near the usual one; halves occur.
fn dose(drug: &Drug, rng: &mut Rng) -> String {
    match rng.below(12) {
        0 if drug.route == Route::Oral => format!("{}.5", drug.amount),
        1 => (drug.amount * 2).to_string(),
        _ => drug.amount.to_string(),
    }
}

fn notebooks(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let mut page = Page::default();
    for subject in job.subjects {
        let mut rng = job.rng(subject, 61);
        if rng.chance(0.4) {
            let mut one = Page::default();
            notebook(job, subject, &mut rng, &mut one);
            divide(&one.text, subject, &mut rng, &mut page);
        }
    }
    page.into_file(format!("okusuri/{}_{:03}.csv", western(job.business_date), job.part))
}

/// Writes a set whole, or as the parts of several codes.
fn divide(set: &str, subject: &Subject, rng: &mut Rng, page: &mut Page) {
    let header = "JAHISTC08,1\r\n";
    if set.len() <= PART_BYTES || rng.chance(0.5) {
        page.text.push_str(header);
        page.text.push_str(set);
        return;
    }
    let mut parts: Vec<String> = vec![String::new()];
    for line in set.split_inclusive('\n') {
        if parts.last().is_some_and(|p| p.len() + line.len() > PART_BYTES) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(line);
        }
    }
    let id = format!("{:08}{:06}", rng.below(100_000_000), subject.number % 1_000_000);
    for (n, part) in parts.iter().enumerate() {
        page.text.push_str(header);
        page.text.push_str(part);
        page.line(&["911", &id, &parts.len().to_string(), &(n + 1).to_string()]);
    }
}

fn notebook(job: &Job<'_>, subject: &Subject, rng: &mut Rng, page: &mut Page) {
    let (kanji, kana) = names(subject);
    let letters = rng.chance(0.5);
    let write = |date: Date| if letters { era(date, true) } else { western(date) };
    let blood = *rng.pick(&["", "", "", "Ａ＋", "Ｂ＋", "Ｏ＋", "ＡＢ＋", "Ｏ－"]);
    // Adults lie around 60 kg, children below.
    let tenths = match subject.age {
        ..1 => rng.between(28, 95),
        1..15 => 90 + subject.age * 32 + rng.between(-30, 50),
        _ => rng.between(380, 920),
    };
    let weight = if rng.chance(0.3) { format!("{}.{}", tenths / 10, tenths % 10) } else { String::new() };
    let (birth, phone) = (write(subject.birth), subject.phone.as_str());
    page.line(&[
        "1",
        &kanji,
        sex(subject),
        &birth,
        &subject.postal,
        &subject.address,
        phone,
        "",
        blood,
        &weight,
        &kana,
    ]);
    const TRAITS: [(&str, &str); 6] = [
        ("1", "乳製品"),
        ("1", "卵白、そば"),
        ("2", "セフェム系（発疹）"),
        ("2", "造影剤（気分不良）"),
        ("3", "胃潰瘍（２０１８年）"),
        ("9", "錠剤が苦手"),
    ];
    for (kind, text) in TRAITS {
        if rng.chance(0.08) {
            page.line(&["2", kind, text, *rng.pick(&["1", "2"])]);
        }
    }
    if rng.chance(0.2) {
        over_the_counter(job, subject, rng, &write, page);
    }
    if rng.chance(0.15) {
        let on = write(day(job, subject, rng));
        page.line(&[
            "4",
            *rng.pick(&["健康診断を受けた", "予防接種を受けた", "旅行中に飲み忘れた"]),
            &on,
            "2",
        ]);
    }
    let blocks = 1 + rng.weighted(&[70, 25, 5]);
    let mut days: Vec<Date> = (0..blocks).map(|_| day(job, subject, rng)).collect();
    days.sort_unstable();
    days.dedup();
    for on in days.into_iter().rev() {
        block(job, rng, &write(on), page);
    }
    if rng.chance(0.1) {
        page.line(&["601", "朝の薬を飲んだあと、めまいがあった", &write(day(job, subject, rng))]);
    }
    if rng.chance(0.1) {
        let since = write(job.month.saturating_sub(rng.between(30, 900).days()));
        page.line(&["701", "薬剤師　仮名", &job.site.name, &job.site.phone, &since, "", "1"]);
    }
}

fn over_the_counter(
    job: &Job<'_>,
    subject: &Subject,
    rng: &mut Rng,
    write: &dyn Fn(Date) -> String,
    page: &mut Page,
) {
    let start = day(job, subject, rng);
    let end = start.saturating_add(rng.between(1, 7).days());
    let (name, component, code) = *rng.pick(&[
        ("仮名かぜ薬Ａ", "アセトアミノフェン", "1141007F1ZZZ"),
        ("仮名鎮痛錠", "ロキソプロフェンナトリウム", "1149019F1ZZZ"),
        ("仮名胃腸薬", "", ""),
    ]);
    // JAN from 20 on are for use inside shops: nobody's goods.
    let jan =
        if rng.chance(0.7) { jan(&format!("2000{:08}", rng.below(100_000_000))) } else { String::new() };
    page.line(&["3", name, &write(start), &write(end), "2", "1", &jan]);
    if !component.is_empty() {
        page.line(&["31", "1", component, "7", code, "2"]);
    }
}

fn block(job: &Job<'_>, rng: &mut Rng, on: &str, page: &mut Page) {
    let site = job.site;
    page.line(&["5", on, "1"]);
    page.line(&["11", &site.name, site.prefecture, "4", &site.institution, "", "", &site.phone, "1"]);
    page.line(&["15", "薬剤師　仮名", "", "1"]);
    page.line(&["51", "見本内科医院", site.prefecture, "1", "9990011", "1"]);
    page.line(&["55", "医師　仮名", *rng.pick(&["内科", "整形外科", "皮膚科", "循環器内科"]), "1"]);
    let mut rp = 0;
    let mut usage = "";
    let picked = drugs(rng);
    for (n, drug) in picked.iter().enumerate() {
        if drug.usage != usage {
            rp += 1;
            usage = drug.usage;
        }
        let rp = rp.to_string();
        let (kind, code) = if rng.chance(0.7) { ("2", drug.code) } else { ("4", drug.yj) };
        page.line(&["201", &rp, drug.name, &dose(drug, rng), drug.unit.1, kind, code, "1"]);
        if rng.chance(0.1) {
            page.line(&["291", &rp, "眠気が出ることがあります。", "1"]);
        }
        if picked.get(n + 1).is_some_and(|next| next.usage == usage) {
            continue;
        }
        let (times, unit, form) = match drug.route {
            Route::Oral => (*rng.pick(&["7", "14", "28", "30"]), "日分", "1"),
            Route::AsNeeded => (*rng.pick(&["5", "10"]), "回分", "3"),
            Route::External => ("1", "調剤", "5"),
        };
        page.line(&["301", &rp, &format!("【{usage}】"), times, unit, form, "1", "", "1"]);
        if rng.chance(0.1) {
            page.line(&["311", &rp, "一包化", "1"]);
        }
    }
    if rng.chance(0.2) {
        page.line(&["401", "他の薬を併用するときは相談してください。", "1"]);
    }
    if rng.chance(0.05) {
        page.line(&["411", "腎機能に応じて量を減らしている。", "31", "1"]);
    }
    if rng.chance(0.05) {
        page.line(&["421", "朝の薬が残っている。", "1"]);
    }
}

fn prescriptions(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let mut page = Page::default();
    for subject in job.subjects {
        let mut rng = job.rng(subject, 62);
        if rng.chance(0.4) {
            prescription(job, subject, &mut rng, &mut page);
        }
    }
    page.into_file(format!("shohosen/{}_{:03}.csv", western(job.business_date), job.part))
}

fn prescription(job: &Job<'_>, subject: &Subject, rng: &mut Rng, page: &mut Page) {
    let site = job.site;
    let (kanji, kana) = names(subject);
    page.line(&["JAHIS10"]);
    page.line(&["1", "1", &site.institution, site.prefecture, &site.name]);
    page.line(&["3", &site.phone]);
    page.line(&["4", "2", *rng.pick(&["01", "11", "19", "08"])]);
    page.line(&["5", "", "", "医師　仮名"]);
    page.line(&["11", &subject.chart, &kanji, &kana]);
    page.line(&["12", sex(subject)]);
    let numbers = rng.chance(0.3);
    let write = |date: Date| if numbers { era(date, false) } else { western(date) };
    page.line(&["13", &write(subject.birth)]);
    insurance(subject, rng, page);
    let on = day(job, subject, rng);
    page.line(&["51", &write(on)]);
    page.line(&["52", &write(on.saturating_add(3.days()))]);
    if rng.chance(0.1) {
        page.line(&["62", *rng.pick(&["1", "2"])]);
    }
    match rng.below(20) {
        0 => page.line(&["63", "3", *rng.pick(&["1", "2", "3"])]),
        1 => page.line(&["64", *rng.pick(&["2", "3"])]),
        _ => {}
    }
    if rng.chance(0.1) {
        page.line(&["81", "1", "1", "一包化してください"]);
    }
    if rng.chance(0.5) {
        page.line(&["82", "1", &format!("{:016}", rng.below(10_000_000_000_000_000))]);
    }
    recipes(rng, page);
}

fn insurance(subject: &Subject, rng: &mut Rng, page: &mut Page) {
    if subject.assistance {
        page.line(&["21", "1"]);
        page.line(&["27", &subject.insurer, &subject.insured_number]);
        return;
    }
    let late = subject.insurer.starts_with("39");
    let national = subject.insurer.len() == 6;
    let share = match subject.age {
        ..6 => "20",
        6..70 => "30",
        70..75 => *rng.pick(&["20", "30"]),
        _ => *rng.pick(&["10", "20", "30"]),
    };
    match (subject.age, share) {
        (..6, _) => page.line(&["14", "3"]),
        (70.., "30") => page.line(&["14", "2"]),
        (75.., "20") => page.line(&["14", "5"]),
        (70.., _) => page.line(&["14", "1"]),
        _ => {}
    }
    page.line(&[
        "21",
        if late {
            "7"
        } else if national {
            "2"
        } else {
            "1"
        },
    ]);
    page.line(&["22", &subject.insurer]);
    let own = if subject.own { "1" } else { "2" };
    page.line(&["23", &subject.symbol, &subject.insured_number, own, &subject.branch]);
    if rng.chance(0.5) {
        let benefit = 100 - share.parse::<u32>().unwrap_or(30);
        page.line(&["24", share, &benefit.to_string()]);
    }
}

fn recipes(rng: &mut Rng, page: &mut Page) {
    let picked = drugs(rng);
    let usages: Vec<&str> = {
        let mut all: Vec<&str> = picked.iter().map(|d| d.usage).collect();
        all.dedup();
        all
    };
    for (n, usage) in usages.iter().enumerate() {
        let rp = (n + 1).to_string();
        let of_rp: Vec<&&Drug> = picked.iter().filter(|d| d.usage == *usage).collect();
        let route = of_rp.first().map_or(Route::Oral, |d| d.route);
        let (form, times) = match route {
            Route::Oral => ("1", *rng.pick(&["7", "14", "28", "56"])),
            Route::AsNeeded => ("2", *rng.pick(&["5", "10"])),
            Route::External => ("3", "1"),
        };
        page.line(&["101", &rp, form, "", times]);
        let after_breakfast = usage.contains("朝食後") && rng.chance(0.5);
        if after_breakfast {
            page.line(&["111", &rp, "2", "1011000400000000", usage, "1"]);
        } else {
            page.line(&["111", &rp, "1", "", usage]);
        }
        for (m, drug) in of_rp.iter().enumerate() {
            let seq = (m + 1).to_string();
            let (kind, code) = *rng.pick(&[("2", drug.code), ("4", drug.yj), ("3", drug.yj)]);
            page.line(&["201", &rp, &seq, "1", kind, code, drug.name, &dose(drug, rng), "1", drug.unit.1]);
            if rng.chance(0.08) {
                page.line(&["281", &rp, &seq, "1", "3", "後発品変更不可"]);
            }
        }
    }
}
