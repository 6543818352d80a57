//! Transaction storage, extended storage and plain messages: units, versions, what is sealed.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

mod common_ssmix2;
mod harness;

use common_ssmix2::{PID, line, message, msh, path, recognised};
use harness::{Done, mapper, run};
use musubi_mappers::{UnitVersion, VersionState};
use musubi_model::manifest::FeedKind;
use proptest::prelude::*;

const OBX: &str = "OBX|1|NM|3A010000002327101^総蛋白^JC10||7.2|g/dl|6.70-8.3|N|||F|||202404010900";

fn laboratory() -> Vec<u8> {
    let header = msh("OUL^R22^OUL_R22");
    message(&[
        &header,
        PID,
        "SPM|1|||023^血清^JC10|||||||||||||202404010900",
        "OBR|1|77||E001^検査^99O03|||20240401",
        "ORC|SC|77",
        OBX,
    ])
}

fn header(action: &str, time: &str) -> String {
    format!("#SSMIX,2.00,1310000001,0000123,20240401,OML-11,77,{action},01,{time}\r\n")
}

fn transaction(bytes: &[u8]) -> Done {
    run(mapper(FeedKind::SsMix2Transaction, "").as_ref(), bytes, "2024/TR_20240401120000000_00001.DAT")
}

fn versions(done: &Done) -> Vec<UnitVersion> {
    done.units.iter().filter_map(|u| u.version.clone()).collect()
}

/// Facts as lines, without the bytes they were read from.
fn lines(done: &Done) -> Vec<String> {
    done.units.iter().flat_map(|u| &u.facts).map(line).collect()
}

#[test]
fn a_transaction_says_what_the_file_says() {
    let body = laboratory();
    let file =
        run(mapper(FeedKind::SsMix2Standard, "").as_ref(), &body, &path("20240401", "OML-11", "77", 1));
    let done = transaction(&[header("INS", "20240401120000000").as_bytes(), &body].concat());
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(lines(&done), lines(&file));
    assert_eq!(versions(&done), versions(&file), "key, time and state, so that they supersede each other");
    assert_eq!(done.units[0].demographics, file.units[0].demographics);
    assert_eq!(done.split.totals.get("OML-11"), Some(&1));
}

#[test]
fn a_transaction_deletes() {
    let body = laboratory();
    for bytes in [
        [header("DEL", "20240402120000000").as_bytes(), &body].concat(),
        // A deletion may be its header alone.
        header("DEL", "20240402120000000").into_bytes(),
    ] {
        let done = transaction(&bytes);
        assert_eq!(done.rules(), [""; 0]);
        let version = versions(&done).remove(0);
        assert_eq!(version.state, VersionState::Deleted);
        assert_eq!(version.key.expose(), "0000123_20240401_OML-11_77");
        assert_eq!(version.time, "20240402120000000");
        assert_eq!(done.units[0].demographics.local_number.expose(), "0000123");
    }
}

#[test]
fn several_transactions_in_a_file() {
    let body = laboratory();
    let one = [header("INS", "20240401120000000").as_bytes(), &body].concat();
    let two = [one.as_slice(), b"\x1C\r\n", header("DEL", "20240402120000000").as_bytes()].concat();
    let done = transaction(&two);
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!((done.units.len(), done.split.totals.get("OML-11")), (2, Some(&2)));
    let states: Vec<_> = versions(&done).iter().map(|v| v.state).collect();
    assert_eq!(states, [VersionState::Current, VersionState::Deleted]);
    // The second starts with another unit's error: the first stands.
    let torn = [one.as_slice(), b"\r#SSMIX,2.00,x\r", &body].concat();
    let done = transaction(&torn);
    assert_eq!(done.rules(), ["SSMIX2-TR-HEADER"]);
    assert_eq!(done.units.iter().map(|u| u.facts.len()).collect::<Vec<_>>(), [2, 0]);
}

#[test]
fn a_file_renamed_is_deleted_or_superseded() {
    let body = laboratory();
    let standard = mapper(FeedKind::SsMix2Standard, "");
    let states: Vec<(VersionState, String, String)> = [1, 2, 0]
        .into_iter()
        .map(|flag| {
            let done = run(standard.as_ref(), &body, &path("20240401", "OML-11", "77", flag));
            assert_eq!(done.rules(), [""; 0]);
            let version = versions(&done).remove(0);
            (version.state, version.key.expose().clone(), version.time.to_string())
        })
        .collect();
    // The same bytes under another flag are the same version of the same thing: only the state differs.
    assert!(states.iter().all(|(_, key, time)| *key == states[0].1 && *time == states[0].2));
    let flags: Vec<_> = states.iter().map(|(state, ..)| state.flag()).collect();
    assert_eq!(flags, [1, 2, 0]);
}

const ROOT: &str = "root/000/012/0000123/20240401";

fn content(kind: &str, flag: u8, file: &str) -> String {
    format!("{ROOT}/{kind}/0000123_20240401_{kind}_key_1_20240401120000000_01_{flag}/{file}")
}

const SUMMARY: &str = "^退院時サマリー^^18842-5^退院時サマリー^LN";

fn cda(code: &str, patient: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\">\
         <code code=\"{code}\" codeSystem=\"2.16.840.1.113883.6.1\"/><title>見本</title>\
         <recordTarget><patientRole><id root=\"1.2\" extension=\"09999999\"/><id root=\"1.3\" extension=\"{patient}\"/>\
         <patient><name>見本 太郎</name><guardian><id extension=\"555\"/></guardian></patient></patientRole></recordTarget>\
         <component><section><text>患者は見本太郎である。</text></section></component></ClinicalDocument>"
    )
    .into_bytes()
}

fn extended(bytes: &[u8], path: &str) -> Done {
    run(mapper(FeedKind::SsMix2Extended, "").as_ref(), bytes, path)
}

#[test]
fn documents_become_sealed_notes() {
    let check = |bytes: &[u8], path: &str, expect: &str| {
        let done = extended(bytes, path);
        assert_eq!(done.rules(), [""; 0], "{path}");
        assert_eq!(lines(&done), [expect], "{path}");
        assert_eq!(done.units[0].demographics.local_number.expose(), "0000123");
        assert!(!format!("{:?}", done.units[0].facts).contains("見本"));
        assert_eq!(recognised(bytes, path), Some((FeedKind::SsMix2Extended, String::new())));
    };
    let note = "note start=2024-04-01 source=LN:";
    check(
        &cda("18842-5", "0000123"),
        &content(SUMMARY, 1, "main_document.xml"),
        &format!(
            "{note}18842-5 standard=MUSUBI-DOCUMENT:discharge-summary qualifiers=format=cda part=main department=01"
        ),
    );
    check(
        &cda("57133-1", "123"),
        &content("^紹介状^^57133-1^紹介状^LN", 1, "main_document.xml"),
        &format!(
            "{note}57133-1 standard=MUSUBI-DOCUMENT:referral qualifiers=format=cda part=main department=01"
        ),
    );
    check(
        b"%PDF-1.4 x",
        &content("^看護サマリー^^34745-0^看護サマリー^LN", 1, "att.pdf"),
        &format!(
            "{note}34745-0 standard=MUSUBI-DOCUMENT:nursing-summary qualifiers=format=pdf part=attachment department=01"
        ),
    );
    check(
        b"\xFF\xD8\xFF\xE0 jpeg",
        &content("^病理診断報告書^^11526-1^病理^LN", 1, "images/1.jpg"),
        &format!(
            "{note}11526-1 standard=MUSUBI-DOCUMENT:pathology-report qualifiers=format=jpeg part=attachment department=01"
        ),
    );
    let dicom = [&[0u8; 128][..], b"DICM", &[9; 40]].concat();
    check(
        &dicom,
        &content("^画像診断報告書^^18748-4^画像診断報告書^LN", 1, "images/IM1.dcm"),
        &format!(
            "{note}18748-4 standard=MUSUBI-DOCUMENT:imaging-report qualifiers=format=dicom part=attachment department=01"
        ),
    );
    // The kind is only in the document.
    check(
        &cda("34108-1", "0000123"),
        &content("L-1^外来^99A", 1, "main.xml"),
        &format!(
            "{note}34108-1 standard=MUSUBI-DOCUMENT:outpatient-record qualifiers=format=cda part=main department=01"
        ),
    );
}

#[test]
fn kinds_of_the_house_keep_their_code() {
    let done = extended(b"plain text", &content("L-77^病理のメモ^99A", 1, "main.txt"));
    assert_eq!(done.rules(), ["SSMIX2-EXT-KIND-UNKNOWN"]);
    let expect = "note start=2024-04-01 source=99A:L-77 standard=MUSUBI-DOCUMENT:pathology-report \
                  qualifiers=format=text part=main department=01";
    assert_eq!(lines(&done), [expect]);
}

#[test]
fn content_folders_are_read_from_both_ends() {
    let check = |folder: &str, above: &str, expect: &str| {
        let done = extended(b"%PDF-1.4", &format!("{ROOT}/{above}/{folder}/main.pdf"));
        let version = versions(&done).pop();
        let said = version.map(|v| format!("{} {} {}", v.key.expose(), v.time, v.state.flag()));
        assert_eq!(said.as_deref(), (!expect.is_empty()).then_some(expect), "{folder}");
    };
    let of = |rest: &str| format!("0000123_20240401_{SUMMARY}_{rest}");
    let key = |key: &str| format!("ext 0000123_20240401_{SUMMARY}_{key}/main.pdf");
    check(&of("k_20240401120000000_01_1"), SUMMARY, &format!("{} 20240401120000000 1", key("k")));
    check(&of("k_1_2_20240401120000000_0"), SUMMARY, &format!("{} 20240401120000000 0", key("k_1_2")));
    check(&of("k_202404011200_-_2"), SUMMARY, &format!("{} 20240401120000000 2", key("k")));
    check(&of("20240401120000000_1"), SUMMARY, &format!("{} 20240401120000000 1", key("")));
    // The `^` in full width or percent-escaped: the same thing.
    let wide = SUMMARY.replace('^', "＾");
    check(
        &format!("0000123_20240401_{wide}_k_20240401120000000_01_1"),
        &wide,
        &format!("{} 20240401120000000 1", key("k")),
    );
    let percent = SUMMARY.replace('^', "%5E");
    check(
        &format!("0000123_20240401_{percent}_k_20240401120000000_01_1"),
        &percent,
        &format!("{} 20240401120000000 1", key("k")),
    );
    // A type with `_` in it is told by the folder above.
    let odd = "L_9^覚書^99A";
    check(
        &format!("0000123_20240401_{odd}_k_20240401120000000_01_1"),
        odd,
        &format!("ext 0000123_20240401_{odd}^^^_k/main.pdf 20240401120000000 1"),
    );
    for broken in
        ["0000123", &of("k_yesterday_01_1"), &of("k_20240401120000000_01_9"), "_20240401_^^_k_2024_1"]
    {
        check(broken, SUMMARY, "");
    }
}

#[test]
fn renaming_a_content_folder_deletes_its_files() {
    let of = |flag, file: &str| versions(&extended(b"%PDF-1.4", &content(SUMMARY, flag, file))).remove(0);
    let (current, deleted) = (of(1, "main.pdf"), of(0, "main.pdf"));
    assert_eq!((&current.key, &current.time), (&deleted.key, &deleted.time));
    assert_eq!((current.state, deleted.state), (VersionState::Current, VersionState::Deleted));
    assert_ne!(current.key, of(1, "att.pdf").key, "each file of a folder for itself");
}

#[test]
fn vital_signs() {
    let header = msh("ORU^R30^ORU_R30");
    let bytes = message(&[
        &header,
        PID,
        "PV1|1|I",
        "ORC|SC|77|||||||20240401||||||||01^内科",
        "OBR|1|77||01^バイタル^99ABC|||202404012000",
        "OBX|1|NM|9P100000000000001^体温^JC10||36.2|cel^℃^ISO+|35.5-37.5||||F|||202404010800",
        "OBX|2|NM|9A751000000000001^収縮期血圧^JC10||120|mm(hg)^mmHg^ISO+|||||F",
    ]);
    let done = extended(&bytes, &content("L-OBS^OBSERVATIONS^99ZL01", 1, "main_document.hl7"));
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(
        lines(&done)[1..],
        [
            "measurement start=2024-04-01 second=28800 source=JC10:9P100000000000001 体温 status=F text=36.2 number=36.2 \
             unit=cel range=35.5-37.5 group=1 department=01",
            "measurement start=2024-04-01 second=72000 source=JC10:9A751000000000001 収縮期血圧 status=F text=120 \
             number=120 unit=mm(hg) group=1 department=01",
        ]
    );
}

fn plain(bytes: &[u8]) -> Done {
    run(mapper(FeedKind::Hl7V2, "").as_ref(), bytes, "in/0001.hl7")
}

#[test]
fn plain_messages_one_after_the_other() {
    let one = laboratory();
    let header = msh("RDE^O11^RDE_O11");
    let two = message(&[
        &header,
        &PID.replace("0000123", "0000456"),
        "ORC|NW|88||1|||||20240401",
        "RXE||108665201^見本錠^HOT9|1||TAB|||||15|TAB",
        "TQ1|1||||||20240401",
        "RXR|PO",
    ]);
    let crlf = |bytes: &[u8]| {
        bytes
            .iter()
            .flat_map(|b| if *b == b'\r' { vec![b'\r', b'\n'] } else { vec![*b] })
            .collect::<Vec<u8>>()
    };
    let lf = |bytes: &[u8]| bytes.iter().map(|b| if *b == b'\r' { b'\n' } else { *b }).collect::<Vec<u8>>();
    let framed = |bytes: &[u8]| [b"\x0B", bytes, b"\x1C\r"].concat();
    let batch = [b"FHS|^~\\&|A\rBHS|^~\\&|A\r".as_slice(), &one, &two, b"BTS|2\rFTS|1\r"].concat();
    for bytes in [
        [one.clone(), two.clone()].concat(),
        [lf(&one), lf(&two)].concat(),
        [crlf(&one), b"\r\n".to_vec(), crlf(&two)].concat(),
        [framed(&one), framed(&two)].concat(),
        [b"\xEF\xBB\xBF".to_vec(), one.clone(), two.clone()].concat(),
        batch,
    ] {
        let done = plain(&bytes);
        assert_eq!(done.rules(), [""; 0], "{}", bytes.escape_ascii());
        let numbers: Vec<_> =
            done.units.iter().map(|u| u.demographics.local_number.expose().to_string()).collect();
        assert_eq!(numbers, ["0000123", "0000456"]);
        assert_eq!(done.facts(musubi_model::FactTable::DrugExposure).len(), 1);
        assert_eq!(done.facts(musubi_model::FactTable::Measurement).len(), 1);
        assert_eq!(
            (done.split.totals.get("OUL^R22"), done.split.totals.get("RDE^O11")),
            (Some(&1), Some(&1))
        );
        assert_eq!(recognised(&bytes, "in/0001.hl7"), Some((FeedKind::Hl7V2, String::new())));
    }
}

#[test]
fn plain_messages_with_odd_separators() {
    let bytes = laboratory();
    let text = encoding_rs::ISO_2022_JP.decode(&bytes).0;
    for sent in ["^~¥&", "^~\\&#", "^~￥&"] {
        let bytes = text.replace("^~\\&", sent).replace("~ISO IR87", "UNICODE UTF-8");
        let done = plain(bytes.as_bytes());
        assert_eq!(done.rules(), [""; 0], "{sent}");
        assert_eq!(done.counts().get("measurement"), Some(&1), "{sent}");
    }
}

#[test]
fn plain_versions() {
    let check = |segments: &[&str], expect: &str| {
        let done = plain(&message(segments));
        let said: Vec<String> = versions(&done)
            .iter()
            .map(|v| format!("{} {} {}", v.key.expose(), v.time, v.state.flag()))
            .collect();
        assert_eq!(said, [expect], "{:?}", done.rules());
    };
    let at = |kind: &str| msh(kind).replace("20240401120000", "20240401120000.225");
    let pv1 = format!("PV1|1|I{}202404011000", "|".repeat(42));
    check(&[&at("OUL^R22"), PID, "SPM|1", "OBR|1|77||1^x^99A"], "hl7 0000123_OML-11_77 20240401120000225 1");
    check(&[&at("RDE^O11"), PID, "ORC|CA|77"], "hl7 0000123_OMP-01_77 20240401120000225 0");
    check(&[&at("RDE^O11"), PID, "ORC|CA|77", "ORC|NW|77"], "hl7 0000123_OMP-01_77 20240401120000225 1");
    check(&[&at("ADT^A01"), "EVN", PID, &pv1], "hl7 0000123_ADT-22_202404011000 20240401120000225 1");
    // The cancellation of an admission deletes it.
    check(&[&at("ADT^A11"), "EVN", PID, &pv1], "hl7 0000123_ADT-22_202404011000 20240401120000225 0");
    check(&[&at("ADT^A08"), "EVN", PID, "PV1|1|O"], "hl7 0000123_ADT-00_- 20240401120000225 1");
    // Of several numbers, that of the house; leading blanks aside.
    let two = PID.replace("0000123^^^^PI", "9^^^^NI~0000123^^^^PI");
    check(&[&at("ADT^A08"), "EVN", &two, "PV1|1|O"], "hl7 0000123_ADT-00_- 20240401120000225 1");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Any bytes under any path, and valid bytes with a run replaced: the harness holds what must hold.
    #[test]
    fn any_bytes(noise in proptest::collection::vec(any::<u8>(), 0..300), name in "\\PC{0,40}", at in 0usize..900, len in 0usize..40) {
        let sound = [header("INS", "20240401120000000").into_bytes(), laboratory(), header("DEL", "20240401120000000").into_bytes()].concat();
        let mut damaged = sound;
        let from = at.min(damaged.len());
        let to = (from + len).min(damaged.len());
        damaged.splice(from..to, noise.iter().copied());
        let front = [b"#SSMIX,2.00,".as_slice(), &noise].concat();
        let xml = [b"<ClinicalDocument><recordTarget>".as_slice(), &noise].concat();
        for kind in [FeedKind::SsMix2Standard, FeedKind::SsMix2Extended, FeedKind::SsMix2Transaction, FeedKind::Hl7V2] {
            let mapper = mapper(kind, "");
            for bytes in [&noise, &damaged, &front, &xml] {
                for path in [name.as_str(), &content(SUMMARY, 1, &name), &path("20240401", "OML-11", "77", 1)] {
                    run(mapper.as_ref(), bytes, path);
                }
            }
        }
    }
}
