//! Small valid documents and packages of our own making, and ways to break them. Shared by the `cda_*` tests.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use musubi_model::FactTable;

use crate::harness::Done;

/// A check-up result of 見本 太郎, with one of everything.
pub const CHECKUP: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<id nullFlavor="NI"/>
<code code="10" codeSystem="1.2.392.200119.6.1001"/>
<effectiveTime value="20240620"/>
<recordTarget><patientRole>
<id extension="01130012" root="1.2.392.200119.6.101"/>
<id extension="１２" root="1.2.392.200119.6.204"/>
<id extension="３４５６" root="1.2.392.200119.6.205"/>
<id extension="01" root="1.2.392.200119.6.211"/>
<addr><postalCode>100-0001</postalCode>
  東京都千代田区見本町１－２　Ａ&amp;Ｂ荘
</addr>
<patient><name>ミホンタロウ</name><administrativeGenderCode code="1" codeSystem="1.2.392.200119.6.1104"/><birthTime value="19700405"/></patient>
</patientRole></recordTarget>
<author><time value="20240620"/><assignedAuthor><id nullFlavor="NI"/><representedOrganization><id extension="1310000001" root="1.2.392.200119.6.102"/><name>見本健診センター</name></representedOrganization></assignedAuthor></author>
<participant typeCode="HLD"><functionCode code="1" codeSystem="1.2.392.200119.6.208"/><time><high value="20250331"/></time><associatedEntity classCode="IDENT"><id extension="24100000001" root="1.2.392.200119.6.209.101130012"/></associatedEntity></participant>
<documentationOf><serviceEvent><code code="010" codeSystem="1.2.392.200119.6.1002"/><effectiveTime value="20240610"/>
<performer typeCode="PRF"><assignedEntity><id nullFlavor="NI"/><representedOrganization><id extension="1310000001" root="1.2.392.200119.6.102"/></representedOrganization></assignedEntity></performer></serviceEvent></documentationOf>
<component><structuredBody><component><section><code code="01010" codeSystem="1.2.392.200119.6.1010"/><title>特定健診・問診結果</title><text><list><item>身長 170.0</item></list></text>
<entry><observation classCode="OBS" moodCode="EVN"><code code="9N001000000000001"/><value xsi:type="PQ" value="170.0" unit="cm"/></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="9N006000000000001"/><value xsi:type="PQ" value="65.0" unit="kg"/></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="9N011000000000001"/><value xsi:type="PQ" value="22.5" unit="kg/m2"/><interpretationCode code="N"/><referenceRange><observationRange><value xsi:type="IVL_PQ"><low value="18.5"/><high value="24.9"/></value></observationRange></referenceRange></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="9A751000000000001"/><value xsi:type="PQ" value="128" unit="mm[Hg]"/></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="9A761000000000001"/><value xsi:type="PQ" value="82" unit="mm[Hg]"/></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="9N141000000000011"/><value xsi:type="CD" code="2" codeSystem="1.2.392.200119.6.2202"/></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="3F015000002327101"/><value xsi:type="PQ" value="2000" unit="mg/dL"/><value xsi:type="PQ" value="2310" unit="mg/dL"/><interpretationCode code="H"/><methodCode code="3F01510000"/></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="1A010000000191111"/><value xsi:type="CO" code="2" codeSystem="1.2.392.200119.6.2102"/></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN" negationInd="true"><code code="1A020000000191111"/></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="3D046000001920402"/><value xsi:type="PQ" nullFlavor="NI"/></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="2A040000001930102"/><value xsi:type="PQ" value="42.1" unit="%"/><entryRelationship typeCode="COMP"><observation classCode="OBS" moodCode="EVN"><code code="2A030000001930101"/><value xsi:type="PQ" value="14.2" unit="g/dL"/></observation></entryRelationship><entryRelationship typeCode="RSON"><observation classCode="OBS" moodCode="EVN"><code code="2A020161001930149"/><value xsi:type="ST">見本医師が必要と認めたため</value></observation></entryRelationship></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="9N716000000000011"/><value xsi:type="CD" code="1" codeSystem="1.2.392.200119.6.2003"/></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="9N501000000000011"/><value xsi:type="CD" code="3" codeSystem="1.2.392.200119.6.1008"/></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="9N511000000000049"/><value xsi:type="ST">異常なし</value><author><assignedAuthor><assignedPerson><name>見本　一郎</name></assignedPerson></assignedAuthor></author></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="9N516000000000049"/><value xsi:type="ST">見本　一郎</value></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="9N211161200000049"/><value xsi:type="ST">12345</value></observation></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="9N211161100000049"/><value xsi:type="ST">20240610</value></observation></entry>
</section></component></structuredBody></component>
</ClinicalDocument>
"#;

/// A settlement of the same.
pub const CLAIM: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<checkupClaim xmlns="https://www.mhlw.go.jp/stf/seisakunitsuite/bunya/0000161103.html">
<encounter><serviceEventType code="1"/></encounter>
<subjectPerson><performerOrganization><id root="1.2.392.200119.6.102" extension="1310000001"/></performerOrganization>
<insuranceCard><insurerNumber root="1.2.392.200119.6.101" extension="01130012"/><symbol root="1.2.392.200119.6.204" extension="１２"/><number root="1.2.392.200119.6.205" extension="３４５６"/><branchCode root="1.2.392.200119.6.211" extension="01"/></insuranceCard>
<name>ミホンタロウ</name><addr><postalCode>100-0001</postalCode>東京都千代田区見本町１－２　Ａ&amp;Ｂ荘</addr><birthTime value="19700405"/><administrativeGender code="1"/></subjectPerson>
<checkupCard><id root="1.2.392.200119.6.209" extension="24100000001"/></checkupCard>
<settlement><claimType code="2"/><commissionType code="1"/>
<unitPriceBasic><amount value="008000" currency="JPY"/></unitPriceBasic>
<unitPriceDetail><amount value="000330" currency="JPY"/><observation code="1"/></unitPriceDetail>
<paymentForBasic><amount value="000500" currency="JPY"/></paymentForBasic>
<unitAmount value="8330" currency="JPY"/><paymentAmount value="500" currency="JPY"/><claimAmount value="7830" currency="JPY"/></settlement>
<insurerAdjudicationResult><interactionType code="3"/><recordDate value="20240801"/><reason code="06"><text>見本の理由</text></reason></insurerAdjudicationResult>
</checkupClaim>
"#;

/// A course of guidance.
pub const GUIDANCE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<id nullFlavor="NI"/><code code="22" codeSystem="1.2.392.200119.6.1001"/><effectiveTime value="20241220"/>
<recordTarget><patientRole><id extension="00138057" root="1.2.392.200119.6.101"/><id extension="６７８" root="1.2.392.200119.6.205"/>
<addr><postalCode>060-0001</postalCode>北海道札幌市見本区</addr>
<patient><name>ミホン　ハナコ</name><administrativeGenderCode code="2"/><birthTime value="19650228"/></patient></patientRole></recordTarget>
<participant typeCode="HLD"><functionCode code="2"/><associatedEntity classCode="IDENT"><id extension="24200000002" root="1.2.392.200119.6.210.100138057"/></associatedEntity></participant>
<documentationOf><serviceEvent><code code="900" codeSystem="1.2.392.200119.6.1002"/><effectiveTime><low value="20240701"/><high value="20241201"/></effectiveTime></serviceEvent></documentationOf>
<component><structuredBody>
<component><section><code code="90010"/><entry><observation classCode="OBS" moodCode="EVN"><code code="1020000001" codeSystem="1.2.392.200119.6.1006"/><value xsi:type="CD" code="1" codeSystem="1.2.392.200119.6.3001"/></observation></entry></section></component>
<component><section><code code="90030"/>
<entry><act classCode="ACT" moodCode="EVN"><code code="1" codeSystem="1.2.392.200119.6.3003"/><effectiveTime value="20240705"/><performer><assignedEntity><id nullFlavor="NI"/><code code="2" codeSystem="1.2.392.200119.6.3020"/><assignedPerson><name>見本　保健師</name></assignedPerson></assignedEntity></performer>
<entryRelationship typeCode="COMP"><observation classCode="OBS" moodCode="EVN"><code code="1021001031"/><value xsi:type="PQ" value="88.0" unit="cm"/></observation></entryRelationship></act></entry></section></component>
<component><section><code code="90060"/><entry><observation classCode="OBS" moodCode="EVN"><code code="1042001032"/><effectiveTime value="20241201"/><value xsi:type="PQ" value="68.5" unit="kg"/></observation></entry></section></component>
<component><section><code code="90070"/><entry><observation classCode="OBS" moodCode="EVN"><code code="1042800114"/><value xsi:type="PQ" value="180"/></observation></entry></section></component>
</structuredBody></component></ClinicalDocument>
"#;

/// Its settlement.
pub const GUIDANCE_CLAIM: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<healthGuidanceClaim xmlns="http://tokuteikenshin.jp/checkup/2007">
<encounter><serviceEventType code="2"/><guidanceLevel code="1"/><guidanceTiming code="2"/></encounter>
<subjectPerson><performerOrganization><id root="1.2.392.200119.6.102" extension="1310000001"/></performerOrganization>
<insuranceCard><insurerNumber extension="00138057"/><number extension="６７８"/></insuranceCard>
<name>ミホン　ハナコ</name><addr><postalCode>060-0001</postalCode>北海道札幌市見本区</addr><birthTime value="19650228"/><administrativeGender code="2"/></subjectPerson>
<healthGuidanceCard><id extension="24200000002"/></healthGuidanceCard>
<settlement><unitPrice><amount value="24000"/></unitPrice><paymentRate value="80" unit="%"/><pointCountCompleted value="180"/><pointCountIntended value="180"/>
<calculatedAmount value="19200"/><payment><status code="1"/><amount value="1200"/></payment><claimAmount value="18000"/></settlement>
</healthGuidanceClaim>
"#;

/// A referral letter with one of everything.
pub const LETTER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<id root="1.2.3" extension="DOC1"/><code code="57133-1" codeSystem="2.16.840.1.113883.6.1"/><title>診療情報提供書</title>
<effectiveTime value="20240620103000+0900"/><setId root="1.2.3" extension="SET1"/><versionNumber value="2"/>
<recordTarget><patientRole><id root="1.2.392.100495.20.3.51.11310000001" extension="00012"/>
<addr><state>東京都</state><city>千代田区</city><postalCode>1000001</postalCode><streetAddressLine>見本町１－２</streetAddressLine></addr>
<telecom value="fax:0300000001"/><telecom value="tel:0300000000"/>
<patient><name use="IDE"><family>見本</family><given>太郎</given></name><name use="SYL"><family>ミホン</family><given>タロウ</given></name><name use="ABC"><family>Mihon</family></name><administrativeGenderCode code="M"/><birthTime value="19700405"/></patient></patientRole></recordTarget>
<author><assignedAuthor><assignedPerson><name>見本　一郎</name></assignedPerson></assignedAuthor></author>
<componentOf><encompassingEncounter><code code="IMP" codeSystem="2.16.840.1.113883.5.4"/><effectiveTime><low value="20240601"/><high value="20240619"/></effectiveTime><dischargeDispositionCode code="01"/></encompassingEncounter></componentOf>
<component><structuredBody>
<component><section><code code="42349-1" codeSystem="2.16.840.1.113883.6.1"/><text><paragraph>見本先生　御机下</paragraph><renderMultiMedia referencedObject="X1"/></text></section></component>
<component><section><code code="11450-4" codeSystem="2.16.840.1.113883.6.1"/>
<entry><act classCode="ACT" moodCode="EVN"><code code="CONC"/><entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN"><code code="29308-4" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/><effectiveTime><low value="20200101"/></effectiveTime><value xsi:type="CD" code="20059155" codeSystem="1.2.392.200119.4.101.2" displayName="胃炎"><translation code="K29.7" codeSystem="2.16.840.1.113883.6.3"/></value></observation></entryRelationship></act></entry></section></component>
<component><section><code code="48765-2" codeSystem="2.16.840.1.113883.6.1"/><entry><observation classCode="OBS" moodCode="EVN"><code code="ASSERTION"/><value xsi:type="CD" code="DALG"/><participant typeCode="CSM"><participantRole><playingEntity><code code="6131001F1201" codeSystem="1.2.392.100495.20.1.73"/></playingEntity></participantRole></participant></observation></entry></section></component>
<component><section><code code="10160-0" codeSystem="2.16.840.1.113883.6.1"/><entry><substanceAdministration classCode="SBADM" moodCode="RQO"><id root="1.2.392.100495.20.3.81" extension="1"/><code code="1" codeSystem="1.2.392.100495.20.2.21"/><text>粉砕してください</text><effectiveTime xsi:type="EIVL_TS"><event code="1013044400000000"/></effectiveTime><effectiveTime xsi:type="IVL_TS"><width value="7.0" unit="d"/></effectiveTime><repeatNumber value="3"/><doseQuantity value="1.0" unit="錠"/><consumable><manufacturedProduct><manufacturedLabeledDrug><code code="103835401" codeSystem="1.2.392.100495.20.2.74" displayName="ムコダイン錠２５０ｍｇ"/></manufacturedLabeledDrug></manufacturedProduct></consumable><entryRelationship typeCode="REFR"><supply classCode="SPLY" moodCode="RQO"><quantity value="21.0" unit="錠"/></supply></entryRelationship><doseCheckQuantity><numerator value="3.0" unit="錠"/></doseCheckQuantity></substanceAdministration></entry></section></component>
<component><section><code code="30954-2" codeSystem="2.16.840.1.113883.6.1"/>
<entry><organizer classCode="CLUSTER" moodCode="EVN"><component><observation classCode="OBS" moodCode="EVN"><code code="3B035000002327201" codeSystem="1.2.392.200119.4.504" displayName="AST"/><effectiveTime value="20240615"/><value xsi:type="PQ" value="31" unit="U/L"/><interpretationCode code="H"/><referenceRange><observationRange><value xsi:type="IVL_PQ"><low value="10"/><high value="30"/></value></observationRange></referenceRange></observation></component></organizer></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="72166-2" codeSystem="2.16.840.1.113883.6.1"/><value xsi:type="ST">一日二十本、三十年</value></observation></entry></section></component>
<component><section><code code="47519-4" codeSystem="2.16.840.1.113883.6.1"/><entry><procedure classCode="PROC" moodCode="EVN"><code code="K654" codeSystem="1.2.9"/><effectiveTime value="20240610"/></procedure></entry></section></component>
</structuredBody></component></ClinicalDocument>
"#;

/// ix08 that tells `count` results.
pub fn index(count: u32) -> String {
    format!(
        r#"<index xmlns="https://www.mhlw.go.jp/stf/seisakunitsuite/bunya/0000161103.html"><interactionType code="6"/><creationTime value="20240701"/><serviceEventType code="1"/><totalRecordCount value="{count}"/></index>"#
    )
}

/// su08 with these sums.
pub fn summary(count: u32, cost: u32, paid: u32, claimed: u32) -> String {
    format!(
        r#"<summary xmlns="https://www.mhlw.go.jp/stf/seisakunitsuite/bunya/0000161103.html"><serviceEventType code="1"/><totalSubjectCount value="{count}"/><totalCostAmount value="{cost}"/><totalPaymentAmount value="{paid}"/><totalClaimAmount value="{claimed}"/></summary>"#
    )
}

/// How a member is packed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pack {
    Stored,
    Deflated,
    /// Sizes only behind the data.
    Streamed,
}

/// A zip of these members.
pub fn zip(members: &[(&str, &[u8], Pack)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes, pack) in members {
        let offset = u32::try_from(out.len()).unwrap();
        let packed = if *pack == Pack::Stored {
            bytes.to_vec()
        } else {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let streamed = *pack == Pack::Streamed;
        let flags: u16 = if streamed { 8 } else { 0 } | if name.is_ascii() { 0 } else { 0x800 };
        let method: u16 = if *pack == Pack::Stored { 0 } else { 8 };
        let lengths = [crc.sum(), u32::try_from(packed.len()).unwrap(), u32::try_from(bytes.len()).unwrap()];
        let mut common = Vec::new();
        for word in [20u16, flags, method, 0, 0x21] {
            common.extend(word.to_le_bytes());
        }
        let tail = |out: &mut Vec<u8>, hide: bool| {
            for n in lengths {
                out.extend(if hide { 0u32 } else { n }.to_le_bytes());
            }
            out.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
            out.extend([0, 0]);
        };
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        tail(&mut out, streamed);
        out.extend(name.as_bytes());
        out.extend(&packed);
        if streamed {
            out.extend(b"PK\x07\x08");
            lengths.iter().for_each(|n| out.extend(n.to_le_bytes()));
        }
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        tail(&mut directory, false);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = u32::try_from(out.len()).unwrap();
    let count = u16::try_from(members.len()).unwrap();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

/// The clean package: one result and its settlement.
pub fn package() -> Vec<u8> {
    package_of(&index(1), &summary(1, 8330, 500, 7830), CHECKUP, CLAIM)
}

/// A package of these four files.
pub fn package_of(index: &str, summary: &str, result: &str, claim: &str) -> Vec<u8> {
    zip(&[
        ("P/ix08_V08.xml", index.as_bytes(), Pack::Deflated),
        ("P/su08_V08.xml", summary.as_bytes(), Pack::Stored),
        ("P/DATA/h13100000012024062001000001.xml", result.as_bytes(), Pack::Deflated),
        ("P/CLAIMS/c13100000012024062001000001.xml", claim.as_bytes(), Pack::Streamed),
        ("P/XSD/hc08_V08.xsd", b"<xs/>", Pack::Stored),
        ("__MACOSX/P/._ix08_V08.xml", b"\0\x05", Pack::Stored),
    ])
}

/// A text with one place replaced; it must be there.
pub fn with(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "{old} is not in the document");
    text.replacen(old, new, 1)
}

/// One line for each fact: what a test wants to see.
pub fn lines(done: &Done, table: FactTable) -> Vec<String> {
    let coded = |c: &Option<musubi_model::Coded>| {
        c.as_ref().map(|c| format!("{}:{}", c.system, c.code)).unwrap_or_default()
    };
    done.facts(table)
        .into_iter()
        .map(|f| {
            let date = |d: Option<musubi_model::PartialDate>| d.map(|d| d.to_string()).unwrap_or_default();
            let parts = [
                date(f.start),
                date(f.end),
                coded(&f.source),
                coded(&f.standard),
                f.value.comparator.to_string() + &f.value.text,
                f.value.number.map(|n| n.to_string()).unwrap_or_default(),
                f.value.unit.to_string(),
                f.value.range.to_string(),
                f.value.flag.to_string(),
                f.quantity.map(|q| q.normalize().to_string()).unwrap_or_default(),
                f.times.map(|t| t.to_string()).unwrap_or_default(),
                f.status.to_string(),
                f.group.to_string(),
                f.qualifiers.to_string(),
            ];
            parts.join("|")
        })
        .collect()
}
