//! Bad input (formats.md §1.7): each fault and the exact findings it gives.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

mod common_ssmix2;

use common_ssmix2::{PID, counts, ids, jis, map, map_with, message, msh, path};
use musubi_mappers::VersionState;
use musubi_mappers::ssmix2::FilePath;
use musubi_model::limits::Limits;

const OBX: &str = "OBX|1|NM|3A010000002327101^総蛋白^JC10||7.2|g/dl|6.70-8.3|N|||F|||202404010900";

fn laboratory(pid: &str, extra: &[&str]) -> Vec<u8> {
    let header = msh("OUL^R22^OUL_R22");
    let mut segments = vec![header.as_str(), pid, "PV1|0001|O"];
    segments.push("SPM|1|1||023^血清^JC10|||||||||||||202404010900");
    segments.push("OBR|1|77|1|E001^検査^99O03|||20240401");
    segments.push("ORC|SC|77|1||CM||||20240401");
    segments.push(OBX);
    segments.extend(extra);
    message(&segments)
}

/// Maps `bytes` as a laboratory file of the test patient and holds the findings against `expect`.
fn check(bytes: &[u8], expect: &[&str]) -> musubi_mappers::MappedUnit {
    let (unit, findings) = map(&path("20240401", "OML-11", "77", 1), bytes);
    assert_eq!(ids(&findings), expect, "{}", bytes.escape_ascii());
    unit
}

#[test]
fn a_sound_file_says_nothing() {
    let unit = check(&laboratory(PID, &[]), &[]);
    assert_eq!(counts(&unit), "person 1, measurement 1");
}

#[test]
fn files_that_are_no_message() {
    check(b"", &["E:SSMIX2-EMPTY"]);
    check(b"\xFB\xFC", &["E:HL7-NO-MSH"]);
    check(b"\x1C\r", &["E:HL7-NO-MSH"]);
    check(b"\xFF\xFEM\0S\0H\0", &["E:HL7-ENCODING"]);
    check(b"MSH|^~\\&|\xFF\xA0\xFF", &["E:HL7-ENCODING"]);
    check(b"MSH|||||", &["E:HL7-SEPARATORS"]);
    check(b"%PDF-1.4", &["E:HL7-NO-MSH"]);
}

#[test]
fn characters() {
    let sound = laboratory(PID, &[]);
    let change = |from: &[u8], to: &[u8]| {
        let at = sound.windows(from.len()).position(|w| w == from).expect("what is to be changed");
        [&sound[..at], to, &sound[at + from.len()..]].concat()
    };
    let name = jis("テスト^ハナコ");
    // 1. ESC ( B missing behind the kana name: the birth date and all after it are swallowed.
    let open = &name[..name.len() - 3];
    let swallowed = check(
        &change(&[&name[..], b"^^^^^L^P"].concat(), &[open, b"^^^^^L^P"].concat()),
        &["E:HL7-ESC-SWALLOWED", "W:SSMIX2-PID-BIRTH"],
    );
    assert!(swallowed.facts.is_empty());
    // 2. Missing at the end of a segment only: nothing is lost.
    let ends_open = [sound.as_slice(), b"NTE|1||\x1B$B4A;z\r"].concat();
    assert_eq!(counts(&check(&ends_open, &["W:HL7-ESC-OPEN"])), "person 1, measurement 1");
    // 3. A kanji cut in the middle.
    let cut = change(&jis("総蛋白"), b"\x1B$BAmC\x1B(B");
    check(&cut, &["W:HL7-KANJI-CUT"]);
    // 4. Shift_JIS inside.
    check(&change(&jis("総蛋白"), b"\x91\x8D\x92\x60\x94\x92"), &["W:HL7-EIGHT-BIT"]);
    check(&change(&jis("総蛋白"), b"\xF0\x40"), &["W:HL7-EIGHT-BIT", "W:HL7-GAIJI"]);
    // 5. Escapes of no known set, and of JIS X 0213.
    check(&change(&jis("総蛋白"), b"\x1B$A4A\x1B(BX"), &["W:HL7-ESC-UNKNOWN"]);
    check(&change(&jis("総蛋白"), b"\x1B$(Q4A\x1B(B"), &["W:HL7-JIS2000"]);
    check(&change(&jis("総蛋白"), b"\x1B$B)!\x1B(B"), &["W:HL7-UNDECODABLE"]);
    // 6. Adjacent escapes are silent.
    check(&change(&jis("総蛋白"), b"\x1B$B\x1B(B\x1B$BAm\x1B$BC1\x1B(B\x1B(B"), &[]);
    // 7. Delimiters inside a kanji run and inside JIS Roman.
    check(&change(&jis("総蛋白"), b"\x1B$B!|0~%^%&%\\\x1B(B"), &[]);
    // 8. A file separator left from MLLP; LF instead of CR.
    check(&[sound.as_slice(), b"\x1C"].concat(), &[]);
    check(&sound.iter().map(|b| if *b == b'\r' { b'\n' } else { *b }).collect::<Vec<_>>(), &[]);
}

#[test]
fn other_encodings() {
    let utf8: Vec<u8> = {
        let jis = laboratory(PID, &[]);
        let (text, _, _) = encoding_rs::ISO_2022_JP.decode(&jis);
        text.into_owned().into_bytes()
    };
    let unit = check(&utf8, &["N:HL7-CHARSET-DECLARED"]);
    assert_eq!(unit.demographics.name_kana.expose(), "テスト ハナコ");
    let text = String::from_utf8(utf8).expect("UTF-8");
    let shift_jis = encoding_rs::SHIFT_JIS.encode(&text).0.into_owned();
    let unit = check(&shift_jis, &["N:HL7-CHARSET-DECLARED"]);
    assert_eq!(unit.demographics.name_kanji.expose(), "テスト 花子");
    // 表 and ソ end in the byte of `\`, 弍 in that of `|`.
    let trap = text.replace("テスト^花子", "表ソ^弌ー予");
    let unit = check(&encoding_rs::SHIFT_JIS.encode(&trap).0, &["N:HL7-CHARSET-DECLARED"]);
    assert_eq!(unit.demographics.name_kanji.expose(), "表ソ 弌ー予");
    assert_eq!(counts(&unit), "person 1, measurement 1");
    let marked = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
    check(&marked, &["N:HL7-CHARSET-DECLARED"]);
    let unicode = text.replace("~ISO IR87", "UNICODE UTF-8");
    check(unicode.as_bytes(), &[]);
}

#[test]
fn the_patient_segment() {
    check(&laboratory(&PID.replace("0000123", "0000124"), &[]), &["E:SSMIX2-PATH-PID"]);
    check(&laboratory(&PID.replace("0000123", "123"), &[]), &["N:SSMIX2-PATH-PID-PADDING"]);
    check(&laboratory(&PID.replace("0000123^^^^PI", ""), &[]), &["E:SSMIX2-PID-NUMBER"]);
    check(&laboratory("NTE|1", &[]), &["E:SSMIX2-PID-MISSING"]);
    check(&laboratory(&PID.replace("19800203", ""), &[]), &["W:SSMIX2-PID-BIRTH"]);
    check(&laboratory(&PID.replace("19800203", "19800230"), &[]), &["W:SSMIX2-PID-BIRTH"]);
    check(&laboratory(&PID.replace("||19800203|F", "||||19800203"), &[]), &["W:SSMIX2-PID-SHIFTED"]);
    check(&laboratory(&PID.replace("|F|", "|X|"), &[]), &["W:SSMIX2-PID-SEX"]);
    check(&laboratory("PID|1||0000123||||19800203|F", &[]), &["W:SSMIX2-PID-NAME"]);
    let second = PID.replace("0000123", "0000999");
    check(&laboratory(PID, &[&second]), &["E:SSMIX2-PID-DIFFERS", "W:HL7-SEGMENT-PLACE"]);
    // `~` inside a name written in full width is no repetition.
    let unit = check(&laboratory(&PID.replace("テスト^花子", "テスト^花～子"), &[]), &[]);
    assert_eq!(unit.demographics.name_kanji.expose(), "テスト 花～子");
}

#[test]
fn segments() {
    check(&laboratory(PID, &["QQQ|1", "QQQ|2"]), &["W:HL7-SEGMENT-UNKNOWN"]);
    check(&laboratory(PID, &["PRB|AD", "EVN"]), &["W:HL7-SEGMENT-PLACE"]);
    check(&laboratory(PID, &["zz"]), &["W:HL7-SEGMENT-NAME"]);
    check(&laboratory(PID, &["MSH"]), &["W:HL7-SEGMENT-PLACE"]);
    check(&laboratory(PID, &[&msh("ADT^A08")]), &["E:HL7-SECOND-MESSAGE"]);
    let header = msh("OUL^R22^OUL_R22");
    let unit = check(&message(&[&header, PID, OBX]), &["W:HL7-SEGMENT-MISSING", "W:SSMIX2-PATH-DATE"]);
    assert_eq!(counts(&unit), "person 1, measurement 1");
    check(&message(&[&header, PID]), &["W:HL7-SEGMENT-MISSING", "W:SSMIX2-PATH-DATE"]);
    let many: Vec<String> = (0..300).map(|n| format!("z{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (unit, findings) = map(&path("20240401", "OML-11", "77", 1), &laboratory(PID, &many));
    assert_eq!(ids(&findings), ["N:UNIT-FINDINGS-CUT", "W:HL7-SEGMENT-NAME"]);
    assert_eq!((findings.len(), counts(&unit).as_str()), (201, "person 1, measurement 1"));
}

#[test]
fn path_against_content() {
    let sound = laboratory(PID, &[]);
    let under = |path: &str, expect: &[&str]| {
        let (unit, findings) = map(path, &sound);
        assert_eq!(ids(&findings), expect, "{path}");
        unit
    };
    under(&path("20240401", "OMP-01", "77", 1), &["E:SSMIX2-PATH-TYPE"]);
    under(&path("20240402", "OML-11", "77", 1), &["W:SSMIX2-PATH-DATE"]);
    under(&path("-", "OML-11", "77", 1), &["W:SSMIX2-PATH-DATE"]);
    under(&path("20240401", "OML-11", "78", 1), &["W:SSMIX2-PATH-ORDER"]);
    under(&path("20240401", "OML-11", "999999999999999", 1), &[]);
    under(&path("20240401", "XYZ-01", "77", 1), &["W:SSMIX2-TYPE-UNKNOWN"]);
    under(&path("20240401", "oml-11", "77", 1), &[]);
    under(
        "000/012/0000123/20240401/OML-11/0000123_20240401_OML-11_77_2024040112_01_1",
        &["W:SSMIX2-PATH-TIME"],
    );
    // Wrong files under wrong folders.
    let name = "0000123_20240401_OML-11_77_20240401120000000_01_1";
    under(&format!("000/000/0000001/20240401/OML-11/{name}"), &["E:SSMIX2-FOLDER-PID"]);
    under(&format!("000/012/0000123/20240401/ADT-31/{name}"), &["E:SSMIX2-FOLDER-TYPE"]);
    under(&format!("000/012/0000123/20240402/OML-11/{name}"), &["W:SSMIX2-FOLDER"]);
    under(&format!("000/013/0000123/20240401/OML-11/{name}"), &["W:SSMIX2-FOLDER"]);
    under(name, &["W:SSMIX2-FOLDER"]);
    under(&format!("D:\\ssmix\\000\\012\\0000123\\20240401\\OML-11\\{name}"), &[]);
    for broken in [
        "",
        "README.md",
        "0000123_20240401_OML-11_77_20240401120000000_01_9",
        "0000123_20240401_OML-11_1",
        "0000123_20240431_OML-11_77_20240401120000000_01_1",
        "0000123_2024_OML-11_77_20240401120000000_01_1",
        "0000123_20240401_OML-11_77_yesterday_01_1",
        "_20240401_OML-11_77_20240401120000000_01_1",
        "000/012/0000123/20240401/^外来診療録^^34108-1^外来診療録^LN/x/main_document.hl7",
    ] {
        assert!(under(broken, &["E:SSMIX2-PATH"]).version.is_none());
    }
}

#[test]
fn versions_of_a_file() {
    let check = |name: &str, key: &str, time: &str, state: VersionState| {
        let read = FilePath::read(name).expect("a standard name");
        assert_eq!(read.key().expose(), key);
        assert_eq!((read.sortable_time().as_str(), read.state), (time, state), "{name}");
    };
    let key = "0000123_20240401_OML-11_77";
    check(
        "0000123_20240401_OML-11_77_20240401120000000_01_1",
        key,
        "20240401120000000",
        VersionState::Current,
    );
    check(
        "0000123_20240401_OML-11_77_20240401120000000_02_0",
        key,
        "20240401120000000",
        VersionState::Deleted,
    );
    check("0000123_20240401_OML-11_77_202404011200_-_2", key, "20240401120000000", VersionState::Superseded);
    check("0000123_20240401_OML-11_77_20240401120000000_1", key, "20240401120000000", VersionState::Current);
    check(
        "0000123_20240401_OML-11_7_7_20240401120000000_01_1",
        "0000123_20240401_OML-11_7_7",
        "20240401120000000",
        VersionState::Current,
    );
    check(
        "1_-_ADT-00_999999999999999_20240401120000000_-_1",
        "1_-_ADT-00_999999999999999",
        "20240401120000000",
        VersionState::Current,
    );
    // Two current ones of one key are told apart by their time; which stands is the load's decision.
    let (first, _) = map(&path("20240401", "OML-11", "77", 1), &laboratory(PID, &[]));
    let (deleted, _) = map(&path("20240401", "OML-11", "77", 0), &laboratory(PID, &[]));
    let (first, deleted) = (first.version.expect("a version"), deleted.version.expect("a version"));
    assert_eq!(first.key, deleted.key);
    assert_eq!((first.state, deleted.state), (VersionState::Current, VersionState::Deleted));
}

#[test]
fn limits() {
    let sound = laboratory(PID, &[]);
    let path = path("20240401", "OML-11", "77", 1);
    let check = |limits: Limits, expect: &[&str]| {
        let (_, findings) = map_with(&path, &sound, &limits);
        assert_eq!(ids(&findings), expect);
    };
    check(Limits { document_bytes_max: 100, ..Limits::default() }, &["E:SSMIX2-TOO-LARGE"]);
    check(Limits { record_bytes_max: 130, ..Limits::default() }, &["W:HL7-SEGMENT-LONG"]);
    check(Limits { records_per_unit_max: 7, ..Limits::default() }, &[]);
    check(Limits { records_per_unit_max: 6, ..Limits::default() }, &["E:HL7-TOO-MANY"]);
    // One place for findings: the warning came first, the error takes its place.
    let limits = Limits { findings_per_unit_max: 1, records_per_unit_max: 6, ..Limits::default() };
    let (_, findings) = map_with("0000123_20240401_OML-11_77_20240401120000000_01_1", &sound, &limits);
    assert_eq!(ids(&findings), ["E:HL7-TOO-MANY", "N:UNIT-FINDINGS-CUT"]);
}

#[test]
fn no_finding_shows_a_person() {
    let wrong = PID.replace("0000123", "7654321").replace("19800203", "19801399").replace("|F|", "|花|");
    let (_, findings) = map(&path("20240402", "OML-11", "654321", 1), &laboratory(&wrong, &["z"]));
    assert!(findings.len() >= 5);
    for finding in findings {
        let shown = format!("{finding} {finding:?}");
        for secret in
            ["7654321", "0000123", "654321", "19801399", "花子", "テスト", "ハナコ", "見本町", "03-0000"]
        {
            assert!(!shown.contains(secret), "{} shows {secret}", finding.rule.id);
        }
    }
}

#[test]
fn the_catalogue_is_whole() {
    let rules = musubi_mappers::ssmix2::rules();
    let mut ids: Vec<_> = rules.iter().map(|r| r.id).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id twice");
    for rule in rules {
        assert!(rule.id.starts_with("HL7-") || rule.id.starts_with("SSMIX2-"));
        assert!([rule.ja, rule.en, rule.mend_ja, rule.mend_en].iter().all(|t| !t.is_empty()));
        assert!(rule.ja.ends_with('。') && rule.mend_ja.ends_with('。') && rule.en.is_ascii(), "{}", rule.id);
    }
}
