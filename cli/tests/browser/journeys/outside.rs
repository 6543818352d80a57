//! People from outside: a submitter who sends a package, a municipality that reads a table.

use serde_json::json;

use crate::driver::Window;
use crate::stage::Stage;
use crate::table_desk;

/// A package goes from the browser into the house; what became of it stands on a page, and the receipt verifies.
pub fn submitter(stage: &Stage<'_>) {
    let night = stage.region.path("inbox/night-02");
    let package = crate::zip::package_of(&night, "mihon-ishikai-13");
    let file = stage.house.beside("package.zip");
    std::fs::write(&file, crate::zip::zipped(&package)).unwrap();
    let window = stage.come_in("submitter-01");
    stage.look(&window, "submitter-first");
    window.one("nav.menu a[href='/deliveries/upload']").click();
    window.one("main input[type=file]").keys(file.to_str().unwrap());
    stage.look(&window, "submitter-upload");
    window.one("main form[action='/deliveries/upload'] button.main").click();
    // The page renews itself until the package has come to its end.
    window.sees("処理が終わりました");
    stage.look(&window, "submitter-loaded");
    let own = window
        .all("main a[href^='/deliveries/']")
        .iter()
        .filter_map(|a| a.attribute("href"))
        .find(|h| h.trim_start_matches("/deliveries/").chars().all(|c| c.is_ascii_hexdigit()));
    window.go(&own.expect("a link to the delivery"));
    stage.look(&window, "submitter-delivery");
    window.go("/deliveries");
    stage.look(&window, "submitter-calendar");
    // What is no package is refused in words, on a page.
    let hostile = stage.house.beside("no-package.zip");
    std::fs::write(&hostile, b"PK but nothing else").unwrap();
    window.go("/deliveries/upload");
    window.one("main input[type=file]").keys(hostile.to_str().unwrap());
    window.one("main form[action='/deliveries/upload'] button.main").click();
    window.one("main .standing.bad");
    stage.look(&window, "submitter-refused");
}

/// The question that a municipality asks.
const QUESTION: &str = "med-hypertension";

/// Asks for a table of a period on the page of the question: the number of the application that is drafted from it.
fn asks(stage: &Stage<'_>, window: &Window, from: &str, to: &str) -> String {
    let form = format!("/tables/question/{QUESTION}/ask");
    window.go(&format!("/tables/question/{QUESTION}"));
    window.follow(&form);
    window.day(&form, "from", from);
    window.day(&form, "to", to);
    stage.look(window, "city-ask");
    window.send(&form);
    window.sees("統計窓口の問いから");
    let at = window.at();
    let number = at.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    assert!(number.starts_with("AP-"), "no application at {at}");
    number.to_owned()
}

/// A municipality asks, and reads what it was given: pictures with a title and the table beside them, why cells are hidden,
/// how others are; and takes it away as a file.
pub fn municipality(stage: &Stage<'_>) {
    let window = stage.come_in("city-01");
    window.menu("/tables");
    stage.look(&window, "city-tables");
    window.follow("/tables?domain=medical");
    window.follow(&format!("/tables/question/{QUESTION}"));
    stage.look(&window, "city-open-question");
    let application = asks(stage, &window, "2026-01-01", "2026-12-31");
    stage.look(&window, "city-asked");
    // What the house does in between has journeys of its own. A second period is no part of this one: so few people live in
    // the region that the independent checker sees small differences between two tables, and refuses the later.
    let request = table_desk::accepted(&stage.house, &json!({ "application": application }));
    table_desk::given(&stage.house, &request);
    window.menu("/tables");
    window.sees("表があるもの 1");
    let own = format!("/tables/question/{QUESTION}");
    window.go(&own);
    stage.look(&window, "city-question");
    let [pictures, named] =
        ["svg[role=img]", "svg[role=img] > title"].map(|css| window.all(&format!("main {css}")).len());
    assert!(pictures > 0 && pictures == named, "{pictures} pictures at {own}, {named} with a name");
    window.sees("人未満");
    for (chosen, name) in [("sex", "city-by-sex"), ("age_band10", "city-by-age")] {
        for dimension in ["sex", "age_band10"] {
            window.choose(&own, dimension, if dimension == chosen { "*" } else { "" });
        }
        window.send(&own);
        assert!(window.has("main svg[role=img]"), "no picture at {}", window.at());
        window.sees("比べ");
        stage.look(&window, name);
    }
    window.one("main a[href*='/csv']").click();
    let table = std::fs::read_to_string(window.kept(".csv")).unwrap();
    assert!(table.contains("秘匿の理由"), "{table}");
    window.one("main a[href*='/explanation']").click();
    assert!(std::fs::read_to_string(window.kept(".txt")).unwrap().contains("見本市"));
    window.menu("/tables/released");
    stage.look(&window, "city-released");
}
