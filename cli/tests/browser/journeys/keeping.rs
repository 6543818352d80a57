//! People who keep the house: the auditor over the log and its proofs, whoever looks after accounts, and an emergency that is
//! judged afterwards by somebody else.

use std::process::Command;
use std::time::{Duration, Instant};

use super::walk::{NO_PAGE, menu};
use crate::audit;
use crate::driver::Window;
use crate::house::{string, text};
use crate::stage::Stage;

/// A loan of one minute, and time to spare.
const LOAN_ENDS: Duration = Duration::from_secs(100);

/// Looks entries up, takes the proof of one and the whole log away with the program that verifies both, and traces a value both
/// ways.
pub fn auditor(stage: &Stage<'_>) {
    stage.house.run(0, &["audit", "checkpoint"]);
    let verifier = audit::verifier();
    let window = stage.come_in("auditor-01");
    for path in menu(&window) {
        window.go(&path);
        assert!(!window.has(NO_PAGE), "{path}: {}", window.words());
    }
    window.menu("/audit");
    window.one("main table");
    stage.look(&window, "auditor-log");
    window.choose("/audit", "action", "login");
    window.send("/audit");
    window.sees("ログイン");
    stage.look(&window, "auditor-search");
    window.one("main table tbody th a").click();
    window.one("main dl.facts");
    stage.look(&window, "auditor-entry");
    window.go("/audit/entry/1");
    window.take("/audit/entry/1/proof");
    let proof = window.kept(".proof.txt");
    window.menu("/audit/state");
    stage.look(&window, "auditor-state");
    window.take("/audit/export");
    let log = window.kept(".export");
    window.take("/audit/verifier");
    let program = window.kept("musubi-audit-verify");
    let same = std::fs::read(verifier.get_program()).unwrap() == std::fs::read(&program).unwrap();
    assert!(same, "the browser keeps another program");
    verified(stage, &[text(&log)], verifier);
    verified(stage, &["--inclusion", text(&proof)], audit::verifier());
    window.send("/audit/verify");
    window.sees("改変されていません");
    stage.look(&window, "auditor-verified");
    traced(stage, &window);
}

/// The program that needs nothing of the house finds nothing wrong.
fn verified(stage: &Stage<'_>, words: &[&str], mut verifier: Command) {
    let key = stage.house.data().join("keys/house.pub");
    let output = verifier.args(words).arg("--english").arg("--key").arg(key).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stdout));
}

/// From a fact back to its document and forward again.
fn traced(stage: &Stage<'_>, window: &Window) {
    let fact = string(&stage.verb(0, "operator-01", &["trace", "any"]), "fact_id");
    window.menu("/trace");
    window.write("/trace", "fact", &fact);
    window.send("/trace");
    window.sees("監査では値を表示しません");
    stage.look(window, "auditor-trace");
    window.one("main a[href^='/trace?submission=']").click();
    window.sees("格納された事実");
    stage.look(window, "auditor-trace-forward");
}

/// Accounts: who has which; somebody is invited and comes in; locking one ends its sessions at once.
pub fn security(stage: &Stage<'_>) {
    let other = stage.come_in("operator-02");
    let window = stage.come_in("security-02");
    window.menu("/accounts");
    window.one("main table");
    stage.look(&window, "security-accounts");
    let invited = "curator-02";
    window.follow(&format!("/accounts/{invited}"));
    stage.look(&window, "security-account");
    window.send(&format!("/accounts/{invited}/invite"));
    stage.look(&window, "security-invited");
    let code = window.one("#invitation").text();
    let holder = super::entry::taken_up(stage, invited, "security-02", &code, "kaede-to-momiji-no-aki-7");
    assert!(!super::walk::menu(&holder).is_empty(), "whoever was invited has no page");
    // The code is shown once.
    window.go(&format!("/accounts/{invited}"));
    assert!(!window.words().contains(&code), "an invitation is shown again");

    window.go("/accounts/operator-02");
    window.send("/accounts/operator-02/lock");
    window.sees("人がロックしました");
    stage.look(&window, "security-locked");
    other.go("/tonight");
    other.one("#account");
    window.send("/accounts/operator-02/unlock");
    window.menu("/sessions");
    stage.look(&window, "security-sessions");
}

/// Somebody takes a role that is not theirs for a minute, with a reason; all pages say so.
pub fn emergency(stage: &Stage<'_>) {
    let window = stage.come_in("linker-01");
    window.go("/emergency");
    window.choose("/emergency", "role", "curator");
    window.within("/emergency", "[name=minutes]").fill("1");
    window.write("/emergency", "reason", "夜間に標準コードの対応を直す必要がある");
    stage.look(&window, "emergency-ask");
    window.send("/emergency");
    window.sees("緊急時の例外操作中です");
    window.go("/quarantine");
    assert!(!window.has(NO_PAGE), "{}", window.words());
    stage.look(&window, "emergency-under-way");
}

/// When it is over, somebody else reads what was done and judges it; whoever took it cannot.
pub fn judged(stage: &Stage<'_>) {
    if stage.verb(0, "security-02", &["account", "break-glass", "list"]).as_array().is_none_or(Vec::is_empty)
    {
        emergency(stage);
    }
    let window = stage.come_in("security-02");
    window.menu("/emergencies");
    window.sees("linker-01");
    let form = "main form[action^='/emergencies/']";
    let began = Instant::now();
    while !window.has(form) {
        assert!(began.elapsed() < LOAN_ENDS, "a loan never ends: {}", window.words());
        std::thread::sleep(Duration::from_secs(3));
        window.go("/emergencies");
    }
    let action = window.one(form).attribute("action").unwrap();
    window.choose(&action, "justified", "yes");
    window.write(&action, "note", "記録を読み、必要な操作だけと認めた");
    stage.look(&window, "emergency-review");
    window.send(&action);
    window.one("main .flash");
    window.go("/emergencies?all=1");
    window.sees("記録を読み");
    stage.look(&window, "emergency-reviewed");
}
