//! Variant kanji (異体字): old and other forms lead to the common one. The facts stand in `data/variants.tsv`.

use std::sync::LazyLock;

/// The block of unified ideographs in which nearly all forms lie.
const FIRST: u32 = 0x4e00;
const LAST: u32 = 0x9fff;

struct Table {
    /// For each ideograph of the block its common form, 0: itself.
    block: Vec<u16>,
    /// Forms outside the block, and forms whose common one lies outside; sorted.
    others: Vec<(char, char)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { block: vec![0; (LAST - FIRST + 1) as usize], others: Vec::new() };
    for (form, common) in facts() {
        let slot = u32::from(form).checked_sub(FIRST).and_then(|i| table.block.get_mut(i as usize));
        match (slot, u16::try_from(u32::from(common))) {
            (Some(slot), Ok(common)) => *slot = common,
            _ => table.others.push((form, common)),
        }
    }
    table.others.sort_unstable();
    table
});

/// All facts of the table: form and common form.
pub fn facts() -> impl Iterator<Item = (char, char)> {
    include_str!("../data/variants.tsv").lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut fields = line.split('\t');
        Some((fields.next()?.chars().next()?, fields.next()?.chars().next()?))
    })
}

/// The common form of a kanji; any other sign as it is.
pub fn common(c: char) -> char {
    let table = &*TABLE;
    match u32::from(c).checked_sub(FIRST).and_then(|i| table.block.get(i as usize)) {
        Some(0) => c,
        Some(common) => char::from_u32(u32::from(*common)).unwrap_or(c),
        None if c.is_ascii() => c,
        None => match table.others.binary_search_by_key(&c, |(form, _)| *form) {
            Ok(at) => table.others.get(at).map_or(c, |(_, common)| *common),
            Err(_) => c,
        },
    }
}
