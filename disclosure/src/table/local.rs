//! Which cells hang together.
//!
//! It must never depend on anything but the order of cells and links.

/// Cells in groups.
pub(super) struct Groups {
    /// The group of each cell.
    pub of: Vec<usize>,
    /// The cells of each group, ascending; groups in the order of their first cell.
    pub members: Vec<Vec<usize>>,
}

/// Groups `count` cells by links; cells of one link come into one group.
pub(super) fn groups<I: IntoIterator<Item = usize>>(
    count: usize,
    links: impl IntoIterator<Item = I>,
) -> Groups {
    let mut above: Vec<usize> = (0..count).collect();
    for link in links {
        let mut link = link.into_iter();
        let Some(first) = link.next() else { continue };
        for other in link {
            let (a, b) = (root(&mut above, first), root(&mut above, other));
            if let Some(slot) = above.get_mut(a.max(b)) {
                *slot = a.min(b);
            }
        }
    }
    let mut members: Vec<Vec<usize>> = Vec::new();
    let mut of = vec![usize::MAX; count];
    for cell in 0..count {
        let top = root(&mut above, cell);
        // A root is the least of its group, so its own number stands before those of the others.
        let group = if top == cell {
            members.push(Vec::new());
            members.len() - 1
        } else {
            of.get(top).copied().unwrap_or(usize::MAX)
        };
        if let Some(slot) = of.get_mut(cell) {
            *slot = group;
        }
        if let Some(member) = members.get_mut(group) {
            member.push(cell);
        }
    }
    Groups { of, members }
}

fn root(above: &mut [usize], cell: usize) -> usize {
    let mut here = cell;
    while let Some(next) = above.get(here).copied() {
        if next == here {
            break;
        }
        // Path halving.
        let beyond = above.get(next).copied().unwrap_or(next);
        if let Some(slot) = above.get_mut(here) {
            *slot = beyond;
        }
        here = beyond;
    }
    here
}
