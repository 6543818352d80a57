//! The gate's truth table, the second gate, and a book that is not understood.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test code: a failure here is a failed test

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;
use musubi_compliance::optout::{Excluded, GateError, OptOutGate, Scope, Verdict, second_gate};
use musubi_model::ids::{IdentityId, ProviderId, ResearchId};
use musubi_model::matching::{Guard, Token, TokenKind};
use musubi_storage::compliance::OptOutRow;

const FROM: Date = Date::constant(2026, 4, 10);

fn provider(n: u8) -> ProviderId {
    ProviderId::new(&format!("991000000{n}")).unwrap()
}

fn row(kind: &str, token: &[u8], guard: &[u8], only: Option<u8>) -> OptOutRow {
    OptOutRow {
        entry: "T-1".into(),
        token: token.into(),
        kind: kind.into(),
        guard: guard.into(),
        provider: only.map(|n| provider(n).to_string()),
        effective_from: FROM,
        withdrawn_on: None,
    }
}

fn gate(rows: Vec<OptOutRow>) -> OptOutGate {
    OptOutGate::from_rows(rows, TokenKind::ALL.into_iter().collect()).unwrap()
}

/// (kind, token equal, guard: equal / other / unknown, provider covered) → excluded?
fn check(kind: TokenKind, token: bool, guard: &str, covered: bool, expect: Verdict) {
    let gate = gate(vec![row(kind.as_str(), b"token", &[7; 16], Some(1))]);
    let tokens = [Token { kind, value: if token { b"token".to_vec() } else { b"other".to_vec() } }];
    let guard = match guard {
        "equal" => Some(Guard([7; 16])),
        "other" => Some(Guard([8; 16])),
        _ => None,
    };
    let at = provider(if covered { 1 } else { 2 });
    assert_eq!(gate.verdict(&at, &tokens, guard, FROM), expect, "{kind:?} {token} {guard:?} {covered}");
}

#[test]
fn truth_table() {
    use TokenKind::{Insured, Local, Name};
    use Verdict::{Admit, Exclude};
    for guard in ["equal", "other", "unknown"] {
        check(Local, true, guard, true, Exclude);
        check(Local, true, guard, false, Admit);
        for kind in TokenKind::ALL {
            check(kind, false, guard, true, Admit);
            check(kind, true, guard, false, Admit);
        }
    }
    check(Insured, true, "equal", true, Exclude);
    check(Insured, true, "other", true, Admit);
    check(Insured, true, "unknown", true, Exclude);
    check(Name, true, "equal", true, Exclude);
    check(Name, true, "other", true, Admit);
    check(Name, true, "unknown", true, Admit);
}

#[test]
fn a_token_of_another_kind_is_another_token() {
    let gate = gate(vec![row("insured", b"token", &[7; 16], None)]);
    let tokens = [Token { kind: TokenKind::Name, value: b"token".to_vec() }];
    assert_eq!(gate.verdict(&provider(1), &tokens, Some(Guard([7; 16])), FROM), Verdict::Admit);
}

#[test]
fn it_holds_from_its_day_until_it_is_withdrawn() {
    let mut withdrawn = row("local", b"token", b"", Some(1));
    withdrawn.withdrawn_on = Some(Date::constant(2026, 5, 1));
    let gate = gate(vec![withdrawn]);
    let tokens = [Token { kind: TokenKind::Local, value: b"token".to_vec() }];
    let check = |on: Date, expect| {
        assert_eq!(gate.verdict(&provider(1), &tokens, None, on), expect, "{on}");
        assert_eq!(gate.entries_in_force(on), u64::from(expect == Verdict::Exclude));
    };
    check(Date::constant(2026, 4, 9), Verdict::Admit);
    check(FROM, Verdict::Exclude);
    check(Date::constant(2026, 4, 30), Verdict::Exclude);
    check(Date::constant(2026, 5, 1), Verdict::Admit);
}

#[test]
fn the_widest_scope_counts() {
    let gate = gate(vec![row("local", b"a", b"", Some(1)), row("insured", b"b", &[7; 16], None)]);
    let a = Token { kind: TokenKind::Local, value: b"a".to_vec() };
    let b = Token { kind: TokenKind::Insured, value: b"b".to_vec() };
    let scope = |tokens: &[Token]| gate.scope(&provider(1), tokens, Some(Guard([7; 16])), FROM);
    assert_eq!(scope(std::slice::from_ref(&a)), Some(Scope::Provider(provider(1))));
    assert_eq!(scope(&[a, b]), Some(Scope::All));
    assert_eq!(gate.entries_in_force(FROM), 1);
}

#[test]
fn a_book_that_is_not_understood_shuts_the_gate() {
    let broken = |r: OptOutRow| {
        matches!(
            OptOutGate::from_rows(vec![r], TokenKind::ALL.into_iter().collect()),
            Err(GateError::Broken { .. })
        )
    };
    assert!(broken(row("face", b"token", &[7; 16], None)));
    assert!(broken(row("local", b"", b"", None)));
    assert!(broken(row("insured", b"token", b"", None)));
    assert!(broken(row("name", b"token", &[7; 15], None)));
    let mut odd = row("local", b"token", b"", None);
    odd.provider = Some("../x".into());
    assert!(broken(odd));
}

#[test]
fn the_second_gate_reaches_all_identities_of_the_person() {
    let id = |n: u8| IdentityId([n; 16]);
    let person = |n: u8| ResearchId([n; 16]);
    let members: HashMap<_, _> = [
        (id(1), (person(1), provider(1))),
        (id(2), (person(1), provider(2))),
        (id(3), (person(1), provider(1))),
        (id(4), (person(2), provider(1))),
    ]
    .into();
    let check = |excluded: &[(u8, Scope)], expect: &[u8]| {
        let excluded: Vec<_> =
            excluded.iter().map(|(n, scope)| Excluded { identity: id(*n), scope: scope.clone() }).collect();
        let expect: BTreeSet<_> = expect.iter().map(|n| id(*n)).collect();
        assert_eq!(second_gate(&excluded, &members), expect);
    };
    check(&[], &[]);
    check(&[(1, Scope::All)], &[1, 2, 3]);
    check(&[(1, Scope::Provider(provider(1)))], &[1, 3]);
    check(&[(4, Scope::All)], &[4]);
    // Not linked yet: stays excluded itself.
    check(&[(9, Scope::All)], &[9]);
}
