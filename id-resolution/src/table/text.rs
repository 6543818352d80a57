//! Distances between two texts, on characters. Texts longer than [`LONGEST`] characters are compared by their beginning.

// Every index below is bounded by the lengths the function has just taken.
#![allow(clippy::indexing_slicing)]

/// Characters that are looked at.
pub const LONGEST: usize = 64;

/// Optimal string alignment distance (insert, delete, replace, swap of neighbours), or `max + 1` when it is larger.
#[must_use]
pub fn osa(a: &[char], b: &[char], max: usize) -> usize {
    let (a, b) = (&a[..a.len().min(LONGEST)], &b[..b.len().min(LONGEST)]);
    if a.len().abs_diff(b.len()) > max {
        return max + 1;
    }
    let mut before = [0u8; LONGEST + 1];
    let mut last: [u8; LONGEST + 1] = std::array::from_fn(|i| i as u8);
    let mut row = [0u8; LONGEST + 1];
    for i in 1..=a.len() {
        row[0] = i as u8;
        let mut least = i as u8;
        for j in 1..=b.len() {
            let unequal = u8::from(a[i - 1] != b[j - 1]);
            let mut d = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + unequal);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                d = d.min(before[j - 2] + 1);
            }
            row[j] = d;
            least = least.min(d);
        }
        if usize::from(least) > max {
            return max + 1;
        }
        before = last;
        last = row;
    }
    usize::from(last[b.len()]).min(max + 1)
}

/// Jaro-Winkler similarity in thousandths (prefix of up to 4, weight 0.1).
#[must_use]
pub fn jaro_winkler(a: &[char], b: &[char]) -> u32 {
    let (a, b) = (&a[..a.len().min(LONGEST)], &b[..b.len().min(LONGEST)]);
    if a.is_empty() || b.is_empty() {
        return if a.len() == b.len() { 1000 } else { 0 };
    }
    let window = (a.len().max(b.len()) / 2).saturating_sub(1);
    let mut used = 0u64;
    let mut hit = 0u64;
    for (i, c) in a.iter().enumerate() {
        let (from, to) = (i.saturating_sub(window), (i + window + 1).min(b.len()));
        for (j, d) in b.iter().enumerate().take(to).skip(from) {
            if c == d && used & (1 << j) == 0 {
                used |= 1 << j;
                hit |= 1 << i;
                break;
            }
        }
    }
    let m = u64::from(hit.count_ones());
    if m == 0 {
        return 0;
    }
    let left = a.iter().enumerate().filter(|(i, _)| hit & (1 << i) != 0);
    let right = b.iter().enumerate().filter(|(j, _)| used & (1 << j) != 0);
    let crossed = left.zip(right).filter(|((_, c), (_, d))| c != d).count() as u64;
    let (la, lb) = (a.len() as u64, b.len() as u64);
    // Jaro = (m/la + m/lb + (m - t)/m) / 3 with t = crossed / 2, over the common denominator 6·la·lb·m.
    let over = 6 * la * lb * m;
    let jaro = 2 * m * m * (la + lb) + la * lb * (2 * m - crossed);
    let same = a.iter().zip(b).take(4).take_while(|(c, d)| c == d).count() as u64;
    let winkler = jaro * 10 + (over - jaro) * same;
    u32::try_from(winkler * 100 / over).unwrap_or(1000)
}

/// No pair of texts with so many characters that the other lacks is more similar than this.
#[must_use]
pub fn jaro_winkler_most(lone_a: usize, a: &[char], lone_b: usize, b: &[char]) -> u32 {
    let (la, lb) = (a.len().clamp(1, LONGEST), b.len().clamp(1, LONGEST));
    if a.len().max(b.len()) > LONGEST {
        return 1000;
    }
    let m = la.saturating_sub(lone_a).min(lb.saturating_sub(lone_b));
    let over = 3 * la * lb;
    let jaro = m * lb + m * la + la * lb;
    let same = a.iter().zip(b).take(4).take_while(|(c, d)| c == d).count();
    let winkler = jaro * 10 + over.saturating_sub(jaro) * same;
    // One more than the quotient, so that rounding never refutes.
    u32::try_from(winkler * 100 / over + 1).unwrap_or(1000)
}

/// Letters that one text has and the other has not, counted on the side that has more of them; both in order.
#[must_use]
pub fn bag(x: &[char], y: &[char]) -> usize {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < x.len() && j < y.len() {
        match x[i].cmp(&y[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    x.len().max(y.len()) - common
}

#[cfg(test)]
mod tests {
    use super::*;

    fn c(s: &str) -> Vec<char> {
        s.chars().collect()
    }

    #[test]
    fn distances_of_known_pairs() {
        for (a, b, d) in [
            ("", "", 0),
            ("smith", "smith", 0),
            ("smith", "smtih", 1),
            ("ca", "abc", 3),
            ("たなか", "たかな", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(osa(&c(a), &c(b), 9), d, "{a} {b}");
        }
        assert_eq!(osa(&c("kitten"), &c("sitting"), 1), 2);
        for (a, b, w) in [
            ("martha", "marhta", 961),
            ("dwayne", "duane", 840),
            ("dixon", "dicksonx", 813),
            ("a", "b", 0),
            ("ab", "ab", 1000),
        ] {
            assert_eq!(jaro_winkler(&c(a), &c(b)), w, "{a} {b}");
        }
        for (a, b, d) in [("ferguson", "sergufon", 0), ("ann", "anne", 1), ("abc", "xyz", 3)] {
            let (mut x, mut y) = (c(a), c(b));
            x.sort_unstable();
            y.sort_unstable();
            assert_eq!(bag(&x, &y), d, "{a} {b}");
        }
    }
}
