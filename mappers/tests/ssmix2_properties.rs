//! Whatever comes in: nothing panics, every range lies inside, every record is accounted for, and a second run gives
//! the same.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

mod common_ssmix2;

use common_ssmix2::{PID, map, message, msh, path};
use musubi_mappers::hl7::grammar::{Grammar, Verdict};
use proptest::prelude::*;

const KINDS: [(&str, &str); 8] = [
    ("ADT-00", "ADT^A08"),
    ("PPR-01", "PPR^ZD1"),
    ("OMP-01", "RDE^O11"),
    ("OMP-11", "RAS^O17"),
    ("OML-11", "OUL^R22"),
    ("OMG-12", "OMI^Z23"),
    ("ADT-61", "ADT^A60"),
    ("OMD", "OMD^O03"),
];

fn noise() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(
        prop_oneof![
            4 => any::<u8>().prop_map(|b| vec![b]),
            6 => prop::sample::select(b"|^~\\&\r\n\x1B\x1C".to_vec()).prop_map(|b| vec![b]),
            3 => prop::sample::select(vec![
                "MSH|^~\\&|", "PID|1||0000123", "PRB|AD|20240401|1^a^MDCDX2", "RXE||1^a^HOT|1", "RXA|0|1|2024", "OBX|1|NM|1^a^JC10||",
                "ORC|NW|77", "TQ1|1", "ZPR|1", "IN1|1|1^a|2", "AL1|1|DA|1^a", "SPM|1", "OBR|1", "RXC|A|1^a", "\x1B$B", "\x1B(B", "\\X41\\",
            ]).prop_map(|t| t.as_bytes().to_vec()),
        ],
        0..60,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_and_any_path(bytes in noise(), name in "\\PC{0,60}", kind in 0usize..8) {
        let (kind, header) = KINDS[kind];
        // `map` holds ranges, counts and the emptiness of unsound units.
        map(&name, &bytes);
        let standard = path("20240401", kind, "77", 1);
        map(&standard, &bytes);
        // Noise behind a sound beginning gets deeper.
        let sound = message(&[&msh(header), PID]);
        let whole = [sound, bytes].concat();
        let (first, findings) = map(&standard, &whole);
        let (second, again) = map(&standard, &whole);
        prop_assert_eq!(first, second);
        prop_assert_eq!(findings, again);
    }

    #[test]
    fn any_cut_and_any_flip(cut in 0usize..700, flip in 0usize..700, bit in 0u8..8) {
        let mut bytes = message(&[
            &msh("RDE^O11"), PID, "ORC|NW|77||1|||||20240401", "RXE||108665201^見本錠^HOT9|1||TAB^錠^MR9P|||||15|TAB^錠",
            "TQ1|1||1013044400000000&内服&JAMISDP01|||5^d|20240401", "RXR|PO^口^HL70162",
        ]);
        if let Some(byte) = bytes.get_mut(flip) {
            *byte ^= 1 << bit;
        }
        bytes.truncate(cut);
        map(&path("20240401", "OMP-01", "77", 1), &bytes);
    }

    /// The automaton against a direct reading of one structure: `A B? (C D*)+`.
    #[test]
    fn the_grammar_reads_as_written(names in proptest::collection::vec(0usize..4, 0..8)) {
        let grammar = Grammar::compile("AAA BBB? (CCC DDD*)+").expect("a structure");
        let mut progress = grammar.begin();
        let mut fits = true;
        for n in &names {
            fits &= progress.take([*b"AAA", *b"BBB", *b"CCC", *b"DDD"][*n]) == Verdict::Fits;
        }
        let fits = fits && progress.missing_at_end().is_empty();
        let mut rest = names.as_slice();
        let mut expect = rest.split_off_first() == Some(&0);
        if rest.first() == Some(&1) {
            rest.split_off_first();
        }
        expect &= rest.first() == Some(&2) && rest.iter().all(|n| *n >= 2);
        prop_assert_eq!(fits, expect);
    }
}

#[test]
fn structures_that_are_none() {
    for broken in ["(AAA", "AAA)", "AA", "AAA||", "*", "AAA BB?"] {
        assert!(Grammar::compile(broken).is_none(), "{broken}");
    }
    let grammar = Grammar::compile("AAA BBB CCC").expect("a structure");
    let mut progress = grammar.begin();
    assert_eq!(progress.take(*b"AAA"), Verdict::Fits);
    assert_eq!(progress.take(*b"AAA"), Verdict::OutOfPlace);
    assert_eq!(progress.take(*b"CCC"), Verdict::Missing(vec!["BBB".to_owned()]));
    assert!(progress.missing_at_end().is_empty());
}

/// A hundred thousand segments that each break a rule are read in one pass: the work grows with the message, not with
/// its square. (A test that never ends fails; nothing is timed.)
#[test]
fn many_defects_stay_cheap() {
    let names: Vec<String> = (0..90_000u32)
        .map(|n| {
            let letter = |n: u32| char::from(b'A' + u8::try_from(n % 26).expect("a letter"));
            format!("{}{}{}|x", letter(n / 676), letter(n / 26), letter(n))
        })
        .collect();
    let header = msh("RDE^O11");
    for line in ["RXE|", "PID|||7", "RXC|A", "ORC|CA|1"] {
        let mut all = vec![header.as_str(), PID];
        all.extend(std::iter::repeat_n(line, 90_000));
        let bytes: Vec<u8> = all.iter().flat_map(|s| [s.as_bytes(), b"\r"].concat()).collect();
        let (_, findings) = map(&path("20240401", "OMP-01", "77", 1), &bytes);
        assert_eq!(findings.len(), 201, "{line}");
    }
    let mut all = vec![header.as_str(), PID];
    all.extend(names.iter().map(String::as_str));
    let bytes: Vec<u8> = all.iter().flat_map(|s| [s.as_bytes(), b"\r"].concat()).collect();
    let (_, findings) = map(&path("20240401", "OMP-01", "77", 1), &bytes);
    assert_eq!(findings.len(), 201);
}
