//! The report on a model of patient matching (名寄せモデルの報告): its probabilities and where they come from, what it does
//! with a table of records at this and other thresholds, and, where a truth is known, what goes wrong.
//!
//! Counts and probabilities only.

use jiff::Timestamp;
use maud::{Markup, html};
use musubi_id_resolution::eval::Verdict;
use musubi_id_resolution::model_file::TrainedOn;
use musubi_id_resolution::mpi::BIT;
use musubi_id_resolution::mpi::explain::signed;
use musubi_id_resolution::mpi::weights::{Class, Comparison, Weights};
use musubi_id_resolution::mpi::words as matching;
use musubi_id_resolution::train::measure::Figures;
use musubi_id_resolution::train::{Cell, TrainingReport};

use crate::charts::{self, Column, swatch};
use crate::format::{c, moment, number, scale, short};
use crate::page::{section, shell};
use crate::words::{self, Lang};

/// Below this, a count of persons is not shown.
const CELL_MIN: u64 = 10;
/// Persons with more records stand together.
const SIZES: u64 = 20;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct ModelReport {
    /// When it was made.
    pub made_at: Timestamp,
    /// `name/number+hash8`.
    pub version: String,
    /// BLAKE3 of the file.
    pub hash: String,
    /// What the model was trained on.
    pub trained_on: TrainedOn,
    /// Its probabilities.
    pub weights: Weights,
    /// How far below the threshold people look (1/256 bits).
    pub grey: i32,
    /// Persons in the population.
    pub population: u64,
    /// Counts behind the probabilities, where they lie beside the model.
    pub training: Option<TrainingReport>,
    /// What it did with the records.
    pub figures: Figures,
    /// Against a truth.
    pub verdict: Option<Verdict>,
}

/// The colour of a class; its place in the row says it too.
fn colour(class: Class) -> &'static str {
    match class {
        Class::Same => "#1b6a8c",
        Class::Household => "#d9a021",
        Class::Twin => "#8467a8",
        Class::Stranger => "#cc5a14",
    }
}

/// Renders the report.
#[must_use]
pub fn model_report(r: &ModelReport, lang: Lang) -> Markup {
    let title = format!("{} {}", lang.say(&words::M_TITLE), r.version);
    let say = |w: &'static words::Word| lang.say(w);
    let body = html! {
        header.top {
            span.mark lang="ja" { "結び" }
            h1 { (say(&words::M_TITLE)) " " (r.version.split('+').next().unwrap_or_default()) }
            span.when { (moment(r.made_at)) " " (say(&words::MADE_AT)) }
        }
        (banner(r, lang))
        (tiles(r, lang))
        (section(say(&words::M_CURVE), say(if r.verdict.is_some() { &words::M_CURVE_NOTE } else { &words::M_CURVE_EXPECTED_NOTE }), &html! {
            div.wide { (charts::curve(lang, &r.figures.curve, r.figures.threshold, r.grey)) }
        }))
        @if let Some(v) = &r.verdict {
            (section(say(&words::M_ERRORS), say(&words::M_ERRORS_NOTE), &errors(v, lang)))
        }
        (section(say(&words::M_TABLE), say(&words::M_TABLE_NOTE), &probabilities(r, lang)))
        (section(say(&words::M_BLOCKING), say(&words::M_BLOCKING_NOTE), &blocking(r, lang)))
        (section(say(&words::M_SIZES), say(&words::M_SIZES_NOTE), &sizes(r, lang)))
        (section(say(&words::M_TRAINED), say(&words::M_TRAINED_NOTE), &trained(r, lang)))
    };
    shell(lang, &title, &body)
}

fn banner(r: &ModelReport, lang: Lang) -> Markup {
    let disputed = r.trained_on.disputed;
    let (good, class, head, more) = if r.trained_on.records == 0 {
        (None, "wait", &words::M_UNTRAINED, &words::M_UNTRAINED_MORE)
    } else if disputed == 0 {
        (Some(true), "good", &words::M_AGREED, &words::M_AGREED_MORE)
    } else {
        (None, "wait", &words::M_DISPUTED, &words::M_DISPUTED_MORE)
    };
    html! {
        div class={ "verdict " (class) } {
            (charts::verdict_mark(good))
            div {
                strong { (lang.say(head)) @if disputed > 0 { " (" (number(disputed)) ")" } }
                span { (lang.say(more)) }
            }
        }
    }
}

fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "—".to_owned() } else { format!("{:.2}%", part as f64 / whole as f64 * 100.0) }
}

/// A count of persons, unless it is small.
fn shown(n: u64) -> String {
    match n {
        0 => "0".to_owned(),
        n if n < CELL_MIN => format!("<{CELL_MIN}"),
        n => number(n),
    }
}

fn tiles(r: &ModelReport, lang: Lang) -> Markup {
    let f = &r.figures;
    let persons: u64 = f.sizes.values().sum();
    let chosen = f.curve.iter().find(|p| p.threshold == f.threshold);
    let (what, share) = match (&r.verdict, chosen) {
        (Some(v), _) => (&words::M_F1, format!("{:.4}", v.pairwise.f1)),
        (None, Some(p)) => (&words::M_EXPECTED, format!("{:.4}", p.expected)),
        (None, None) => (&words::M_EXPECTED, "—".to_owned()),
    };
    let tiles: [(&words::Word, String); 6] = [
        (&words::M_RECORDS, number(f.records)),
        (&words::PERSONS, shown(persons)),
        (what, share),
        (&words::M_UNLINKABLE, percent(f.unlinkable, f.records)),
        (&words::M_ALONE, percent(f.alone, f.records)),
        (&words::M_COMPARED, number(f.compared)),
    ];
    html! {
        ul.tiles {
            @for (what, value) in &tiles {
                li { div.k { (what.text(lang)) } div.v { (value) } }
            }
        }
    }
}

/// A probability as people read it.
fn share(bits: i32) -> String {
    let p = (f64::from(bits) / f64::from(BIT)).exp2();
    if p >= 0.001 { format!("{:.1}%", p * 100.0) } else { format!("1/{}", number((1.0 / p).round() as u64)) }
}

/// Four probabilities on one axis, from one in four million to one.
fn dots(lang: Lang, row: [i32; 4], by_name: bool) -> Markup {
    const LOW: f64 = -22.0;
    let x = |bits: i32| 8.0 + 184.0 * (1.0 - (f64::from(bits) / f64::from(BIT)).max(LOW) / LOW);
    let said = Class::ALL
        .iter()
        .zip(row)
        .map(|(class, bits)| {
            let word = matching::class(*class).get(lang == Lang::En);
            let named = by_name && *class == Class::Stranger;
            if named {
                format!("{word}: {}", lang.say(&words::M_BY_NAME))
            } else {
                format!("{word} {}", share(bits))
            }
        })
        .collect::<Vec<_>>()
        .join(", ");
    html! {
        svg.dots viewBox="0 0 200 20" role="img" {
            title { (said) }
            path d="M8 10H192" stroke="#e2ded4" stroke-width="1" fill="none" {}
            @for (class, bits) in Class::ALL.iter().zip(row).rev() {
                @if by_name && *class == Class::Stranger {
                    path d="M8 10H120" stroke=(colour(*class)) stroke-width="2.4" stroke-dasharray="2 3" fill="none" {}
                } @else {
                    circle cx=(c(x(bits))) cy="10" r=(if *class == Class::Same { "5" } else { "4" }) fill=(colour(*class)) stroke="#fff" stroke-width="1" {}
                }
            }
        }
    }
}

/// What a level says for the same person against strangers, as a bar to the right or left.
fn evidence(bits: Option<i32>) -> Markup {
    let width = bits.map_or(0.0, |b| (f64::from(b.abs()) / f64::from(BIT) / 20.0 * 60.0).min(60.0));
    let negative = bits.is_some_and(|b| b < 0);
    html! {
        svg.evidence viewBox="0 0 130 20" role="img" {
            title { (bits.map(signed).unwrap_or_default()) }
            path d="M65 2V18" stroke="#bdb8ab" stroke-width="1" fill="none" {}
            rect x=(c(if negative { 65.0 - width } else { 65.0 })) y="5" width=(c(width)) height="10" rx="1.5"
                fill=(if negative { "#cc5a14" } else { "#1b6a8c" }) {}
        }
    }
}

fn probabilities(r: &ModelReport, lang: Lang) -> Markup {
    let english = lang == Lang::En;
    let cell = |comparison: Comparison, level: usize, class: Class| -> Option<&Cell> {
        let cells = r.training.as_ref()?.cells.iter();
        cells.clone().find(|c| c.comparison == comparison && c.level == level && c.class == class)
    };
    html! {
        ul.legend {
            @for class in Class::ALL {
                li { (swatch(colour(class))) (matching::class(class).get(english)) }
            }
        }
        div.wide {
            table.mu {
                thead { tr {
                    th { (lang.say(&words::M_LEVEL)) }
                    th { (lang.say(&words::M_CLASSES)) br; span.axis { "10⁻⁶ … 1" } }
                    th.n { (matching::class(Class::Same).get(english)) }
                    th.n { (matching::class(Class::Stranger).get(english)) }
                    th { (lang.say(&words::M_EVIDENCE)) }
                    th.n { (lang.say(&words::M_COUNTED)) }
                    th.n { (lang.say(&words::M_BEFORE)) }
                    th.n { "EM" }
                } }
                @for (at, comparison) in Comparison::ALL.iter().enumerate() {
                    tbody {
                        tr.group { th colspan="8" { (matching::comparison(*comparison).get(english)) } }
                        @for level in 1..comparison.levels().len() {
                            @let row = r.weights.of(at, level);
                            @if row != [0; 4] {
                                @let [same, _, _, stranger] = row;
                                @let name = matches!(comparison, Comparison::Family | Comparison::Given) && stranger == 0;
                                @let own = cell(*comparison, level, Class::Same);
                                tr {
                                    td { (matching::level(*comparison, level).get(english)) }
                                    td { (dots(lang, row, name)) }
                                    td.n { (share(same)) }
                                    td.n { @if name { span.soft { (lang.say(&words::M_BY_NAME)) } } @else { (share(stranger)) } }
                                    td.ev { (evidence((!name).then_some(same - stranger))) span { @if !name { (signed(same - stranger)) } } }
                                    td.n { @if let Some(cell) = own { (counted(cell)) } @else { "—" } }
                                    td.n { @if let Some(cell) = own.filter(|c| c.moved) { (share(cell.base)) } @else { span.soft { (lang.say(&words::M_KEPT)) } } }
                                    td.n { @if let Some(cell) = own { (em(cell)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn counted(cell: &Cell) -> Markup {
    html! { @if cell.could == 0 { "—" } @else { (number(cell.shown)) " / " (number(cell.could)) } }
}

/// What EM says, and how far it stands from the table.
fn em(cell: &Cell) -> Markup {
    html! {
        @if let Some(em) = cell.em {
            (share(em))
            @if let Some(d) = cell.difference() {
                " " span class=(if cell.disputed() { "chip stop" } else { "soft" }) { (signed(d)) }
            }
        }
    }
}

fn blocking(r: &ModelReport, lang: Lang) -> Markup {
    let english = lang == Lang::En;
    let most = r.figures.keys.iter().map(|k| k.pairs).max().unwrap_or(0);
    html! {
        div.wide { table.keys {
            thead { tr {
                th { (lang.say(&words::M_KEY)) }
                th { (lang.say(&words::M_PAIRS)) }
                th.n { (lang.say(&words::M_PAIRS)) }
                th.n { (lang.say(&words::M_POSTINGS)) }
                th.n { (lang.say(&words::M_VALUES)) }
                th.n { (lang.say(&words::M_CROWDED)) }
            } }
            tbody {
                @for (n, k) in r.figures.keys.iter().enumerate() {
                    tr {
                        td { (matching::key(n).get(english)) }
                        td.bars { (charts::count_bar(matching::key(n).get(english), k.pairs, most, "#1b6a8c")) }
                        td.n { (number(k.pairs)) }
                        td.n { (number(k.postings)) }
                        td.n { (number(k.values)) }
                        td.n { (number(k.crowded)) }
                    }
                }
            }
        } }
    }
}

fn sizes(r: &ModelReport, lang: Lang) -> Markup {
    let of = |n: u64| r.figures.sizes.get(&n).copied().unwrap_or(0);
    let tail: u64 = r.figures.sizes.range(SIZES + 1..).map(|(_, n)| n).sum();
    let column = |under: String, n: u64| Column {
        under,
        height: if n < CELL_MIN { n.min(1) } else { n },
        over: shown(n),
    };
    let mut columns: Vec<Column> = (1..=SIZES).map(|n| column(n.to_string(), of(n))).collect();
    columns.push(column(format!("{}+", SIZES + 1), tail));
    let largest = r.figures.sizes.keys().next_back().copied().unwrap_or(0);
    html! {
        div.wide { (charts::columns(lang.say(&words::M_SIZES), lang.say(&words::M_SIZES_AXIS), &columns)) }
        p.note { (lang.say(&words::M_LARGEST)) ": " (number(largest)) }
    }
}

fn errors(v: &Verdict, lang: Lang) -> Markup {
    let mut tags: Vec<_> = v.tags.iter().filter(|(_, t)| t.astray + t.torn_off > 0).collect();
    tags.sort_by_key(|(name, t)| (std::cmp::Reverse(t.astray + t.torn_off), *name));
    let most = tags.iter().map(|(_, t)| t.astray.max(t.torn_off)).max().unwrap_or(0);
    let rate = |n: u64, of: u64| format!("{:.2}%", scale(n, of, 100.0));
    html! {
        dl {
            dt { (lang.say(&words::M_PRECISION)) " / " (lang.say(&words::M_RECALL)) " / F1" }
            dd { (format!("{:.5} / {:.5} / {:.5}", v.pairwise.precision, v.pairwise.recall, v.pairwise.f1)) }
            dt { "B³" } dd { (format!("{:.5}", v.bcubed.f1)) }
            dt { (lang.say(&words::M_OVER)) } dd { (number(v.over_merged)) " (" (lang.say(&words::M_ASTRAY)) " " (number(v.astray)) ")" }
            dt { (lang.say(&words::M_SPLIT)) } dd { (number(v.split)) " (" (lang.say(&words::M_FRAGMENTS)) " " (number(v.fragments)) ")" }
        }
        @if !tags.is_empty() {
            div.wide { table.tags {
                thead { tr {
                    th { (lang.say(&words::M_CAUSE)) }
                    th.n { (lang.say(&words::M_RECORDS)) }
                    th { (lang.say(&words::M_OVER)) } th.n { "" }
                    th { (lang.say(&words::M_SPLIT)) } th.n { "" }
                } }
                tbody {
                    @for (name, t) in &tags {
                        tr {
                            td { code { (name) } }
                            td.n { (number(t.records)) }
                            td.bars { (charts::count_bar(name, t.astray, most, "#cc5a14")) }
                            td.n { (number(t.astray)) " " span.soft { (rate(t.astray, t.records)) } }
                            td.bars { (charts::count_bar(name, t.torn_off, most, "#8467a8")) }
                            td.n { (number(t.torn_off)) " " span.soft { (rate(t.torn_off, t.records)) } }
                        }
                    }
                }
            } }
        }
    }
}

fn trained(r: &ModelReport, lang: Lang) -> Markup {
    let t = &r.trained_on;
    let say = |w: &'static words::Word| lang.say(w);
    html! {
        dl {
            dt { "BLAKE3" } dd.id title=(r.hash) { (short(&r.hash)) }
            dt { (say(&words::M_VERSION)) } dd.id { (r.version) }
            dt { (say(&words::M_RECORDS)) } dd { (number(t.records)) }
            dt { (say(&words::M_POPULATION)) } dd { (number(r.population)) }
            dt { (say(&words::M_NAMES)) } dd {
                (number(t.names.family.kanji)) " / " (number(t.names.given.kanji)) " / "
                (number(t.names.family.kana)) " / " (number(t.names.given.kana))
            }
            dt { (say(&words::M_SILVER)) } dd {
                (number(t.silver_pairs))
                @if let Some(training) = &r.training {
                    " ("
                    @for (i, (proof, n)) in training.silver.iter().enumerate() {
                        @if i > 0 { ", " }
                        (words::proof(lang, *proof)) " " (number(*n))
                    }
                    ")"
                }
            }
            dt { (say(&words::M_RANDOM)) } dd { (number(t.random_pairs)) }
            dt { (say(&words::M_MOVED)) } dd { (number(t.moved)) }
            dt { (say(&words::M_DISPUTES)) } dd { (number(t.disputed)) }
        }
    }
}
