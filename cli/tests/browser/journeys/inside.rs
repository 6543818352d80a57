//! People of the house: the operator after a night, the clerk of matching.

use super::walk::NO_PAGE;
use crate::house::string;
use crate::stage::Stage;

/// The night that was, what is in quarantine, and the checks.
pub fn operator(stage: &Stage<'_>) {
    let window = stage.come_in("operator-01");
    window.one("nav.menu a[href='/tonight']").click();
    window.one("main .standing");
    stage.look(&window, "operator-tonight");
    for page in ["quarantine", "checks", "trust", "parameters"] {
        window.go(&format!("/{page}"));
        assert!(!window.has(NO_PAGE), "/{page}: {}", window.words());
        stage.look(&window, &format!("operator-{page}"));
    }
}

/// Identities of two people whom their names find.
fn two_identities(stage: &Stage<'_>) -> (String, String) {
    let mut found: Vec<String> = Vec::new();
    // The desk's journey has stopped the first of them.
    for p in super::desk::people(stage).iter().skip(1) {
        let words = ["person", "match", "--kana", &p[7], "--kanji", &p[6], "--birth", &p[5], "--sex", &p[4]];
        let answer = stage.house.json(0, &[&words[..], &["--purpose", "inquiry"]].concat());
        let Some(first) = answer["entry"].get(0) else { continue };
        let shown = stage.house.json(0, &["person", "show", &string(&first["resource"], "id")]);
        let id = string(&shown["members"][0], "identity");
        if !found.contains(&id) {
            found.push(id);
        }
        if let [a, b] = found.as_slice() {
            return (a.clone(), b.clone());
        }
    }
    panic!("nobody is found");
}

/// Looks at a pair side by side, sees what a ruling would change, and rules.
pub fn clerk(stage: &Stage<'_>) {
    let (a, b) = two_identities(stage);
    let window = stage.come_in("linker-02");
    window.one("nav.menu a[href='/matching']").click();
    stage.look(&window, "linker-queue");
    let pair = format!("/matching/pair/{a}/{b}");
    window.go(&pair);
    stage.look(&window, "linker-pair");
    window.one(&format!("main form[action='{pair}'] button.main")).click();
    window.one("main input[name=seen]");
    stage.look(&window, "linker-side-by-side");
    window.one("#reason").keys("生年月日と住所が違う");
    window.one("main button[name=verdict][value=different]").click();
    window.one("main input[name=sure]");
    stage.look(&window, "linker-what-changes");
    window.one(&format!("main form[action='{pair}/rule'] button.main")).click();
    window.one("main .flash");
    stage.look(&window, "linker-ruled");
}
