//! The whole picture (人物単位の判定): the records of one component → persons.
//!
//! Groups of records are joined from the strongest pair down. Before two groups are joined, what only groups have is
//! weighed: does the insured number go back and forth between them (two people, not one who changed jobs), does each hold
//! to its own given name or birth date at several sources (twins, not a slip), do they visit the same facilities. The
//! answer depends on the set of records only: members are put into an order of their content first.

use super::model::{Model, Scorer};
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
    /// Give the edges along which groups were joined, and the doubts, too.
    pub explain: bool,
    order: Vec<(u64, (u16, u16), u32)>,
    of: Vec<u32>,
    edges: Vec<Edge>,
    refused: Vec<u64>,
    spoken: Vec<(u32, u32, Row)>,
    points: Vec<(u16, u32)>,
    values: Vec<(u32, u32)>,
}

impl Room {
    /// Room in which links and doubts are kept.
    #[must_use]
    pub fn explaining() -> Self {
        Self { explain: true, ..Self::default() }
    }
}

/// Two rows that need no weighing: one card, one birth date and one given name, and nothing that contradicts.
fn one_card(a: &Row, b: &Row) -> bool {
    let both = |x: u32, y: u32| x != NONE && y != NONE;
    both(a.insured, b.insured)
        && a.insured == b.insured
        && a.has_birth()
        && a.birth == b.birth
        && (both(a.given_kana, b.given_kana) && a.given_kana == b.given_kana
            || both(a.given_kanji, b.given_kanji) && a.given_kanji == b.given_kanji)
        && (a.sex == b.sex || a.sex == 0 || b.sex == 0)
        && (a.branch == b.branch || a.branch == 255 || b.branch == 255)
        && !(a.facility == b.facility && both(a.local, b.local) && a.local != b.local)
}

/// Equal in all that a comparison looks at but the days.
fn says_the_same(a: &Row, b: &Row) -> bool {
    let desk = |r: &Row| if r.local == NONE { NONE } else { r.facility };
    let bare = |r: &Row| Row { facility: desk(r), area: 0, written: 0, first: 0, last: 0, ..*r };
    bare(a) == bare(b)
}

/// Gives every place with the label `from` the label `to`.
fn relabel(of: &mut [u32], from: u32, to: u32) {
    of.iter_mut().filter(|x| **x == from).for_each(|x| *x = to);
}

/// Cuts a component into persons. `members` are places in `rows`; the answer speaks of places in `members`.
pub fn refine(
    model: &Model,
    scorer: &Scorer,
    lexicon: &Lexicon,
    rows: &[Row],
    members: &[u32],
    ruled: Ruled<'_>,
    room: &mut Room,
) -> Refined {
    let row = |place: u32| members.get(place as usize).and_then(|m| rows.get(*m as usize));
    let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
    let explain = room.explain;
    let free = ruled.same.is_empty() && ruled.apart.is_empty();
    // most components are one person with one card: nothing to weigh
    if free && !explain && (1..count).all(|p| row(0).zip(row(p)).is_some_and(|(x, y)| one_card(x, y))) {
        return Refined { group: vec![0; members.len()], ..Refined::default() };
    }
    let mut out = Refined::default();
    room.order.clear();
    room.order.extend((0..count).filter_map(|p| {
        let r = row(p)?;
        Some((canonical(r, lexicon), (r.first, r.last), p))
    }));
    room.order.sort_unstable();
    // from here on places are canonical
    let order = std::mem::take(&mut room.order);
    let at = |i: u32| order.get(i as usize).and_then(|(_, _, p)| row(*p));
    let place = |p: u32| order.iter().position(|(_, _, x)| *x == p).and_then(|i| u32::try_from(i).ok());
    let pairs = |pairs: &[(u32, u32)]| -> Vec<(u32, u32)> {
        pairs
            .iter()
            .filter_map(|(a, b)| Some((place(*a)?, place(*b)?)))
            .map(|(a, b)| (a.min(b), a.max(b)))
            .collect()
    };
    let mut of = std::mem::take(&mut room.of);
    of.clear();
    of.extend(0..count);
    let group_of = |of: &[u32], i: u32| of.get(i as usize).copied().unwrap_or(i);
    for (a, b) in pairs(ruled.same) {
        let (x, y) = (group_of(&of, a), group_of(&of, b));
        if x != y {
            relabel(&mut of, x.max(y), x.min(y));
            out.links.push(Edge { weight: i32::MAX, levels: 0, a, b });
        }
    }
    let apart = pairs(ruled.apart);
    if apart.is_empty() {
        for a in 0..count {
            for b in a + 1..count {
                let (x, y) = (group_of(&of, a), group_of(&of, b));
                if x == y {
                    continue;
                }
                let Some((p, q)) = at(a).zip(at(b)).filter(|(p, q)| one_card(p, q)) else { continue };
                relabel(&mut of, x.max(y), x.min(y));
                if explain {
                    let s = score(scorer, lexicon, p, q, Time::Counts);
                    out.links.push(Edge { weight: s.weight, levels: s.levels, a, b });
                }
            }
        }
    }
    // rows of one group that say the same at different desks are compared with others once
    let mut spoken = std::mem::take(&mut room.spoken);
    spoken.clear();
    for i in 0..count {
        let (group, Some(row)) = (group_of(&of, i), at(i)) else { continue };
        match spoken.iter_mut().find(|(g, _, known)| *g == group && says_the_same(known, row)) {
            Some((_, _, known)) => {
                if row.first != 0 {
                    known.first = if known.first == 0 { row.first } else { known.first.min(row.first) };
                }
                known.last = known.last.max(row.last);
            }
            None => spoken.push((group, i, *row)),
        }
    }
    let mut edges = std::mem::take(&mut room.edges);
    edges.clear();
    for (i, (x, a, p)) in spoken.iter().enumerate() {
        for (_, b, q) in spoken.iter().skip(i + 1).filter(|(y, _, _)| x != y) {
            let s = score(scorer, lexicon, p, q, Time::Counts);
            if s.weight >= scorer.edge {
                edges.push(Edge { weight: s.weight, levels: s.levels, a: *a, b: *b });
            }
        }
    }
    room.spoken = spoken;
    edges.sort_unstable_by_key(|e| (-e.weight, e.a, e.b));
    agglomerate(model, lexicon, &at, &apart, &edges, &mut of, &mut out, room);
    // back to places in `members`
    let back = |i: u32| order.get(i as usize).map_or(i, |(_, _, p)| *p);
    let edge_back = |e: &mut Edge| (e.a, e.b) = (back(e.a), back(e.b));
    out.group = vec![0; members.len()];
    for (i, group) in (0u32..).zip(&of) {
        if let Some(slot) = out.group.get_mut(back(i) as usize) {
            *slot = *group;
        }
    }
    out.links.iter_mut().for_each(edge_back);
    out.doubtful.iter_mut().for_each(|d| edge_back(&mut d.edge));
    (room.edges, room.of, room.order) = (edges, of, order);
    out
}

/// Joins groups along edges from the strongest down, as long as the whole picture allows; again, until nothing changes.
#[allow(clippy::too_many_arguments)] // one step of `refine`, cut out to be read by itself
fn agglomerate<'r>(
    model: &Model,
    lexicon: &Lexicon,
    at: &impl Fn(u32) -> Option<&'r Row>,
    apart: &[(u32, u32)],
    edges: &[Edge],
    of: &mut [u32],
    out: &mut Refined,
    room: &mut Room,
) {
    let count = of.len();
    let (mut a_rows, mut b_rows): (Vec<&Row>, Vec<&Row>) = (Vec::new(), Vec::new());
    let group_of = |of: &[u32], i: u32| of.get(i as usize).copied().unwrap_or(i);
    loop {
        let mut joined = false;
        out.doubtful.retain(|d: &Doubtful| d.joined);
        room.refused.clear();
        room.refused.resize((count * count).div_ceil(64), 0);
        for edge in edges {
            let (x, y) = (group_of(of, edge.a), group_of(of, edge.b));
            let cell = x.min(y) as usize * count + x.max(y) as usize;
            if x == y || room.refused.get(cell / 64).is_some_and(|word| word >> (cell % 64) & 1 == 1) {
                continue;
            }
            let ruled_out = apart.iter().any(|(a, b)| {
                let (p, q) = (group_of(of, *a), group_of(of, *b));
                (p, q) == (x, y) || (p, q) == (y, x)
            });
            a_rows.clear();
            b_rows.clear();
            for (i, group) in (0u32..).zip(&*of) {
                if *group == x {
                    a_rows.extend(at(i));
                } else if *group == y {
                    b_rows.extend(at(i));
                }
            }
            let sum = edge.weight.saturating_add(whole(model, lexicon, &a_rows, &b_rows, edge.levels, room));
            let records = u32::try_from(a_rows.len().min(b_rows.len())).unwrap_or(u32::MAX);
            let join = sum >= model.rules.threshold && !ruled_out;
            let near = if join {
                sum < model.rules.threshold + model.rules.grey / 3
            } else {
                !ruled_out && sum >= model.rules.threshold - model.rules.grey
            };
            if near && room.explain {
                out.doubtful.push(Doubtful { edge: *edge, whole: sum, joined: join, records });
            }
            if join {
                relabel(of, x.max(y), x.min(y));
                out.links.push(*edge);
                joined = true;
            } else if let Some(word) = room.refused.get_mut(cell / 64) {
                *word |= 1 << (cell % 64);
            }
        }
        if !joined {
            break;
        }
    }
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

/// All that know the value say the same: nothing can turn or be held to.
fn uniform(a: &[&Row], b: &[&Row], value: Value<'_>) -> bool {
    let mut known = a.iter().chain(b).map(|r| value(r)).filter(|v| *v != NONE);
    known.next().is_none_or(|first| known.all(|v| v == first))
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
        if uniform(a, b, value) {
            continue;
        }
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
        if uniform(a, b, value) {
            continue;
        }
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
