//! Extended storage: vital signs of the day, and documents with attachments. The documents hold made-up words only.

use jiff::civil::Date;
use musubi_model::Sex;

use super::super::{Job, Subject, SynthFile};
use super::message::{Message, Pen, minute, seg, ymd};
use super::{file, visit};
use crate::SynthError;
use crate::rng::Rng;

/// Documents: data type folder, LOINC or the local code, name, how many in a thousand.
const DOCUMENTS: [(&str, &str, &str, u32); 7] = [
    ("^退院時サマリー^^18842-5^退院時サマリー^LN", "18842-5", "退院時サマリー", 120),
    ("^診療情報提供書^^57133-1^紹介状^LN", "57133-1", "診療情報提供書", 150),
    ("^看護サマリー^^34745-0^看護サマリー^LN", "34745-0", "看護サマリー", 100),
    ("^病理診断報告書^^11526-1^病理診断報告書^LN", "11526-1", "病理診断報告書", 60),
    ("^画像診断報告書^^18748-4^画像診断報告書^LN", "18748-4", "画像診断報告書", 140),
    ("^外来診療録^^34108-1^外来診療録^LN", "34108-1", "外来診療録", 100),
    ("L-MEMO^病理標本メモ^99SYN", "L-MEMO", "病理標本メモ", 30),
];

/// Writes vital signs and documents of a job.
pub(super) fn write(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let mut files = Vec::new();
    for subject in job.subjects.iter().filter(|s| s.birth < job.month) {
        let mut rng = job.rng(subject, 3);
        let day = job.month.saturating_add(jiff::ToSpan::days(rng.between(0, 26)));
        if rng.chance(0.3) {
            files.push(vitals(job, subject, day, &mut rng)?);
        }
        for (kind, code, name, share) in DOCUMENTS {
            if rng.chance(f64::from(share) / 1000.0) {
                documents(job, subject, day, (kind, code, name), &mut rng, &mut files);
            }
        }
    }
    Ok(files)
}

/// The content folder of a person, a day and a kind.
fn folder(subject: &Subject, day: Date, kind: &str, key: &str, rng: &mut Rng) -> String {
    let chart = &subject.chart;
    let part = |from: usize| chart.chars().skip(from).take(3).collect::<String>();
    let (date, ms) = (ymd(day), rng.below(60_000));
    // A copying tool may have written the `^` in full width.
    let kind = if subject.number.is_multiple_of(7) { kind.replace('^', "＾") } else { kind.to_owned() };
    let time = format!("{}{:02}{:03}", minute(day, 18, 30), ms / 1000, ms % 1000);
    format!("{}/{}/{chart}/{date}/{kind}/{chart}_{date}_{kind}_{key}_{time}_01_1", part(0), part(3))
}

fn vitals(job: &Job<'_>, subject: &Subject, day: Date, rng: &mut Rng) -> Result<SynthFile, SynthError> {
    const KIND: &str = "L-OBSERVATIONS^OBSERVATIONS^99SYN";
    let mut out: Vec<Message> = Vec::new();
    let mut pen = Pen { job, subject, out: &mut out };
    let order = pen.order(day, 501);
    let mut body = pen.pid(false)
        + &Pen::pv1("I", "3E^302^1^^^N", &[])
        + &Pen::orc("SC", &order, "", "", &minute(day, 8, 0))
        + &seg("OBR", &[(1, "1"), (2, &order), (4, "01^バイタル^99SYN"), (7, &minute(day, 20, 0))]);
    let mut n = 0;
    for hour in [8, 14, 20] {
        for (code, name, unit, low, high, decimals) in [
            ("9A751000000000001", "収縮期血圧（１回目）", "mm(hg)^mmHg^ISO+", 95, 160, 0),
            ("9A761000000000001", "拡張期血圧（１回目）", "mm(hg)^mmHg^ISO+", 50, 94, 0),
            ("9P300000000000001", "脈拍", "(hb)^回／１分^ISO+", 50, 105, 0),
            ("9P200000000000001", "呼吸数", "/min^回／１分^ISO+", 10, 24, 0),
            ("9P100000000000001", "体温", "cel^℃^ISO+", 355, 385, 1),
        ] {
            n += 1;
            let value = visit::decimal(rng.between(low, high), decimals);
            body += &seg(
                "OBX",
                &[
                    (1, &n.to_string()),
                    (2, "NM"),
                    (3, &format!("{code}^{name}^JC10")),
                    (5, &value),
                    (6, unit),
                    (11, "F"),
                    (14, &minute(day, hour, 0)),
                ],
            );
        }
    }
    pen.put(("ORU^R30", "ORU^R30^ORU_R30"), Some(day), &order, day, &body);
    let mut bytes = Vec::new();
    for message in &out {
        bytes.extend_from_slice(&message.encoded()?);
    }
    let path = format!("{}/main_document.hl7", folder(subject, day, KIND, &order, rng));
    Ok(file(path, bytes, "L-OBSERVATIONS"))
}

fn documents(
    job: &Job<'_>,
    subject: &Subject,
    day: Date,
    (kind, code, name): (&str, &str, &str),
    rng: &mut Rng,
    files: &mut Vec<SynthFile>,
) {
    let key = format!("{}{:04}", ymd(day), rng.below(10_000));
    let folder = folder(subject, day, kind, &key, rng);
    if code == "L-MEMO" {
        let memo = format!("見本のメモ {key}\r\n");
        files.push(file(format!("{folder}/main_memo.txt"), memo.into_bytes(), code));
        return;
    }
    files.push(file(
        format!("{folder}/main_document.xml"),
        cda(job, subject, day, code, name).into_bytes(),
        code,
    ));
    if rng.chance(0.5) {
        let pdf = format!("%PDF-1.4\n% {name} {key}\n%%EOF\n");
        files.push(file(format!("{folder}/attachment_1.pdf"), pdf.into_bytes(), code));
    }
    if code == "18748-4" {
        let mut dicom = vec![0u8; 128];
        dicom.extend_from_slice(b"DICM");
        dicom.extend((0..64).map(|_| rng.below(256) as u8));
        files.push(file(format!("{folder}/images/IM0001.dcm"), dicom, code));
        let jpeg = [b"\xFF\xD8\xFF\xE0".as_slice(), key.as_bytes(), b"\xFF\xD9"].concat();
        files.push(file(format!("{folder}/images/key_1.jpg"), jpeg, code));
    }
}

/// A CDA R2 document: header, patient, one section with made-up words.
fn cda(job: &Job<'_>, subject: &Subject, day: Date, code: &str, name: &str) -> String {
    let sex = if subject.sex == Sex::Female { "F" } else { "M" };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ClinicalDocument xmlns=\"urn:hl7-org:v3\">\n\
         <id root=\"1.2.392.200250.9.9\" extension=\"{number}{date}\"/>\n\
         <code code=\"{code}\" codeSystem=\"2.16.840.1.113883.6.1\" displayName=\"{name}\"/>\n\
         <title>{name}</title>\n<effectiveTime value=\"{date}\"/>\n\
         <recordTarget><patientRole><id root=\"1.2.392.100495.20.3.51.{site}\" extension=\"{chart}\"/>\n\
         <patient><name>{family} {given}</name><administrativeGenderCode code=\"{sex}\"/><birthTime value=\"{birth}\"/>\
         </patient></patientRole></recordTarget>\n\
         <component><structuredBody><component><section><title>経過</title><text>見本の本文。</text></section>\
         </component></structuredBody></component>\n</ClinicalDocument>\n",
        number = subject.number,
        date = ymd(day),
        site = job.site.id,
        chart = subject.chart,
        family = subject.kanji.0,
        given = subject.kanji.1,
        birth = ymd(subject.birth),
    )
}
