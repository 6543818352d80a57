//! The coverage of the plan's items, as data.

use std::collections::BTreeSet;

use musubi_mappers::coverage::items::{Class, ITEMS, item_named};
use musubi_mappers::coverage::{all, serving};
use musubi_mappers::table::Interfaces;
use musubi_model::manifest::FeedKind;

#[test]
fn items_are_those_of_the_plan() {
    for (number, item) in (1..).zip(ITEMS) {
        assert_eq!(item.id, format!("DI-{number:02}"));
        assert!(!item.ja.is_empty() && !item.en.is_empty(), "{}", item.id);
    }
    let of = |class: Class| ITEMS.iter().filter(|i| i.class == class).count();
    assert_eq!((of(Class::Core), of(Class::Should), of(Class::Beyond)), (64, 8, 1));
    assert_eq!(item_named("DI-17").map(|i| i.ja), Some("傷病名情報"));
}

#[test]
fn rows_name_items_of_the_plan_and_stand_once() {
    let interfaces = Interfaces::builtin();
    let mut seen = BTreeSet::new();
    for row in all() {
        let name = format!("{} {} {}", row.kind.as_str(), row.interface, row.field);
        assert!(row.items.iter().all(|i| item_named(i).is_some()), "{name}: {:?}", row.items);
        assert!(!row.field.is_empty() && !row.becomes.detail().is_empty(), "{name}");
        assert!(
            seen.insert((row.kind, row.interface, row.field, row.becomes.detail(), row.items)),
            "twice: {name}"
        );
        if row.kind == FeedKind::Table {
            assert!(interfaces.get(row.interface).is_some(), "{name}: no such interface");
        }
    }
}

#[test]
fn no_core_item_is_unmapped() {
    let missing: Vec<&str> =
        ITEMS.iter().filter(|i| i.class == Class::Core && serving(i.id).is_empty()).map(|i| i.id).collect();
    assert!(missing.is_empty(), "no field of any format serves {missing:?}");
}
