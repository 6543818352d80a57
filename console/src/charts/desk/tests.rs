//! What the pictures say, and what they must not.

use proptest::prelude::*;

use super::*;

fn bar(label: &str, value: Told) -> Bar {
    Bar { label: label.to_owned(), value }
}

#[test]
fn the_pictures_are_as_they_were() {
    let all = [bar("男", Told::Shown(120.0)), bar("女", Told::Hidden), bar("不明", Told::Shown(0.0))];
    insta::assert_snapshot!("desk_bars", bars(Lang::Ja, "h1", "受けた人", "人", &all).into_string());
    let periods = ["2024", "2025", "2026"].map(str::to_owned);
    let line = Line {
        label: "見本市".to_owned(),
        values: vec![Told::Shown(10.0), Told::Hidden, Told::Shown(30.5)],
    };
    insta::assert_snapshot!(
        "desk_lines",
        lines(Lang::En, "h2", "Change", "persons", &periods, &[line]).into_string()
    );
    let groups = [("60-69歳".to_owned(), all.to_vec()), ("70-79歳".to_owned(), all.to_vec())];
    insta::assert_snapshot!(
        "desk_multiples",
        multiples(Lang::Ja, "h3", "年代別", "人", &groups).into_string()
    );
    let tile = |name: &str, at, band, own| Tile { name: name.to_owned(), at, band, own };
    let map = TileMap {
        bands: vec!["0 〜 1.2".to_owned(), "1.2 〜 2".to_owned()],
        tiles: vec![tile("見本市", [3, 1], Some(1), true), tile("標本村", [4, 1], None, false)],
    };
    insta::assert_snapshot!("desk_map", tile_map(Lang::Ja, "h4", "地図", &map).into_string());
}

proptest! {
    /// Whatever is shown beside it, a hidden bar is drawn the same: its length says nothing.
    #[test]
    fn a_hidden_bar_has_no_length_of_its_own(values in prop::collection::vec(0u32..100_000, 1..8)) {
        let drawn = |values: &[u32]| {
            let shown = values.iter().map(|v| bar("x", Told::Shown(f64::from(*v))));
            let all: Vec<Bar> = [bar("h", Told::Hidden)].into_iter().chain(shown).collect();
            let text = bars(Lang::Ja, "h", "t", "u", &all).into_string();
            text.split("<rect").find(|part| part.contains("url(#h)")).map(str::to_owned)
        };
        let one = drawn(&values);
        prop_assert!(one.is_some());
        prop_assert_eq!(one, drawn(&[1]));
    }

    /// Every label and every shown number is there in words, for those who do not see the picture.
    #[test]
    fn the_description_says_everything(values in prop::collection::vec(prop::option::of(0u32..1000), 1..6)) {
        let all: Vec<Bar> = values
            .iter()
            .enumerate()
            .map(|(nth, v)| bar(&format!("L{nth}"), v.map_or(Told::Hidden, |v| Told::Shown(f64::from(v)))))
            .collect();
        let text = bars(Lang::En, "h", "t", "u", &all).into_string();
        let words = text.split("<desc>").nth(1).and_then(|t| t.split("</desc>").next()).unwrap_or_default();
        for (nth, value) in values.iter().enumerate() {
            let told = value.map_or_else(|| "hidden".to_owned(), |v| v.to_string());
            let said = format!("L{}: {}", nth, told);
            prop_assert!(words.contains(&said), "{}", words);
        }
    }
}
