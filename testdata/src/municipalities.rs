//! The municipalities of a synthetic region, in the register's form: large and small ones, so that every tier of population
//! has one. None exists; their codes are given to none.

use musubi_model::manifest::{Agreements, Municipality, Provider};

/// Code, name, secondary medical area, its name, people, the organisation that stands for it, tile.
type Row = (&'static str, &'static str, &'static str, &'static str, u64, Option<&'static str>, [u8; 2]);

/// The first is that of the first district's town hall.
const MUNICIPALITIES: [Row; 8] = [
    ("12991", "見本市", "1299", "見本東医療圏", 182_000, Some("mihon-city"), [3, 1]),
    ("12992", "試験市", "1299", "見本東医療圏", 94_000, None, [4, 1]),
    ("12993", "雛形町", "1299", "見本東医療圏", 14_200, None, [4, 2]),
    ("12994", "標本村", "1299", "見本東医療圏", 1_900, None, [4, 0]),
    ("13991", "例示市", "1399", "見本中央医療圏", 131_000, None, [2, 1]),
    ("13992", "仮名市", "1399", "見本中央医療圏", 210_000, None, [1, 1]),
    ("14991", "架空市", "1499", "見本南医療圏", 156_000, None, [2, 2]),
    ("14992", "模範市", "1499", "見本南医療圏", 88_000, None, [1, 2]),
];

/// A town hall, by the digit of its fee table.
fn town_hall(provider: &Provider) -> bool {
    provider.id.as_str().chars().nth(2) == Some('9')
}

/// Adds the municipalities: every provider stands in one of its prefecture, in turn; town halls are those of the
/// municipalities in order.
pub(crate) fn agree(agreements: &mut Agreements) {
    let mut all: Vec<Municipality> = MUNICIPALITIES
        .iter()
        .map(|(code, name, area, area_name, population, organisation, tile)| Municipality {
            code: (*code).to_owned(),
            name: (*name).to_owned(),
            prefecture: code.chars().take(2).collect(),
            area: (*area).to_owned(),
            area_name: (*area_name).to_owned(),
            population: *population,
            organisation: organisation.map(str::to_owned),
            tile: Some(*tile),
            providers: Vec::new(),
        })
        .collect();
    let (halls, others): (Vec<&Provider>, Vec<&Provider>) =
        agreements.providers.iter().partition(|p| town_hall(p));
    for (nth, hall) in halls.into_iter().enumerate() {
        let at = nth % MUNICIPALITIES.len();
        if let Some(municipality) = all.get_mut(at) {
            municipality.providers.push(hall.id.clone());
        }
    }
    for (nth, provider) in others.into_iter().enumerate() {
        let mut own: Vec<&mut Municipality> =
            all.iter_mut().filter(|m| m.prefecture == provider.prefecture).collect();
        // Providers go round the three prefectures too: one round later is the next municipality.
        let at = (nth / 3) % own.len().max(1);
        if let Some(municipality) = own.get_mut(at) {
            municipality.providers.push(provider.id.clone());
        }
    }
    agreements.municipalities = all;
}
