//! The table of rights over HTTP, cell by cell: every role on every row of the table of routes, and strangers too.

use musubi_console::web::route::{self, Who};

use crate::house::Region;
use crate::web::{Browser, Server, words_of};

/// A path with something in every `{name}`.
fn filled(path: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in path.chars() {
        match c {
            '{' => {
                inside = true;
                out.push_str("none-0");
            }
            '}' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// One account for each role of the table.
const ACCOUNTS: [(&str, &str); 12] = [
    ("submitter", "submitter-01"),
    ("municipality", "city-01"),
    ("applicant", "applicant-01"),
    ("review-member", "member-01"),
    ("review-secretary", "secretary-01"),
    ("checker", "checker-01"),
    ("release-approver", "release-approver-01"),
    ("help-desk", "desk-01"),
    ("identity", "linker-01"),
    ("operator", "operator-01"),
    ("auditor", "auditor-01"),
    ("officer", "officer-01"),
];

/// F14: the whole matrix of roles × pages × actions over HTTP. Whoever is not in a row gets 403 and nothing else; whoever is
/// gets anything but that, and never a failure of the server.
#[test]
fn every_cell_of_the_table_of_rights_holds_over_http() {
    let region = Region::get();
    let house = region.house();
    // A matrix knocks more often than people do.
    crate::web_hostile::allow(&house, "console.knocks_a_minute", "100000");
    crate::web_hostile::allow(&house, "console.visits_a_minute", "100000");
    let server = Server::start(&house);
    let stranger = server.stranger();
    let mut cells = 0;
    for row in route::all() {
        let path = filled(row.path);
        let answer = |browser: &Browser| {
            if row.post { browser.post(&path, &[]) } else { browser.get(&path) }
        };
        let page = answer(&stranger);
        match row.who {
            Who::Anyone => {
                assert!(page.status < 500 && page.status != 403, "{} {path}: {}", row.method(), page.status);
            }
            _ if row.post || path.starts_with("/api/") => {
                assert_eq!(page.status, 401, "{} {path}", row.method());
            }
            _ => assert_eq!(page.status, 303, "{} {path}", row.method()),
        }
        for header in
            ["content-security-policy", "x-content-type-options", "referrer-policy", "x-frame-options"]
        {
            assert!(page.header(header).is_some(), "{path} has no {header}");
        }
        // What leaves or ends a session is tried at the end of other tests.
        if matches!(row.path, "/logout" | "/login" | "/invitation" | "/login/second" | "/invitation/confirm")
        {
            continue;
        }
        for (role, account) in ACCOUNTS {
            let browser = server.login(account);
            let page = answer(&browser);
            let admitted = match row.who {
                Who::Anyone | Who::LoggedIn => true,
                Who::Roles(roles) => {
                    let held: &[&str] =
                        if account == "city-01" { &["municipality", "applicant"] } else { &[role] };
                    roles.iter().any(|r| held.contains(&r.as_str()))
                }
            };
            let refused = page.status == 403;
            assert_eq!(refused, !admitted, "{account} {} {path}: {}", row.method(), words_of(&page.text()));
            assert!(page.status < 500, "{account} {} {path}: {}", row.method(), words_of(&page.text()));
            cells += 1;
        }
    }
    assert!(cells > 100, "{cells} cells");
    // Every refusal stands in the log.
    let log = house.run(0, &["--actor", "auditor-01", "audit", "log", "--last", "5000"]).out;
    assert!(log.contains("FORBIDDEN"), "{log}");
}
