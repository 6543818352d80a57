//! The whole picture (人物単位の判定): the records of one component → persons.
//!
//! Groups of records are joined from the strongest pair down. Before two groups are joined, what only groups have is
//! weighed: does the insured number go back and forth between them (two people, not one who changed jobs), does each hold
//! to its own given name or birth date at several sources (twins, not a slip), do they visit the same facilities. The
//! answer depends on the set of records only: members are put into an order of their content first.

use std::collections::BTreeSet;

use super::model::Model;
use super::row::{Lexicon, NONE, Row, Strings, mix};
use super::score::{Time, score};
use super::weights::{Comparison, level};

/// A pair inside a component, by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Weight in 1/256 bits.
    pub weight: i32,
    /// Level vector.
    pub levels: u64,
    /// Place of one member.
    pub a: u32,
    /// Place of the other, greater than `a`.
    pub b: u32,
}

/// Two groups that stayed apart, or were joined by a hair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubtful {
    /// The best pair between them.
    pub edge: Edge,
    /// Weight of the whole picture.
    pub whole: i32,
    /// Were they joined?
    pub joined: bool,
    /// Records in the smaller of the two.
    pub records: u32,
}

/// What became of a component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refined {
    /// Group of each member, numbered by first appearance in canonical order.
    pub group: Vec<u32>,
    /// The edges along which groups were joined.
    pub links: Vec<Edge>,
    /// For the review queue.
    pub doubtful: Vec<Doubtful>,
}

/// A number for the content of a row that does not depend on when it came.
#[must_use]
pub fn canonical(row: &Row, lexicon: &Lexicon) -> u64 {
    let name = |strings: &super::row::Strings, id: u32| if id == NONE { 0 } else { strings.hash(id) };
    let words = [
        name(&lexicon.kana, row.family_kana),
        name(&lexicon.kana, row.given_kana).rotate_left(1),
        name(&lexicon.kanji, row.family_kanji).rotate_left(2),
        name(&lexicon.kanji, row.given_kanji).rotate_left(3),
        u64::from(row.birth) << 32 | u64::from(row.insured),
        u64::from(row.address) << 32 | u64::from(row.phone),
        u64::from(row.local) << 32 | u64::from(row.facility),
        u64::from(row.care) << 32 | u64::from(row.inquiry),
        u64::from(row.written) << 32 | u64::from(row.postal),
        u64::from(row.insurer) << 24
            | u64::from(row.sex) << 16
            | u64::from(row.branch) << 8
            | u64::from(row.flags),
        u64::from(row.city),
    ];
    words.iter().fold(0x5bd1_e995, |h, w| mix(h ^ w).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// What people ruled within a component, by place.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ruled<'a> {
    /// Pairs that are one person.
    pub same: &'a [(u32, u32)],
    /// Pairs that are not.
    pub apart: &'a [(u32, u32)],
}

/// Room that is used again from one component to the next.
#[derive(Debug, Default)]
pub struct Room {
    order: Vec<(u64, (u16, u16), u32)>,
    edges: Vec<Edge>,
    points: Vec<(u16, u32)>,
    values: Vec<(u32, u32)>,
}

/// Cuts a component into persons. `members` are places in `rows`; the answer speaks of places in `members`.
pub fn refine(
    model: &Model,
    lexicon: &Lexicon,
    rows: &[Row],
    members: &[u32],
    ruled: Ruled<'_>,
    room: &mut Room,
) -> Refined {
    let row = |place: u32| members.get(place as usize).and_then(|m| rows.get(*m as usize));
    let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
    let mut out = Refined { group: (0..count).collect(), ..Refined::default() };
    if count < 2 {
        return out;
    }
    room.order.clear();
    room.order.extend((0..count).filter_map(|p| {
        let r = row(p)?;
        Some((canonical(r, lexicon), (r.first, r.last), p))
    }));
    room.order.sort_unstable();
    let order: Vec<u32> = room.order.iter().map(|(_, _, p)| *p).collect();
    let mut edges = std::mem::take(&mut room.edges);
    edges.clear();
    for (i, a) in (0u32..).zip(&order) {
        for (j, b) in (0u32..).zip(&order).skip(i as usize + 1) {
            if let (Some(x), Some(y)) = (row(*a), row(*b)) {
                let s = score(model, lexicon, x, y, Time::Counts);
                if s.weight >= model.rules.edge {
                    edges.push(Edge { weight: s.weight, levels: s.levels, a: i, b: j });
                }
            }
        }
    }
    edges.sort_unstable_by_key(|e| (-e.weight, e.a, e.b));
    // from here on places are canonical: groups[i] holds canonical places
    let mut of: Vec<u32> = (0..count).collect();
    let mut groups: Vec<Vec<u32>> = (0..count).map(|i| vec![i]).collect();
    let at = |i: u32| order.get(i as usize).copied().and_then(row);
    let canonical_place = |p: u32| order.iter().position(|x| *x == p).and_then(|i| u32::try_from(i).ok());
    let apart: Vec<(u32, u32)> =
        ruled.apart.iter().filter_map(|(a, b)| Some((canonical_place(*a)?, canonical_place(*b)?))).collect();
    let join = |of: &mut Vec<u32>, groups: &mut Vec<Vec<u32>>, x: u32, y: u32| {
        let (to, from) = (x.min(y), x.max(y));
        let moved = groups.get_mut(from as usize).map(std::mem::take).unwrap_or_default();
        for member in &moved {
            if let Some(slot) = of.get_mut(*member as usize) {
                *slot = to;
            }
        }
        if let Some(group) = groups.get_mut(to as usize) {
            group.extend(moved);
        }
    };
    let group_of = |of: &[u32], i: u32| of.get(i as usize).copied().unwrap_or(i);
    for (a, b) in ruled.same {
        if let (Some(a), Some(b)) = (canonical_place(*a), canonical_place(*b)) {
            let (x, y) = (group_of(&of, a), group_of(&of, b));
            if x != y {
                join(&mut of, &mut groups, x, y);
                out.links.push(Edge { weight: i32::MAX, levels: 0, a: a.min(b), b: a.max(b) });
            }
        }
    }
    let mut doubtful = Vec::new();
    loop {
        let mut joined = false;
        doubtful.retain(|d: &Doubtful| d.joined);
        let mut refused: BTreeSet<(u32, u32)> = BTreeSet::new();
        for edge in &edges {
            let (x, y) = (group_of(&of, edge.a), group_of(&of, edge.b));
            if x == y || refused.contains(&(x.min(y), x.max(y))) {
                continue;
            }
            let (Some(ga), Some(gb)) = (groups.get(x as usize), groups.get(y as usize)) else { continue };
            let ruled_out = apart.iter().any(|(a, b)| {
                let (p, q) = (group_of(&of, *a), group_of(&of, *b));
                (p == x && q == y) || (p == y && q == x)
            });
            let records = u32::try_from(ga.len().min(gb.len())).unwrap_or(u32::MAX);
            let (a_rows, b_rows): (Vec<&Row>, Vec<&Row>) =
                (ga.iter().filter_map(|i| at(*i)).collect(), gb.iter().filter_map(|i| at(*i)).collect());
            let sum = edge.weight.saturating_add(whole(model, lexicon, &a_rows, &b_rows, edge.levels, room));
            if sum >= model.rules.threshold && !ruled_out {
                if sum < model.rules.threshold + model.rules.grey / 3 {
                    doubtful.push(Doubtful { edge: *edge, whole: sum, joined: true, records });
                }
                join(&mut of, &mut groups, x, y);
                out.links.push(*edge);
                joined = true;
            } else {
                refused.insert((x.min(y), x.max(y)));
                if !ruled_out && sum >= model.rules.threshold - model.rules.grey {
                    doubtful.push(Doubtful { edge: *edge, whole: sum, joined: false, records });
                }
            }
        }
        if !joined {
            break;
        }
    }
    // back to places in `members`
    let back = |i: u32| order.get(i as usize).copied().unwrap_or(i);
    let place = |e: Edge| Edge { a: back(e.a), b: back(e.b), ..e };
    for (i, group) in (0u32..).zip(&of) {
        if let Some(slot) = out.group.get_mut(back(i) as usize) {
            *slot = *group;
        }
    }
    out.links = out.links.into_iter().map(place).collect();
    out.doubtful = doubtful.into_iter().map(|d| Doubtful { edge: place(d.edge), ..d }).collect();
    room.edges = edges;
    out
}

/// The value that most facilities of a group hold to, and at how many.
fn mode(rows: &[&Row], value: impl Fn(&Row) -> u32, values: &mut Vec<(u32, u32)>) -> (u32, usize) {
    values.clear();
    values.extend(rows.iter().filter(|r| value(r) != NONE).map(|r| (value(r), r.facility)));
    values.sort_unstable();
    values.dedup();
    let mut best = (NONE, 0);
    for chunk in values.chunk_by(|a, b| a.0 == b.0) {
        if let Some((value, _)) = chunk.first().filter(|_| chunk.len() > best.1) {
            best = (*value, chunk.len());
        }
    }
    best
}

/// How much a time line speaks of two people: a record that falls out of its neighbours' value (somebody showed an old
/// card) counts [`BLIP`] (1 when the value
/// stands nowhere else, twice as much when it happens again), a return to a value that was left counts 2 for each of its records, up to four.
fn returns(points: &mut Vec<(u16, u32)>) -> i32 {
    points.sort_unstable();
    points.dedup();
    let mut runs: Vec<(u32, i32)> = Vec::new();
    for (_, value) in points.iter() {
        match runs.last_mut() {
            Some((last, n)) if last == value => *n += 1,
            _ => runs.push((*value, 1)),
        }
    }
    let mut cost = 0;
    let mut blips: Vec<u32> = Vec::new();
    // single records between two runs of one value
    let mut i = 1;
    while i + 1 < runs.len() {
        let (Some(before), Some(here), Some(after)) =
            (runs.get(i - 1).copied(), runs.get(i).copied(), runs.get(i + 1).copied())
        else {
            break;
        };
        if here.1 == 1 && before.0 == after.0 {
            let elsewhere = runs.iter().enumerate().any(|(j, r)| j != i && r.0 == here.0);
            let again = blips.contains(&here.0);
            cost += if again {
                2 * BLIP
            } else if elsewhere {
                BLIP
            } else {
                1
            };
            blips.push(here.0);
            if let Some(slot) = runs.get_mut(i - 1) {
                slot.1 += after.1;
            }
            runs.drain(i..=i + 1);
        } else {
            i += 1;
        }
    }
    let mut seen: Vec<u32> = Vec::new();
    for (value, n) in &runs {
        if seen.contains(value) {
            cost += 2 * (*n).min(4);
        } else {
            seen.push(*value);
        }
    }
    cost
}

/// See [`returns`].
const BLIP: i32 = 2;

fn timeline<'a>(
    rows: impl Iterator<Item = &'a &'a Row>,
    value: impl Fn(&Row) -> u32,
    points: &mut Vec<(u16, u32)>,
) -> i32 {
    points.clear();
    for row in rows {
        let v = value(row);
        if v != NONE && row.first != 0 {
            points.push((row.first, v));
            points.push((row.last, v));
        }
    }
    returns(points)
}

/// A name by its content: the number of a string depends on when it came, and values are put in order below.
fn content(strings: &Strings, id: u32) -> u32 {
    if id == NONE { NONE } else { u32::try_from(strings.hash(id) >> 32).unwrap_or(0).max(1) }
}

/// A value of a row; 0: not known.
type Value<'a> = &'a dyn Fn(&Row) -> u32;

/// What speaks for or against joining two groups beyond their best pair, in 1/256 bits.
fn whole(model: &Model, lexicon: &Lexicon, a: &[&Row], b: &[&Row], levels: u64, room: &mut Room) -> i32 {
    let w = &model.rules.whole;
    let mut sum = 0;
    // time lines: two people go on side by side, one person changes from one to the other
    let lines: [(Value<'_>, i32); 5] = [
        (&|r| r.insured, w.insured_turn),
        (&|r| r.city, w.city_turn),
        (&|r| u32::from(r.area), w.area_turn),
        (&|r| content(&lexicon.kanji, r.family_kanji), w.family_turn),
        (&|r| content(&lexicon.kana, r.family_kana), w.family_turn),
    ];
    for (value, weight) in lines {
        let both = timeline(a.iter().chain(b), value, &mut room.points);
        if both > 0 {
            let alone =
                timeline(a.iter(), value, &mut room.points) + timeline(b.iter(), value, &mut room.points);
            sum -= weight * (both - alone).max(0);
        }
    }
    // each holds to its own
    let name = level(levels, Comparison::Given);
    let held: [(Value<'_>, i32, bool); 4] = [
        (
            &|r| content(&lexicon.kana, lexicon.kana.plain(r.given_kana)),
            w.given_support,
            matches!(name, 5 | 6 | 10),
        ),
        (&|r| content(&lexicon.kanji, r.given_kanji), w.given_support, matches!(name, 4 | 7 | 10)),
        (&|r| r.birth, w.birth_support, level(levels, Comparison::Birth) > 1),
        (&|r| u32::from(r.sex), w.sex_support, level(levels, Comparison::Sex) > 1),
    ];
    for (value, weight, told) in held {
        let (x, y) = (mode(a, value, &mut room.values), mode(b, value, &mut room.values));
        if x.0 != NONE && y.0 != NONE && x.0 != y.0 {
            let sources = i32::try_from(x.1.min(y.1)).unwrap_or(i32::MAX);
            sum -= weight * (sources - i32::from(told)).max(0);
        }
    }
    let branch = |r: &Row| if r.branch == 255 { NONE } else { u32::from(r.branch) + 1 };
    for card in cards(a, b) {
        let (x, y) = (
            mode(a, |r| if r.insured == card { branch(r) } else { NONE }, &mut room.values),
            mode(b, |r| if r.insured == card { branch(r) } else { NONE }, &mut room.values),
        );
        if x.0 != NONE && y.0 != NONE && x.0 != y.0 {
            let told = i32::from(level(levels, Comparison::Insured) == 3);
            sum -= w.branch_support * (i32::try_from(x.1.min(y.1)).unwrap_or(i32::MAX) - told).max(0);
        }
    }
    // the same desks
    let (mut shared, mut conflicts) = (0, 0);
    room.values.clear();
    room.values.extend(a.iter().map(|r| (r.facility, r.local)));
    room.values.sort_unstable();
    room.values.dedup();
    let mut theirs: Vec<(u32, u32)> = b.iter().map(|r| (r.facility, r.local)).collect();
    theirs.sort_unstable();
    theirs.dedup();
    for desk in room.values.chunk_by(|x, y| x.0 == y.0) {
        let Some((facility, _)) = desk.first() else { continue };
        if *facility == NONE {
            continue;
        }
        let mut known = false;
        let mut same = false;
        let mut visited = false;
        for (_, local) in theirs.iter().filter(|(f, _)| f == facility) {
            visited = true;
            for (_, mine) in desk {
                if *mine != NONE && *local != NONE {
                    known = true;
                    same |= mine == local;
                }
            }
        }
        if known && !same {
            conflicts += 1;
        } else if visited && !known {
            shared += 1;
        }
    }
    let told = i32::from(level(levels, Comparison::Local) == 2);
    sum -= w.local_conflict * (conflicts - told).max(0);
    if shared > 0 {
        sum += w.facility_first + w.facility_more * (shared - 1).min(3);
    } else if conflicts == 0 && told == 0 {
        let known = i32::try_from(a.len().min(b.len())).unwrap_or(i32::MAX);
        sum -= w.facility_none * (known - 1).clamp(0, 4);
    }
    sum
}

/// The insured numbers that both groups carry.
fn cards(a: &[&Row], b: &[&Row]) -> Vec<u32> {
    let mut out: Vec<u32> = a
        .iter()
        .map(|r| r.insured)
        .filter(|card| *card != NONE && b.iter().any(|r| r.insured == *card))
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}
