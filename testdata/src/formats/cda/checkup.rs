//! The check-up archive: packages (zip) of specific check-ups and of guidance with their settlements, and single files
//! for the elderly, for employees and for some who finished their guidance.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use jiff::civil::Date;
use musubi_model::Sex;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::claims::{self, Sums};
use super::xml::Xml;
use super::{guidance, results};
use crate::SynthError;
use crate::formats::{Job, Subject, SynthFile};

const HL7: &str = "urn:hl7-org:v3";
/// Namespace of index, summary and settlements.
pub(super) const CLAIM: &str = "https://www.mhlw.go.jp/stf/seisakunitsuite/bunya/0000161103.html";

/// The insurer's number in eight digits.
pub(super) fn insurer(subject: &Subject) -> String {
    format!("{:0>8}", subject.insurer)
}

/// `YYYYMMDD`.
pub(super) fn day(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// The sex as check-ups write it.
pub(super) fn sex(subject: &Subject) -> &'static str {
    if subject.sex == Sex::Male { "1" } else { "2" }
}

/// A day of the job's month, of this person.
fn exam_day(job: &Job<'_>, subject: &Subject) -> Date {
    let n = job.rng(subject, 1).between(1, 28);
    let day = i8::try_from(n).unwrap_or(1);
    Date::new(job.month.year(), job.month.month(), day).unwrap_or(job.month)
}

/// The serial number of a voucher (受診券整理番号), 11 digits.
pub(super) fn voucher(job: &Job<'_>, subject: &Subject, purpose: u64) -> String {
    let mut rng = job.rng(subject, 20 + purpose);
    format!("{:02}1{:08}", job.month.year() % 100, rng.below(100_000_000))
}

/// What the header says besides the person.
pub(super) struct Header<'a> {
    pub(super) report: &'a str,
    pub(super) programme: &'a str,
    pub(super) day: Date,
    /// Kind of voucher (1 check-up, 2 guidance) and its number.
    pub(super) voucher: Option<(&'a str, &'a str)>,
}

/// The head of a result or guidance document, up to the body.
pub(super) fn head(job: &Job<'_>, subject: &Subject, header: &Header<'_>) -> Xml {
    let insurer = insurer(subject);
    let made = day(job.business_date);
    let mut xml = Xml::new("ClinicalDocument", HL7);
    xml.empty("typeId", &[("root", "2.16.840.1.113883.1.3"), ("extension", "POCD_HD000040")]);
    xml.empty("id", &[("nullFlavor", "NI")]);
    xml.empty("code", &[("code", header.report), ("codeSystem", "1.2.392.200119.6.1001")]);
    xml.empty("effectiveTime", &[("value", &made)]);
    xml.empty("confidentialityCode", &[("code", "N")]);
    xml.nest(&["recordTarget", "patientRole"]);
    let ids = [
        (insurer.as_str(), "1.2.392.200119.6.101"),
        (&subject.symbol, "1.2.392.200119.6.204"),
        (&subject.insured_number, "1.2.392.200119.6.205"),
        (&subject.branch, "1.2.392.200119.6.211"),
    ];
    for (number, root) in ids.iter().filter(|(number, _)| !number.is_empty()) {
        xml.empty("id", &[("extension", number), ("root", root)]);
    }
    xml.nest(&["addr"]);
    xml.leaf("postalCode", &[], &subject.postal);
    xml.text(&subject.address);
    xml.close(1);
    xml.nest(&["patient"]);
    xml.leaf("name", &[], &format!("{}{}", subject.kana.0, subject.kana.1));
    xml.empty("administrativeGenderCode", &[("code", sex(subject)), ("codeSystem", "1.2.392.200119.6.1104")]);
    xml.empty("birthTime", &[("value", &day(subject.birth))]);
    xml.close(3);
    xml.nest(&["author"]);
    xml.empty("time", &[("value", &made)]);
    xml.nest(&["assignedAuthor"]);
    xml.empty("id", &[("nullFlavor", "NI")]);
    organization(&mut xml, job);
    xml.close(2);
    xml.nest(&["custodian", "assignedCustodian", "representedCustodianOrganization"]);
    xml.empty("id", &[("nullFlavor", "NI")]);
    xml.close(3);
    if let Some((kind, number)) = header.voucher {
        let arc = if kind == "1" { "209" } else { "210" };
        xml.open("participant", &[("typeCode", "HLD")]);
        xml.empty("functionCode", &[("code", kind), ("codeSystem", "1.2.392.200119.6.208")]);
        xml.nest(&["time"]);
        xml.empty("high", &[("value", &format!("{:04}1231", job.month.year()))]);
        xml.close(1);
        xml.open("associatedEntity", &[("classCode", "IDENT")]);
        xml.empty("id", &[("extension", number), ("root", &format!("1.2.392.200119.6.{arc}.1{insurer}"))]);
        xml.nest(&["scopingOrganization"]);
        xml.empty("id", &[("extension", &insurer), ("root", "1.2.392.200119.6.101")]);
        xml.close(3);
    }
    xml.nest(&["documentationOf", "serviceEvent"]);
    xml.empty("code", &[("code", header.programme), ("codeSystem", "1.2.392.200119.6.1002")]);
    xml.empty("effectiveTime", &[("value", &day(header.day))]);
    xml.open("performer", &[("typeCode", "PRF")]);
    xml.nest(&["assignedEntity"]);
    xml.empty("id", &[("nullFlavor", "NI")]);
    organization(&mut xml, job);
    xml.close(4);
    xml.nest(&["component", "structuredBody"]);
    xml
}

fn organization(xml: &mut Xml, job: &Job<'_>) {
    xml.nest(&["representedOrganization"]);
    xml.empty("id", &[("extension", &job.site.id), ("root", "1.2.392.200119.6.102")]);
    xml.leaf("name", &[], &job.site.name);
    xml.empty("telecom", &[("value", &format!("tel:{}", job.site.phone))]);
    xml.close(1);
}

/// Opens a section.
pub(super) fn section(xml: &mut Xml, code: &str, title: &str) {
    xml.nest(&["component", "section"]);
    xml.empty("code", &[("code", code), ("codeSystem", "1.2.392.200119.6.1010"), ("displayName", title)]);
    xml.leaf("title", &[], title);
    xml.nest(&["text", "list"]);
    xml.leaf("item", &[], title);
    xml.close(2);
}

fn result(job: &Job<'_>, subject: &Subject, header: &Header<'_>, found: &[results::Observed]) -> Vec<u8> {
    let mut xml = head(job, subject, header);
    let (code, title) = match header.programme {
        "010" => ("01010", "特定健診・問診結果"),
        "020" => ("01020", "広域連合保健事業"),
        _ => ("01030", "労働安全衛生法健診結果"),
    };
    section(&mut xml, code, title);
    for observed in found {
        xml.nest(&["entry"]);
        results::observation(&mut xml, observed);
        xml.close(1);
    }
    xml.finish()
}

/// A member of a package.
struct Member {
    name: String,
    bytes: Vec<u8>,
}

/// Writes the files of a job.
pub(super) fn write(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let mut files = Vec::new();
    let mut checkups = Package::new(job, "1", '1');
    let mut guidances = Package::new(job, "2", '2');
    let mut single = 0u32;
    for subject in job.subjects {
        let named = !subject.kana.0.is_empty() && !subject.kana.1.is_empty();
        if subject.assistance || !named || subject.insurer.is_empty() || subject.insured_number.is_empty() {
            continue;
        }
        let mut rng = job.rng(subject, 0);
        let day = exam_day(job, subject);
        match subject.age {
            40..75 if rng.chance(0.6) => {
                let number = voucher(job, subject, 1);
                let header = Header { report: "10", programme: "010", day, voucher: Some(("1", &number)) };
                let found = results::specific(job, subject);
                let claim = claims::checkup(job, subject, &number, &found);
                checkups.add(result(job, subject, &header, &found), claim);
                if rng.chance(0.2) {
                    let (bytes, claim) = guidance::write(job, subject, day);
                    if rng.chance(0.5) {
                        guidances.add(bytes, claim);
                    } else {
                        single += 1;
                        files.push(one(job, single, 'g', '2', "hg08", bytes));
                    }
                }
            }
            75.. if rng.chance(0.3) => {
                let header = Header { report: "40", programme: "020", day, voucher: None };
                let bytes = result(job, subject, &header, &results::elderly(job, subject));
                single += 1;
                files.push(one(job, single, 'h', '3', "hc08", bytes));
            }
            20..40 if rng.chance(0.3) => {
                let header = Header { report: "40", programme: "030", day, voucher: None };
                let bytes = result(job, subject, &header, &results::employer(job, subject));
                single += 1;
                files.push(one(job, single, 'h', '4', "hc08", bytes));
            }
            _ => {}
        }
    }
    for package in [checkups, guidances] {
        files.extend(package.finish()?);
    }
    Ok(files)
}

fn member_name(job: &Job<'_>, letter: char, service: char, n: u32) -> String {
    let part = job.part % 10;
    format!("{letter}{}{}{part}{service}{n:06}.xml", job.site.id, day(job.business_date))
}

fn one(job: &Job<'_>, n: u32, letter: char, service: char, kind: &str, bytes: Vec<u8>) -> SynthFile {
    SynthFile {
        path: format!("checkup/{}", member_name(job, letter, service, n)),
        bytes,
        totals: BTreeMap::from([(kind.to_owned(), 1)]),
    }
}

/// A package under construction.
struct Package<'j, 'a> {
    job: &'j Job<'a>,
    /// serviceEventType.
    service: &'static str,
    letter: char,
    data: Vec<Member>,
    claims: Vec<Member>,
    sums: Sums,
}

impl<'j, 'a> Package<'j, 'a> {
    fn new(job: &'j Job<'a>, service: &'static str, letter: char) -> Self {
        Self { job, service, letter, data: Vec::new(), claims: Vec::new(), sums: Sums::default() }
    }

    fn add(&mut self, result: Vec<u8>, claim: (Vec<u8>, Sums)) {
        let n = u32::try_from(self.data.len() + 1).unwrap_or(u32::MAX);
        let (data, settled) = if self.letter == '1' { ('h', 'c') } else { ('g', 'p') };
        self.data.push(Member { name: member_name(self.job, data, self.letter, n), bytes: result });
        self.claims.push(Member { name: member_name(self.job, settled, self.letter, n), bytes: claim.0 });
        self.sums.add(&claim.1);
    }

    fn finish(self) -> Result<Option<SynthFile>, SynthError> {
        if self.data.is_empty() {
            return Ok(None);
        }
        let (job, count) = (self.job, self.data.len());
        let made = day(job.business_date);
        let name = format!("{}_94899010_{made}{}{}", job.site.id, job.part % 10, self.letter);
        let mut index = Xml::new("index", CLAIM);
        index.empty("interactionType", &[("code", "6")]);
        index.empty("creationTime", &[("value", &made)]);
        index.nest(&["sender"]);
        index.empty("id", &[("root", "1.2.392.200119.6.102"), ("extension", &job.site.id)]);
        index.close(1);
        index.nest(&["receiver"]);
        index.empty("id", &[("root", "1.2.392.200119.6.103"), ("extension", "94899010")]);
        index.close(1);
        index.empty("serviceEventType", &[("code", self.service)]);
        index.empty("totalRecordCount", &[("value", &count.to_string())]);
        let mut members = vec![
            Member { name: format!("{name}/ix08_V08.xml"), bytes: index.finish() },
            Member { name: format!("{name}/su08_V08.xml"), bytes: self.sums.summary(self.service, count) },
        ];
        let (results, settlements) = if self.letter == '1' { ("hc08", "cc08") } else { ("hg08", "gc08") };
        for (folder, list) in [("DATA", self.data), ("CLAIMS", self.claims)] {
            members.extend(
                list.into_iter().map(|m| Member { name: format!("{name}/{folder}/{}", m.name), ..m }),
            );
        }
        let totals = BTreeMap::from([
            ("ix08".to_owned(), 1),
            ("su08".to_owned(), 1),
            (results.to_owned(), u64::try_from(count).unwrap_or(0)),
            (settlements.to_owned(), u64::try_from(count).unwrap_or(0)),
        ]);
        Ok(Some(SynthFile { path: format!("checkup/{name}.zip"), bytes: zip(&members)?, totals }))
    }
}

/// A zip with fixed times, so that equal members give equal bytes.
fn zip(members: &[Member]) -> Result<Vec<u8>, SynthError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for member in members {
        writer.start_file(member.name.as_str(), options).map_err(std::io::Error::from)?;
        writer.write_all(&member.bytes)?;
    }
    Ok(writer.finish().map_err(std::io::Error::from)?.into_inner())
}
