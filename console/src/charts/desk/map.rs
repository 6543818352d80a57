//! A map of tiles (タイルマップ): each place a square of the same size, so that a large area is no large number.
//!
//! Places are told in bands only, never with their own number but the reader's.

use maud::{Markup, html};

use super::hatch;
use crate::format::c;
use crate::words::Lang;

/// A place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Its name.
    pub name: String,
    /// Column and row.
    pub at: [u8; 2],
    /// Its band, from 0; `None`: hidden.
    pub band: Option<usize>,
    /// The reader's own.
    pub own: bool,
}

/// A map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileMap {
    /// What each band is, from the lowest.
    pub bands: Vec<String>,
    /// The places.
    pub tiles: Vec<Tile>,
}

/// Shades from light to dark, each with the colour of letters that can be read on it.
const SHADES: [(&str, &str); 4] =
    [("#e3eef3", "#1f2a30"), ("#a9cbd9", "#1f2a30"), ("#5b98b3", "#ffffff"), ("#124c66", "#ffffff")];

/// Draws the map: bands as shades with their number in the tile, hidden places hatched, the own one with a thick edge.
#[must_use]
pub fn tile_map(lang: Lang, id: &str, title: &str, map: &TileMap) -> Markup {
    const SIDE: f64 = 92.0;
    let hidden = lang.pick("秘匿", "hidden");
    let (columns, rows) = map.tiles.iter().fold((0u8, 0u8), |(c, r), t| {
        let [column, row] = t.at;
        (c.max(column), r.max(row))
    });
    let least = map
        .tiles
        .iter()
        .map(|t| t.at)
        .fold([u8::MAX; 2], |[c, r], [column, row]| [c.min(column), r.min(row)]);
    let [first_column, first_row] = least;
    let wide = SIDE * f64::from(columns.saturating_sub(first_column).saturating_add(1));
    let high = (SIDE * f64::from(rows.saturating_sub(first_row).saturating_add(1)))
        .max(26.0 * (map.bands.len() + 2) as f64);
    let shade = |band: usize| SHADES.get(band).copied().unwrap_or(("#124c66", "#ffffff"));
    let name_of = |band: Option<usize>| band.and_then(|b| map.bands.get(b)).map_or(hidden, String::as_str);
    let words: Vec<String> = map.tiles.iter().map(|t| format!("{}: {}", t.name, name_of(t.band))).collect();
    html! {
        svg viewBox={ "0 0 " (c(wide + 320.0)) " " (c(high + 10.0)) } role="img" class="desk-chart" {
            title { (title) }
            desc { (words.join("; ")) }
            (hatch(id))
            @for tile in &map.tiles {
                @let x = SIDE * f64::from(tile.at[0].saturating_sub(first_column)) + 3.0;
                @let y = SIDE * f64::from(tile.at[1].saturating_sub(first_row)) + 3.0;
                @let (fill, ink) = tile.band.map_or(("", "#1f2a30"), shade);
                @let edge = if tile.own { "4" } else { "0.8" };
                @if tile.band.is_some() {
                    rect x=(c(x)) y=(c(y)) width=(c(SIDE - 6.0)) height=(c(SIDE - 6.0)) rx="6" fill=(fill) stroke="#1f2a30" stroke-width=(edge) {}
                } @else {
                    rect x=(c(x)) y=(c(y)) width=(c(SIDE - 6.0)) height=(c(SIDE - 6.0)) rx="6" fill={ "url(#" (id) ")" } stroke="#1f2a30" stroke-width=(edge) {}
                    rect x=(c(x + 8.0)) y=(c(y + 24.0)) width=(c(SIDE - 22.0)) height="44" rx="3" fill="#f7f5f0" {}
                }
                text x=(c(x + SIDE / 2.0 - 3.0)) y=(c(y + 42.0)) text-anchor="middle" font-size="14" fill=(ink) { (tile.name) }
                text x=(c(x + SIDE / 2.0 - 3.0)) y=(c(y + 62.0)) text-anchor="middle" font-size="12" fill=(ink) {
                    @match tile.band {
                        Some(band) => { (band + 1) },
                        None => { (hidden) },
                    }
                }
            }
            @for (nth, band) in map.bands.iter().enumerate() {
                @let y = 8.0 + 26.0 * nth as f64;
                rect x=(c(wide + 24.0)) y=(c(y)) width="20" height="18" rx="3" fill=(shade(nth).0) stroke="#1f2a30" stroke-width="0.8" {}
                text x=(c(wide + 52.0)) y=(c(y + 14.0)) font-size="13" { (nth + 1) "  " (band) }
            }
            @let y = 8.0 + 26.0 * map.bands.len() as f64;
            rect x=(c(wide + 24.0)) y=(c(y)) width="20" height="18" rx="3" fill={ "url(#" (id) ")" } stroke="#1f2a30" stroke-width="0.8" {}
            text x=(c(wide + 52.0)) y=(c(y + 14.0)) font-size="13" { (hidden) }
        }
    }
}
