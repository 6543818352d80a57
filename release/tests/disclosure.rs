//! Does the protection hold? Three ways of asking, none of which trusts another: the independent checker on random
//! tables, an attacker that tries every table there is on tiny ones, and tables known to break.

// Helpers of tests stand outside #[test] functions, where clippy.toml's allowances do not reach; a panic is a failure.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use musubi_release::anonymize::{Mask, Tree, protect, small_cells};
use musubi_release::checker::{Checked, Problem, check};
use musubi_release::grid::{Grid, GridAxis};
use musubi_release::write_table;
use proptest::prelude::*;

/// A grid with made-up labels.
fn grid(widths: &[usize], chapters: Option<usize>) -> Grid {
    let labels = |n: usize, mark: char| (0..n).map(|i| format!("{mark}{i}")).collect();
    let inner = widths
        .iter()
        .zip('a'..)
        .map(|(n, mark)| GridAxis { column: format!("軸{mark}"), labels: labels(*n, mark) })
        .collect();
    let outer = chapters.map(|n| GridAxis { column: "傷病大分類".to_owned(), labels: labels(n, '章') });
    Grid { outer, inner }
}

fn publish(widths: &[usize], leaves: Vec<u64>, mask: impl Fn(&Tree) -> Mask) -> (Tree, Mask, String) {
    let tree = Tree::from_leaves(widths, leaves).unwrap();
    let mask = mask(&tree);
    let csv = write_table(&grid(widths, None), &[(tree.clone(), mask.clone())]);
    (tree, mask, csv)
}

/// The values column of a table, for golden tests.
fn values(csv: &str) -> String {
    let last = |line: &str| line.rsplit(',').next().unwrap_or_default().to_owned();
    csv.trim_end().split("\r\n").skip(1).map(last).collect::<Vec<_>>().join(" ")
}

fn check_golden(widths: &[usize], leaves: &[u64], min: u64, expect: &str) {
    let (_, _, csv) = publish(widths, leaves.to_vec(), |t| protect(t, min));
    assert_eq!(values(&csv), expect, "{widths:?} {leaves:?}");
    assert_eq!(check(&csv, min).problems, []);
}

#[test]
fn golden_tables() {
    // Nothing small: all is shown.
    check_golden(&[3], &[10, 0, 25], 10, "35 10 0 25");
    // One small cell takes the smallest other with it, never a zero.
    check_golden(&[4], &[3, 0, 40, 25], 10, "68 * 0 40 *");
    // Two small cells protect each other when they are many enough together …
    check_golden(&[3], &[5, 6, 40], 10, "51 * * 40");
    // … and not when their sum gives them away: 4 + 5 = 9 < 1 + 9.
    check_golden(&[3], &[4, 5, 40], 10, "49 * * *");
    // A lone part with all of a total, big enough: nothing to hide.
    check_golden(&[3], &[0, 12, 0], 10, "12 0 12 0");
    // Ten times one: the parts cannot be protected under a total of 10, so all goes.
    check_golden(&[10], &[1; 10], 10, "* * * * * * * * * * *");
    // A total that is small hides its zeros too.
    check_golden(&[2, 2], &[3, 0, 30, 40], 10, "73 * * * * * *");
    check_golden(&[3, 2], &[3, 0, 30, 40, 50, 60], 10, "183 * * * * * * 110 50 60");
    // Fewest hidden cells: the second part, of which two cells are hidden anyway, costs less than the third.
    check_golden(&[3, 2], &[0, 9, 9, 9, 20, 20], 10, "67 * * * * * * 40 20 20");
    // A complement inside, none outside.
    check_golden(&[2, 3], &[2, 30, 40, 50, 60, 70], 10, "252 72 * * 40 180 50 60 70");
}

#[test]
fn without_complements_the_checker_fails() {
    let (_, _, csv) = publish(&[2, 3], vec![2, 30, 40, 50, 60, 70], |t| small_cells(t, 10));
    assert_eq!(values(&csv), "252 72 * 30 40 180 50 60 70");
    // Row 4 of the file is the hidden 2, and it is known exactly.
    assert_eq!(check(&csv, 10).problems, [Problem::Narrow { row: 4, low: 2, high: Some(2) }]);
    // Two small cells that add up to too little: 4 and 5 are known to lie in 1..=8.
    let (_, _, csv) = publish(&[3], vec![4, 5, 40], |t| small_cells(t, 10));
    let narrow = |row| Problem::Narrow { row, low: 1, high: Some(8) };
    assert_eq!(check(&csv, 10).problems, [narrow(3), narrow(4)]);
}

#[test]
fn the_checker_finds_what_is_broken() {
    let good = "\u{feff}軸a,人数\r\n計,30\r\na0,10\r\na1,20\r\n";
    let problems = |from: &str, to: &str| {
        assert!(good.contains(from));
        check(&good.replacen(from, to, 1), 10).problems
    };
    assert_eq!(check(good, 10), Checked { shown: 3, hidden: 0, problems: vec![] });
    assert_eq!(problems("30", "31"), [Problem::Sum { row: 2 }]);
    assert_eq!(problems("10", "5").first(), Some(&Problem::Small { row: 3 }));
    assert_eq!(problems("10", "*"), [Problem::Narrow { row: 3, low: 10, high: Some(10) }]);
    assert_eq!(problems("a1,20", "a0,20"), [Problem::Shape { row: 4, what: "a row twice" }]);
    for (from, to) in [
        ("\u{feff}", ""),
        ("a0,10", "a0,１０"),
        ("a0,10", "a0,010"),
        ("a0,10", "a0,+10"),
        ("a0,10", "a0,"),
        ("a0,10", "\"a0\",10"),
        ("a0,10", "a0,x,10"),
        ("人数", "件数"),
        ("計,30\r\n", ""),
        ("20\r\n", "20"),
    ] {
        assert!(matches!(problems(from, to).first(), Some(Problem::Shape { .. })), "{from} {to}");
    }
    // A left-out row is a hidden cell that nobody looked at.
    let two = "\u{feff}軸a,軸b,人数\r\n計,計,20\r\na0,計,20\r\na0,b0,10\r\na0,b1,10\r\na1,計,0\r\na1,b0,0\r\na1,b1,0\r\n";
    assert_eq!(check(two, 10).problems, []);
    assert_eq!(
        check(&two.replace("a1,b1,0\r\n", ""), 10).problems,
        [Problem::Missing { expected: 7, found: 6 }]
    );
    // Chapters overlap: a total over them has no place.
    let chapters = "\u{feff}傷病大分類,軸a,人数\r\n章0,計,20\r\n章0,a0,20\r\n";
    assert_eq!(check(chapters, 10).problems, []);
    assert!(!check(&chapters.replace("章0,計", "計,計"), 10).problems.is_empty());
}

fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        prop::collection::vec(1usize..7, 1),
        prop::collection::vec(1usize..6, 2),
        prop::collection::vec(1usize..5, 3),
    ]
}

/// Counts as they are in life: mostly zero or small, some large.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0u64), 4 => 1u64..12, 2 => 10u64..40, 1 => 100u64..100_000]
}

fn tables() -> impl Strategy<Value = (Vec<usize>, Vec<u64>)> {
    shapes().prop_flat_map(|widths| {
        let leaves: usize = widths.iter().product();
        (Just(widths), prop::collection::vec(count(), leaves))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_checker_passes_what_is_protected((widths, leaves) in tables(), min in 2u64..12) {
        let (tree, mask, csv) = publish(&widths, leaves, |t| protect(t, min));
        prop_assert_eq!(check(&csv, min).problems, vec![]);
        for level in 0..tree.depth() {
            let counts = tree.level(level);
            for (at, count) in counts.iter().enumerate() {
                prop_assert!(mask.hidden(level, at) || *count == 0 || *count >= min);
                // A zero is hidden beneath a hidden total only.
                if *count == 0 && mask.hidden(level, at) {
                    prop_assert!(level > 0 && mask.hidden(level - 1, at / tree.width(level - 1)));
                }
            }
        }
    }

    /// The choice is the least: no other mask that keeps the module's rules hides fewer cells.
    #[test]
    fn nothing_is_hidden_in_vain(
        widths in prop_oneof![Just(vec![4]), Just(vec![2, 2]), Just(vec![3, 2]), Just(vec![2, 3])],
        leaves in prop::collection::vec(0u64..9, 6),
        min in 2u64..5,
    ) {
        let size: usize = widths.iter().product();
        let (tree, mask, _) = publish(&widths, leaves[..size].to_vec(), |t| protect(t, min));
        let least = all_masks(&tree).filter(|m| keeps_rules(&tree, m, min)).map(|m| m.iter().flatten().filter(|h| **h).count()).min();
        prop_assert_eq!(least.map(|n| n as u64), Some(mask.counts().1));
    }
}

/// Every way to hide nodes of a small tree.
fn all_masks(tree: &Tree) -> impl Iterator<Item = Vec<Vec<bool>>> {
    let sizes: Vec<usize> = (0..tree.depth()).map(|l| tree.level(l).len()).collect();
    let nodes: usize = sizes.iter().sum();
    (0u32..1 << nodes).map(move |bits| {
        let mut bit = 0;
        sizes
            .iter()
            .map(|n| {
                (0..*n)
                    .map(|_| {
                        bit += 1;
                        bits >> (bit - 1) & 1 == 1
                    })
                    .collect()
            })
            .collect()
    })
}

/// The three rules, written down once more.
fn keeps_rules(tree: &Tree, mask: &[Vec<bool>], min: u64) -> bool {
    (0..tree.depth()).all(|level| {
        tree.level(level).iter().enumerate().all(|(at, count)| {
            let hidden = mask[level][at];
            if (1..min).contains(count) && !hidden {
                return false;
            }
            if level + 1 == tree.depth() {
                return true;
            }
            let width = tree.width(level);
            let children = at * width..(at + 1) * width;
            if hidden {
                return children.clone().all(|c| mask[level + 1][c]);
            }
            let below: Vec<u64> =
                children.filter(|c| mask[level + 1][*c]).map(|c| tree.level(level + 1)[c]).collect();
            let (n, sum) = (below.len() as u64, below.iter().sum::<u64>());
            !below.contains(&0) && (n == 0 || (n >= 2 && sum >= n - 1 + min - 1))
        })
    })
}

/// An attacker who tries every table: the leaves that agree with the publication, and the values that each hidden
/// node takes in them. Leaves without an upper bound are tried up to `cap`.
struct Attacker<'a> {
    widths: &'a [usize],
    tree: &'a Tree,
    mask: &'a Mask,
    cap: u64,
    seen: Vec<Vec<std::collections::BTreeSet<u64>>>,
}

impl Attacker<'_> {
    fn run(&mut self, leaves: &mut Vec<u64>) {
        let depth = self.tree.depth();
        let at = leaves.len();
        if at == self.tree.level(depth - 1).len() {
            self.judge(leaves);
            return;
        }
        let range = if self.mask.hidden(depth - 1, at) {
            0..=self.cap
        } else {
            let shown = self.tree.level(depth - 1)[at];
            shown..=shown
        };
        for value in range {
            leaves.push(value);
            self.run(leaves);
            leaves.pop();
        }
    }

    fn judge(&mut self, leaves: &[u64]) {
        let guess = Tree::from_leaves(self.widths, leaves.to_vec()).unwrap();
        for level in 0..guess.depth() {
            for (at, count) in guess.level(level).iter().enumerate() {
                let hidden = self.mask.hidden(level, at);
                let topmost = level == 0 || !self.mask.hidden(level - 1, at / self.tree.width(level - 1));
                let agrees =
                    if hidden { !topmost || *count > 0 } else { *count == self.tree.level(level)[at] };
                if !agrees {
                    return;
                }
            }
        }
        for level in 0..guess.depth() {
            for (at, count) in guess.level(level).iter().enumerate() {
                self.seen[level][at].insert(*count);
            }
        }
    }
}

fn attack(widths: &[usize], tree: &Tree, mask: &Mask, min: u64) -> Vec<(usize, usize)> {
    let cap = tree.level(0)[0].max(min);
    let seen = (0..tree.depth()).map(|l| vec![Default::default(); tree.level(l).len()]).collect();
    let mut attacker = Attacker { widths, tree, mask, cap, seen };
    attacker.run(&mut Vec::new());
    let mut broken = Vec::new();
    for level in 0..tree.depth() {
        for at in 0..tree.level(level).len() {
            if mask.hidden(level, at) && !(1..min).all(|v| attacker.seen[level][at].contains(&v)) {
                broken.push((level, at));
            }
        }
    }
    broken
}

/// Does the checker speak of exactly the nodes that the attacker breaks?
fn agree(widths: &[usize], leaves: &[u64], min: u64, mask: impl Fn(&Tree) -> Mask) -> Vec<(usize, usize)> {
    let (tree, mask, csv) = publish(widths, leaves.to_vec(), mask);
    let broken = attack(widths, &tree, &mask, min);
    let narrow = check(&csv, min).problems.iter().filter(|p| matches!(p, Problem::Narrow { .. })).count();
    assert_eq!(broken.len(), narrow, "{widths:?} {leaves:?} {min} {csv}");
    broken
}

#[test]
fn trying_every_table_breaks_nothing() {
    let mut broken_without = 0;
    for (widths, top) in [(vec![3], 5u64), (vec![4], 3), (vec![2, 2], 3), (vec![1, 3], 4), (vec![2, 1, 2], 3)]
    {
        let size: usize = widths.iter().product();
        let base = top + 1;
        for code in 0..base.pow(size as u32) {
            let leaves: Vec<u64> = (0..size).map(|i| code / base.pow(i as u32) % base).collect();
            assert_eq!(agree(&widths, &leaves, 3, |t| protect(t, 3)), [], "{widths:?} {leaves:?}");
            broken_without += agree(&widths, &leaves, 3, |t| small_cells(t, 3)).len();
        }
    }
    assert!(broken_without > 0);
}

/// The largest table of the product: every chapter by prefecture, sex and age band.
#[test]
fn a_table_of_full_size_holds() {
    let widths = [48, 4, 20];
    let size: usize = widths.iter().product();
    // A simple generator of our own, so that the table is the same everywhere.
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = state >> 33;
        if draw.is_multiple_of(3) { 0 } else { draw % (1 << (draw % 11)) }
    };
    let trees: Vec<(Tree, Mask)> = (0..23)
        .map(|_| {
            let tree = Tree::from_leaves(&widths, (0..size).map(|_| next()).collect()).unwrap();
            let mask = protect(&tree, 10);
            (tree, mask)
        })
        .collect();
    let csv = write_table(&grid(&widths, Some(23)), &trees);
    let checked = check(&csv, 10);
    assert_eq!(checked.problems, []);
    assert_eq!(checked.shown + checked.hidden, 23 * (1 + 48 + 48 * 4 + 48 * 4 * 20));
    assert!(checked.hidden > 1_000 && checked.shown > 1_000);
}
