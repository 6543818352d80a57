//! Linked events (個人に結び付く記録): what an attacker may know of a person is had by enough persons of the class, no
//! code is rare, values and dates are as coarse as the policy says.
//!
//! It must never take the generator's word: items are formed and counted from the released files alone.

use std::collections::{BTreeMap, HashMap};

use crate::decimal::Decimal;
use crate::itemsets::{Few, few};
use crate::manifest::Risk;
use crate::person::Persons;
use crate::policy::EventPolicy;
use crate::report::{Place, Report};
use crate::rules;
use crate::sheet::{Column, Sheet, file_row};

/// A file of events with the owner of each row: the person's row in `person`.
pub struct Events {
    /// The file.
    pub sheet: Sheet,
    /// By row; rows of nobody are `u32::MAX`.
    pub owners: Vec<u32>,
}

impl Events {
    /// Finds every row's owner and holds the order of the rows against the layout (law.md C-034, C-049).
    pub fn of(sheet: Sheet, persons: &Persons, report: &mut Report) -> Self {
        let file = sheet.csv();
        let owner_of: Vec<Option<u32>> = sheet
            .columns
            .first()
            .map_or(Vec::new(), |pid| pid.labels.iter().map(|l| persons.place(l)).collect());
        let owners: Vec<u32> = sheet.columns.first().map_or(Vec::new(), |pid| {
            pid.cells
                .iter()
                .map(|c| owner_of.get(*c as usize).copied().flatten().unwrap_or(u32::MAX))
                .collect()
        });
        if let Some(row) = owners.iter().position(|o| *o == u32::MAX) {
            report.find(
                &rules::PID_FORM,
                Place::file(&file).row(file_row(row)).column("pid"),
                "nobody",
                "a person",
            );
        }
        // "Sorted by all columns" by bytes, or by what numbers mean; either says nothing of where rows came from.
        // Values are numbers that can be written in more than one way, so what stands behind them does not count.
        let columns: Vec<&Column> = sheet
            .header
            .iter()
            .zip(&sheet.columns)
            .take_while(|(h, _)| *h != "value")
            .map(|(_, c)| c)
            .collect();
        let disorder = |natural: bool| {
            let ranks: Vec<Vec<u32>> = columns.iter().map(|c| ranks(c, natural)).collect();
            let key = |row: usize| {
                columns.iter().zip(&ranks).map(move |(c, ranks)| {
                    c.cells.get(row).and_then(|cell| ranks.get(*cell as usize)).copied().unwrap_or(0)
                })
            };
            (1..sheet.rows).find(|row| key(row - 1).gt(key(*row)))
        };
        if let Some(row) = disorder(false).and_then(|_| disorder(true)) {
            report.find(&rules::ROW_ORDER, Place::file(&file).row(file_row(row)), "", "");
        }
        Self { sheet, owners }
    }

    fn code(&self) -> Option<&Column> {
        self.sheet.column("code")
    }

    /// Which persons have a code that `wanted` says, as one flag for each.
    fn holders(&self, persons: usize, wanted: impl Fn(&str) -> bool) -> Vec<bool> {
        let mut has = vec![false; persons];
        if let Some(code) = self.code() {
            let hit: Vec<bool> = code.labels.iter().map(|l| wanted(l)).collect();
            for (owner, cell) in self.owners.iter().zip(&code.cells) {
                if hit.get(*cell as usize) == Some(&true)
                    && let Some(flag) = has.get_mut(*owner as usize)
                {
                    *flag = true;
                }
            }
        }
        has
    }
}

/// The rank of every label of a column: by bytes, or numbers and bins by their numbers before all words.
fn ranks(column: &Column, natural: bool) -> Vec<u32> {
    let number = |label: &str| -> Option<(Decimal, Decimal)> {
        let (from, to) = label.split_once("..").unwrap_or((label, "0"));
        Some((Decimal::parse(from)?, Decimal::parse(to)?))
    };
    type Key<'a> = (bool, Option<(Decimal, Decimal)>, &'a str);
    let keys: Vec<Key<'_>> = column
        .labels
        .iter()
        .map(|l| match number(l).filter(|_| natural) {
            Some(n) => (true, Some(n), l.as_ref()),
            None => (false, None, l.as_ref()),
        })
        .collect();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|a, b| keys.get(*a).cmp(&keys.get(*b)));
    let mut ranks = vec![0; keys.len()];
    for (rank, label) in (0u32..).zip(order) {
        if let Some(slot) = ranks.get_mut(label) {
            *slot = rank;
        }
    }
    ranks
}

/// All checks of an anonymised product's events.
pub fn check(persons: &Persons, events: &[Events], policy: &EventPolicy, risk: &Risk, report: &mut Report) {
    if policy.known_events.value == 0 || policy.k.value < 2 || policy.rare_min_persons.value < 2 {
        report.find(&rules::POLICY_WEAK, Place::file("policy.toml"), "events", "known_events 1, k 2, rare 2");
    }
    items(persons, events, policy, risk, report);
    rare(events, policy, report);
    sensitive(persons, events, policy, report);
    watch_list(persons, events, policy, report);
    for file in events {
        values(file, policy, risk, report);
    }
}

/// k^m within classes (law.md C-036): any `known_events` items of a person are had by `k` persons of the class.
fn items(persons: &Persons, events: &[Events], policy: &EventPolicy, risk: &Risk, report: &mut Report) {
    let (dates, most, k) = (policy.dates_known.value, policy.known_events.value, policy.k.value);
    let (mut held, mut items, mut told) = (Vec::<(u32, u32)>::new(), 0u32, 0u64);
    let mut rows = 0u64;
    for file in events {
        let (Some(code), Some(when)) = (file.code(), file.sheet.column("when")) else { continue };
        let mut numbers: HashMap<(u32, u32), u32> = HashMap::new();
        let mut with_dates: HashMap<(u32, u32), ()> = HashMap::new();
        for ((owner, code), when) in file.owners.iter().zip(&code.cells).zip(&when.cells) {
            let item = *numbers.entry((*code, if dates { *when } else { 0 })).or_insert_with(|| {
                items += 1;
                items - 1
            });
            if !dates {
                with_dates.insert((*code, *when), ());
            }
            held.push((*owner, item));
        }
        told += if dates { numbers.len() } else { with_dates.len() } as u64;
        rows += file.sheet.rows as u64;
    }
    held.sort_unstable();
    held.dedup();
    let lists = by_owner(&held, persons.sheet.rows);

    let mut result = Few::default();
    let mut local = vec![u32::MAX; items as usize];
    for class in persons.classes.iter() {
        // Items of the class, renumbered from 0 on.
        let mut used: Vec<u32> = class.iter().flat_map(|p| list(&lists, *p)).map(|(_, item)| *item).collect();
        used.sort_unstable();
        used.dedup();
        for (number, item) in (0u32..).zip(&used) {
            if let Some(slot) = local.get_mut(*item as usize) {
                *slot = number;
            }
        }
        let renumbered: Vec<Vec<u32>> = class
            .iter()
            .map(|p| list(&lists, *p).iter().filter_map(|(_, i)| local.get(*i as usize).copied()).collect())
            .collect();
        let slices: Vec<&[u32]> = renumbered.iter().map(Vec::as_slice).collect();
        let found = few(&slices, used.len(), most, k);
        result.smallest = result.smallest.into_iter().chain(found.smallest).min();
        result.combinations += found.combinations;
        if let Some(person) = found.person.and_then(|at| class.get(at)) {
            let place = Place::file("person.csv").row(file_row(*person as usize));
            report.find(&rules::EVENT_ITEMS, place, found.smallest.unwrap_or(0), format!(">= {k}"));
        }
    }
    let smallest = result.smallest.unwrap_or(0);
    let figure = format!(
        "{smallest} >= {k} (m = {most}, {items} items, {} combinations too few)",
        result.combinations
    );
    report.ran(
        "C-036",
        "知られうる記録の組合せを持つ最小人数",
        "fewest persons of a class sharing known items",
        figure,
    );

    let place = |name| Place::file("risk.json").column(name);
    match &risk.events {
        None => report.find(&rules::CLAIM, place("events"), "nothing", ""),
        Some(claimed) => {
            if claimed.known_events != most {
                report.find(&rules::CLAIM, place("events.known_events"), claimed.known_events, most);
            }
            if claimed.k < k || (rows > 0 && claimed.k > smallest) {
                report.find(&rules::CLAIM, place("events.k"), claimed.k, smallest);
            }
            if claimed.items != u64::from(items) && claimed.items != told {
                report.find(&rules::CLAIM, place("events.items"), claimed.items, items);
            }
            if claimed.released != rows {
                report.find(&rules::CLAIM, place("events.released"), claimed.released, rows);
            }
        }
    }
}

/// The items of each person, cut out of the sorted pairs.
fn by_owner(held: &[(u32, u32)], persons: usize) -> Vec<&[(u32, u32)]> {
    let mut lists: Vec<&[(u32, u32)]> = vec![&[]; persons];
    for group in held.chunk_by(|a, b| a.0 == b.0) {
        if let Some(slot) = group.first().and_then(|(owner, _)| lists.get_mut(*owner as usize)) {
            *slot = group;
        }
    }
    lists
}

fn list<'a>(lists: &[&'a [(u32, u32)]], person: u32) -> &'a [(u32, u32)] {
    lists.get(person as usize).copied().unwrap_or_default()
}

/// Rare codes (law.md C-040): persons for each code, but for what stands for "not told".
fn rare(events: &[Events], policy: &EventPolicy, report: &mut Report) {
    let min = policy.rare_min_persons.value;
    let mut fewest = None;
    for file in events {
        let Some(code) = file.code() else { continue };
        let dummy =
            policy.ladders.iter().find(|l| l.table == file.sheet.name).map_or("*", |l| l.dummy.as_str());
        let mut pairs: Vec<(u32, u32)> =
            code.cells.iter().copied().zip(file.owners.iter().copied()).collect();
        pairs.sort_unstable();
        pairs.dedup();
        for group in pairs.chunk_by(|a, b| a.0 == b.0) {
            let Some((cell, _)) = group.first() else { continue };
            let label = code.labels.get(*cell as usize).map_or("", |l| l);
            if matches!(label, "" | "*") || label == dummy {
                continue;
            }
            let persons = group.len() as u64;
            fewest = Some(fewest.map_or(persons, |f: u64| f.min(persons)));
            if persons < min {
                let row = file_row(code.first_row(*cell as usize));
                let place = Place::file(&file.sheet.csv()).row(row).column("code");
                report.find(&rules::RARE_CODE, place, persons, format!(">= {min}"));
            }
        }
    }
    if let Some(fewest) = fewest {
        report.ran(
            "C-040",
            "コードを持つ最小人数",
            "fewest persons with a code",
            format!("{fewest} >= {min}"),
        );
    }
}

/// Sensitive groups (law.md C-038): where all of a class have one, everybody knows it of everybody.
fn sensitive(persons: &Persons, events: &[Events], policy: &EventPolicy, report: &mut Report) {
    for group in &policy.sensitive {
        let Some(file) = events.iter().find(|e| e.sheet.name == group.table) else { continue };
        let in_group = |label: &str| group.prefixes.iter().any(|p| label.starts_with(p.as_str()));
        let has = file.holders(persons.sheet.rows, in_group);
        for class in persons.classes.iter() {
            if class.iter().all(|p| has.get(*p as usize) == Some(&true)) {
                let row = class.first().map_or(1, |p| file_row(*p as usize));
                let place = Place::file("person.csv").row(row);
                report.find(&rules::SENSITIVE_CERTAIN, place, class.len(), format!("< {}", class.len()));
            }
        }
    }
    report.ran("C-038", "機微な傷病等の群", "sensitive groups of codes", policy.sensitive.len());
}

/// Codes of the watch list take the area away (law.md C-045).
fn watch_list(persons: &Persons, events: &[Events], policy: &EventPolicy, report: &mut Report) {
    let Some(list) = &policy.watch_list else { return };
    let watched = |label: &str| !label.is_empty() && list.value.iter().any(|p| label.starts_with(p.as_str()));
    let mut hits = 0usize;
    for file in events {
        for (person, _) in
            file.holders(persons.sheet.rows, watched).iter().enumerate().filter(|(_, has)| **has)
        {
            hits += 1;
            let told = persons.sheet.column("area").map_or("", |area| area.label(person));
            if !matches!(told, "" | "*") {
                let place = Place::file("person.csv").row(file_row(person)).column("area");
                report.find(&rules::WATCH_AREA, place, "", "");
            }
        }
    }
    report.ran("C-045", "要注意コードの人", "persons with a code of the watch list", hits);
}

/// Measured values (law.md C-042): within the bounds that are claimed; the ends are not few persons' alone.
fn values(file: &Events, policy: &EventPolicy, risk: &Risk, report: &mut Report) {
    let (Some(code), Some(value), Some(unit)) =
        (file.code(), file.sheet.column("value"), file.sheet.column("unit"))
    else {
        return;
    };
    let clips: Vec<(&str, &str, (Decimal, Decimal))> =
        risk.clip.iter().filter_map(|c| Some((c.code.as_str(), c.unit.as_str(), c.bounds()?))).collect();
    let dummy = policy.ladders.iter().find(|l| l.table == file.sheet.name).map_or("*", |l| l.dummy.as_str());
    // A code that was made coarser after its values were clipped lies within the bounds of what it stands for.
    let widest = |code: &str, unit: &str| {
        let any = matches!(code, "" | "*") || code == dummy;
        let own = clips.iter().filter(|(c, u, _)| *u == unit && (any || c.starts_with(code)));
        own.map(|(_, _, bounds)| *bounds).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    };
    let mut bounds: BTreeMap<(u32, u32), Option<(Decimal, Decimal)>> = BTreeMap::new();
    let numbers: Vec<Option<Decimal>> = value.labels.iter().map(|l| Decimal::parse(l)).collect();
    // Code, unit, value, owner of every row with a value.
    let mut told: Vec<(u32, u32, Decimal, u32)> = Vec::new();
    let rows = code.cells.iter().zip(&unit.cells).zip(&value.cells).zip(&file.owners);
    for (row, (((code_cell, unit_cell), value_cell), owner)) in rows.enumerate() {
        let Some(number) = numbers.get(*value_cell as usize).copied().flatten() else { continue };
        let place = || Place::file(&file.sheet.csv()).row(file_row(row)).column("value");
        let found = bounds
            .entry((*code_cell, *unit_cell))
            .or_insert_with(|| widest(code.label(row), unit.label(row)));
        match found {
            None => report.find(&rules::VALUE_CLIP, place(), "no bounds in risk.json", ""),
            Some((low, high)) if number < *low || number > *high => {
                report.find(&rules::VALUE_CLIP, place(), "", "");
            }
            Some(_) => {}
        }
        told.push((*code_cell, *unit_cell, number, *owner));
    }
    told.sort_unstable();
    told.dedup();
    let min = policy.rare_min_persons.value;
    for group in told.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let ends = [group.first(), group.last()]
            .map(|end| end.map_or(0, |end| group.iter().filter(|row| row.2 == end.2).count() as u64));
        let fewest = ends.into_iter().min().unwrap_or(0);
        if fewest < min {
            let row = group.first().map_or(0, |g| code.first_row(g.0 as usize));
            let place = Place::file(&file.sheet.csv()).row(file_row(row)).column("value");
            report.find(&rules::VALUE_EXTREME, place, fewest, format!(">= {min}"));
        }
    }
    report.ran("C-042", "検査値のある行", "rows with a measured value", told.len());
}
