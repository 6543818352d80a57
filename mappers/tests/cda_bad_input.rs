//! One broken document for every rule: a valid one with one thing changed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a panic is a failed test"
)]

mod cda_common;
mod harness;

use std::collections::BTreeSet;

use cda_common::{
    CHECKUP, CLAIM, GUIDANCE_CLAIM, LETTER, Pack, index, package, package_of, summary, with, zip,
};
use harness::{Done, mapper, run, run_with};
use musubi_mappers::cda;
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_model::{Rule, Severity};
use proptest::prelude::*;

const CHECK: FeedKind = FeedKind::CheckupCda;
const CLINIC: FeedKind = FeedKind::ClinicalCda;

struct Mutant {
    rule: &'static str,
    kind: FeedKind,
    bytes: Vec<u8>,
}

fn of(rule: &'static str, kind: FeedKind, bytes: impl Into<Vec<u8>>) -> Mutant {
    Mutant { rule, kind, bytes: bytes.into() }
}

/// The clean check-up with one place replaced.
fn check(rule: &'static str, old: &str, new: &str) -> Mutant {
    of(rule, CHECK, with(CHECKUP, old, new))
}

fn letter(rule: &'static str, old: &str, new: &str) -> Mutant {
    of(rule, CLINIC, with(LETTER, old, new))
}

fn claim(rule: &'static str, old: &str, new: &str) -> Mutant {
    of(rule, CHECK, with(CLAIM, old, new))
}

/// The clean package with the bytes at an offset from the nth `mark` replaced.
fn patched(mark: &[u8], nth: usize, offset: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = package();
    let at = bytes.windows(mark.len()).enumerate().filter(|(_, w)| *w == mark).nth(nth).unwrap().0 + offset;
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
const END: &[u8] = b"PK\x05\x06";

/// A change in the directory and the local header alike.
fn both(nth: usize, central: usize, local: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = patched(CENTRAL, nth, central, new);
    let at = bytes.windows(4).enumerate().filter(|(_, w)| *w == LOCAL).nth(nth).unwrap().0 + local;
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

fn members() -> Vec<Mutant> {
    let one = |name: &str| {
        zip(&[
            ("ix08_V08.xml", index(1).as_bytes(), Pack::Stored),
            (name, CHECKUP.as_bytes(), Pack::Deflated),
        ])
    };
    let bomb = vec![b' '; 1 << 20];
    let overlap = {
        // The last directory entry (of the Mac's leavings) points at the first member's bytes.
        let plain =
            zip(&[("a.xml", CHECKUP.as_bytes(), Pack::Stored), ("a.xml", CHECKUP.as_bytes(), Pack::Stored)]);
        let at = plain.windows(4).enumerate().filter(|(_, w)| *w == CENTRAL).nth(1).unwrap().0 + 42;
        let mut bytes = plain;
        bytes[at..at + 4].copy_from_slice(&[0; 4]);
        bytes
    };
    vec![
        of("CDA-ZIP", CHECK, &package()[..package().len() - 4]),
        of("CDA-ZIP64", CHECK, patched(END, 0, 10, &[0xFF, 0xFF])),
        of("CDA-ZIP-OVERLAP", CHECK, overlap),
        of("CDA-LIMIT", CHECK, zip(&[("a.xml", "<a>".repeat(300).as_bytes(), Pack::Stored)])),
        of("CDA-MEMBER-ENCRYPTED", CHECK, both(2, 8, 6, &[1])),
        of("CDA-MEMBER-METHOD", CHECK, both(2, 10, 8, &[14])),
        of("CDA-MEMBER-DENSE", CHECK, zip(&[("a.xml", &bomb, Pack::Deflated)])),
        of("CDA-MEMBER-NAME", CHECK, one("../../h1.xml")),
        of("CDA-MEMBER-DAMAGED", CHECK, patched(CENTRAL, 2, 16, &[0, 1, 2, 3])),
        of("CDA-MEMBER-ZIP", CHECK, zip(&[("inner.zip", &package(), Pack::Deflated)])),
        of(
            "CDA-MEMBER-OTHER",
            CHECK,
            zip(&[
                ("ix08_V08.xml", index(1).as_bytes(), Pack::Stored),
                ("DATA/h1.xml", CHECKUP.as_bytes(), Pack::Stored),
                ("一覧.xlsx", b"x", Pack::Stored),
            ]),
        ),
        of("CDA-IX-MISSING", CHECK, zip(&[("DATA/h1.xml", CHECKUP.as_bytes(), Pack::Stored)])),
        of("CDA-IX-COUNT", CHECK, package_of(&index(2), &summary(1, 8330, 500, 7830), CHECKUP, CLAIM)),
        of("CDA-SU-SUM", CHECK, package_of(&index(1), &summary(1, 8330, 500, 8830), CHECKUP, CLAIM)),
        of(
            "CDA-SU-MISSING",
            CHECK,
            zip(&[
                ("ix08_V08.xml", index(1).as_bytes(), Pack::Stored),
                ("DATA/h1.xml", CHECKUP.as_bytes(), Pack::Stored),
                ("CLAIMS/c1.xml", CLAIM.as_bytes(), Pack::Stored),
            ]),
        ),
        of(
            "CDA-PAIR",
            CHECK,
            package_of(
                &index(1),
                &summary(1, 19200, 1200, 18000),
                &with(CHECKUP, "３４５６", "９９"),
                GUIDANCE_CLAIM,
            ),
        ),
    ]
}

fn documents() -> Vec<Mutant> {
    let doctype = with(CHECKUP, "?>\n", "?>\n<!DOCTYPE ClinicalDocument [<!ENTITY x \"y\">]>\n");
    let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(CHECKUP);
    let mut bad = CHECKUP.as_bytes().to_vec();
    bad.splice(1_000..1_000, [0xFF, 0xFF, 0x00, 0xFD]);
    let twice = |text: &str, element: &str| {
        let from = text.find(&format!("<{element}")).unwrap();
        let to = text.find(&format!("</{element}>")).unwrap() + element.len() + 3;
        format!("{}{}{}", &text[..to], &text[from..to], &text[to..])
    };
    vec![
        of("CDA-EMPTY", CHECK, ""),
        of("CDA-EMPTY", CLINIC, ""),
        of("CDA-LIMIT", CHECK, "<a>".repeat(300)),
        of("CDA-ENCODING", CHECK, sjis.into_owned()),
        of("CDA-ENCODING-BAD", CHECK, bad),
        of("CDA-DTD", CHECK, doctype),
        check("CDA-ENTITY", "&amp;", "&nbsp;"),
        check("CDA-MALFORMED", "</ClinicalDocument>", ""),
        of("CDA-ROOT", CHECK, "<unknown xmlns=\"urn:hl7-org:v3\"/>"),
        of("CDA-ROOT", CHECK, LETTER),
        of("CDA-ROOT", CLINIC, CHECKUP),
        check("CDA-NAMESPACE", " xmlns=\"urn:hl7-org:v3\"", ""),
        check("CDA-NO-PATIENT", "recordTarget>", "record>").with_last("recordTarget>", "record>"),
        claim("CDA-NO-PATIENT", "subjectPerson>", "person>").with_last("subjectPerson>", "person>"),
        letter("CDA-NO-PATIENT", "recordTarget>", "record>").with_last("recordTarget>", "record>"),
        of("CDA-TWO-PATIENTS", CHECK, twice(CHECKUP, "recordTarget")),
        of("CDA-TWO-PATIENTS", CLINIC, twice(LETTER, "recordTarget")),
    ]
}

impl Mutant {
    /// Replaces one more place (for the end tag of an element).
    fn with_last(mut self, old: &str, new: &str) -> Self {
        let text = String::from_utf8(self.bytes).unwrap();
        self.bytes = with(&text, old, new).into_bytes();
        self
    }
}

fn headers() -> Vec<Mutant> {
    vec![
        check("CDA-REPORT", r#"code="10""#, r#"code="99999999""#),
        check("CDA-PROGRAMME", r#"code="010""#, r#"code="""#),
        check("CDA-DELETION", r#"code="10""#, r#"code="19""#),
        check("CDA-INSURER", "01130012", "1130012"),
        check("CDA-INSURER", "01130012", "99999999"),
        check("CDA-CHECK-DIGIT", "01130012", "01130013"),
        check("CDA-INSURED", r#"extension="01" root"#, r#"extension="あ１" root"#),
        check("CDA-INSURED", r#"extension="３４５６""#, r#"extension="""#),
        check("CDA-MYNUMBER", r#"extension="３４５６""#, r#"extension="123456789018""#),
        letter("CDA-MYNUMBER", r#"extension="00012""#, r#"extension="123456789018""#),
        check("CDA-NAME", "<name>ミホンタロウ</name>", "<name/>"),
        letter(
            "CDA-NAME",
            r#"<name use="IDE"><family>見本</family><given>太郎</given></name><name use="SYL"><family>ミホン</family><given>タロウ</given></name>"#,
            "",
        ),
        check(
            "CDA-SEX",
            r#"administrativeGenderCode code="1""#,
            r#"administrativeGenderCode code="99999999""#,
        ),
        letter("CDA-SEX", r#"administrativeGenderCode code="M""#, r#"administrativeGenderCode code="X""#),
        check("CDA-BIRTH", "19700405", "19700231"),
        check("CDA-BIRTH", r#"<birthTime value="19700405"/>"#, ""),
        check("CDA-POSTAL", "100-0001", "100-001"),
        letter("CDA-POSTAL", "1000001", "100-001"),
        check(
            "CDA-EXAM-DATE",
            r#"<effectiveTime value="20240610"/>"#,
            r#"<effectiveTime value="99999999"/>"#,
        ),
        check("CDA-BEFORE-BIRTH", "19700405", "20250405"),
        letter("CDA-BEFORE-BIRTH", "19700405", "20250405"),
        check("CDA-FUTURE", r#"<effectiveTime value="20240610"/>"#, r#"<effectiveTime value="20240710"/>"#),
        check("CDA-DATE", r#"<effectiveTime value="20240620"/>"#, r#"<effectiveTime value="20241320"/>"#),
        check("CDA-VOUCHER", "20250331", "20240331"),
        letter("CDA-DOCUMENT-CODE", r#"<code code="57133-1" codeSystem="2.16.840.1.113883.6.1"/>"#, ""),
        letter(
            "CDA-DOCUMENT-CODE",
            r#"codeSystem="2.16.840.1.113883.6.1"/><title>"#,
            r#"codeSystem="1.9"/><title>"#,
        ),
        letter("CDA-PATIENT-NUMBER", r#"extension="00012""#, r#"nullFlavor="NI""#),
    ]
}

fn results() -> Vec<Mutant> {
    let height = r#"value="170.0" unit="cm""#;
    let asked = r#"<code code="9N716000000000011"/><value xsi:type="CD" code="1""#;
    let nothing = {
        let from = CHECKUP.find("<entry>").unwrap();
        let to = CHECKUP.rfind("</entry>").unwrap() + "</entry>".len();
        format!("{}{}", &CHECKUP[..from], &CHECKUP[to..])
    };
    vec![
        check("CDA-NO-CODE", r#"code="9N001000000000001""#, r#"code="""#),
        letter("CDA-NO-CODE", r#"code="103835401""#, r#"code="""#),
        letter("CDA-NO-CODE", r#"code="K654""#, r#"code="""#),
        letter(
            "CDA-NO-CODE",
            r#"code="20059155" codeSystem="1.2.392.200119.4.101.2" displayName="胃炎"><translation code="K29.7" codeSystem="2.16.840.1.113883.6.3"/>"#,
            ">",
        ),
        check("CDA-ITEM", "9N001000000000001", "9X001000000000001"),
        check(
            "CDA-ITEM-TYPE",
            r#"xsi:type="PQ" value="170.0" unit="cm"/>"#,
            r#"xsi:type="ST">170.0</value>"#,
        ),
        check("CDA-ITEM-UNIT", height, r#"value="170.0" unit="m""#),
        check("CDA-ITEM-RANGE", r#"value="128""#, r#"value="9000""#),
        check("CDA-ITEM-VALUE", asked, r#"<code code="9N716000000000011"/><value xsi:type="CD" code="9""#),
        check("CDA-PLACEHOLDER", height, r#"value="99999999" unit="cm""#),
        check("CDA-PLACEHOLDER", r#"code="9N001000000000001""#, r#"code="99999999""#),
        check("CDA-PLACEHOLDER", "<value xsi:type=\"ST\">異常なし", "<value xsi:type=\"ST\">99999999"),
        check("CDA-NUMBER", height, r#"value="未実施" unit="cm""#),
        letter("CDA-NUMBER", r#"value="31" unit="U/L""#, r#"value="測れず" unit="U/L""#),
        letter("CDA-NUMBER", r#"<quantity value="21.0""#, r#"<quantity value="-21.0""#),
        check(
            "CDA-TWICE",
            r#"<code code="9N006000000000001"/><value xsi:type="PQ" value="65.0" unit="kg"/>"#,
            r#"<code code="9N001000000000001"/><value xsi:type="PQ" value="171.0" unit="cm"/>"#,
        ),
        check("CDA-BMI", r#"value="22.5""#, r#"value="31.2""#),
        check("CDA-PRESSURE", r#"value="82""#, r#"value="132""#),
        check(
            "CDA-FASTING",
            r#"xsi:type="CD" code="2" codeSystem="1.2.392.200119.6.2202""#,
            r#"xsi:type="CD" code="3" codeSystem="1.2.392.200119.6.2202""#,
        ),
        of("CDA-NO-RESULTS", CHECK, nothing),
        check("CDA-TEXT-SEALED", "異常なし", "やや高めです"),
        claim("CDA-SETTLEMENT", r#"unitAmount value="8330""#, r#"unitAmount value="8331""#),
        of("CDA-SETTLEMENT", CHECK, with(GUIDANCE_CLAIM, "19200", "19100")),
        claim("CDA-AMOUNT", r#"claimAmount value="7830""#, r#"claimAmount value="""#),
        of(
            "CDA-AMOUNT",
            CHECK,
            with(GUIDANCE_CLAIM, r#"pointCountCompleted value="180""#, r#"pointCountCompleted value="x""#),
        ),
        letter("CDA-ATTACHED", "renderMultiMedia", "linkHtml"),
        letter("CDA-BODY", "structuredBody>", "nonXMLBody>").with_last("structuredBody>", "nonXMLBody>"),
        letter("CDA-ICD10", "K29.7", "胃炎2").with_last("胃炎2", "9999.9"),
    ]
}

fn mutants() -> Vec<Mutant> {
    [members(), documents(), headers(), results()].into_iter().flatten().collect()
}

fn done(mutant: &Mutant) -> Done {
    run(mapper(mutant.kind, "").as_ref(), &mutant.bytes, "P.zip")
}

fn rule(id: &str) -> &'static Rule {
    cda::rules().iter().find(|r| r.id == id).unwrap_or_else(|| panic!("no rule {id}"))
}

#[test]
fn every_mutant_breaks_its_rule() {
    for mutant in mutants() {
        let done = done(&mutant);
        let said = done.rules();
        assert!(said.contains(&mutant.rule), "{} was not found, but {said:?}", mutant.rule);
        let error = rule(mutant.rule).severity == Severity::Error;
        let unsound =
            done.split.is_unsound() || done.units.iter().any(musubi_mappers::MappedUnit::is_unsound);
        assert_eq!(unsound, error, "{}: {said:?}", mutant.rule);
    }
}

#[test]
fn no_rule_is_without_a_mutant() {
    let broken: BTreeSet<_> = mutants().iter().map(|m| m.rule).collect();
    let all: BTreeSet<_> = cda::rules().iter().map(|r| r.id).collect();
    assert_eq!(all.difference(&broken).collect::<Vec<_>>(), Vec::<&&str>::new());
    for rule in cda::rules() {
        assert!(!rule.example.is_empty() && !rule.mend_ja.is_empty() && !rule.en.is_empty(), "{}", rule.id);
    }
}

/// Unmutated, none of them complains.
#[test]
fn what_is_broken_was_clean() {
    for (kind, text) in [(CHECK, CHECKUP), (CHECK, CLAIM), (CHECK, GUIDANCE_CLAIM), (CLINIC, LETTER)] {
        assert_eq!(run(mapper(kind, "").as_ref(), text.as_bytes(), "x.xml").complaints(), [""; 0]);
    }
    assert_eq!(run(mapper(CHECK, "").as_ref(), &package(), "P.zip").complaints(), [""; 0]);
}

/// A value nobody can have is no number; what was written is still there.
#[test]
fn an_impossible_value_is_kept_as_text_only() {
    let text = with(CHECKUP, r#"value="128""#, r#"value="9000""#);
    let done = run(mapper(CHECK, "").as_ref(), text.as_bytes(), "x.xml");
    let fact = done.units[0].facts.iter().find(|f| f.value.text == "9000").unwrap();
    assert_eq!((fact.value.number, fact.qualifiers.as_str()), (None, "check=range"));
}

/// One bad member quarantines itself; its neighbours are taken in.
#[test]
fn a_damaged_member_stops_nobody_else() {
    let bytes = patched(CENTRAL, 2, 16, &[0, 1, 2, 3]);
    let done = run(mapper(CHECK, "").as_ref(), &bytes, "P.zip");
    assert!(done.units[0].is_unsound() && done.units[0].facts.is_empty());
    assert!(!done.units[1].is_unsound() && !done.units[1].facts.is_empty());
    assert!(!done.split.is_unsound());
}

#[test]
fn limits_are_held() {
    let limited = |limits: Limits, bytes: &[u8]| {
        run_with(mapper(CHECK, "").as_ref(), bytes, "P.zip", &limits, &NoMasters).rules()
    };
    let base = Limits::default();
    assert_eq!(limited(Limits { zip_entries_max: 5, ..base }, &package()), ["CDA-LIMIT"]);
    assert_eq!(limited(Limits { zip_bytes_max: 1_000, ..base }, &package()), ["CDA-LIMIT"]);
    assert_eq!(limited(Limits { document_bytes_max: 100, ..base }, CHECKUP.as_bytes()), ["CDA-LIMIT"]);
    assert!(limited(Limits { units_per_document_max: 1, ..base }, &package()).contains(&"CDA-LIMIT"));
    assert!(limited(Limits { records_per_unit_max: 3, ..base }, CHECKUP.as_bytes()).contains(&"CDA-LIMIT"));
    let dense =
        limited(Limits { document_bytes_max: 3_000, ..base }, &package()[..2_900.min(package().len())]);
    assert!(dense.contains(&"CDA-ZIP") || dense.contains(&"CDA-LIMIT"), "{dense:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Any byte of the package, result or letter replaced: nothing panics, and no fact leaves its unit.
    #[test]
    fn any_byte(at in any::<prop::sample::Index>(), byte in any::<u8>(), which in 0usize..4) {
        let (kind, mut bytes) = match which {
            0 => (CHECK, package()),
            1 => (CHECK, zip(&[("inner.zip", &package(), Pack::Stored), ("h.xml", CHECKUP.as_bytes(), Pack::Streamed)])),
            2 => (CHECK, CHECKUP.as_bytes().to_vec()),
            _ => (CLINIC, LETTER.as_bytes().to_vec()),
        };
        let at = at.index(bytes.len());
        bytes[at] = byte;
        run(mapper(kind, "").as_ref(), &bytes, "P.zip");
    }

    /// Anything behind the marks of a zip.
    #[test]
    fn any_zip(bytes in proptest::collection::vec(any::<u8>(), 0..200), tail in proptest::collection::vec(any::<u8>(), 16..24)) {
        let all = [b"PK\x03\x04".as_slice(), &bytes, b"PK\x01\x02", &bytes, b"PK\x05\x06", &tail].concat();
        run(mapper(CHECK, "").as_ref(), &all, "P.zip");
    }

    /// Any text where a value stands never reaches a fact, unless it is a number, a grade or a known word.
    #[test]
    fn free_text_is_sealed(text in "[ぁ-んァ-ン一-龠]{3,20}") {
        let quoted = format!("\"{text}\"");
        let done = run(mapper(CHECK, "").as_ref(), with(CHECKUP, "異常なし", &text).as_bytes(), "x.xml");
        let facts = format!("{:?}", done.units[0].facts);
        prop_assert!(facts.contains("01010-14") && !facts.contains(&quoted));
    }
}
