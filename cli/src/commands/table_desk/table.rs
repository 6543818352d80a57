//! `musubi desk table`: a slice of a released table, with change over releases and similar municipalities.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, bail};
use musubi_compliance::parameters::word;
use musubi_model::csv::BOM;
use musubi_model::manifest::Municipality;
use musubi_model::spec::Dimension;
use musubi_release::view::{self, Comparison, Cut, Peer, Released, Table, UNKNOWN, ViewError};
use musubi_review_board::questions::{Level, Per, Question};
use serde_json::{Value, json};

use super::super::Ending;
use super::shown::{Shown, explained};
use super::words::{both, pair};
use super::{Slice, Standing};
use crate::home::today;
use crate::say::Voice;

/// What is looked at, and from where.
pub(super) struct View<'a> {
    pub(super) question: &'a Question,
    /// The label of the own place in the table, and its people.
    pub(super) place: (String, u64),
    pub(super) level: Level,
    pub(super) cut: Cut,
    /// The table of the denominator in the same period, when it was released.
    pub(super) base: Option<&'a Table>,
}

/// Shows it.
pub(super) fn run(desk: &Standing<'_>, voice: Voice, order: &Slice) -> Result<Ending> {
    let question = desk.question(&order.id)?;
    let place = desk.place(order.place.as_deref())?.clone();
    let level = desk.level(&place);
    let all = desk.released(&question, level)?;
    // The same period twice: the later one holds. Own releases and public ones answer alike.
    let mut periods: BTreeMap<_, &Released> = BTreeMap::new();
    for one in all.iter().filter(|r| order.year.is_none_or(|y| r.period().0.year() == y)) {
        periods.insert(one.period(), one);
    }
    let newest = match &order.release {
        Some(id) => all.iter().find(|r| r.release == *id),
        None => periods.values().next_back().copied(),
    };
    let Some(newest) = newest else {
        return Err(desk.not_found(
            &format!("{} の表はまだ提供されていません(musubi desk ask {0})", question.id),
            &format!("no table of {} was released (musubi desk ask {0})", question.id),
        ));
    };
    let Some(table) = newest.table(&question.id) else {
        bail!("DSK_TABLE: {} に表がありません", newest.release)
    };
    let base = match &question.per {
        Some(Per::Question(other)) => {
            let other = desk.question(other)?;
            desk.released(&other, level)?.into_iter().rev().find(|r| r.period() == newest.period())
        }
        _ => None,
    };
    let base = base.as_ref().and_then(|r| r.tables.first());
    let own = desk.label(&place, level);
    if view::place_of(table).is_some_and(|d| !table.labels(d).contains(&own.0)) {
        return Err(desk.unusable(
            "DSK_EMPTY",
            "この表には自分の地域の記録がありません",
            "this table has no record of the own place",
        ));
    }
    let cut = cut(desk, table, order, &own.0)?;
    let view = View { question: &question, place: own, level, cut, base };
    let shown = Shown::of(newest, table, &view)?;
    let trend = trend(&periods, &view)?;
    let (comparison, tiles) = compared(desk, &place, newest, table, &view)?;
    let (csv, sheet) = (shown.csv(), explained(newest, table, &view, &shown));
    if let Some(out) = &order.out {
        fs::write(out, format!("{BOM}{csv}")).with_context(|| format!("書けません: {}", out.display()))?;
        let beside = out.with_extension("txt");
        fs::write(&beside, &sheet).with_context(|| format!("書けません: {}", beside.display()))?;
    }
    say(voice, newest, &view, &shown, comparison.as_ref());
    let (from, to) = newest.period();
    let (cells, hidden) = table.size();
    let dimension = |d: &Dimension| {
        json!({
            "name": view::name(*d), "names": pair(view::names(*d)), "labels": labels(table, *d, &view),
            "total": Table::has_total(*d),
        })
    };
    voice.value(&json!({
        "question": {
            "id": question.id, "title": both(&question.title), "question": both(&question.question),
            "reads": both(&question.reads), "caution": question.caution.as_ref().map(both),
            "kind": question.kind.as_str(), "kind_name": pair(question.kind.names()), "why": both(&question.why),
        },
        "release": newest.release, "sealed_at": newest.sealed_at, "from": from, "to": to,
        "releases": all.iter().map(|r| json!({ "release": r.release, "from": r.period().0, "to": r.period().1 })).collect::<Vec<_>>(),
        "place": { "code": place.code, "name": place.name, "shown_as": view.place.0, "people": view.place.1, "level": level },
        "rule": {
            "cell_min": newest.minimum(Some(view.place.1)), "measure_min": newest.measure_min,
            "dominance_share": newest.dominance,
        },
        "dimensions": table.dimensions.iter().map(dimension).collect::<Vec<_>>(),
        "by": view.cut.by.iter().map(|d| view::name(*d)).collect::<Vec<_>>(),
        "at": view.cut.at.iter().map(|(d, l)| (view::name(*d), l.as_str())).collect::<BTreeMap<_, _>>(),
        "measures": shown.measures(), "rate_name": shown.rate_name(),
        "cells": shown.cells(), "trend": trend, "comparison": comparison, "map": tiles,
        "table": { "cells": cells, "hidden": hidden },
        "csv": csv, "sheet": sheet,
    }));
    Ok(Ending::Done)
}

/// The labels of a dimension that the reader may choose among: of places only the own one.
fn labels(table: &Table, dimension: Dimension, view: &View<'_>) -> Vec<String> {
    if view::place_of(table) == Some(dimension) {
        return vec![view.place.0.clone()];
    }
    table.labels(dimension).to_vec()
}

/// A dimension by its name in files.
fn dimension(table: &Table, name: &str) -> Result<Dimension, ViewError> {
    let found = table.dimensions.iter().find(|d| view::name(**d) == name).copied();
    found.ok_or_else(|| {
        let all: Vec<&str> = table.dimensions.iter().map(|d| view::name(*d)).collect();
        ViewError::Dimension { found: name.to_owned(), expected: all.join(", ") }
    })
}

/// What is shown: the own place always, and no other.
fn cut(desk: &Standing<'_>, table: &Table, order: &Slice, own: &str) -> Result<Cut> {
    let place = view::place_of(table);
    let mut at: Vec<(Dimension, String)> = place.map(|d| (d, own.to_owned())).into_iter().collect();
    for text in &order.at {
        let (name, label) = text.split_once('=').ok_or_else(|| {
            desk.unusable("DSK_AT", "--at は「軸=値」で指定してください", "--at wants dimension=value")
        })?;
        let of = dimension(table, name)?;
        if Some(of) == place {
            return Err(desk.unusable(
                "DSK_PLACE",
                "地域は自分の組織の市区町村だけです(--place で選びます)",
                "places are the organisation's own (choose with --place)",
            ));
        }
        at.push((of, label.to_owned()));
    }
    let chosen = |d: &Dimension| at.iter().any(|(of, _)| of == d);
    let by = match &order.by {
        Some(names) => {
            let names = names.iter().filter(|n| !n.is_empty());
            names.map(|n| dimension(table, n)).collect::<Result<Vec<_>, _>>()?
        }
        None => table.dimensions.clone(),
    };
    // What has no total and was not chosen is shown: there is no other way to tell it.
    let untotalled = |d: &&Dimension| !Table::has_total(**d) && Some(**d) != place;
    let mut by: Vec<Dimension> = by.into_iter().filter(|d| !chosen(d)).collect();
    for more in table.dimensions.iter().filter(untotalled).filter(|d| !chosen(d)) {
        if !by.contains(more) {
            by.push(*more);
        }
    }
    Ok(Cut { by, at })
}

/// The same slice in every period that was released, oldest first.
fn trend(
    periods: &BTreeMap<(jiff::civil::Date, jiff::civil::Date), &Released>,
    view: &View<'_>,
) -> Result<Vec<Value>> {
    let mut points = Vec::with_capacity(periods.len());
    for ((from, to), one) in periods {
        let Some(table) = one.table(&view.question.id) else { continue };
        // A label that did not occur then is no point.
        let then = View { base: None, cut: view.cut.clone(), place: view.place.clone(), ..*view };
        let Ok(shown) = Shown::of(one, table, &then) else { continue };
        points.push(json!({ "from": from, "to": to, "release": one.release, "cells": shown.cells() }));
    }
    Ok(points)
}

/// Own value among similar municipalities, and the bands of a map: of the slice's total, from public statistics where there
/// are any of the period, else from the own release.
fn compared(
    desk: &Standing<'_>,
    place: &Municipality,
    newest: &Released,
    table: &Table,
    view: &View<'_>,
) -> Result<(Option<Comparison>, Value)> {
    let Some(dimension) = view::place_of(table).filter(|_| view.level == Level::Municipality) else {
        return Ok((None, Value::Null));
    };
    let public = desk.public()?.to_owned();
    let name = view.question.request_name(view.level);
    let public = desk.read(&|spec| {
        spec.name == name
            && Standing::is_for(spec, &public)
            && (spec.cohort.from, spec.cohort.to) == newest.period()
    })?;
    let source = public.last().and_then(|r| r.table(&view.question.id)).unwrap_or(table);
    let count = |label: &str| {
        let mut at: Vec<(Dimension, String)> =
            view.cut.at.iter().filter(|(d, _)| *d != dimension).cloned().collect();
        at.push((dimension, label.to_owned()));
        match source.slice(&Cut { by: Vec::new(), at }).ok()?.as_slice() {
            [only] => Some(only.row.persons),
            _ => None,
        }
    };
    let Some(own) = count(&place.name) else { return Ok((None, Value::Null)) };
    let others: Vec<(&Municipality, Peer)> = desk
        .register
        .iter()
        .filter(|m| m.code != place.code && m.name != UNKNOWN)
        .map(|m| (m, Peer { people: m.population, persons: count(&m.name).flatten() }))
        .collect();
    let bands: Vec<u64> = word(&desk.home.parameters, "desk.population_bands", today())?
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()
        .context("desk.population_bands")?;
    let needed = desk.home.parameters.number("desk.compare_min", today())?;
    let peers: Vec<Peer> = others.iter().map(|(_, p)| *p).collect();
    let own = Peer { people: place.population, persons: own };
    let comparison = view::compare(own, &peers, &bands, needed);
    // The map tells bands of all places that were shown, and only where they are enough.
    let whole = view::compare(own, &peers, &[], needed);
    let tiles = whole.quartiles.map_or(Value::Null, |cuts| {
        let band = |peer: Peer| {
            let rate = view::per_thousand(peer.persons?, peer.people)?;
            Some(cuts.iter().filter(|cut| rate > **cut).count())
        };
        let all = others.iter().map(|(m, p)| (*m, *p, false)).chain([(place, own, true)]);
        let tiles: Vec<Value> = all
            .filter_map(|(m, peer, own)| {
                m.tile.map(|t| json!({ "code": m.code, "name": m.name, "tile": t, "band": band(peer), "own": own }))
            })
            .collect();
        json!({ "cuts": cuts, "unit": pair(("人口千人あたりの人数", "persons per 1,000 people")), "tiles": tiles })
    });
    Ok((Some(comparison), tiles))
}

fn say(voice: Voice, newest: &Released, view: &View<'_>, shown: &Shown<'_>, comparison: Option<&Comparison>) {
    let (from, to) = newest.period();
    voice.say(
        format!("{}  {}  {from}〜{to}  ({})", view.question.title.ja, view.place.0, newest.release),
        format!("{}  {}  {from} to {to}  ({})", view.question.title.en, view.place.0, newest.release),
    );
    shown.lines(voice);
    if let Some(found) = comparison {
        let told = |d: &Option<rust_decimal::Decimal>| d.map_or_else(|| "*".to_owned(), |d| d.to_string());
        match &found.quartiles {
            Some([a, b, c]) => voice.say(
                format!(
                    "  人口千人あたり {}。人口が近い {} 市区町村の四分位 {a} / {b} / {c}",
                    told(&found.own),
                    found.shown
                ),
                format!(
                    "  per 1,000 people {}; quartiles of {} municipalities of like size {a} / {b} / {c}",
                    told(&found.own),
                    found.shown
                ),
            ),
            None => voice.say(
                format!(
                    "  人口千人あたり {}。比べられる市区町村が {} で、{} に足りない",
                    told(&found.own),
                    found.shown,
                    found.needed
                ),
                format!(
                    "  per 1,000 people {}; {} municipalities can be compared, {} are needed",
                    told(&found.own),
                    found.shown,
                    found.needed
                ),
            ),
        }
    }
}
