//! What the pages of the table desk say of a value, and what they must not.

use serde_json::json;

use super::*;

fn cell(age: &str, persons: Option<u64>, why: Option<&str>) -> Value {
    let hidden = why.map(|ja| json!({ "reason": "small", "ja": ja, "en": "small" }));
    json!({
        "labels": { "municipality": "見本市", "sex": null, "age_band10": age }, "persons": persons, "hidden": hidden,
        "measures": { "points": { "value": persons.map(|_| "1200"), "hidden": null } }, "rate": null,
    })
}

fn table() -> Value {
    let cells = vec![cell("60-69歳", Some(120), None), cell("70-79歳", None, Some("10 人未満"))];
    json!({
        "question": { "title": { "ja": "医療費", "en": "Points" }, "reads": { "ja": "読み方", "en": "reads" } },
        "release": "R-1", "from": "2026-01-01", "to": "2026-12-31",
        "releases": [{ "release": "R-1", "from": "2026-01-01", "to": "2026-12-31" }],
        "place": { "name": "見本市", "shown_as": "見本市" }, "rule": { "cell_min": 10 },
        "dimensions": [
            { "name": "municipality", "names": { "ja": "市区町村", "en": "municipality" }, "labels": ["見本市"], "total": false },
            { "name": "sex", "names": { "ja": "性別", "en": "sex" }, "labels": ["男", "女"], "total": true },
            { "name": "age_band10", "names": { "ja": "年齢階級", "en": "age" }, "labels": ["60-69歳", "70-79歳"], "total": true },
        ],
        "by": ["age_band10"], "at": { "municipality": "見本市" },
        "measures": [{ "name": "points", "names": { "ja": "点数", "en": "points" } }], "rate_name": null,
        "cells": cells,
        "trend": [
            { "from": "2025-01-01", "to": "2025-12-31", "cells": cells },
            { "from": "2026-01-01", "to": "2026-12-31", "cells": cells },
        ],
        "comparison": { "band_from": 100_000, "band_to": 300_000, "own": "2.5", "peers": 4, "shown": 4, "needed": 3, "quartiles": ["1.0", "2.0", "3.0"] },
        "map": {
            "cuts": ["1.0", "2.0", "3.0"], "unit": { "ja": "人口千人あたり", "en": "per 1,000" },
            "tiles": [
                { "name": "見本市", "tile": [1, 1], "band": 2, "own": true },
                { "name": "標本村", "tile": [2, 1], "band": null, "own": false },
            ],
        },
    })
}

fn chosen(draw: &str) -> table::Chosen {
    table::Chosen::named("med-points", draw)
}

#[test]
fn a_table_has_its_pictures_and_a_reason_for_every_hidden_cell() {
    for lang in [Lang::Ja, Lang::En] {
        let html = table::view(lang, &table(), &chosen("points")).into_string();
        // Cells, change, comparison, map.
        assert_eq!(html.matches("<svg").count(), 4, "{html}");
        assert_eq!(html.matches("<desc>").count(), 4, "every picture says itself in words");
        assert!(!html.contains("style="), "blocked by the policy of the pages");
        assert!(html.contains(lang.pick("10 人未満", "small")));
        assert!(html.contains("/tables/question/med-points/csv"));
        for name in ["sex", "age_band10", "release", "draw"] {
            assert!(html.contains(&format!("<label for=\"{name}\"")), "{name}");
        }
        assert!(!html.contains("for=\"municipality\""), "nobody chooses another's place");
    }
}

#[test]
fn a_value_that_is_not_there_draws_persons() {
    let html = table::view(Lang::En, &table(), &chosen("nonsense\"><script>")).into_string();
    assert!(html.contains("60-69歳: 120") && !html.contains("<script>"), "{html}");
}

#[test]
fn a_question_without_data_cannot_be_asked() {
    let about = json!({
        "id": "edu-absence", "state": "missing", "state_name": { "ja": "まだ答えられない", "en": "cannot be answered yet" },
        "missing": { "ja": "フィードがない", "en": "no feed" },
    });
    let html = facts_view(Lang::Ja, &about).into_string();
    assert!(html.contains("disabled") && html.contains("フィードがない"), "{html}");
    assert!(!html.contains("/ask"), "{html}");
}
