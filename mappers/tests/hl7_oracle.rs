//! Our splitter against another one (`hl7-parser`) on well-formed messages: same segments, fields, repetitions,
//! components and subcomponents, and the ranges cut exactly these texts out of the bytes.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

use musubi_mappers::hl7::{Message, Notes};
use musubi_model::limits::Limits;
use proptest::prelude::*;

/// A text without delimiters.
fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![2 => Just(String::new()), 3 => "[A-Za-z0-9 .+-]{1,6}", 2 => "[あ-ん亜-熙]{1,4}"]
}

fn joined(
    inner: impl Strategy<Value = String>,
    sign: &'static str,
    most: usize,
) -> impl Strategy<Value = String> {
    proptest::collection::vec(inner, 1..=most).prop_map(move |parts| parts.join(sign))
}

fn segment() -> impl Strategy<Value = String> {
    let field = joined(joined(joined(leaf(), "&", 3), "^", 4), "~", 3);
    ("[A-Z][A-Z0-9]{2}", joined(field, "|", 8))
        .prop_filter("a second header is another message", |(name, _)| name != "MSH")
        .prop_map(|(name, fields)| format!("{name}|{fields}"))
}

proptest! {
    #[test]
    fn agrees_with_another_parser(segments in proptest::collection::vec(segment(), 1..6)) {
        let text = format!("MSH|^~\\&|HIS|X\r{}", segments.join("\r"));
        let theirs = hl7_parser::Message::parse(&text).expect("well formed");
        prop_assert_eq!(theirs.raw_value().len(), text.len(), "the oracle read it all");
        let mut notes = Notes::new(50);
        let ours = Message::read(text.as_bytes(), 0, &Limits::default(), &mut notes).expect("a message");
        prop_assert!(notes.finish().is_empty());
        prop_assert_eq!(ours.len(), theirs.segments().count());
        for (mine, their) in ours.segments().zip(theirs.segments()) {
            prop_assert_eq!(mine.name(), their.name);
            let range = mine.range();
            prop_assert_eq!(range.slice(text.as_bytes()), Some(their.raw_value().as_bytes()));
            if mine.is("MSH") {
                continue;
            }
            for number in 1..=9 {
                let field = mine.field(number);
                let Some(their_field) = their.field(number) else {
                    prop_assert!(field.is_empty());
                    continue;
                };
                prop_assert_eq!(field.raw(), their_field.raw_value().as_bytes());
                let repeats: Vec<_> = their_field.repeats().collect();
                let mine: Vec<_> = field.repetitions().collect();
                prop_assert_eq!(mine.len(), repeats.len().max(1));
                for (mine, their) in mine.iter().zip(repeats) {
                    prop_assert_eq!(mine.raw(), their.raw_value().as_bytes());
                    for c in 1..=5 {
                        let part = mine.component(c);
                        let their_part = their.component(c);
                        prop_assert_eq!(part.raw(), their_part.map_or("", |p| p.raw_value()).as_bytes());
                        for s in 1..=4 {
                            let expect = their_part.and_then(|p| p.subcomponent(s)).map_or("", |x| x.raw_value());
                            prop_assert_eq!(part.subcomponent(s).raw(), expect.as_bytes());
                        }
                    }
                }
            }
        }
    }
}
