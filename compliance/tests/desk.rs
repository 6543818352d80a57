//! Who may ask to stop: the whole table of roles, and what no request can change.

#![allow(clippy::unwrap_used)] // test data, not input

use jiff::civil::Date;
use musubi_compliance::calendar::Calendar;
use musubi_compliance::desk::{Capacity, DeskRules, Life, RefusalCode, Requester, Standing, may_ask};
use musubi_compliance::parameters::parameters;
use proptest::prelude::*;

const ON: Date = Date::constant(2026, 11, 20);

fn rules() -> DeskRules {
    DeskRules::in_force(&parameters(None).unwrap(), ON).unwrap()
}

fn ask(requester: &str, life: Life, capacity: Capacity, born: Option<Date>) -> Result<(), RefusalCode> {
    let requester: Requester = requester.parse().unwrap();
    may_ask(&Standing { requester: &requester, life, capacity, born, confirmed: true, on: ON }, &rules())
}

#[test]
fn g7_a_spouse_of_the_dead_is_heard_a_cousin_is_not() {
    use Capacity::Able;
    use Life::{Dead, Living};
    for relation in ["spouse", "de-facto-spouse", "child", "parent", "grandchild", "grandparent", "sibling"] {
        let family = format!("family:{relation}");
        assert_eq!(ask(&family, Dead, Able, None), Ok(()), "{relation}");
        assert_eq!(ask(&family, Living, Able, None), Err(RefusalCode::FamilyOfLiving), "{relation}");
    }
    for relation in ["cousin", "uncle", "friend", "spouse-of-child"] {
        let family = format!("family:{relation}");
        assert_eq!(ask(&family, Dead, Able, None), Err(RefusalCode::Relation), "{relation}");
        assert_eq!(ask(&family, Living, Able, None), Err(RefusalCode::Relation), "{relation}");
    }
    assert_eq!(ask("agent", Living, Able, None), Ok(()));
    assert_eq!(ask("self", Living, Able, None), Ok(()));
    assert_eq!(ask("self", Dead, Able, None), Err(RefusalCode::OwnDead));
}

#[test]
fn a_guardian_acts_for_the_young_and_for_those_who_cannot_decide() {
    use Life::{Dead, Living};
    let born = |text: &str| Some(text.parse().unwrap());
    for (life, capacity, born, expected) in [
        (Living, Capacity::Incapable, None, Ok(())),
        (Living, Capacity::Minor, born("2010-11-21"), Ok(())),
        (Living, Capacity::Minor, born("2010-11-20"), Err(RefusalCode::OfAge)),
        (Living, Capacity::Minor, None, Err(RefusalCode::AgeUnknown)),
        (Living, Capacity::Able, born("2020-01-01"), Err(RefusalCode::GuardianOfAble)),
        (Dead, Capacity::Minor, born("2020-01-01"), Err(RefusalCode::GuardianOfDead)),
    ] {
        assert_eq!(ask("guardian", life, capacity, born), expected, "{life:?} {capacity:?} {born:?}");
    }
}

#[test]
fn a_requester_is_a_word_of_the_rules_and_never_a_name() {
    for bad in ["", "family", "family:", "self:spouse", "agent:x", "family:見本", "family:A b", "cousin"] {
        assert!(bad.parse::<Requester>().is_err(), "{bad}");
    }
    let long = format!("family:{}", "x".repeat(33));
    assert!(long.parse::<Requester>().is_err());
}

#[test]
fn the_paper_is_due_in_business_days() {
    // 20 November 2026 is a Friday, the 23rd a holiday.
    let due = rules().receipt_due(ON, &Calendar::shipped().unwrap());
    assert_eq!(due, Ok(Date::constant(2026, 11, 26)));
}

#[test]
fn a_parameter_that_is_not_understood_stops_the_desk() {
    let mut set = parameters(None).unwrap();
    for p in set.parameters.iter_mut().filter(|p| p.name == "optout.identity_checker") {
        p.value = musubi_model::parameter::ParameterValue::Text("nobody".to_owned());
    }
    assert!(DeskRules::in_force(&set, ON).is_err());
    set.parameters.retain(|p| p.name != "optout.relations");
    assert!(DeskRules::in_force(&set, ON).is_err());
}

proptest! {
    #[test]
    fn nobody_is_heard_who_is_not_confirmed_and_family_only_after_death(
        who in prop::sample::select(vec!["self", "guardian", "agent", "family:spouse", "family:cousin"]),
        dead in any::<bool>(),
        capacity in prop::sample::select(Capacity::ALL.to_vec()),
        years in 0i16..90,
        confirmed in any::<bool>(),
    ) {
        let requester: Requester = who.parse().unwrap();
        let life = if dead { Life::Dead } else { Life::Living };
        let born = Some(Date::constant(2026 - years, 1, 1));
        let said = may_ask(&Standing { requester: &requester, life, capacity, born, confirmed, on: ON }, &rules());
        if !confirmed {
            prop_assert_eq!(said, Err(RefusalCode::NotConfirmed));
        }
        if said.is_ok() && matches!(requester, Requester::Family(_)) {
            prop_assert!(dead && who == "family:spouse");
        }
        if said.is_ok() && requester == Requester::Guardian && capacity == Capacity::Minor {
            prop_assert!(!dead && years < 16);
        }
    }
}
