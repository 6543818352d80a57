//! The conditions of a hand-over, one wrong thing at a time, and what a recipient may do with it.

use super::*;
use crate::register::{FieldKind, class};

const DAY: Date = Date::constant(2026, 11, 20);

fn entry(class: &str, fields: &[(&str, &str)]) -> RegisterRow {
    RegisterRow {
        class: class.to_owned(),
        entry: format!("{class}-1"),
        version: 1,
        at: Timestamp::UNIX_EPOCH,
        actor: "t".to_owned(),
        fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
    }
}

fn contract(kind: &str) -> RegisterRow {
    let mut c = entry(
        "contract",
        &[
            ("user", "見本大学"),
            ("organisation", "mihon-university"),
            ("user-kind", kind),
            ("signed", "2026-01-10"),
            ("from", "2026-02-01"),
            ("until", "2027-01-31"),
        ],
    );
    for f in class("contract").unwrap().fields.iter().filter(|f| f.kind == FieldKind::Flag) {
        c.fields.insert(f.name.clone(), "yes".to_owned());
    }
    c
}

fn registers(kind: &str, user_type: &str) -> Registers {
    let term = [("from", "2026-01-01"), ("until", "2027-12-31")];
    let user = [("organisation", "mihon-university"), ("certificate", "見本-1"), ("type", user_type)];
    Registers {
        contracts: vec![contract(kind)],
        obligations: Vec::new(),
        users: vec![entry("certified-user", &[&user[..], &term[..]].concat())],
        lines: vec![entry("line", &[&[("peer", "見本大学"), ("kind", "vpn")][..], &term[..]].concat())],
    }
}

fn spec(product: &str) -> ExtractSpec {
    let text = "version=1\nname='t'\ntitle='t'\npurpose='p'\nrecipient='見本大学'\nproduct='statistics'\n\
         [cohort]\nfrom='2026-01-01'\nto='2026-12-31'\n[table]\naxes=['sex']\nmeasure='persons'\nage_on='2026-10-01'\n".to_string();
    let mut spec = ExtractSpec::parse(&text).unwrap();
    spec.product = match product {
        "pseudonymized" => Product::Pseudonymized,
        _ => Product::Statistics,
    };
    spec
}

fn terms(channel: Channel) -> Terms {
    let line = Some("line-1".to_owned());
    Terms { organisation: "mihon-university".to_owned(), channel, line, on: DAY }
}

fn asked(spec: &ExtractSpec) -> Asked<'_> {
    Asked {
        spec,
        same_scope: true,
        approval: None,
        verified: true,
        purposes: BTreeSet::from(["release".to_owned()]),
    }
}

/// The checks whose condition is not met.
fn unmet(registers: &Registers, asked: &Asked<'_>, terms: &Terms) -> Vec<&'static str> {
    let judged = judge(registers, asked, terms);
    judged.conditions.iter().filter(|c| !c.met()).map(|c| c.check).collect()
}

#[test]
fn each_condition_stops_a_handover_alone() {
    let table = spec("statistics");
    let good = registers("anon-user", "I");
    let by_line = terms(Channel::Download);
    assert!(unmet(&good, &asked(&table), &by_line).is_empty());

    let with = |change: &dyn Fn(&mut Registers)| {
        let mut r = good.clone();
        change(&mut r);
        unmet(&r, &asked(&table), &by_line)
    };
    assert_eq!(with(&|r| r.contracts.clear()), ["C-063", "C-066"]);
    let clause = |r: &mut Registers| {
        r.contracts[0].fields.insert("clause-audit".to_owned(), "no".to_owned());
    };
    assert_eq!(with(&clause), ["C-063", "C-066"]);
    let late =
        entry("obligation", &[("user", "見本大学"), ("what", "deletion-certificate"), ("due", "2026-11-19")]);
    assert_eq!(with(&|r| r.obligations.push(late.clone())), ["C-063", "C-066"]);
    assert_eq!(with(&|r| r.lines.clear()), ["C-068"]);
    let ended = |r: &mut Registers| {
        r.lines[0].fields.insert("until".to_owned(), "2026-11-19".to_owned());
    };
    assert_eq!(with(&ended), ["C-068"]);
    assert_eq!(unmet(&good, &asked(&table), &terms(Channel::Media)), ["C-068"]);

    let mut case = asked(&table);
    case.verified = false;
    assert_eq!(unmet(&good, &case, &by_line), ["C-058"]);
    let mut case = asked(&table);
    case.approval = Some("expired".to_owned());
    assert_eq!(unmet(&good, &case, &by_line), ["C-059"]);
    for change in [|a: &mut Asked<'_>| a.same_scope = false, |a: &mut Asked<'_>| a.purposes.clear()] {
        let mut case = asked(&table);
        change(&mut case);
        assert_eq!(unmet(&good, &case, &by_line), ["C-064"]);
    }
    let other = Terms { organisation: "mihon-pharma".to_owned(), ..by_line };
    assert_eq!(unmet(&good, &asked(&table), &other), ["C-063", "C-066"]);
    let mut regulator = registers("regulator", "I");
    assert_eq!(unmet(&regulator, &asked(&table), &terms(Channel::Download)), ["C-066"]);
    regulator.contracts[0].fields.insert("request".to_owned(), "第1号".to_owned());
    assert!(unmet(&regulator, &asked(&table), &terms(Channel::Download)).is_empty());
}

#[test]
fn pseudonymised_data_go_to_certified_users_only() {
    let rows = spec("pseudonymized");
    let unmet = |r: &Registers, channel| unmet(r, &asked(&rows), &terms(channel));
    assert!(unmet(&registers("certified-user", "I"), Channel::Download).is_empty());
    assert_eq!(unmet(&registers("anon-user", "I"), Channel::Download), ["C-066"]);
    let mut none = registers("certified-user", "I");
    none.users.clear();
    assert_eq!(unmet(&none, Channel::Download), ["C-065"]);
    let mut ended = registers("certified-user", "I");
    ended.users[0].fields.insert("until".to_owned(), "2026-11-19".to_owned());
    assert_eq!(unmet(&ended, Channel::Download), ["C-065"]);
    assert!(unmet(&registers("contractor", "I"), Channel::Download).is_empty());
}

fn handed(channel: &str, user_type: &str) -> HandoverRow {
    HandoverRow {
        release: "R-1".to_owned(),
        organisation: "mihon-university".to_owned(),
        recipient: "見本大学".to_owned(),
        manifest_hash: "aa".to_owned(),
        target: "certified-user".to_owned(),
        channel: channel.to_owned(),
        line: "L-1".to_owned(),
        contract: "K-1".to_owned(),
        certificate: "見本-1".to_owned(),
        user_type: user_type.to_owned(),
        handed_by: "release-approver-01".to_owned(),
        handed_at: "2026-11-20T00:00:00Z".parse().unwrap(),
        expires_on: Date::constant(2026, 12, 4),
        destroy_by: Date::constant(2027, 1, 31),
    }
}

fn event(what: &str, hash: &str) -> HandoverEventRow {
    HandoverEventRow {
        release: "R-1".to_owned(),
        organisation: "mihon-university".to_owned(),
        event: what.to_owned(),
        cause: String::new(),
        hash: hash.to_owned(),
        note: String::new(),
        actor: "applicant-01".to_owned(),
        at: "2026-11-21T00:00:00Z".parse().unwrap(),
    }
}

/// G-14: a Type II user asks for a file download: refused, at the hand-over and at the door.
#[test]
fn g14_a_type_ii_user_gets_no_file() {
    let rows = spec("pseudonymized");
    let two = registers("certified-user", "II");
    assert_eq!(unmet(&two, &asked(&rows), &terms(Channel::Download)), ["C-065"]);
    assert!(unmet(&two, &asked(&rows), &terms(Channel::Visiting)).is_empty());
    for row in
        [handed("visiting", "II"), handed("download", "II"), handed("visiting", "I"), handed("else", "")]
    {
        assert_eq!(may_fetch(&row, &[], DAY), Err(NoFetch::Visiting), "{row:?}");
    }
    assert_eq!(may_fetch(&handed("download", "I"), &[], DAY), Ok(()));
}

#[test]
fn access_ends_with_expiry_recall_and_destruction() {
    let row = handed("download", "");
    assert_eq!(may_fetch(&row, &[], row.expires_on), Ok(()));
    assert_eq!(may_fetch(&row, &[], Date::constant(2026, 12, 5)), Err(NoFetch::Expired));
    assert_eq!(may_fetch(&row, &[event("recalled", "")], DAY), Err(NoFetch::Recalled));
    assert_eq!(may_fetch(&row, &[event("destroyed", "h")], DAY), Err(NoFetch::Destroyed));
    assert_eq!(may_fetch(&handed("media", ""), &[], DAY), Err(NoFetch::Media));
    // Somebody else's events are not ours.
    let mut other = event("recalled", "");
    other.organisation = "mihon-pharma".to_owned();
    assert_eq!(may_fetch(&row, &[other], DAY), Ok(()));

    let of = |events: &[HandoverEventRow], on| state(&row, events, on);
    let late = Date::constant(2026, 12, 5);
    assert_eq!(of(&[], DAY), State::HandedOver);
    assert_eq!(of(&[], late), State::Expired);
    assert_eq!(of(&[event("acknowledged", "aa")], late), State::Acknowledged);
    assert_eq!(of(&[event("acknowledged", "aa"), event("acknowledged", "bb")], DAY), State::WrongHash);
    assert_eq!(of(&[event("acknowledged", "aa"), event("recalled", "")], DAY), State::Recalled);
    assert_eq!(of(&[event("recalled", ""), event("destroyed", "h")], DAY), State::Destroyed);

    assert_eq!(destroy_due(&row, &[], 10), row.destroy_by);
    assert_eq!(destroy_due(&row, &[event("recalled", "")], 10), Date::constant(2026, 12, 1));
    assert_eq!(destroy_due(&row, &[event("recalled", "")], 400), row.destroy_by);
}

#[test]
fn days_of_access_and_use_end_with_the_contract() {
    let c = contract("anon-user");
    assert_eq!(terms_of(&c, DAY, 14, 12), Some((Date::constant(2026, 12, 4), Date::constant(2027, 1, 31))));
    assert_eq!(
        terms_of(&c, Date::constant(2027, 1, 25), 14, 1).map(|t| t.0),
        Some(Date::constant(2027, 1, 31))
    );
    assert_eq!(terms_of(&c, DAY, u64::MAX, 12), None);
}
