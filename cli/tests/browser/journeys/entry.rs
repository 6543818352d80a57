//! Coming in: by invitation, with a wrong password, without script.

use crate::driver::Window;
use crate::stage::Stage;

/// Fills in both halves of an invitation and a password, and sends them.
fn choose_password(window: &Window, (code, half): (&str, &str), new: &str, again: &str) {
    for (field, text) in [("#invitation", code), ("#second-half", half), ("#new", new), ("#again", again)] {
        window.one(field).fill(text);
    }
    window.one("main button.main").click();
}

/// Sets up the second factor from the picture and comes in.
fn set_up(stage: &Stage<'_>, window: &Window, account: &str, password: &str) {
    window.one(".qr svg");
    stage.look(window, "invitation-qr");
    let secret = window.one("main p code").text();
    let first = stage.server.code(&secret);
    window.one("#code").keys(&first);
    window.one("main button.main").click();
    window.one("form[action='/logout']");
    stage.keep(account, password, &secret, &first);
}

/// The half of somebody's invitation that somebody else tells.
fn second_half(stage: &Stage<'_>, account: &str, by: &str) -> String {
    let words = ["account", "second-half", account, "--invited-by", by];
    let told = stage.verb(0, "officer-01", &words);
    told["second_half"].as_str().unwrap_or_else(|| panic!("no second half in {told}")).to_owned()
}

/// Takes an invitation of `by` up in a window of its own.
pub fn taken_up(stage: &Stage<'_>, account: &str, by: &str, code: &str, password: &str) -> Window {
    let half = second_half(stage, account, by);
    let window = stage.window(true);
    window.go("/invitation");
    choose_password(&window, (code, &half), password, password);
    set_up(stage, &window, account, password);
    window
}

/// An invited account chooses its password, sets up its second factor from the picture, comes in, leaves and comes back.
pub fn invitation(stage: &Stage<'_>) {
    let invited = stage.verb(0, "security-01", &["account", "invite", "desk-02"]);
    let code = ["invitation", "code"]
        .iter()
        .find_map(|name| invited[*name].as_str())
        .unwrap_or_else(|| panic!("no invitation in {invited}"));
    let half = second_half(stage, "desk-02", "security-01");
    let both = (code, half.as_str());
    let window = stage.window(true);
    window.go("/login");
    stage.look(&window, "login");
    window.one("a[href='/invitation']").click();
    window.one("#invitation");
    stage.look(&window, "invitation");
    let password = "sakura-to-fuji-no-hana-2";
    choose_password(&window, both, password, "not the same at all");
    window.one("[role=alert]");
    stage.look(&window, "invitation-differs");
    choose_password(&window, both, password, password);
    set_up(stage, &window, "desk-02", password);
    stage.look(&window, "welcome");
    window.one("form[action='/logout'] button").click();
    window.one("#account");
    // The same code is not taken twice; the stage waits for the next.
    stage.login(&window, "desk-02");
    // An invitation is taken up once.
    let other = stage.window(true);
    other.go("/invitation");
    choose_password(&other, both, password, password);
    other.one("[role=alert]");
    assert!(!other.has(".qr"), "an invitation was taken up twice");
}

/// What is wrong is said beside the form, and tells nobody whether there is such an account.
pub fn refused(stage: &Stage<'_>) {
    let window = stage.window(true);
    let mut told = Vec::new();
    for account in ["desk-01", "nobody-99"] {
        window.go("/login");
        window.one("#account").keys(account);
        window.one("#password").keys("this is not the password\u{E007}");
        told.push(window.one("[role=alert]").text());
        stage.look(&window, "login-refused");
    }
    assert!(!told[0].is_empty());
    assert_eq!(told[0], told[1], "the unknown can be told from the known");
}

/// All that a browser without script does: come in, change the language, look about, leave.
pub fn without_script(stage: &Stage<'_>) {
    let window = stage.window(false);
    stage.login(&window, "operator-02");
    let links = super::walk::menu(&window);
    assert!(!links.is_empty());
    for path in links {
        window.go(&path);
        assert!(window.has("main h1"), "{path} without script: {}", window.words());
        assert!(!window.has(super::walk::NO_PAGE), "{path} without script: {}", window.words());
    }
    window.one("form[action='/language'] button").click();
    window.one("html[lang=en]");
    window.one("form[action='/logout'] button").click();
    window.one("#account");
}
