//! People from outside: a submitter who sends a package, a municipality that reads a table.

use crate::stage::Stage;

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

/// A municipality finds its questions and reads one: pictures with a title, and the table beside them.
pub fn municipality(stage: &Stage<'_>) {
    let window = stage.come_in("city-01");
    window.one("nav.menu a[href='/tables']").click();
    stage.look(&window, "city-tables");
    let question = window.one("main a[href^='/tables/question/']").attribute("href").unwrap();
    window.go(&question);
    stage.look(&window, "city-question");
    for picture in window.all("main svg[role=img]") {
        let named = picture.attribute("aria-labelledby").or_else(|| picture.attribute("aria-label"));
        assert!(named.is_some(), "a picture without a name at {question}");
    }
}
