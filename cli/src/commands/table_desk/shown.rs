//! The cells of a slice as they are told: words, JSON, CSV, and the sheet that explains them. It never tells a number that
//! was not published, but rates of two that were.

use std::collections::BTreeMap;

use anyhow::Result;
use musubi_model::csv;
use musubi_release::view::{self, Hidden, Released, Seen, Table};
use musubi_review_board::questions::Per;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::table::View;
use super::words;
use crate::say::Voice;

/// A cell with what is said of it.
struct Cell {
    seen: Seen,
    hidden: Option<Hidden>,
    rate: Option<Decimal>,
}

/// The cells of a slice.
pub(super) struct Shown<'a> {
    released: &'a Released,
    table: &'a Table,
    view: &'a View<'a>,
    cells: Vec<Cell>,
}

/// The names of measures for people.
fn measure_names(name: &str) -> (&'static str, &'static str) {
    match name {
        "points" => ("点数", "points"),
        "units" => ("単位数", "units of care"),
        "quantity" => ("数量", "quantity"),
        "mean" => ("平均", "mean"),
        "p25" => ("25パーセンタイル", "25th percentile"),
        "p50" => ("中央値", "median"),
        "p75" => ("75パーセンタイル", "75th percentile"),
        _ => ("値", "value"),
    }
}

impl<'a> Shown<'a> {
    /// The cells of the view's cut of a table.
    pub(super) fn of(released: &'a Released, table: &'a Table, view: &'a View<'a>) -> Result<Self> {
        let place = view::place_of(table);
        let cell = |seen: Seen| {
            let hidden = Hidden::of(released, table, &seen.at, Some(view.place.1));
            // A rate over all people belongs to totals over sex and age only.
            let whole = table
                .dimensions
                .iter()
                .zip(&seen.at)
                .all(|(d, label)| Some(*d) == place || !Table::has_total(*d) || label.is_none());
            let rate = match (&view.question.per, seen.row.persons) {
                (Some(Per::Population), Some(persons)) if whole => view::per_thousand(persons, view.place.1),
                (Some(Per::Question(_)), Some(persons)) => {
                    let base = view.base.and_then(|b| b.row(&seen.at)).and_then(|row| row.persons);
                    base.filter(|base| *base >= persons).and_then(|base| {
                        let percent = Decimal::from(persons).checked_mul(Decimal::ONE_HUNDRED)?;
                        Some(percent.checked_div(Decimal::from(base))?.round_dp(1))
                    })
                }
                _ => None,
            };
            Cell { seen, hidden, rate }
        };
        let cells = table.slice(&view.cut)?.into_iter().map(cell).collect();
        Ok(Self { released, table, view, cells })
    }

    /// The dimensions whose labels tell cells apart.
    fn axes(&self) -> impl Iterator<Item = (usize, &'static str, (&'static str, &'static str))> + '_ {
        let by = |(_, d): &(usize, &musubi_model::spec::Dimension)| self.view.cut.by.contains(d);
        let dimensions = self.table.dimensions.iter().enumerate().filter(by);
        dimensions.map(|(nth, d)| (nth, view::name(*d), view::names(*d)))
    }

    /// The measures with their names.
    pub(super) fn measures(&self) -> Vec<Value> {
        let measure = |name: &String| json!({ "name": name, "names": words::pair(measure_names(name)) });
        self.table.measures.iter().map(measure).collect()
    }

    fn rate_words(&self) -> Option<(&'static str, &'static str)> {
        self.view.question.per.as_ref().map(|per| match per {
            Per::Population => ("人口千人あたり", "per 1,000 people"),
            Per::Question(_) => ("割合(%)", "share (%)"),
        })
    }

    /// What the rate is.
    pub(super) fn rate_name(&self) -> Option<Value> {
        self.rate_words().map(words::pair)
    }

    /// The cells for machines.
    pub(super) fn cells(&self) -> Vec<Value> {
        let least = self.released.measure_min;
        let cell = |cell: &Cell| {
            let labels: BTreeMap<&str, Option<&str>> = self
                .table
                .dimensions
                .iter()
                .zip(&cell.seen.at)
                .map(|(d, label)| (view::name(*d), label.as_deref()))
                .collect();
            let told = self.table.measures.iter().zip(&cell.seen.row.measures);
            let measures: BTreeMap<&str, Value> = told
                .map(|(name, value)| {
                    let why =
                        value.is_none().then(|| Hidden::of_measure(self.released, self.table, &cell.seen.at));
                    let why = why.flatten().map(|reason| {
                        let (ja, en) = words::reason(reason, 0, least);
                        json!({ "reason": reason, "ja": ja, "en": en })
                    });
                    (name.as_str(), json!({ "value": value, "hidden": why }))
                })
                .collect();
            json!({
                "labels": labels, "persons": cell.seen.row.persons,
                "hidden": cell.hidden.as_ref().map(|h| words::hidden(h, least)),
                "measures": measures, "rate": cell.rate,
            })
        };
        self.cells.iter().map(cell).collect()
    }

    /// The cells as a CSV that says what is hidden.
    pub(super) fn csv(&self) -> String {
        let mut head: Vec<String> = self.axes().map(|(_, _, (ja, _))| ja.to_owned()).collect();
        head.push("人数".to_owned());
        head.extend(self.table.measures.iter().map(|m| measure_names(m).0.to_owned()));
        head.extend(self.rate_words().map(|(ja, _)| ja.to_owned()));
        head.push("秘匿の理由".to_owned());
        let mut text = csv::row(&head);
        for cell in &self.cells {
            let label =
                |nth: usize| cell.seen.at.get(nth).cloned().flatten().unwrap_or_else(|| "計".to_owned());
            let mut row: Vec<String> = self.axes().map(|(nth, _, _)| label(nth)).collect();
            row.push(cell.seen.row.persons.map_or_else(|| "*".to_owned(), |n| n.to_string()));
            row.extend(cell.seen.row.measures.iter().map(|m| m.clone().unwrap_or_else(|| "*".to_owned())));
            if self.rate_words().is_some() {
                row.push(cell.rate.map_or_else(String::new, |r| r.to_string()));
            }
            row.push(
                cell.hidden.as_ref().map_or_else(String::new, |h| words::why(h, self.released.measure_min).0),
            );
            text.push_str(&csv::row(&row));
        }
        text
    }

    /// The cells for people.
    pub(super) fn lines(&self, voice: Voice) {
        for cell in &self.cells {
            let labels: Vec<&str> = self
                .axes()
                .map(|(nth, _, _)| cell.seen.at.get(nth).and_then(Option::as_deref).unwrap_or("計"))
                .collect();
            let mut told: Vec<String> =
                vec![cell.seen.row.persons.map_or_else(|| "*".to_owned(), |n| n.to_string())];
            for (name, value) in self.table.measures.iter().zip(&cell.seen.row.measures) {
                told.push(format!("{name}={}", value.as_deref().unwrap_or("*")));
            }
            told.extend(cell.rate.map(|r| format!("({r})")));
            let (ja, en) = match &cell.hidden {
                Some(hidden) => words::why(hidden, self.released.measure_min),
                None => (String::new(), String::new()),
            };
            let line = format!("  {}  {}", labels.join(" "), told.join(" "));
            voice.say(format!("{line}  {ja}").trim_end(), format!("{line}  {en}").trim_end());
        }
    }
}

/// The sheet that goes with the CSV.
pub(super) fn explained(released: &Released, table: &Table, view: &View<'_>, shown: &Shown<'_>) -> String {
    let (from, to) = released.period();
    let question = view.question;
    let mut lines = vec![
        format!("表: {}", question.title.ja),
        format!("問い: {}", question.question.ja),
        format!("種類: {}", question.kind.names().0),
        format!("期間: {from}〜{to}"),
        format!("地域: {}(人口 {} 人)", view.place.0, view.place.1),
        format!("提供物: {} の表 {}", released.release, table.name),
        format!("読み方: {}", question.reads.ja),
    ];
    lines.extend(question.caution.as_ref().map(|c| format!("注意: {}", c.ja)));
    if let Some(least) = released.minimum(Some(view.place.1)) {
        lines.push(format!(
            "秘匿: {least} 人未満(0 を除く)の人数は * とし、合計との引き算で分かるセルもあわせて * とする。0 は示す。"
        ));
    }
    lines.push(format!(
        "合計・平均・分位点は {} 人以上で、一人の割合が {} を超えないものだけを示す。",
        released.measure_min, released.dominance
    ));
    lines.extend(shown.rate_words().map(|(ja, _)| match &question.per {
        Some(Per::Question(other)) => format!("{ja}: 分母は同じ期間の「{other}」の同じ欄の人数。"),
        _ => format!("{ja}: 分母は台帳の人口(全年齢)。"),
    }));
    lines.push("この表は公表済みの提供物から切り出したもので、新しい集計はしていない。第三者への提供と目的外の利用は契約による。".to_owned());
    lines.join("\r\n") + "\r\n"
}
