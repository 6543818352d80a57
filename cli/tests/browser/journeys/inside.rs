//! People of the house: the operator after a night, the auditor over the log, whoever looks after accounts.

use super::walk::{NO_PAGE, menu};
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

/// The log, what an auditor may look up in it, and that it is whole.
pub fn auditor(stage: &Stage<'_>) {
    let window = stage.come_in("auditor-01");
    for path in menu(&window) {
        window.go(&path);
        assert!(!window.has(NO_PAGE), "{path}: {}", window.words());
    }
    window.go("/audit");
    window.one("main table");
    stage.look(&window, "auditor-log");
}

/// Accounts: who has which, and locking one ends its sessions at once.
pub fn security(stage: &Stage<'_>) {
    let other = stage.come_in("operator-02");
    let window = stage.come_in("security-02");
    window.go("/accounts");
    window.one("main table");
    stage.look(&window, "security-accounts");
    stage.verb(0, "security-01", &["account", "lock", "operator-02"]);
    other.go("/tonight");
    other.one("#account");
    stage.verb(0, "security-01", &["account", "unlock", "operator-02"]);
}
