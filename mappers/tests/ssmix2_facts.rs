//! What the five mapped data types become, on synthetic messages.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

mod common_ssmix2;

use common_ssmix2::{PID, check, counts, line, map, message, msh, path, said};
use musubi_mappers::Mapper as _;
use musubi_model::{CodeSystem, Coded, FactTable};

#[test]
fn demographics() {
    let unit = check(
        "ADT-00",
        "ADT^A08",
        "-",
        &[
            "PV1|1|O",
            "IN1|1|01^協会^JHSD0001|01130012|||||||記号|番号１２|20240101|20241231||||SEL^本人^HL70063",
        ],
        &["payer_plan_period start=2024-01-01 end=2024-12-31 source=PAYER:01 協会 status=SEL"],
        &[],
    );
    let d = &unit.demographics;
    assert_eq!(d.local_number.expose(), "0000123");
    assert_eq!(d.name_kanji.expose(), "テスト 花子");
    assert_eq!(d.name_kana.expose(), "テスト ハナコ");
    assert_eq!(d.birth.expose().map(|b| b.to_string()).as_deref(), Some("1980-02-03"));
    assert_eq!(d.sex, musubi_model::Sex::Female);
    assert_eq!(d.postal_code.expose(), "100-0001");
    assert_eq!(d.address.expose(), "東京都千代田区見本町１－２");
    assert_eq!(d.phone.expose(), "03-0000-0000");
    assert_eq!(d.insurer_number.expose(), "01130012");
    assert_eq!(d.insured_symbol.expose(), "記号");
    assert_eq!(d.insured_number.expose(), "番号１２");
}

#[test]
fn patient_basics() {
    check(
        "ADT-00",
        "ADT^A08",
        "-",
        &[
            "PV1|1|I",
            "OBX|1|NM|9N001000000000001^身長^JC10||167.8|cm^cm^ISO+|||||F|||20240331",
            "OBX|2|CWE|5H010000009199911^血液型-ABO式^JC10||A^Ａ型^JSHR002||||||F",
            "AL1|1|DA^薬剤^HL70127|1^ペニシリン^99XYZ|SV^重度^HL70128||20200101",
            "AL1|2",
        ],
        &[
            "measurement start=2024-03-31 source=JC10:9N001000000000001 身長 status=F text=167.8 number=167.8 unit=cm",
            "observation source=JC10:5H010000009199911 血液型-ABO式 qualifiers=valueset=JSHR002 status=F text=A",
            "observation start=2020-01-01 source=99XYZ:1 ペニシリン qualifiers=allergy=DA status=SV",
        ],
        &["W:SSMIX2-NO-CODE"],
    );
}

#[test]
fn death() {
    let header = msh("ADT^A08");
    let check = |tail: &str, expect: Option<&str>| {
        let pid = format!("{PID}|||||||||||||||{tail}");
        let bytes = message(&[&header, "EVN||20240401", &pid, "PV1|1|I"]);
        let (unit, _) = map(&path("-", "ADT-00", "999999999999999", 1), &bytes);
        let death = unit.facts.iter().find(|f| f.table == FactTable::Death).map(line);
        assert_eq!(death.as_deref(), expect, "{tail}");
    };
    check("|202403311530|Y", Some("death start=2024-03-31 second=55800 status=Y"));
    check("|20240331|", Some("death start=2024-03-31"));
    check("||Y", Some("death status=Y"));
    check("||N", None);
    check("|\"\"|\"\"", None);
    check("|20240331|N", None);
    check("||", None);
}

#[test]
fn problems() {
    check(
        "PPR-01",
        "PPR^ZD1",
        "-",
        &[
            "PRB|AD|20240315|20054174^胃炎^MDCDX2|1|||20240310||20240330|K29.7^^I10^O^外来時^JHSD0004~B980||||N^回復せず^HL70241|||自由記載|1^主診断^JHSD0007",
            "ZPR|1001^急性^MDCDX2|20054174^胃炎^MDCDX2|2056^の疑い^MDCDX2",
            "ORC|NW|77||||||||||110^医師^見本|||||01^内科^MML028",
            "PRB|DE|20240315|20054174^胃炎^MDCDX2",
            "ORC|NW|77|||||||||||||||02^外科",
            "PRB|AD|20240401|20084317^見本病の疑い^MDCDX2|||||||",
            "PRB|UP|20240401|20054174^胃炎^MDCDX2|||||||胃炎",
            "PRB|AD|20240401",
        ],
        &[
            "condition_occurrence start=2024-03-10 end=2024-03-30 source=MDCDX2:20054174 胃炎 standard=ICD10:K297 \
         qualifiers=icd10=B980 priority=1 1001 2056 8002 status=N department=01",
            "condition_occurrence start=2024-04-01 source=MDCDX2:20084317 見本病の疑い qualifiers=8002",
            "condition_occurrence start=2024-04-01 source=MDCDX2:20054174 胃炎",
        ],
        &["N:SSMIX2-NO-ICD10", "N:SSMIX2-PROBLEM-DELETED", "W:SSMIX2-ICD10", "W:SSMIX2-NO-CODE"],
    );
}

#[test]
fn prescriptions() {
    let orc = "ORC|NW|77||77_01_001|||||20240401103045|||110^医師^見本|||||01^内科^99XY1";
    check(
        "OMP-01",
        "RDE^O11",
        "20240401",
        &[
            orc,
            "RXE||108665201^見本錠５ｍｇ^HOT9|1||TAB^錠^MR9P|||||15|TAB^錠^MR9P||||||||3^TAB&錠&MR9P",
            "TQ1|1||1013044400000000&内服・毎食後&JAMISDP01|||5^D&日&ISO+|2024040108",
            "RXR|PO^口^HL70162",
            "ORC|NW|77||2|||||20240401103045",
            "RXE||00^一般^JHSI0002|||ml^ミリリッター^ISO+",
            "TQ1|1|||||2^wk|20240402|20240415",
            "RXR|IV^静脈^HL70162",
            "RXC|A|100558502^見本注１０ｍｇ^HOT|1|AMP^アンプル^MR9P",
            "ORC|CA|78||1",
            "RXE||108665201^見本錠５ｍｇ^HOT9|1||TAB",
            "TQ1|1",
            "RXR|PO",
            "ORC|NW|79||abc",
            "RXE||9^見本散^99Z|多め||G^グラム",
            "TQ1|1|||||幾日^d|20240401",
            "RXR|PO",
        ],
        &[
            "drug_exposure start=2024-04-01 second=28800 source=HOT:108665201 見本錠５ｍｇ \
         qualifiers=dose=1TAB daily=3TAB usage=1013044400000000 route=PO status=NW unit=TAB quantity=15 times=5 \
         group=1-01_001 department=01",
            "drug_exposure start=2024-04-02 end=2024-04-15 source=HOT:100558502 見本注１０ｍｇ qualifiers=component=A \
         injection=00 route=IV status=NW unit=AMP quantity=1 times=14 group=1-2",
            "drug_exposure start=2024-04-01 source=99Z:9 見本散 qualifiers=route=PO status=NW group=3",
        ],
        &["N:SSMIX2-ORDER-CANCELLED", "W:HL7-NUMBER"],
    );
}

#[test]
fn administrations() {
    check(
        "OMP-11",
        "RAS^O17",
        "20240401",
        &[
            "ORC|NW|77||1|||||20240401|||110^医師^見本|||||01^内科^99XY1",
            "RXA|0|1|202404010830|202404010845|108665201^見本錠^HOT9|1.5|TAB^錠^MR9P|||200^看護^見本||||||||||CP",
            "RXA|0|1|20240401||108665201^見本錠^HOT9|999||||||||||||||NA",
            "RXR|PO^口^HL70162",
            "RXA|0|1|20240401||108665201^見本錠^HOT9|1||||||||||||||CP|D",
            "RXA|0|1",
            "RXR|PO",
        ],
        &[
            "drug_exposure start=2024-04-01 second=30600 end=2024-04-01 source=HOT:108665201 見本錠 qualifiers=route=PO \
         status=CP unit=TAB quantity=1.5 group=1-1 department=01",
            "drug_exposure start=2024-04-01 source=HOT:108665201 見本錠 qualifiers=route=PO status=NA group=1-1 department=01",
        ],
        &["N:SSMIX2-RESULT-WITHDRAWN", "W:SSMIX2-NO-CODE"],
    );
}

#[test]
fn laboratory_results() {
    let unit = check(
        "OML-11",
        "OUL^R22",
        "20240401",
        &[
            "PV1|1|O",
            "SPM|1|1||023^血清^JC10|||||||||||||202404010900",
            "OBR|1|77|1|E001^検査^99O03|||20240331",
            "ORC|SC|77|1||CM||||20240401||||||||01^内科^99XY1",
            "OBX|1|NM|1234^院内名^99X03^3A010000002327101^総蛋白^JC10||<0.5|g/dl^g/dl^99XYZ|6.70-8.3|L|||F|||202404011000",
            "OBX|2|ST|3B035000002327201^見本^JC10|2|陰性||||||F",
            "OBX|3|ST|3B035000002327201^見本^JC10||見本さんは元気||担当 見本||||F",
            "OBX|4|TX|3B035000002327201^見本^JC10||自由記載||||||F",
            "OBX|5|CWE|6B010^菌名^JC10||1301^見本菌^JANIS||||||P",
            "OBX|6|NM|3A010000002327101^総蛋白^JC10||12mg/dL||||||C",
            "OBX|7|NM|3A010000002327101^総蛋白^JC10||||||||X",
            "OBX|8|NM|3A010000002327101^総蛋白^JC10||1||||||D",
            "OBX|9|SN|3A010000002327101^総蛋白^JC10||>^100||||||F",
            "OBX|10|XCN|3A010000002327101^採取者^JC10||9^見本^太郎||||||F",
        ],
        &[
            "measurement start=2024-04-01 second=32400 source=JC10:3A010000002327101 総蛋白 qualifiers=specimen=023 status=F \
         text=<0.5 comparator=< number=0.5 unit=g/dl range=6.70-8.3 flag=L group=1-1 department=01",
            "measurement start=2024-04-01 second=32400 source=JC10:3B035000002327201 見本 qualifiers=specimen=023 status=F \
         text=陰性 group=1-1-2 department=01",
            "measurement start=2024-04-01 second=32400 source=JC10:3B035000002327201 見本 qualifiers=text=sealed \
         specimen=023 status=F group=1-1 department=01",
            "measurement start=2024-04-01 second=32400 source=JC10:3B035000002327201 見本 qualifiers=text=sealed \
         specimen=023 status=F group=1-1 department=01",
            "measurement start=2024-04-01 second=32400 source=JC10:6B010 菌名 qualifiers=valueset=JANIS specimen=023 \
         status=P text=1301 group=1-1 department=01",
            "measurement start=2024-04-01 second=32400 source=JC10:3A010000002327101 総蛋白 qualifiers=specimen=023 status=C \
         text=12mg/dL number=12 unit=mg/dL group=1-1 department=01",
            "measurement start=2024-04-01 second=32400 source=JC10:3A010000002327101 総蛋白 qualifiers=specimen=023 status=X \
         group=1-1 department=01",
            "measurement start=2024-04-01 second=32400 source=JC10:3A010000002327101 総蛋白 qualifiers=specimen=023 status=F \
         text=>100 comparator=> number=100 group=1-1 department=01",
            "measurement start=2024-04-01 second=32400 source=JC10:3A010000002327101 採取者 qualifiers=text=sealed \
         specimen=023 status=F group=1-1 department=01",
        ],
        &["N:SSMIX2-RESULT-WITHDRAWN", "N:SSMIX2-TEXT-SEALED"],
    );
    assert_eq!(counts(&unit), "person 1, measurement 9");
    for fact in &unit.facts {
        assert!(!format!("{fact:?}").contains("見本さん") && !format!("{fact:?}").contains("担当"));
    }
}

#[test]
fn a_deleting_message_gives_no_clinical_fact() {
    let segments = ["PV1|1|O", "OBX|1|NM|9N001000000000001^身長^JC10||167.8"];
    check("ADT-00", "ADT^A23", "-", &segments, &[], &["W:SSMIX2-FLAG-EVENT"]);
}

#[test]
fn a_master_gives_the_standard_code_that_was_not_sent() {
    struct One;
    impl musubi_model::code::Masters for One {
        fn edition(
            &self,
            _: &CodeSystem,
            _: Option<musubi_model::PartialDate>,
        ) -> Option<compact_str::CompactString> {
            Some("20240401".into())
        }
        fn look_up(
            &self,
            system: &CodeSystem,
            code: &str,
            _: Option<musubi_model::PartialDate>,
        ) -> Option<musubi_model::code::MasterEntry> {
            (*system == CodeSystem::MedisDisease && code == "20054174").then(|| {
                musubi_model::code::MasterEntry {
                    name: "胃炎".into(),
                    standard: Some(Coded::new(CodeSystem::Icd10, "K297")),
                }
            })
        }
    }
    let header = msh("PPR^ZD1");
    let problem = "PRB|AD|20240401|20054174^胃炎^MDCDX2";
    let bytes = message(&[&header, PID, problem, problem]);
    let path = path("-", "PPR-01", "77", 1);
    let provider = "test".parse().expect("a provider");
    let limits = musubi_model::limits::Limits::default();
    let document =
        musubi_mappers::Document { bytes: &bytes, path: &path, provider: &provider, limits: &limits };
    let split = musubi_mappers::ssmix2::SsMix2.split(&document);
    let unit = musubi_mappers::ssmix2::SsMix2.map(&document, &split, &split.units[0], &One);
    assert_eq!(unit.master_version, "MDCDX2 20240401");
    assert_eq!(unit.facts.iter().filter(|f| said(f.standard.as_ref()) == "ICD10:K297").count(), 2);
    assert!(unit.findings.is_empty(), "{:?}", unit.findings);
}
