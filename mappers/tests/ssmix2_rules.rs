//! A minimal mutant of a sound file for every rule of HL7 messages and SS-MIX2, and that no rule is without one.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

mod common_ssmix2;
mod harness;

use std::collections::BTreeSet;

use common_ssmix2::{PID, jis, msh, path};
use harness::{mapper, run_from};
use musubi_model::Severity;
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;

/// A sound file.
struct Sound {
    kind: FeedKind,
    path: String,
    bytes: Vec<u8>,
}

fn file(kind: &str, header: &str, date: &str, segments: &[&str]) -> Sound {
    let mut text = format!("{}\r", msh(header));
    if kind.starts_with("ADT") {
        text.push_str("EVN||20240401||||20240401\r");
    }
    text.push_str(PID);
    for segment in segments {
        text.push('\r');
        text.push_str(segment);
    }
    text.push('\r');
    Sound { kind: FeedKind::SsMix2Standard, path: path(date, kind, "77", 1), bytes: text.into_bytes() }
}

/// In the encoding that stores use.
fn stored(sound: Sound) -> Sound {
    let text = String::from_utf8(sound.bytes).expect("text");
    let bytes = text.split_inclusive('\r').flat_map(jis).collect();
    Sound { bytes, ..sound }
}

/// The sound files, by a letter.
fn sound(which: char) -> Sound {
    let laboratory = || {
        file(
            "OML-11",
            "OUL^R22",
            "20240401",
            &[
                "SPM|1|||023^血清^JC10|||||||||||||202404010900",
                "OBR|1|77||E001^検査^99O03|||20240401",
                "ORC|SC|77",
                "OBX|1|NM|3A010000002327101^総蛋白^JC10||7.2|g/dl|6.70-8.3|N|||F|||202404010900",
            ],
        )
    };
    let feed = |kind, path: &str, bytes| Sound { kind, path: path.to_owned(), bytes };
    match which {
        'L' => laboratory(),
        'A' => {
            file("ADT-52", "ADT^A03", "20240401", &[&format!("PV1|1|I{}20240320|20240401", "|".repeat(42))])
        }
        'B' => file(
            "ADT-00",
            "ADT^A08",
            "-",
            &["PV1|1|O", "OBX|1|NM|9P100000000000001^体温^JC10||36.5|cel|||||F|||20240401"],
        ),
        'D' => file("ADT-42", "ADT^A02", "20240401", &["PV1|1|I|3E"]),
        'P' => file(
            "PPR-01",
            "PPR^ZD1",
            "-",
            &["PRB|AD|20240401|20054174^胃炎^MDCDX2|||||||K297^^I10", "ORC|NW|77"],
        ),
        'R' => file(
            "OMP-01",
            "RDE^O11",
            "20240401",
            &[
                "ORC|NW|77|||||||20240401",
                "RXE||108665201^見本錠^HOT9|1||TAB|||||15|TAB",
                "TQ1|1||||||20240401",
                "RXR|PO",
            ],
        ),
        'O' => file(
            "OMG-01",
            "OMG^O19",
            "20240401",
            &["ORC|NW|77|||||||20240401", "TQ1|1", "OBR||77||1000000000000000^撮影^JJ1017"],
        ),
        'T' => {
            let body = stored(laboratory()).bytes;
            let header = b"#SSMIX,2.00,1310000001,0000123,20240401,OML-11,77,INS,01,20240401120000000\r\n";
            feed(FeedKind::SsMix2Transaction, "2024/TR_1.DAT", [header, &body[..]].concat())
        }
        'X' => {
            let kind = "^退院時サマリー^^18842-5^退院時サマリー^LN";
            let path =
                format!("0000123/20240401/{kind}/0000123_20240401_{kind}_k_20240401120000000_01_1/main.xml");
            let cda = "<ClinicalDocument><code code=\"18842-5\"/><recordTarget><patientRole>\
                       <id extension=\"0000123\"/></patientRole></recordTarget></ClinicalDocument>";
            feed(FeedKind::SsMix2Extended, &path, cda.as_bytes().to_vec())
        }
        'H' => feed(FeedKind::Hl7V2, "a.hl7", laboratory().bytes),
        'Z' => {
            let batch =
                [b"FHS|^~\\&\rBHS|^~\\&\r".as_slice(), &laboratory().bytes, b"BTS|1\rFTS|1\r"].concat();
            feed(FeedKind::Hl7V2, "a.hl7", batch)
        }
        other => panic!("no sound file {other}"),
    }
}

/// What is done to a sound file.
enum Change {
    /// A text of it is another.
    Text(&'static str, &'static str),
    /// A text of its path is another.
    Path(&'static str, &'static str),
    /// Its bytes, encoded as stores have them, are changed at a text.
    Bytes(&'static str, &'static [u8]),
    /// All its bytes are others.
    All(&'static [u8]),
    /// A limit is narrow.
    Limit(fn(&mut Limits)),
}
use Change::{All, Bytes, Limit, Path, Text};

#[rustfmt::skip] // one mutant a line
fn mutants() -> Vec<(&'static str, char, Change)> {
    vec![
        ("HL7-ENCODING", 'L', All(b"MSH|^~\\&|\xFF\xA0\xFF")),
        ("HL7-TOO-MANY", 'L', Limit(|l| l.records_per_unit_max = 3)),
        ("HL7-NO-MSH", 'L', Text("MSH|", "MSX|")),
        ("HL7-SEPARATORS", 'L', Text("|^~\\&|", "|^^\\&|")),
        ("HL7-SEGMENT-NAME", 'L', Text("OBX|1", "OB|1")),
        ("HL7-SEGMENT-LONG", 'L', Limit(|l| l.record_bytes_max = 60)),
        ("HL7-ESC-UNKNOWN", 'L', Bytes("総蛋白", b"\x1B$A4A\x1B(BX")),
        ("HL7-ESC-OPEN", 'L', Bytes("|N|||F|||202404010900", b"|N|||F|||\x1B$B4A;z")),
        ("HL7-ESC-SWALLOWED", 'L', Bytes("総蛋白", b"\x1B$BAmC1")),
        ("HL7-KANJI-CUT", 'L', Bytes("総蛋白", b"\x1B$BAmC\x1B(B")),
        ("HL7-EIGHT-BIT", 'L', Bytes("総蛋白", b"\x91\x8D")),
        ("HL7-UNDECODABLE", 'L', Bytes("総蛋白", b"\x1B$B)!\x1B(B")),
        ("HL7-JIS2000", 'L', Bytes("総蛋白", b"\x1B$(Q4A\x1B(B")),
        ("HL7-GAIJI", 'L', Text("総蛋白", "\u{E000}")),
        ("HL7-CHARSET-DECLARED", 'L', Text("~ISO IR87", "EUC-JP")),
        ("HL7-TIME", 'L', Text("202404010900\r", "99999999\r")),
        ("HL7-NUMBER", 'R', Text("|15|TAB", "|多め|TAB")),
        ("HL7-SECOND-MESSAGE", 'L', Text("ORC|SC|77", "MSH|^~\\&|A")),
        ("HL7-SEGMENT-UNKNOWN", 'L', Text("ORC|SC|77", "QQQ|1")),
        ("HL7-SEGMENT-PLACE", 'L', Text("ORC|SC|77", "PRB|AD")),
        ("HL7-SEGMENT-MISSING", 'R', Text("RXR|PO\r", "")),
        ("HL7-MESSAGE-UNKNOWN", 'H', Text("OUL^R22", "MFN^M02")),
        ("HL7-NOT-PRODUCTION", 'L', Text("|1|P|2.5", "|1|T|2.5")),
        ("HL7-MESSAGE-TIME", 'H', Text("|20240401120000|", "||")),
        ("HL7-BATCH-COUNT", 'Z', Text("BTS|1", "BTS|2")),
        ("HL7-BEFORE-MESSAGES", 'H', Text("MSH|^~", "log\rMSH|^~")),
        ("HL7-NO-MESSAGE", 'H', All(b"a,b,c\r\n")),
        ("SSMIX2-EMPTY", 'L', All(b"")),
        ("SSMIX2-TOO-LARGE", 'L', Limit(|l| l.document_bytes_max = 10)),
        ("SSMIX2-PATH", 'L', Path("_1", "_9")),
        ("SSMIX2-TYPE-UNKNOWN", 'L', Path("OML-11", "XYZ-11")),
        ("SSMIX2-PATH-TIME", 'L', Path("20240401120000000", "202404011200")),
        ("SSMIX2-FOLDER-PID", 'L', Path("012/0000123/", "012/0000124/")),
        ("SSMIX2-FOLDER-TYPE", 'L', Path("/OML-11/", "/OML-01/")),
        ("SSMIX2-FOLDER", 'L', Path("/20240401/", "/20240402/")),
        ("SSMIX2-PATH-PID", 'L', Text("0000123^^^^PI", "0000124^^^^PI")),
        ("SSMIX2-PATH-PID-PADDING", 'L', Text("0000123^^^^PI", "123^^^^PI")),
        ("SSMIX2-PID-MISSING", 'L', Text("PID|0001", "NTE|0001")),
        ("SSMIX2-PID-NUMBER", 'L', Text("0000123^^^^PI", "")),
        ("SSMIX2-PID-DIFFERS", 'L', Text("ORC|SC|77", "PID|||9")),
        ("SSMIX2-PID-BIRTH", 'L', Text("|19800203|", "|18500203|")),
        ("SSMIX2-PID-SHIFTED", 'L', Text("||19800203|F|", "||||19800203|")),
        ("SSMIX2-PID-SEX", 'L', Text("|F|||", "|X|||")),
        ("SSMIX2-PID-NAME", 'L', Text("テスト^花子^^^^^L^I~テスト^ハナコ^^^^^L^P", "")),
        ("SSMIX2-PATH-TYPE", 'L', Text("OUL^R22", "OUL^R21")),
        ("SSMIX2-FLAG-EVENT", 'A', Text("ADT^A03", "ADT^A13")),
        ("SSMIX2-PATH-DATE", 'L', Text("|202404010900\rOBR", "|202404020900\rOBR")),
        ("SSMIX2-PATH-ORDER", 'L', Text("ORC|SC|77", "ORC|SC|78")),
        ("SSMIX2-PROBLEM-DELETED", 'P', Text("PRB|AD", "PRB|DE")),
        ("SSMIX2-ICD10", 'P', Text("K297", "297")),
        ("SSMIX2-NO-ICD10", 'P', Text("|K297^^I10", "|")),
        ("SSMIX2-NO-CODE", 'R', Text("108665201^見本錠^HOT9", "")),
        ("SSMIX2-ORDER-CANCELLED", 'R', Text("ORC|NW", "ORC|CA")),
        ("SSMIX2-RESULT-WITHDRAWN", 'L', Text("|||F|||", "|||D|||")),
        ("SSMIX2-TEXT-SEALED", 'L', Text("NM|3A010000002327101^総蛋白^JC10||7.2", "ST|3A010000002327101^総蛋白^JC10||見本の文")),
        ("SSMIX2-NEGATIVE", 'R', Text("|15|TAB", "|-15|TAB")),
        ("SSMIX2-CODE-SHAPE", 'R', Text("108665201^", "10866520^")),
        ("SSMIX2-CODE-SHAPE", 'O', Text("1000000000000000", "100000000000000")),
        ("SSMIX2-CLASS", 'A', Text("PV1|1|I", "PV1|1|O")),
        ("SSMIX2-EVENT-DATE", 'D', Text("EVN||20240401||||20240401", "EVN||20240401")),
        ("SSMIX2-END-BEFORE-START", 'A', Text("|20240320|", "|20240402|")),
        ("SSMIX2-BEFORE-BIRTH", 'P', Text("20240401|2005", "19700401|2005")),
        ("SSMIX2-AFTER-MESSAGE", 'P', Text("20240401|2005", "20420401|2005")),
        ("SSMIX2-VALUE-RANGE", 'B', Text("36.5", "365")),
        ("SSMIX2-EXT-PATH", 'X', Path("_01_1/", "_01/")),
        ("SSMIX2-EXT-PATIENT", 'X', Text("0000123", "0000124")),
        ("SSMIX2-EXT-KIND", 'X', Text("18842-5", "57133-1")),
        ("SSMIX2-EXT-KIND-UNKNOWN", 'X', All(b"%PDF")),
        ("SSMIX2-EXT-XML", 'X', Text("</recordTarget></ClinicalDocument>", "")),
        ("SSMIX2-FOLDER-TYPE", 'X', Path("20240401/^退院時", "20240401/^入院時")),
        ("SSMIX2-FOLDER-PID", 'X', Path("0000123/2024", "0000124/2024")),
        ("SSMIX2-TR-HEADER", 'T', Text(",INS,", ",UPD,")),
        ("SSMIX2-TR-HEADER", 'T', Text(",01,20240401120000000", "")),
        ("SSMIX2-TR-HEADER", 'T', Text(",20240401,OML", ",20240431,OML")),
        ("SSMIX2-TR-NO-HEADER", 'T', Text("#SSMIX", "SSMIX")),
        ("SSMIX2-TR-VERSION", 'T', Text("2.00", "1.00")),
        ("SSMIX2-TR-FACILITY", 'T', Text("1310000001", "1310000002")),
        ("SSMIX2-TYPE-UNKNOWN", 'T', Text(",OML-11,", ",XYZ-11,")),
        ("SSMIX2-PATH-PID", 'T', Text(",0000123,", ",0000124,")),
        ("SSMIX2-NO-KEY", 'H', Text("OBR|1|77||E001^検査^99O03|||20240401\rORC|SC|77", "OBR|1|||E001^検査^99O03|||20240401")),
    ]
}

fn changed(which: char, change: &Change) -> (Sound, Limits) {
    let mut file = sound(which);
    let mut limits = Limits::default();
    match change {
        Text(from, to) => {
            let text = String::from_utf8_lossy(&file.bytes).into_owned();
            assert!(text.contains(from), "{which} does not hold {from}");
            file.bytes = text.replacen(from, to, 1).into_bytes();
        }
        Path(from, to) => {
            // Of the folder, the last piece; of the name, the last flag.
            assert!(file.path.contains(from), "{which} does not hold {from}");
            let at = if *from == "_1" { file.path.rfind(from) } else { file.path.find(from) }
                .expect("it is there");
            file.path.replace_range(at..at + from.len(), to);
            if *from == "OML-11" || from.starts_with("2024040112") {
                file.path = file.path.replace(from, to);
            }
        }
        Bytes(from, to) => {
            let marked = String::from_utf8(file.bytes).expect("text").replacen(from, "@@@", 1);
            file = stored(Sound { bytes: marked.into_bytes(), ..file });
            let at = file.bytes.windows(3).position(|w| w == b"@@@").expect("it is there");
            file.bytes.splice(at..at + 3, to.iter().copied());
        }
        All(bytes) => file.bytes = bytes.to_vec(),
        Limit(narrow) => narrow(&mut limits),
    }
    if which == 'X' && matches!(change, All(_)) {
        file.path = file.path.replace("^退院時サマリー^^18842-5^退院時サマリー^LN", "L-1^見本^99A");
    }
    (file, limits)
}

/// Rules that files cannot break in a test: a message of four gigabytes.
const TOO_LARGE_TO_TEST: [&str; 1] = ["HL7-TOO-LONG"];

#[test]
fn every_rule_has_a_mutant_that_breaks_it() {
    for which in "LABDPROTXHZ".chars() {
        let file = sound(which);
        let done = run_from(
            "1310000001",
            mapper(file.kind, "").as_ref(),
            &file.bytes,
            &file.path,
            &Limits::default(),
            &NoMasters,
        );
        // UTF-8 is told, and nothing else.
        let rules: Vec<_> = done.rules().into_iter().filter(|r| *r != "HL7-CHARSET-DECLARED").collect();
        assert_eq!(rules, [""; 0], "the sound file {which}");
        assert!(done.units.iter().all(|u| !u.facts.is_empty()), "the sound file {which} gives nothing");
    }
    let mut broken: BTreeSet<&str> = BTreeSet::new();
    for (rule, which, change) in mutants() {
        let (file, limits) = changed(which, &change);
        let done = run_from(
            "1310000001",
            mapper(file.kind, "").as_ref(),
            &file.bytes,
            &file.path,
            &limits,
            &NoMasters,
        );
        assert!(done.rules().contains(&rule), "{rule} {which}: {:?}", done.rules());
        let severity = done.findings().find(|f| f.rule.id == rule).map(|f| f.rule.severity);
        let quarantined =
            done.split.is_unsound() || done.units.iter().any(musubi_mappers::MappedUnit::is_unsound);
        assert!(severity != Some(Severity::Error) || quarantined, "{rule} quarantines nothing");
        broken.insert(rule);
    }
    let without: Vec<_> = musubi_mappers::ssmix2::rules()
        .iter()
        .map(|r| r.id)
        .filter(|id| !broken.contains(id) && !TOO_LARGE_TO_TEST.contains(id))
        .collect();
    assert_eq!(without, [""; 0], "rules without a mutant");
}

#[test]
fn findings_of_mutants_show_nobody() {
    for (rule, which, change) in mutants() {
        let (file, limits) = changed(which, &change);
        let done = run_from(
            "1310000001",
            mapper(file.kind, "").as_ref(),
            &file.bytes,
            &file.path,
            &limits,
            &NoMasters,
        );
        for finding in done.findings() {
            let shown = format!("{finding} {finding:?}");
            for secret in
                ["0000123", "0000124", "花子", "ハナコ", "見本町", "03-0000", "19800203", "見本の文"]
            {
                assert!(!shown.contains(secret), "{rule} {which}: {} shows {secret}", finding.rule.id);
            }
        }
    }
}

#[test]
fn new_rules_have_an_example() {
    let new = ["SSMIX2-EXT-", "SSMIX2-TR-", "SSMIX2-NEGATIVE", "HL7-BATCH", "HL7-NO-MESSAGE"];
    for rule in musubi_mappers::ssmix2::rules() {
        assert!(!rule.example.is_empty() || !new.iter().any(|n| rule.id.starts_with(n)), "{}", rule.id);
    }
}
