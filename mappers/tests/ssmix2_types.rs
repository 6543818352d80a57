//! What the data types of standard storage become: visits and moves, allergies, meals, injections, orders, examinations.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

mod common_ssmix2;

use common_ssmix2::{PID, check, ids, line, map, message, msh, path};
use musubi_mappers::ssmix2::types;

const ORC: &str = "ORC|NW|77|||||||202404011030|058^入力^見本||110^医師^見本|||||01^内科^99XY1";
const DOCTOR: &str = "110^見本^医師";

/// One ADT message of the day 2024-04-01: its only fact besides the person's, and the findings.
fn event(
    kind: &str,
    header: &str,
    date: &str,
    evn6: &str,
    segments: &[&str],
    expect: &str,
    findings: &[&str],
) {
    let evn = format!("EVN||202404011200||||{evn6}");
    let header = msh(header);
    let mut all = vec![header.as_str(), evn.as_str(), PID];
    all.extend(segments);
    let (unit, found) = map(&path(date, kind, "999999999999999", 1), &message(&all));
    assert_eq!(ids(&found), findings, "{kind}");
    let lines: Vec<String> = unit.facts.iter().skip(1).map(line).collect();
    let expect: Vec<&str> = if expect.is_empty() { Vec::new() } else { vec![expect] };
    assert_eq!(lines, expect, "{kind}");
}

#[test]
fn the_doctor_in_charge_is_sealed() {
    let pv1 = format!("PV1|1|O|01^^^^^C||||{DOCTOR}|||01");
    event(
        "ADT-01",
        "ADT^A54",
        "-",
        "20240401",
        &[&pv1],
        "observation start=2024-04-01 source=HL70003:A54 qualifiers=class=O ward=01 department=01",
        &[],
    );
}

#[test]
fn receptions_and_admissions_are_visits() {
    event(
        "ADT-12",
        "ADT^A04",
        "20240401",
        "",
        &["PV1|1|O|01^^^^^C|||||||01||||||||||||||||||||||||||||||||||202404010915"],
        "visit_occurrence start=2024-04-01 second=33300 source=HL70004:O qualifiers=event=A04 ward=01 department=01",
        &[],
    );
    event(
        "ADT-22",
        "ADT^A01",
        "20240401",
        "",
        &["PV1|1|I|３階東病棟^302^1^^^N|E||||||01||||7||||||||||||||||||||||||||||||202404011000"],
        "visit_occurrence start=2024-04-01 second=36000 source=HL70004:I \
         qualifiers=event=A01 ward=３階東病棟 admission=E admit-source=7 department=01",
        &[],
    );
    // A ward that is no place by its name may be a person's.
    event(
        "ADT-22",
        "ADT^A01",
        "20240401",
        "20240401",
        &["PV1|1|I|見本太郎^302|||||||01"],
        "visit_occurrence start=2024-04-01 source=HL70004:I qualifiers=event=A01 department=01",
        &["W:SSMIX2-PATH-DATE"],
    );
}

#[test]
fn discharges_tell_disposition_and_days() {
    let pv1 = "PV1|1|I|5E^501|||||||01||||||||||||||||||||||||||01||||||||202403200930|202404011030";
    event(
        "ADT-52",
        "ADT^A03",
        "20240401",
        "",
        &[pv1],
        "visit_occurrence start=2024-03-20 second=34200 end=2024-04-01 source=HL70004:I qualifiers=event=A03 ward=5E \
         status=01 department=01",
        &[],
    );
}

#[test]
fn what_is_planned_is_no_visit() {
    event(
        "ADT-21",
        "ADT^A14",
        "20240408",
        "",
        &["PV1|1|I|3E|||||||01", "PV2||||||||202404081000"],
        "observation start=2024-04-08 second=36000 source=HL70003:A14 qualifiers=class=I ward=3E department=01",
        &[],
    );
    event(
        "ADT-41",
        "ADT^A15",
        "20240408",
        "",
        &["PV1|1|I|3E|||||||01", "PV2|5E^501|||||||20240408"],
        "observation start=2024-04-08 source=HL70003:A15 qualifiers=class=I ward=3E to=5E department=01",
        &[],
    );
    event(
        "ADT-51",
        "ADT^A16",
        "20240409",
        "",
        &["PV1|1|I|3E|||||||01", "PV2|||||||||20240409"],
        "observation start=2024-04-09 source=HL70003:A16 qualifiers=class=I ward=3E department=01",
        &[],
    );
}

#[test]
fn leaves_and_moves_are_observations() {
    let pv2 = format!("PV2{}20240402", "|".repeat(47));
    event(
        "ADT-31",
        "ADT^A21",
        "20240401",
        "202404011500",
        &["PV1|1|I|3E|||||||01", &pv2],
        "observation start=2024-04-01 second=54000 end=2024-04-02 source=HL70003:A21 qualifiers=class=I ward=3E department=01",
        &[],
    );
    event(
        "ADT-32",
        "ADT^A22",
        "20240402",
        "",
        &["PV1|1|I|3E|||||||01", &pv2],
        "observation start=2024-04-02 source=HL70003:A22 qualifiers=class=I ward=3E department=01",
        &[],
    );
    event(
        "ADT-42",
        "ADT^A02",
        "20240401",
        "202404011400",
        &["PV1|1|I|5E^501|||3E^302|110^見本^医師|||02"],
        "observation start=2024-04-01 second=50400 source=HL70003:A02 qualifiers=class=I ward=5E from=3E department=02",
        &[],
    );
}

#[test]
fn deleting_events_give_no_fact_and_want_the_flag() {
    for kind in &types::TYPES {
        let Some(delete) = kind.messages.get(1) else { continue };
        let header = msh(delete);
        let bytes = message(&[
            &header,
            "EVN||20240401||||20240401",
            PID,
            "PV1|1|I|3E",
            "PV2||||||||20240401|20240401",
        ]);
        let date = if kind.care_date.is_empty() { "-" } else { "20240401" };
        for (flag, expect) in [(0, false), (1, true), (2, true)] {
            let (unit, found) = map(&path(date, kind.name, "999999999999999", flag), &bytes);
            assert_eq!(unit.facts.len(), 1, "{}: the person only", kind.name);
            assert_eq!(
                ids(&found).contains(&"W:SSMIX2-FLAG-EVENT".to_owned()),
                expect,
                "{} {flag}",
                kind.name
            );
        }
    }
}

#[test]
fn allergies() {
    let expect = &[
        "observation start=2023-05-01 source=HOT:100558502 見本注 qualifiers=allergy=DA status=SV",
        "observation source=99XYZ:2 見本食物 qualifiers=allergy=FA",
    ];
    check(
        "ADT-61",
        "ADT^A60",
        "-",
        &[
            "IAM|1|DA^薬剤^HL70127|100558502^見本注^HOT9|SV^重度^HL70128|自由記載|A^追加^HL70206|||||20230501|春ごろ",
            "IAM|2|FA|2^見本食物^99XYZ|||U",
            "IAM|3|FA|3^見本食物^99XYZ|||D",
        ],
        expect,
        &[],
    );
}

#[test]
fn disability_and_public_payers() {
    let unit = check(
        "ADT-00",
        "ADT^A08",
        "-",
        &[
            "PV1|1|O",
            "DB1|1|PT|123456|Y|20200101",
            "DB1|2|GT||Y",
            "IN1|1|54^難病^JHSD0001|54136015||||||||1234566|20240101|||||SEL",
            "IN1|2|06^組合^JHSD0001|06050116|||||||記号|番号||||||EME^被扶養者",
        ],
        &[
            "observation start=2020-01-01 source=HL70334:PT status=Y",
            "payer_plan_period start=2024-01-01 source=PAYER:54 難病 status=SEL",
            "payer_plan_period source=PAYER:06 組合 status=EME",
        ],
        &[],
    );
    // The insurer's number, not the public payer's.
    assert_eq!(unit.demographics.insurer_number.expose(), "06050116");
    assert_eq!(unit.demographics.insured_number.expose(), "番号");
}

#[test]
fn next_of_kin_is_nobody_of_ours() {
    let unit = check(
        "ADT-00",
        "ADT^A08",
        "-",
        &["NK1|1|別人^次郎|SPO|^^^^999-9999^JPN^H^別県別市|090-0000-0000", "PV1|1|O"],
        &[],
        &[],
    );
    assert_eq!(unit.demographics.name_kanji.expose(), "テスト 花子");
    assert_eq!(unit.demographics.postal_code.expose(), "100-0001");
}

#[test]
fn diagnoses_and_procedures_of_admissions() {
    let header = msh("ADT^A01");
    let pv1 = format!("PV1|1|I{}20240401", "|".repeat(42));
    let bytes = message(&[
        &header,
        "EVN||20240401",
        PID,
        &pv1,
        "DG1|1||K29.7^胃炎^I10|自由記載|20240401|A",
        "PR1|1||150000110^見本手術^99A||202404011300",
    ]);
    let (unit, found) = map(&path("20240401", "ADT-22", "999999999999999", 1), &bytes);
    assert_eq!(ids(&found), [""; 0]);
    let lines: Vec<String> = unit.facts.iter().skip(2).map(line).collect();
    let expect = [
        "condition_occurrence start=2024-04-01 source=ICD10:K29.7 胃炎 standard=ICD10:K297 qualifiers=type=A",
        "procedure_occurrence start=2024-04-01 second=46800 source=99A:150000110 見本手術",
    ];
    assert_eq!(lines, expect);
}

#[test]
fn meals() {
    check(
        "OMD",
        "OMD^O03",
        "20240401",
        &[
            ORC,
            "TQ1|1||TID&１日３回&HL70335||||2024040112|2024040218",
            "ODS|D|1^朝^99M~2^昼^99M|001^常食^99XY3|見本さんは塩分控えめ",
            "ORC|CA|78|||||||20240401",
            "ODS|D||002^^99XY3",
        ],
        &["observation start=2024-04-01 second=43200 end=2024-04-02 source=99XY3:001 常食 \
             qualifiers=basis=order diet=D period=1 period=2 usage=TID text=sealed status=NW group=1 department=01"],
        &["N:SSMIX2-ORDER-CANCELLED", "N:SSMIX2-TEXT-SEALED"],
    );
}

const INJECTION: &str = "RXE||00^一般^JHSI0002|500||ml^ミリリッター^ISO+|INJ^注射剤^MR9P|||||||||||||||IHP^入院処方^MR9P||\
100|ml/hr^ミリリッター／時間^ISO+";

#[test]
fn injections_ordered() {
    check(
        "OMP-02",
        "RDE^O11",
        "20240401",
        &[
            "ORC|NW|77||77_01_001|||||20240401103045|||110^医師^見本|||||01^内科",
            INJECTION,
            "TQ1|1||||||202404011300|202404011500",
            "RXR|IV^静脈内^HL70162|ARM^腕^HL70550",
            "RXC|B|107752001^見本輸液^HOT|1|BAG^袋^MR9P",
            "RXC|A|100558502^見本注^HOT|2|AMP^アンプル^MR9P|10|mg",
        ],
        &[
            "drug_exposure start=2024-04-01 second=46800 end=2024-04-01 source=HOT:107752001 見本輸液 qualifiers=component=B \
             injection=00 volume=500ml rate=100ml/hr route=IV site=ARM status=NW unit=BAG quantity=1 group=1-01_001 department=01",
            "drug_exposure start=2024-04-01 second=46800 end=2024-04-01 source=HOT:100558502 見本注 qualifiers=component=A \
             strength=10mg injection=00 volume=500ml rate=100ml/hr route=IV site=ARM status=NW unit=AMP quantity=2 \
             group=1-01_001 department=01",
        ],
        &[],
    );
}

#[test]
fn injections_given() {
    check(
        "OMP-12",
        "RAS^O17",
        "20240401",
        &[
            "ORC|NW|77||77_01_001|||||20240401103045||||||||01^内科",
            INJECTION,
            "TQ1|1||||||202404011300",
            "RXR|IV^静脈内^HL70162",
            "RXC|B|107752001^見本輸液^HOT|1|BAG^袋^MR9P",
            "RXA|0|1|202404011305|202404011500|00^一般^JHSI0002|480|ml^ミリリッター^ISO+|||200^看護^見本||||||||||CP",
            "RXA|0|2|202404011600|202404011610|100558502^見本注^HOT|1|AMP|||200^看護^見本||||||||||PA",
            "RXR|IM^筋肉内^HL70162",
        ],
        &[
            "drug_exposure start=2024-04-01 second=47100 end=2024-04-01 source=HOT:107752001 見本輸液 qualifiers=component=B \
             injection=00 volume=480ml route=IM status=CP unit=BAG quantity=1 group=1-01_001 department=01",
            "drug_exposure start=2024-04-01 second=57600 end=2024-04-01 source=HOT:100558502 見本注 qualifiers=route=IM \
             status=PA unit=AMP quantity=1 group=1-01_001 department=01",
        ],
        &[],
    );
}

#[test]
fn laboratory_orders() {
    check(
        "OML-01",
        "OML^O33",
        "20240401",
        &[
            "SPM|1|||023^血清^JC10",
            ORC,
            "OBR|1|77||3A010000002327101^総蛋白^JC10",
            "OBX|1|NM|01-02^体重^JSHR001||62|kg",
        ],
        &[
            "procedure_occurrence start=2024-04-01 second=37800 source=JC10:3A010000002327101 総蛋白 \
             qualifiers=basis=order specimen=023 status=NW group=1 department=01",
            "measurement start=2024-04-01 second=37800 source=JSHR001:01-02 体重 text=62 number=62 unit=kg group=1 department=01",
        ],
        &[],
    );
}

#[test]
fn bacteriology() {
    check(
        "OML-11",
        "OUL^R22",
        "20240401",
        &[
            "SPM|1|||061^喀痰^JC10|||||||||||||20240401",
            "OBR|1|77||6B010000006170011^培養同定^JC10",
            "ORC|SC|77",
            "OBX|1|CWE|6B010000006170011^菌名^JC10|1|1301^見本菌^JANIS||||||F",
            "OBX|2|ST|6B010000006170012^菌量^JC10|1|2+||||||F",
            "OBX|3|SN|6C005000006190001^見本薬^JC10|1.1|<=^2|||S|||F",
            "OBX|4|CWE|6B010000006170011^菌名^JC10|2|2001^見本菌^JANIS~2101^見本菌^JANIS||||||F",
            "OBR|2|78||6B010000006170011^培養同定^JC10",
            "ORC|CA|78",
            "OBX|1|CWE|6B010000006170011^菌名^JC10|1|1301^見本菌^JANIS||||||F",
        ],
        &[
            "measurement start=2024-04-01 source=JC10:6B010000006170011 菌名 qualifiers=valueset=JANIS specimen=061 \
             status=F text=1301 group=1-1-1",
            "measurement start=2024-04-01 source=JC10:6B010000006170012 菌量 qualifiers=specimen=061 status=F text=2+ \
             group=1-1-1",
            "measurement start=2024-04-01 source=JC10:6C005000006190001 見本薬 qualifiers=specimen=061 status=F text=<=2 \
             comparator=<= number=2 flag=S group=1-1-1.1",
            "measurement start=2024-04-01 source=JC10:6B010000006170011 菌名 qualifiers=valueset=JANIS specimen=061 \
             status=F text=2001 group=1-1-2",
            "measurement start=2024-04-01 source=JC10:6B010000006170011 菌名 qualifiers=valueset=JANIS specimen=061 \
             status=F text=2101 group=1-1-2",
        ],
        &["N:SSMIX2-ORDER-CANCELLED"],
    );
}

#[test]
fn examinations_ordered() {
    check(
        "OMG-01",
        "OMG^O19",
        "20240401",
        &[
            ORC,
            "TQ1|1||||||202404080900",
            "OBR||77||1000000000000000^単純撮影^JJ1017",
            "ORC|CH|78||||||77|20240401",
            "TQ1|1",
            "OBR||78||10000002000102000000010000000000^胸部^JJ1017",
        ],
        &[
            "procedure_occurrence start=2024-04-08 second=32400 source=JJ1017:1000000000000000 単純撮影 \
             qualifiers=basis=order status=NW group=1 department=01",
            "procedure_occurrence start=2024-04-01 source=JJ1017:10000002000102000000010000000000 胸部 \
             qualifiers=basis=order status=CH group=1-2",
        ],
        &[],
    );
    check(
        "OMG-02",
        "OMG^O19",
        "20240401",
        &[
            ORC,
            "TQ1|1",
            "OBR||77||11000001000^上部^LENDO",
            "OBX|1|TX|MS3-04^検査理由^JSHR||見本さんの自由記載||||||F",
        ],
        &[
            "procedure_occurrence start=2024-04-01 second=37800 source=LENDO:11000001000 上部 qualifiers=basis=order \
             status=NW group=1 department=01",
            "note start=2024-04-01 second=37800 source=JSHR:MS3-04 検査理由 qualifiers=form=TX status=F group=1 department=01",
        ],
        &["N:SSMIX2-TEXT-SEALED"],
    );
    check(
        "OMG-03",
        "OMG^O19",
        "20240401",
        &[ORC, "TQ1|1", "OBR||77||9A110^標準１２誘導心電図^JC10"],
        &[
            "procedure_occurrence start=2024-04-01 second=37800 source=JC10:9A110 標準１２誘導心電図 qualifiers=basis=order \
             status=NW group=1 department=01",
        ],
        &[],
    );
}

#[test]
fn radiology_performed() {
    let unit = check(
        "OMG-11",
        "OMI^Z23",
        "20240401",
        &[
            "ORC|OK|77|||||||20240401||||||||02^放射線科",
            "TQ1|1",
            "OBR||77||1000000000000000^単純撮影^JJ1017|||202404011120",
            "ZE1|1|RS|10000002000102000000010000000000^胸部^JJ1017|2|A1^加算^99A||110^見本^医師||100558502^見本造影剤^HOT9^50^ml&ml&ISO+",
            "OBX|1|RP|IMG^画像^99A||file://見本||||||F",
            "ZE2|1|80^kV|200.5^mA||0.1^s|3",
            "IPC|A123||1.2.392.1.2.3||CR^^DCM",
        ],
        &[
            "procedure_occurrence start=2024-04-01 second=40800 source=JJ1017:10000002000102000000010000000000 胸部 \
             qualifiers=addition=A1 status=RS quantity=2 group=1 department=02",
            "drug_exposure start=2024-04-01 second=40800 source=HOT:100558502 見本造影剤 unit=ml quantity=50 group=1 department=02",
            "note start=2024-04-01 second=40800 source=99A:IMG 画像 qualifiers=form=RP status=F group=1 department=02",
            "measurement start=2024-04-01 second=40800 source=SSMIX2:ZE2-2 管電圧 text=80 number=80 unit=kV group=1 department=02",
            "measurement start=2024-04-01 second=40800 source=SSMIX2:ZE2-3 管電流 text=200.5 number=200.5 unit=mA group=1 \
             department=02",
            "measurement start=2024-04-01 second=40800 source=SSMIX2:ZE2-5 撮影時間 text=0.1 number=0.1 unit=s group=1 \
             department=02",
            "measurement start=2024-04-01 second=40800 source=SSMIX2:ZE2-6 撮影回数 text=3 number=3 group=1 department=02",
            "note start=2024-04-01 second=40800 source=MUSUBI-DOCUMENT:image-study qualifiers=modality=CR group=1 department=02",
        ],
        &["N:SSMIX2-TEXT-SEALED"],
    );
    assert!(!format!("{:?}", unit.facts).contains("1.2.392"));
}

#[test]
fn endoscopy_performed() {
    check(
        "OMG-12",
        "OMI^Z23",
        "20240401",
        &[
            "ORC|OK|77|||||||20240401",
            "TQ1|1",
            "OBR||77||11000001000^上部^LENDO|||20240401",
            "ZE1|1|RS|11010001401^食道生検^LENDO",
            "OBX|1|XCN|DR-02.EM-01^実施医師^JSHR||123456^見本^次郎||||||F",
            "OBX|2|TS|TM-P1^開始時間^JSHR||202404011400||||||F",
            "OBX|3|ZRD|DE-02^薬品^JSHR||100555401^見本薬^HOT9^1.5^AMP&管&MR9P||||||F",
            "OBX|4|CWE|DE-03^器材^JSHR||4953170029578^見本鉗子^JAN||||||F",
            "IPC|A1||1.2.3||ES^^DCM",
        ],
        &[
            "procedure_occurrence start=2024-04-01 source=LENDO:11010001401 食道生検 status=RS group=1",
            "observation start=2024-04-01 second=50400 source=JSHR:TM-P1 開始時間 group=1",
            "drug_exposure start=2024-04-01 source=HOT:100555401 見本薬 qualifiers=supply=DE-02 unit=AMP quantity=1.5 group=1",
            "device_exposure start=2024-04-01 source=JAN:4953170029578 見本鉗子 qualifiers=supply=DE-03 group=1",
            "note start=2024-04-01 source=MUSUBI-DOCUMENT:image-study qualifiers=modality=ES group=1",
        ],
        &[],
    );
}

#[test]
fn physiology_reported() {
    check(
        "OMG-13",
        "ORU^R01",
        "20240401",
        &[
            "ORC|SC|77|||||||20240401||||||||01^内科",
            "OBR|1|77||9A110000000000001^心電図^JC10|||202404011400||||||||||||||||||F",
            "OBX|1|NM|9A110160000000001^心拍数^JC10||72|bpm|50-100|N|||F",
            "OBX|2|TX|9A110&IMP^所見^JC10||見本さんは心筋梗塞||||||F",
            "OBX|3|ED|PDF^報告書^99A||^application^pdf^Base64^JVBERi0||||||F",
            "OBX|4|ST|9A110170000000001^判定^JC10||異常なし||||||F",
        ],
        &[
            "procedure_occurrence start=2024-04-01 second=50400 source=JC10:9A110000000000001 心電図 qualifiers=result=F \
             status=SC group=1 department=01",
            "measurement start=2024-04-01 second=50400 source=JC10:9A110160000000001 心拍数 status=F text=72 number=72 \
             unit=bpm range=50-100 flag=N group=1 department=01",
            "note start=2024-04-01 second=50400 source=JC10:9A110 所見 qualifiers=part=IMP form=TX status=F group=1 department=01",
            "note start=2024-04-01 second=50400 source=99A:PDF 報告書 qualifiers=form=ED status=F group=1 department=01",
            "measurement start=2024-04-01 second=50400 source=JC10:9A110170000000001 判定 status=F text=異常なし group=1 \
             department=01",
        ],
        &["N:SSMIX2-TEXT-SEALED"],
    );
}

#[test]
fn teeth_of_a_dental_problem() {
    check(
        "PPR-01",
        "PPR^ZD1",
        "-",
        &[
            "PRB|AD|20240401|20054174^見本う蝕^MDCDX2|||||||K029^^I10",
            "ZPR||20054174",
            "ZPD|1|1011^右上１^99T~1012^右上２^99T",
        ],
        &["condition_occurrence start=2024-04-01 source=MDCDX2:20054174 見本う蝕 standard=ICD10:K029 \
             qualifiers=tooth=1011 tooth=1012"],
        &[],
    );
}

#[test]
fn measurements_of_any_order() {
    check(
        "OMP-01",
        "RDE^O11",
        "20240401",
        &[
            ORC,
            "RXE||108665201^見本錠^HOT9|1||TAB|TAB^錠剤^MR9P|||||||||||||||OHP^外来~OHI^院内||||||21^内服",
            "TQ1|1||1050110020000000&疼痛時&JAMISDP01|||||||||||10",
            "RXR|PO",
            "OBX|1|CWE|67188-3^感染症^LN||Y^あり^HL70532||||||F",
            "OBX|2|ST|54531-9^病名^LN||見本病の疑い||||||F",
        ],
        &[
            "drug_exposure start=2024-04-01 second=37800 source=HOT:108665201 見本錠 qualifiers=basis=dose dose=1TAB form=TAB \
             class=OHP class=OHI indication=21 usage=1050110020000000 doses=10 route=PO status=NW unit=TAB quantity=1 group=1 \
             department=01",
            "observation source=LN:67188-3 感染症 qualifiers=valueset=HL70532 status=F text=Y group=1 department=01",
            "observation source=LN:54531-9 病名 qualifiers=text=sealed status=F group=1 department=01",
        ],
        &["N:SSMIX2-TEXT-SEALED"],
    );
}
