//! What becomes of check-ups, guidance, settlements and clinical documents.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a panic is a failed test"
)]

mod cda_common;
mod harness;

use cda_common::{
    CHECKUP, CLAIM, GUIDANCE, GUIDANCE_CLAIM, LETTER, Pack, index, lines, package, summary, with, zip,
};
use harness::{Done, mapper, run};
use musubi_mappers::VersionState;
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_model::{Demographics, FactTable, Sex};

const NAME: &str = "h13100000012024062001000001.xml";

fn checkup(text: &str) -> Done {
    run(mapper(FeedKind::CheckupCda, "").as_ref(), text.as_bytes(), NAME)
}

fn clinical(text: &str) -> Done {
    run(mapper(FeedKind::ClinicalCda, "").as_ref(), text.as_bytes(), "letter.xml")
}

fn expect(done: &Done, table: FactTable, expected: &[&str]) {
    let found = lines(done, table);
    assert_eq!(found, expected, "{}:\n{found:#?}", table.as_str());
}

fn clean(done: &Done) {
    let said: Vec<_> = done.findings().map(ToString::to_string).collect();
    assert_eq!(done.complaints(), [""; 0], "{said:#?}");
}

#[test]
fn a_checkup_becomes_a_visit_measurements_and_observations() {
    let done = checkup(CHECKUP);
    clean(&done);
    assert_eq!(done.rules(), ["CDA-TEXT-SEALED"]);
    expect(&done, FactTable::Person, &["1970-04||JISX0401:13|||||||||1||"]);
    expect(
        &done,
        FactTable::VisitOccurrence,
        &["2024-06-10||MHLW-PROGRAMME:010|||||||||10||performer=1310000001"],
    );
    expect(
        &done,
        FactTable::Measurement,
        &[
            "2024-06-10||MHLW-CHECKUP:9N001000000000001|MUSUBI-CHECKUP:9N0010000|170.0|170.0|cm||||||01010-1|",
            "2024-06-10||MHLW-CHECKUP:9N006000000000001|MUSUBI-CHECKUP:9N0060000|65.0|65.0|kg||||||01010-2|",
            "2024-06-10||MHLW-CHECKUP:9N011000000000001|MUSUBI-CHECKUP:9N0110000|22.5|22.5|kg/m2|18.5-24.9|N||||01010-3|",
            "2024-06-10||MHLW-CHECKUP:9A751000000000001|MUSUBI-CHECKUP:9A7550000|128|128|mm[Hg]||||||01010-4|",
            "2024-06-10||MHLW-CHECKUP:9A761000000000001|MUSUBI-CHECKUP:9A7650000|82|82|mm[Hg]||||||01010-5|",
            "2024-06-10||MHLW-CHECKUP:3F015000002327101|MUSUBI-CHECKUP:3F0150000|>=2000|2000|mg/dL||H||||01010-7|original=2310 method=3F01510000",
            "2024-06-10||MHLW-CHECKUP:1A010000000191111|MUSUBI-CHECKUP:1A0100000|2||||||||01010-8|valueset=2102",
            "2024-06-10||MHLW-CHECKUP:1A020000000191111|MUSUBI-CHECKUP:1A0200000||||||||not-done|01010-9|",
            "2024-06-10||MHLW-CHECKUP:3D046000001920402|MUSUBI-CHECKUP:3D0460000||||||||NI|01010-10|",
            "2024-06-10||MHLW-CHECKUP:2A040000001930102|MUSUBI-CHECKUP:2A0400000|42.1|42.1|%||||||01010-11|",
            "2024-06-10||MHLW-CHECKUP:2A030000001930101|MUSUBI-CHECKUP:2A0300000|14.2|14.2|g/dL||||||01010-11|relation=COMP",
        ],
    );
    expect(
        &done,
        FactTable::Observation,
        &[
            "2024-06-10||MHLW-CHECKUP:9N141000000000011|MUSUBI-CHECKUP:9N1410000|2||||||||01010-6|valueset=2202",
            "2024-06-10||MHLW-CHECKUP:2A020161001930149|MUSUBI-CHECKUP:2A0201610|||||||||01010-11|text=sealed relation=RSON",
            "2024-06-10||MHLW-CHECKUP:9N716000000000011|MUSUBI-CHECKUP:9N7160000|1||||||||01010-12|valueset=2003",
            "2024-06-10||MHLW-CHECKUP:9N501000000000011|MUSUBI-CHECKUP:9N5010000|3||||||||01010-13|valueset=1008",
            "2024-06-10||MHLW-CHECKUP:9N511000000000049|MUSUBI-CHECKUP:9N5110000|異常なし||||||||01010-14|",
            "2024-06-10||MHLW-CHECKUP:9N516000000000049|MUSUBI-CHECKUP:9N5160000|||||||||01010-15|text=sealed",
            "2024-06-10||MHLW-CHECKUP:9N211161200000049|MUSUBI-CHECKUP:9N2111612|||||||||01010-16|text=sealed",
            "2024-06-10||MHLW-CHECKUP:9N211161100000049|MUSUBI-CHECKUP:9N2111611|2024-06-10||||||||01010-17|",
        ],
    );
    let names: Vec<_> =
        done.facts(FactTable::Measurement).iter().filter_map(|f| f.standard.as_ref()?.text.clone()).collect();
    assert_eq!(names[..4], ["身長", "体重", "BMI", "収縮期血圧"]);
}

/// Every fact of every kind of document stands on the bytes of its element.
#[test]
fn facts_point_at_their_element() {
    for (text, elements) in [
        (CHECKUP, &["<observation", "<patientRole", "<serviceEvent"][..]),
        (GUIDANCE, &["<observation", "<act", "<patientRole", "<serviceEvent"]),
    ] {
        for fact in checkup(text).units.iter().flat_map(|u| &u.facts) {
            let bytes = fact.range.slice(text.as_bytes()).unwrap();
            let element = std::str::from_utf8(bytes).unwrap();
            assert!(elements.iter().any(|e| element.starts_with(e)), "{element}");
            if let Some(source) = fact.source.as_ref().filter(|s| s.code.len() == 17) {
                assert!(element.contains(source.code.as_str()));
            }
        }
    }
}

#[test]
fn the_person_goes_to_the_identity_zone() {
    let done = checkup(CHECKUP);
    let d = &done.units[0].demographics;
    assert_eq!(d.insurer_number.expose(), "01130012");
    assert_eq!(d.insured_symbol.expose(), "１２");
    assert_eq!(d.insured_number.expose(), "３４５６");
    assert_eq!(d.insured_branch.expose(), "01");
    assert_eq!(d.name_kana.expose(), "ミホンタロウ");
    assert_eq!(d.postal_code.expose(), "100-0001");
    assert_eq!(d.address.expose(), "東京都千代田区見本町１－２　Ａ&Ｂ荘");
    assert_eq!((d.sex, d.birth.expose().unwrap().to_string().as_str()), (Sex::Male, "1970-04-05"));
    let claim = checkup(CLAIM);
    assert_eq!(&claim.units[0].demographics, d, "result and settlement describe one person alike");
}

/// No value that names anybody stands in a fact or a finding: not the patient, not the doctors, not the vouchers.
#[test]
fn nobody_is_shown() {
    let secrets = [
        "ミホン",
        "見本",
        "太郎",
        "タロウ",
        "一郎",
        "01130012",
        "００１２",
        "３４５６",
        "24100000001",
        "見本町",
        "100-0001",
        "12345",
        "00012",
        "0300000000",
        "DOC1",
        "SET1",
        "御机下",
        "粉砕",
        "二十本",
        "保健師",
        "19700405",
        "00138057",
        "24200000002",
    ];
    for done in
        [checkup(CHECKUP), checkup(GUIDANCE), checkup(CLAIM), checkup(GUIDANCE_CLAIM), clinical(LETTER)]
    {
        let facts = format!("{:?}", done.units.iter().map(|u| &u.facts).collect::<Vec<_>>());
        let findings = done.findings().map(ToString::to_string).collect::<String>();
        for secret in secrets {
            assert!(!facts.contains(secret), "{secret} stands in {facts}");
            assert!(!findings.contains(secret), "{secret} stands in {findings}");
        }
        assert!(!format!("{:?}", done.units).contains("ミホン"));
    }
}

#[test]
fn guidance_becomes_health_guidance() {
    let done = checkup(GUIDANCE);
    clean(&done);
    expect(
        &done,
        FactTable::HealthGuidance,
        &[
            "2024-07-01||MHLW-CHECKUP:1020000001|MUSUBI-CHECKUP:G1020000001|1||||||||90010-1|valueset=3001",
            "2024-07-05||MHLW-CHECKUP-VALUE:3003:1||||||||||90030-1|staff=2",
            "2024-07-05||MHLW-CHECKUP:1021001031|MUSUBI-CHECKUP:G1021001031|88.0|88.0|cm||||||90030-1|relation=COMP",
            "2024-12-01||MHLW-CHECKUP:1042001032|MUSUBI-CHECKUP:G1042001032|68.5|68.5|kg||||||90060-1|",
            "2024-07-01||MHLW-CHECKUP:1042800114|MUSUBI-CHECKUP:G1042800114|180|180||||180|||90070-1|",
        ],
    );
    expect(&done, FactTable::VisitOccurrence, &["2024-07-01|2024-12-01|MHLW-PROGRAMME:900|||||||||22||"]);
    assert_eq!(done.split.totals.keys().collect::<Vec<_>>(), ["hg08"]);
}

#[test]
fn a_settlement_becomes_costs_and_cover() {
    let done = checkup(CLAIM);
    clean(&done);
    expect(
        &done,
        FactTable::Cost,
        &[
            "||POINTS:unitPriceBasic||||円|||8000||returned-06||",
            "||POINTS:unitPriceDetail||||円|||330||returned-06||item=1",
            "||POINTS:paymentForBasic||||円|||500||returned-06||",
            "||POINTS:unitAmount||||円|||8330||returned-06||",
            "||POINTS:paymentAmount||||円|||500||returned-06||",
            "||POINTS:claimAmount||||円|||7830||returned-06||claim=2",
        ],
    );
    expect(&done, FactTable::PayerPlanPeriod, &["||PAYER:01||||||||||HO|"]);
}

#[test]
fn a_guidance_settlement_becomes_costs_and_points() {
    let done = checkup(GUIDANCE_CLAIM);
    clean(&done);
    expect(
        &done,
        FactTable::Cost,
        &[
            "||POINTS:unitPrice||||円|||24000||||",
            "||POINTS:calculatedAmount||||円|||19200||||",
            "||POINTS:paymentAmount||||円|||1200||||",
            "||POINTS:claimAmount||||円|||18000||||",
        ],
    );
    expect(
        &done,
        FactTable::HealthGuidance,
        &["||MHLW-CHECKUP-VALUE:guidanceLevel:1|||||||180||||timing=2 completed=180 intended=180"],
    );
    expect(&done, FactTable::PayerPlanPeriod, &["||PAYER:国保||||||||||HO|"]);
}

/// The fifteen questions of the elderly, and an examination that is none of the specific ones (報告区分 40).
#[test]
fn other_checkups_are_taken_in_alike() {
    let mut text = with(CHECKUP, r#"code="10""#, r#"code="40""#);
    text = with(&text, r#"<code code="010""#, r#"<code code="020""#);
    text = with(&text, r#"<code code="01010""#, r#"<code code="01020""#);
    let questions: String = (932..=946)
        .map(|n| format!(r#"<entry><observation classCode="OBS" moodCode="EVN"><code code="9N{n}000000000011"/><value xsi:type="CD" code="1"/></observation></entry>"#))
        .collect();
    let done = checkup(&with(&text, "</section>", &format!("{questions}</section>")));
    clean(&done);
    let asked = done.facts(FactTable::Observation).into_iter().filter(|f| {
        f.source.as_ref().is_some_and(|s| s.code.as_str() >= "9N932" && s.code.as_str() < "9N947")
            && f.value.text == "1"
    });
    assert_eq!(asked.count(), 15);
    expect(
        &done,
        FactTable::VisitOccurrence,
        &["2024-06-10||MHLW-PROGRAMME:020|||||||||40||performer=1310000001"],
    );
}

#[test]
fn one_concept_stands_for_all_methods() {
    let other = with(CHECKUP, r#"<code code="3F015000002327101"/>"#, r#"<code code="3F015000002399901"/>"#);
    let concepts = |text: &str| {
        let done = checkup(text);
        let facts = done.facts(FactTable::Measurement);
        facts.iter().map(|f| f.standard.clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(concepts(CHECKUP), concepts(&other));
}

#[test]
fn a_letter_becomes_what_is_coded_in_it() {
    let done = clinical(LETTER);
    clean(&done);
    assert_eq!(done.rules(), ["CDA-ATTACHED", "CDA-TEXT-SEALED"]);
    expect(&done, FactTable::Person, &["1970-04||JISX0401:13|||||||||1||"]);
    expect(
        &done,
        FactTable::VisitOccurrence,
        &["2024-06-01|2024-06-19|2.16.840.1.113883.5.4:IMP|||||||||01||"],
    );
    expect(
        &done,
        FactTable::ConditionOccurrence,
        &["2020-01-01||MDCDX2:20059155|ICD10:K297||||||||done|s2-1|state=completed"],
    );
    expect(
        &done,
        FactTable::DrugExposure,
        &[
            "2024-06-20||HOT:103835401||||錠|||21|7|ordered|s4-1-RP1|usage=1013044400000000 repeat=3 form=1 dose=1錠 daily=3錠",
        ],
    );
    expect(&done, FactTable::ProcedureOccurrence, &["2024-06-10||1.2.9:K654|||||||||done|s6-1|"]);
    expect(
        &done,
        FactTable::Measurement,
        &["2024-06-15||JC10:3B035000002327201||31|31|U/L|10-30|H|||done|s5-1|"],
    );
    expect(
        &done,
        FactTable::Observation,
        &[
            "2024-06-20||YJ:6131001F1201|||||||||done|s3-1|kind=DALG",
            "2024-06-20||LN:72166-2|||||||||done|s5-2|text=sealed",
        ],
    );
    expect(
        &done,
        FactTable::Note,
        &[
            "2024-06-20||LN:57133-1|||||||||||",
            "2024-06-20||LN:42349-1||||||||||s1|",
            "2024-06-20||MUSUBI-DOCUMENT:attachment||||||||||s1|",
            "2024-06-20||MUSUBI-DOCUMENT:medication-instruction||||||||||s4-1|",
        ],
    );
}

#[test]
fn a_letters_patient_goes_to_the_identity_zone() {
    let done = clinical(LETTER);
    let d: &Demographics = &done.units[0].demographics;
    assert_eq!(d.local_number.expose(), "00012");
    assert_eq!(
        (d.name_kanji.expose().as_str(), d.name_kana.expose().as_str()),
        ("見本 太郎", "ミホン タロウ")
    );
    assert_eq!((d.postal_code.expose().as_str(), d.phone.expose().as_str()), ("1000001", "0300000000"));
    assert_eq!(d.address.expose(), "東京都千代田区見本町１－２");
    assert_eq!((d.sex, d.birth.expose().unwrap().to_string().as_str()), (Sex::Male, "1970-04-05"));
}

#[test]
fn a_discharge_summary_keeps_its_stay_and_its_words_sealed() {
    let done = clinical(&with(LETTER, "57133-1", "18842-5"));
    clean(&done);
    assert!(lines(&done, FactTable::Note)[0].starts_with("2024-06-20||LN:18842-5|"));
    assert_eq!(done.facts(FactTable::VisitOccurrence).len(), 1);
    // A body that is a picture: a note, nothing more.
    let from = LETTER.find("<component><structuredBody>").unwrap();
    let scan = format!(
        "{}<component><nonXMLBody><text>見本</text></nonXMLBody></component></ClinicalDocument>",
        &LETTER[..from]
    );
    let done = clinical(&scan);
    assert_eq!(done.rules(), ["CDA-BODY"]);
    assert_eq!(
        lines(&done, FactTable::Note).last().unwrap(),
        "2024-06-20||MUSUBI-DOCUMENT:cda-body|||||||||||"
    );
}

#[test]
fn a_version_supersedes_by_key_and_time() {
    let version = |done: &Done| done.units[0].version.clone().unwrap();
    let first = version(&checkup(CHECKUP));
    assert_eq!((first.state, first.time.as_str()), (VersionState::Current, "2024-06-20 2024-06-20 0000001"));
    // Sent again with another value, made later, with a branch number or without: the same thing.
    let mut again =
        with(CHECKUP, r#"<effectiveTime value="20240620"/>"#, r#"<effectiveTime value="20240705"/>"#);
    again = with(&again, r#"<id extension="01" root="1.2.392.200119.6.211"/>"#, "");
    let second = version(&checkup(&with(&again, r#"value="128""#, r#"value="118""#)));
    assert_eq!(first.key, second.key);
    assert!(first.time < second.time);
    // A request to delete has the same key, no clinical facts, and is deleted.
    let deletion = checkup(&with(&again, r#"code="10""#, r#"code="19""#));
    assert_eq!(deletion.rules(), ["CDA-DELETION"]);
    assert_eq!(deletion.counts().into_iter().collect::<Vec<_>>(), [("person", 1)]);
    let deleted = version(&deletion);
    assert_eq!((&deleted.key, deleted.state), (&first.key, VersionState::Deleted));
    // Another day, person or programme is another thing.
    for (old, new) in [
        (r#"<effectiveTime value="20240610"/>"#, r#"<effectiveTime value="20240611"/>"#),
        (r#"extension="３４５６""#, r#"extension="３４５７""#),
        (r#"<code code="010""#, r#"<code code="030""#),
        ("ミホンタロウ", "ミホンジロウ"),
    ] {
        assert_ne!(version(&checkup(&with(CHECKUP, old, new))).key, first.key, "{new}");
    }
    // Clinical documents: the set, and the number of the version.
    let letter = version(&clinical(LETTER));
    let next = version(&clinical(&with(LETTER, r#"versionNumber value="2""#, r#"versionNumber value="10""#)));
    assert_eq!(letter.key, next.key);
    assert!(letter.time < next.time);
    let replacing = with(
        &with(LETTER, r#"<setId root="1.2.3" extension="SET1"/>"#, ""),
        "<componentOf>",
        r#"<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.3" extension="DOC0"/></parentDocument></relatedDocument><componentOf>"#,
    );
    let replaced = with(&with(LETTER, r#"<setId root="1.2.3" extension="SET1"/>"#, ""), "DOC1", "DOC0");
    assert_eq!(version(&clinical(&replacing)).key, version(&clinical(&replaced)).key);
}

#[test]
fn a_package_is_cut_into_its_persons() {
    let bytes = package();
    let done = run(mapper(FeedKind::CheckupCda, "").as_ref(), &bytes, "P.zip");
    clean(&done);
    let counted: Vec<_> = done.split.envelope.iter().collect();
    assert_eq!(counted, [("ix08", 1), ("su08", 1), ("xsd", 1), ("無視", 1)]);
    let units: Vec<_> = done
        .split
        .units
        .iter()
        .map(|u| u.records.iter().map(|(k, _)| k.to_owned()).collect::<String>())
        .collect();
    assert_eq!(units, ["hc08", "cc08"]);
    for unit in &done.split.units {
        assert!(unit.range.slice(&bytes).unwrap().starts_with(b"PK\x03\x04"));
    }
    // The facts are those of the single document, counted from the unit's start; the settlement knows the day.
    let (single, start) = (checkup(CHECKUP), done.split.units[0].range.start);
    let moved: Vec<_> = single.units[0]
        .facts
        .iter()
        .cloned()
        .map(|mut f| {
            f.range.start += start;
            f
        })
        .collect();
    assert_eq!(done.units[0].facts, moved);
    assert_eq!(done.units[0].version.as_ref().unwrap().time, "2024-07-01 2024-06-20 0000001");
    assert!(done.facts(FactTable::Cost).iter().all(|f| f.start.unwrap().to_string() == "2024-06-10"));
    let opened =
        mapper(FeedKind::CheckupCda, "").open(done.split.units[0].range.slice(&bytes).unwrap()).into_owned();
    assert_eq!(opened, CHECKUP.as_bytes());
}

#[test]
fn settlements_pair_by_person_when_names_fail() {
    let bytes = zip(&[
        ("ix08_V08.xml", index(1).as_bytes(), Pack::Stored),
        ("su08_V08.xml", summary(1, 8330, 500, 7830).as_bytes(), Pack::Stored),
        ("DATA/健診結果_1.xml", CHECKUP.as_bytes(), Pack::Stored),
        ("CLAIMS/その他.xml", CLAIM.as_bytes(), Pack::Deflated),
    ]);
    let done = run(mapper(FeedKind::CheckupCda, "").as_ref(), &bytes, "P.zip");
    clean(&done);
    assert!(done.facts(FactTable::Cost).iter().all(|f| f.start.is_some()));
}

#[test]
fn a_stored_package_inside_is_read_and_a_packed_one_is_refused_alone() {
    let inner = package();
    let outer = |pack| {
        zip(&[
            ("inner.zip", &inner, pack),
            ("Q/ix08_V08.xml", index(1).as_bytes(), Pack::Stored),
            ("Q/DATA/h1.xml", CHECKUP.as_bytes(), Pack::Deflated),
        ])
    };
    let done = run(mapper(FeedKind::CheckupCda, "").as_ref(), &outer(Pack::Stored), "O.zip");
    clean(&done);
    assert_eq!((done.units.len(), done.split.totals["hc08"]), (3, 2));
    let done = run(mapper(FeedKind::CheckupCda, "").as_ref(), &outer(Pack::Deflated), "O.zip");
    assert_eq!(done.complaints(), ["CDA-MEMBER-ZIP"]);
    assert!(!done.split.is_unsound() && done.units[0].is_unsound() && !done.units[1].facts.is_empty());
}

/// Shift_JIS and UTF-16 give the same facts, each over the whole document.
#[test]
fn other_encodings_are_read_with_a_warning() {
    let declared = with(CHECKUP, "UTF-8", "Shift_JIS");
    let (sjis, _, lost) = encoding_rs::SHIFT_JIS.encode(&declared);
    assert!(!lost);
    let wide: Vec<u8> = "\u{feff}"
        .chars()
        .chain(with(CHECKUP, "UTF-8", "UTF-16").chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let plain = checkup(CHECKUP);
    for bytes in [sjis.as_ref(), &wide] {
        let done = run(mapper(FeedKind::CheckupCda, "").as_ref(), bytes, NAME);
        assert_eq!(done.complaints(), ["CDA-ENCODING"]);
        assert_eq!(done.units[0].demographics, plain.units[0].demographics);
        assert_eq!(lines(&done, FactTable::Measurement), lines(&plain, FactTable::Measurement));
        assert!(done.units[0].facts.iter().all(|f| f.range == done.split.units[0].range));
    }
}

/// A prefix for HL7's namespace, and elements of other namespaces in between, change nothing.
#[test]
fn namespaces_are_what_counts() {
    let prefixed = CHECKUP
        .replace("xmlns=\"urn:hl7-org:v3\"", "xmlns:h=\"urn:hl7-org:v3\" xmlns:x=\"urn:other\"")
        .replace("</", "</h:")
        .replace('<', "<h:")
        .replace("<h:/h:", "</h:")
        .replace("<h:?", "<?")
        .replace("<h:birthTime", "<x:birthTime value=\"18000101\"/><h:birthTime");
    let (one, other) = (checkup(CHECKUP), checkup(&prefixed));
    clean(&other);
    assert_eq!(one.units[0].demographics, other.units[0].demographics);
    assert_eq!(lines(&one, FactTable::Measurement), lines(&other, FactTable::Measurement));
}

#[test]
fn masters_are_asked_for_what_they_know() {
    use musubi_model::code::{MasterEntry, Masters, PartialDateOrToday};
    use musubi_model::{CodeSystem, Coded};
    struct Some2024;
    impl Masters for Some2024 {
        fn edition(&self, system: &CodeSystem, _: PartialDateOrToday) -> Option<compact_str::CompactString> {
            (*system == CodeSystem::Hot).then(|| "2024".into())
        }
        fn look_up(&self, _: &CodeSystem, code: &str, _: PartialDateOrToday) -> Option<MasterEntry> {
            let standard = Some(Coded::new(CodeSystem::Yj, "2233002F2022"));
            (code == "103835401").then(|| MasterEntry { name: "見本".into(), standard })
        }
    }
    let run = |text: &str| {
        let mapper = mapper(FeedKind::ClinicalCda, "");
        harness::run_with(mapper.as_ref(), text.as_bytes(), "x.xml", &Limits::default(), &Some2024)
    };
    let done = run(LETTER);
    assert_eq!(done.facts(FactTable::DrugExposure)[0].standard.as_ref().unwrap().code, "2233002F2022");
    assert_eq!(done.units[0].master_version, "HOT 2024");
    assert_eq!(run(&with(LETTER, "103835401", "103835499")).complaints(), ["CODE-NOT-IN-MASTER"]);
    let _ = NoMasters;
}

#[test]
fn a_mapped_document_can_be_shown() {
    let mapper = mapper(FeedKind::CheckupCda, "");
    assert_eq!(mapper.show("<name>見本</name>".as_bytes()), "<name>見本</name>");
}
