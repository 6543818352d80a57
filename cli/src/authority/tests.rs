//! The table against the command line, and every role tried at every line through the function that decides.

use std::collections::BTreeSet;

use clap::CommandFactory as _;
use jiff::Timestamp;
use jiff::civil::Date;
use musubi_compliance::organisation::zones_of;
use musubi_storage::act::instruction::{InstructionRow, NewInstruction};
use musubi_storage::act::organisation::{HeldRoleRow, OrganisationRow, PrincipalRow};

use super::*;

const DAY: Date = Date::constant(2026, 4, 10);

fn at() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

/// Every command that can be given: words, and the names of its arguments.
fn verbs(command: &clap::Command, words: &str, found: &mut Vec<(String, BTreeSet<String>)>) {
    for one in command.get_subcommands().filter(|c| c.get_name() != "help") {
        let words = format!("{words} {}", one.get_name()).trim().to_owned();
        if !one.is_subcommand_required_set() {
            let arguments = one.get_arguments().map(|a| a.get_id().to_string()).collect();
            found.push((words.clone(), arguments));
        }
        verbs(one, &words, found);
    }
}

#[test]
fn every_verb_has_its_line_and_every_line_its_verb() {
    let mut found = Vec::new();
    verbs(&Cli::command(), "", &mut found);
    assert!(found.len() > 60, "{} verbs", found.len());
    let lines: BTreeSet<&str> = LINES.iter().filter(|l| l.when.is_none()).map(|l| l.verb).collect();
    for (verb, _) in &found {
        assert!(lines.contains(verb.as_str()), "`musubi {verb}` has no line in cli/src/authority.rs");
    }
    for (place, line) in LINES.iter().enumerate() {
        let arguments = found.iter().find(|(verb, _)| verb == line.verb).map(|(_, a)| a);
        let arguments = arguments.unwrap_or_else(|| panic!("no verb {}", line.verb));
        for named in [line.when, line.by, line.scope].into_iter().flatten() {
            assert!(arguments.contains(named), "{} has no argument {named}", line.verb);
        }
        // The first line that fits counts: one after it would never be asked.
        let hidden = LINES
            .iter()
            .take(place)
            .any(|l| l.verb == line.verb && (l.when.is_none() || l.when == line.when));
        assert!(!hidden, "{} stands twice", line.shown());
    }
}

#[test]
fn the_line_that_is_found_is_the_one_meant() {
    let asked = |words: &[&str]| {
        let matches = Cli::command().try_get_matches_from([&["musubi"], words].concat()).unwrap();
        Asked::of(&matches)
    };
    let switch = asked(&["person", "relink", "--switch", "--by", "linker-01"]).unwrap();
    assert_eq!((switch.line.need.unwrap().job, switch.by.as_deref()), (Some(Job::Relink), Some("linker-01")));
    assert_eq!(asked(&["person", "relink", "--shadow"]).unwrap().line.need.unwrap().job, None);
    let build = asked(&["release", "build", "A-1", "--out", "x"]).unwrap();
    assert_eq!(build.scope.as_deref(), Some("A-1"));
    assert!(asked(&["findings"]).unwrap().line.need.is_none());
}

/// The organisation to which an account of a role belongs.
fn home_of(role: Option<&str>) -> &'static str {
    match role {
        Some("submitter") => "sender",
        Some("municipality") => "city",
        Some("applicant") => "user",
        Some("review-member") => "board",
        _ => "op",
    }
}

/// An operator with one human and one service for each role, and one for none; outside roles at organisations of their own.
fn office() -> Office {
    let mut principals = Vec::new();
    for role in AuditRole::ALL.iter().map(|r| Some(r.as_str())).chain([None]) {
        for kind in ["human", "service"] {
            let human = kind == "human";
            let id = format!("{}-{kind}", role.unwrap_or("nobody"));
            principals.push(PrincipalRow {
                staff_number: human.then(|| id.clone()),
                id,
                organisation: home_of(role).to_owned(),
                kind: kind.to_owned(),
                default: human,
                trained_on: Some(DAY),
                pledged_on: Some(DAY),
                left_on: None,
                retired: false,
                roles: role
                    .map(|role| HeldRoleRow { role: role.to_owned(), from: DAY, to: None })
                    .into_iter()
                    .collect(),
            });
        }
    }
    let organisation = |id: &str, kind: &str| OrganisationRow {
        id: id.to_owned(),
        name: "見本".to_owned(),
        kind: kind.to_owned(),
        parent: None,
        certificate: "見本-1".to_owned(),
        valid_from: DAY,
        valid_to: DAY,
        zones: ["Z1", "Z2", "Z3", "Z4", "Z5", "Z6"].map(str::to_owned).to_vec(),
        work: String::new(),
        retired: false,
    };
    let standing = InstructionRow {
        id: "I-0001".to_owned(),
        given_at: Timestamp::UNIX_EPOCH,
        said: NewInstruction {
            given_by: "officer-human".to_owned(),
            organisation: "op".to_owned(),
            role: None,
            jobs: Job::ALL.iter().map(|j| j.as_str().to_owned()).collect(),
            scope: Vec::new(),
            valid_from: DAY,
            valid_to: DAY,
            reason: "試験".to_owned(),
        },
        revoked: None,
    };
    let set = musubi_compliance::parameters::parameters(None).unwrap();
    Office {
        book: Book::new(
            [
                ("op", "operator"),
                ("sender", "submitter"),
                ("city", "municipality"),
                ("user", "user"),
                ("board", "committee"),
            ]
            .map(|(id, kind)| organisation(id, kind))
            .to_vec(),
            principals,
        )
        .unwrap()
        .into(),
        pairs: ForbiddenPairs::parse(word(&set, "authority.forbidden_pairs", DAY).unwrap()).unwrap(),
        hours: 24,
        instructions: vec![standing],
        uses: Vec::new(),
        lent: Vec::new(),
    }
}

/// Role × action: every account tried at every line, with the instruction and without.
#[test]
fn the_matrix_of_roles_and_commands_is_tried_whole() {
    let office = office();
    let without = Office { instructions: Vec::new(), ..office.clone() };
    let (mut allowed, mut refused) = (0, 0);
    for line in LINES {
        let Some(need) = &line.need else { continue };
        for p in office.book.principals() {
            let role = p.roles.first().map(|r| r.role);
            let may = role.is_some_and(|r| need.roles.contains(&r)) && (p.human || !need.human);
            let tried = |office: &Office| decide(office, need, Some(&p.row.id), None, at(), DAY);
            let told = tried(&office);
            assert_eq!(told.is_ok(), may, "{} at {}: {told:?}", p.row.id, line.shown());
            assert_eq!(
                tried(&without).is_ok(),
                may && need.job.is_none(),
                "{} at {} without instruction",
                p.row.id,
                line.shown()
            );
            if may {
                allowed += 1;
                let granted = told.unwrap();
                assert_eq!((Some(granted.role), granted.instruction.is_some()), (role, need.job.is_some()));
            } else {
                refused += 1;
            }
        }
        // Nobody named: the default account of the first role that has one.
        let granted = decide(&office, need, None, None, at(), DAY).unwrap();
        assert_eq!(Some(&granted.role), need.roles.first(), "{}", line.shown());
    }
    assert!(allowed > 100 && refused > 1_000, "{allowed} allowed, {refused} refused");
}

/// What no role may ever do together with another: no line lets the auditor write, or the key custodian see data.
#[test]
fn the_auditor_only_looks_and_the_key_custodian_sees_no_data() {
    let office = office();
    for line in LINES {
        let Some(need) = &line.need else { continue };
        if need.roles.contains(&Auditor) {
            assert!(!need.human && need.job.is_none() && line.dual.is_none(), "{}", line.shown());
        }
        if need.roles.contains(&KeyCustodian) {
            // The search holds codes, rules and findings, and nothing of a person.
            let books = ["list", "show", "approve", "reject", "search find", "search id"];
            assert!(books.iter().any(|b| line.verb.ends_with(b)), "{}", line.shown());
        }
    }
    for role in AuditRole::ALL.iter().filter(|r| !zones_of(**r).is_empty()) {
        let data = !matches!(role, AuditRole::ReleaseApprover | AuditRole::Operator);
        assert_eq!(office.pairs.forbid(KeyCustodian, *role), data, "{role:?}");
    }
}

/// The pages' own table against this one: whoever may have a page may give every verb that it gives.
#[test]
fn every_role_of_a_page_may_give_its_verbs() {
    use musubi_console::web::route::{self, Who};
    for row in route::all() {
        let Who::Roles(roles) = row.who else {
            continue;
        };
        assert!(!roles.is_empty(), "{} is for nobody", row.path);
        for verb in row.verbs {
            let lines: Vec<&Line> = LINES.iter().filter(|l| l.verb == *verb).collect();
            assert!(!lines.is_empty(), "{}: there is no verb {verb}", row.path);
            for role in roles {
                let may = lines.iter().any(|l| l.need.as_ref().is_none_or(|need| need.roles.contains(role)));
                assert!(may, "{}: {} may not `{verb}`", row.path, role.as_str());
            }
        }
    }
}

/// `docs/pages.md` is written from the table. `MUSUBI_WRITE_DOCS=1` writes it anew.
#[test]
#[allow(clippy::disallowed_methods)] // the wish to write
fn the_page_of_rights_is_up_to_date() {
    use musubi_console::web::route;
    use std::fmt::Write as _;
    let mut text = String::from(
        "# Pages and rights (画面と権限)\n\nWritten from the table of routes; `MUSUBI_WRITE_DOCS=1 cargo test -p musubi-cli \
         page_of_rights` writes it anew.\nEvery cell is tried over HTTP by `cargo test -p musubi-cli --test cli web::`.\n\n\
         | page or action | 名称 | path | roles | verbs |\n|---|---|---|---|---|\n",
    );
    for row in route::all().filter(|r| !r.path.starts_with("/assets/")) {
        let en = musubi_console::Lang::En;
        let verbs: Vec<String> = row.verbs.iter().map(|v| format!("`{v}`")).collect();
        writeln!(
            text,
            "| {} | {} | `{} {}` | {} | {} |",
            row.name.text(en),
            row.name.text(musubi_console::Lang::Ja),
            row.method(),
            row.path,
            musubi_console::web::pages::who(en, row),
            verbs.join(", "),
        )
        .unwrap();
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/pages.md");
    if std::env::var_os("MUSUBI_WRITE_DOCS").is_some() {
        std::fs::write(file, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap_or_default(), text, "MUSUBI_WRITE_DOCS=1 writes it anew");
}
