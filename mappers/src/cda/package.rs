//! Cutting: a single XML document, or the package of the check-up archive (ix08, su08, DATA, CLAIMS, XSD).
//!
//! Of a member only the head is read here (who, when, what kind); what is wrong inside is told when it is mapped, so that
//! one damaged member quarantines itself and no other.

use std::collections::BTreeMap;

use compact_str::CompactString;
use musubi_model::{ByteRange, Finding, PartialDate, Rule};

use super::rules;
use super::work::{PLACEHOLDER, stamp};
use super::xml::{El, Extent, Space, Tree};
use super::zip::{self, Broken, Member, Spoilt};
use super::{Frame, checkup};
use crate::{Document, RecordCounts, Split, UnitContext, UnitSlice};

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Result of a check-up.
    Result,
    /// Health guidance.
    Guidance,
    /// Settlement of a check-up.
    CheckupClaim,
    /// Settlement of guidance.
    GuidanceClaim,
    /// ix08.
    Index,
    /// su08.
    Summary,
    /// Another CDA document.
    Clinical,
    /// None of these.
    #[default]
    Unknown,
}

impl Kind {
    /// The name under which records are counted.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Result => "hc08",
            Self::Guidance => "hg08",
            Self::CheckupClaim => "cc08",
            Self::GuidanceClaim => "gc08",
            Self::Index => "ix08",
            Self::Summary => "su08",
            Self::Clinical => "cda",
            Self::Unknown => "不明",
        }
    }

    /// What a root element (with the document code beneath it) says.
    pub(super) fn of(root: El<'_>) -> Self {
        if root.space() == Space::Other {
            return Self::Unknown;
        }
        match root.name() {
            "ClinicalDocument" => {
                let code = root.child("code");
                let report = code.map(|c| c.attr("code").into_owned()).unwrap_or_default();
                let system = code.map(|c| c.attr("codeSystem").into_owned()).unwrap_or_default();
                let role = root.down(&["recordTarget", "patientRole"]);
                let insured = role.is_some_and(|r| checkup::id_of(r, "101").is_some());
                if system != "1.2.392.200119.6.1001" && !insured {
                    Self::Clinical
                } else if report.len() == 2 && report.starts_with('2') {
                    Self::Guidance
                } else {
                    Self::Result
                }
            }
            "checkupClaim" => Self::CheckupClaim,
            "healthGuidanceClaim" => Self::GuidanceClaim,
            "index" if root.child("totalRecordCount").is_some() => Self::Index,
            "summary" if root.child("totalSubjectCount").is_some() => Self::Summary,
            _ => Self::Unknown,
        }
    }

    fn is_claim(self) -> bool {
        matches!(self, Self::CheckupClaim | Self::GuidanceClaim)
    }
}

/// The first bytes of a member that are read to know it. Heads are much shorter.
const HEAD_BYTES: u64 = 6 * 1024;

pub(super) fn split(document: &Document<'_>) -> Split {
    let mut cutter = Cutter { document, split: Split::default() };
    let bytes = document.bytes;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if bytes.is_empty() {
        cutter.split.findings.push(Finding::new(&rules::EMPTY));
    } else if size > document.limits.document_bytes_max {
        let max = format!("{} バイト以下", document.limits.document_bytes_max);
        cutter.split.findings.push(Finding::new(&rules::LIMIT).found(format!("{size} バイト")).expected(max));
    } else if bytes.starts_with(b"PK") {
        cutter.package(bytes, 0, 0);
    } else {
        cutter.single();
    }
    cutter.split
}

struct Cutter<'d, 'a> {
    document: &'d Document<'a>,
    split: Split,
}

/// A DATA or CLAIMS file, for pairing.
struct Paired {
    /// File name without the letter in front.
    name: String,
    /// Who it speaks of.
    person: String,
    claim: bool,
    day: Option<PartialDate>,
    /// Its context.
    context: usize,
}

/// What a settlement adds to the sums of su08.
const SUMS: [(&str, &[&str]); 4] = [
    ("totalCostAmount", &["unitAmount", "calculatedAmount"]),
    ("totalPaymentAmount", &["paymentAmount", "payment"]),
    ("totalPaymentByOtherProgram", &["paymentByOtherProgram"]),
    ("totalClaimAmount", &["claimAmount"]),
];

#[derive(Default)]
struct Package {
    index: Option<(u64, ByteRange)>,
    created: Option<PartialDate>,
    summary: Option<(BTreeMap<&'static str, i64>, ByteRange)>,
    sums: BTreeMap<&'static str, i64>,
    results: u64,
    paired: Vec<Paired>,
    others: u64,
}

impl Cutter<'_, '_> {
    fn count(&mut self, kind: &str) {
        *self.split.totals.entry(CompactString::from(kind)).or_default() += 1;
    }

    /// A document that is one XML.
    fn single(&mut self) {
        let bytes = self.document.bytes;
        let whole = ByteRange::within(0, 0, bytes.len());
        let tree = Tree::read(bytes, 0, Extent::Head).ok();
        let root = tree.as_ref().and_then(Tree::root);
        let kind = root.map(Kind::of).unwrap_or_default();
        self.count(kind.name());
        if matches!(kind, Kind::Index | Kind::Summary) {
            self.split.envelope.add(kind.name(), 1);
            return;
        }
        let order = order_of(self.document.path);
        self.unit(whole, Frame { kind, order, ..Frame::default() });
    }

    fn unit(&mut self, range: ByteRange, frame: Frame) {
        let max = usize::try_from(self.document.limits.units_per_document_max).unwrap_or(usize::MAX);
        if self.split.units.len() >= max {
            if !self.split.findings.iter().any(|f| f.rule.id == rules::LIMIT.id) {
                let found = format!("{max} 件を超える文書");
                let finding = Finding::new(&rules::LIMIT).found(found).expected(format!("{max} 件以下"));
                self.split.findings.push(finding);
            }
            self.split.envelope.add(frame.kind.name(), 1);
            return;
        }
        let mut records = RecordCounts::default();
        records.add(frame.kind.name(), 1);
        let context = u32::try_from(self.split.contexts.len()).unwrap_or(u32::MAX);
        self.split.contexts.push(UnitContext::Cda(frame));
        self.split.units.push(UnitSlice { range, records, context });
    }

    fn broken(&mut self, broken: Broken, range: ByteRange) {
        let rule: &'static Rule = match broken {
            Broken::Structure => &rules::ZIP,
            Broken::Zip64 => &rules::ZIP64,
            Broken::Overlap => &rules::ZIP_OVERLAP,
            Broken::TooMuch => &rules::LIMIT,
        };
        self.split.findings.push(Finding::new(rule).at(range));
    }

    /// The package that stands at `base`. One may stand in another, when it is not packed again.
    fn package(&mut self, bytes: &[u8], base: u64, depth: u32) {
        let members = match zip::members(bytes, base, self.document.limits) {
            Ok(members) => members,
            Err(broken) => return self.broken(broken, ByteRange::within(base, 0, bytes.len())),
        };
        let mut package = Package::default();
        let first = self.split.contexts.len();
        for member in &members {
            self.member(member, depth, &mut package);
        }
        for context in self.split.contexts.iter_mut().skip(first) {
            if let UnitContext::Cda(frame) = context {
                frame.created = frame.created.or(package.created);
            }
        }
        self.pair(&mut package);
        self.check(&package, ByteRange::within(base, 0, bytes.len()));
    }

    fn member(&mut self, member: &Member, depth: u32, package: &mut Package) {
        let lower = member.name.to_ascii_lowercase();
        let file = lower.rsplit('/').next().unwrap_or_default();
        if lower.ends_with('/') {
            return;
        }
        if lower.starts_with("__macosx/")
            || lower.contains("/__macosx/")
            || file.starts_with("._")
            || file == ".ds_store"
        {
            self.split.envelope.add("無視", 1);
        } else if file.ends_with(".xsd") || file.ends_with(".xsl") || file.ends_with(".xslt") {
            self.split.envelope.add("xsd", 1);
        } else if file.ends_with(".zip") {
            self.inner(member, depth);
        } else if file.ends_with(".xml") {
            self.document_member(member, package);
        } else {
            self.split.envelope.add("その他", 1);
            package.others += 1;
        }
    }

    fn spoilt(&mut self, member: &Member, spoilt: Spoilt) {
        let frame = Frame { spoilt: Some(spoilt), packed: true, ..Frame::default() };
        self.count(Kind::Unknown.name());
        self.unit(member.range, frame);
    }

    fn inner(&mut self, member: &Member, depth: u32) {
        let bytes = self.document.bytes;
        let from = usize::try_from(member.data).unwrap_or(usize::MAX);
        let to = usize::try_from(member.range.end()).unwrap_or(usize::MAX);
        match (member.spoilt, bytes.get(from..to)) {
            (Some(spoilt), _) => self.spoilt(member, spoilt),
            (None, Some(inner)) if !member.deflated && depth < 2 => {
                self.package(inner, member.data, depth + 1);
            }
            _ => self.spoilt(member, Spoilt::Package),
        }
    }

    fn document_member(&mut self, member: &Member, package: &mut Package) {
        if let Some(spoilt) = member.spoilt {
            return self.spoilt(member, spoilt);
        }
        let unit = member.range.slice(self.document.bytes).unwrap_or_default();
        let mut head = zip::head_of(unit, HEAD_BYTES);
        let mut tree = Tree::read(&head, 0, Extent::Head).ok();
        if member.size > HEAD_BYTES
            && tree.as_ref().and_then(Tree::root).is_none_or(|r| Kind::of(r) == Kind::Unknown)
        {
            drop(tree);
            head = zip::head_of(unit, member.size);
            tree = Tree::read(&head, 0, Extent::Head).ok();
        }
        let root = tree.as_ref().and_then(Tree::root);
        let kind = root.map(Kind::of).unwrap_or_default();
        self.count(kind.name());
        match kind {
            Kind::Index => {
                self.split.envelope.add(kind.name(), 1);
                let found = root.map(|root| {
                    let count = root.child("totalRecordCount").map(|c| c.attr("value").into_owned());
                    let made = root.child("creationTime").map(|c| c.attr("value").into_owned());
                    (count.and_then(|c| c.parse().ok()), made.and_then(|m| stamp(&m)).map(|m| m.0))
                });
                if let Some((count, created)) = found {
                    package.index = count.map(|count| (count, member.range));
                    package.created = created;
                }
            }
            Kind::Summary => {
                self.split.envelope.add(kind.name(), 1);
                let sums = root.map(|root| {
                    let names = SUMS.iter().map(|s| s.0).chain(["totalSubjectCount"]);
                    names.filter_map(|n| Some((n, value_of(root.child(n)?)?))).collect()
                });
                package.summary = sums.map(|sums| (sums, member.range));
            }
            kind => {
                let context = self.split.contexts.len();
                if let Some(mut paired) = root.map(|root| paired_of(root, kind, member, package)) {
                    paired.context = context;
                    package.paired.push(paired);
                }
                package.results += u64::from(!kind.is_claim());
                let frame = Frame {
                    kind,
                    order: order_of(&member.name),
                    size: member.size,
                    crc: member.crc,
                    packed: true,
                    ..Frame::default()
                };
                self.unit(member.range, frame);
            }
        }
    }

    /// Settlements take the day of the result they stand beside: of equal name, when it is about the same person; or
    /// about the same person, when names fail.
    fn pair(&mut self, package: &mut Package) {
        let mut alone = 0u64;
        let claims = package.paired.iter().any(|p| p.claim);
        let mut by_name: BTreeMap<&str, (usize, Option<PartialDate>)> = BTreeMap::new();
        let mut by_person: BTreeMap<&str, (usize, Option<PartialDate>)> = BTreeMap::new();
        let mut used = vec![false; package.paired.len()];
        for (at, result) in package.paired.iter().enumerate().filter(|(_, p)| !p.claim) {
            by_name.insert(&result.name, (at, result.day));
            by_person.insert(&result.person, (at, result.day));
        }
        let mut days = Vec::new();
        for claim in package.paired.iter().filter(|p| p.claim) {
            // Equal names of different persons are no pair.
            let named = by_name.get(claim.name.as_str()).filter(|(at, _)| {
                package.paired.get(*at).is_some_and(|result| result.person == claim.person)
            });
            let found = named.or_else(|| by_person.get(claim.person.as_str()));
            match found {
                Some((at, day)) => {
                    if let Some(used) = used.get_mut(*at) {
                        *used = true;
                    }
                    days.push((claim.context, *day));
                }
                None => alone += 1,
            }
        }
        if claims {
            let lonely = package.paired.iter().zip(&used).filter(|(p, used)| !p.claim && !**used).count();
            alone += u64::try_from(lonely).unwrap_or(0);
        }
        for (context, day) in days {
            if let Some(UnitContext::Cda(frame)) = self.split.contexts.get_mut(context) {
                frame.day = day;
            }
        }
        if alone > 0 && claims {
            self.split.findings.push(Finding::new(&rules::PAIR).found(format!("{alone} 件")));
        }
    }

    fn check(&mut self, package: &Package, range: ByteRange) {
        let documents = !package.paired.is_empty();
        match package.index {
            None if documents => self.split.findings.push(Finding::new(&rules::INDEX_MISSING).at(range)),
            Some((count, at)) if count != package.results => self.split.findings.push(
                Finding::new(&rules::INDEX_COUNT)
                    .at(at)
                    .in_field("ix08", "totalRecordCount")
                    .found(count.to_string())
                    .expected(package.results.to_string()),
            ),
            _ => {}
        }
        let claims = package.paired.iter().filter(|p| p.claim).count();
        match &package.summary {
            None if claims > 0 => self.split.findings.push(Finding::new(&rules::SUMMARY_MISSING).at(range)),
            Some((_, at)) if claims == 0 => {
                self.split.findings.push(Finding::new(&rules::SUMMARY_MISSING).at(*at).found("su08 のみ"));
            }
            Some((said, at)) => {
                let subjects = i64::try_from(claims).unwrap_or(i64::MAX);
                for (name, told) in said {
                    let ours = match *name {
                        "totalSubjectCount" => subjects,
                        name => package.sums.get(name).copied().unwrap_or(0),
                    };
                    if *told != ours {
                        self.split.findings.push(
                            Finding::new(&rules::SUMMARY_SUM)
                                .at(*at)
                                .in_field("su08", *name)
                                .found(told.to_string())
                                .expected(ours.to_string()),
                        );
                    }
                }
            }
            None => {}
        }
        if package.others > 0 {
            let found = format!("{} 件", package.others);
            self.split.findings.push(Finding::new(&rules::MEMBER_OTHER).at(range).found(found));
        }
    }
}

fn value_of(el: El<'_>) -> Option<i64> {
    let holder = if el.attr("value").is_empty() { el.child("amount")? } else { el };
    holder.attr("value").parse().ok().filter(|n| (0..=999_999_999_999).contains(n))
}

fn paired_of(root: El<'_>, kind: Kind, member: &Member, package: &mut Package) -> Paired {
    let claim = kind.is_claim();
    let mut parts: Vec<String> = Vec::new();
    let mut day = None;
    if claim {
        let card = root.down(&["subjectPerson", "insuranceCard"]);
        // The branch number is left out: one of the two may lack it.
        for name in ["insurerNumber", "symbol", "number"] {
            let el = card.and_then(|c| c.child(name));
            parts.push(el.map(|e| e.attr("extension").into_owned()).unwrap_or_default());
        }
        let birth = root.down(&["subjectPerson", "birthTime"]);
        parts.push(birth.map(|e| e.attr("value").into_owned()).unwrap_or_default());
        if let Some(settlement) = root.child("settlement") {
            for (sum, names) in SUMS {
                let found = names.iter().find_map(|n| settlement.child(n)).and_then(value_of);
                *package.sums.entry(sum).or_default() += found.unwrap_or(0);
            }
        }
    } else {
        let role = root.down(&["recordTarget", "patientRole"]);
        for arc in ["101", "204", "205"] {
            let el = role.and_then(|r| checkup::id_of(r, arc));
            parts.push(el.map(|e| e.attr("extension").into_owned()).unwrap_or_default());
        }
        let birth = role.and_then(|r| r.down(&["patient", "birthTime"]));
        parts.push(birth.map(|e| e.attr("value").into_owned()).unwrap_or_default());
        let time = root.down(&["documentationOf", "serviceEvent", "effectiveTime"]);
        day = time.and_then(|t| {
            let own = t.attr("value");
            let low = t.child("low").map(|l| l.attr("value").into_owned()).unwrap_or_default();
            stamp(if own.is_empty() { &low } else { &own }).map(|s| s.0)
        });
    }
    let file = member.name.rsplit('/').next().unwrap_or_default();
    let mut letters = file.chars();
    letters.next();
    Paired { name: letters.as_str().to_owned(), person: parts.join("|"), claim, day, context: 0 }
}

/// What the file name says of the order of versions: creation day, part and serial number of
/// `{h|g|c|p}{institution 10}{day 8}{part 1}{kind 1}{serial 6}.xml`; empty for other names.
fn order_of(path: &str) -> CompactString {
    let file = path.rsplit('/').next().unwrap_or_default();
    let Some(stem) = file.get(..file.len().saturating_sub(4)) else { return CompactString::default() };
    let digits = stem.get(1..).unwrap_or_default();
    if digits.len() != 26 || !digits.bytes().all(|b| b.is_ascii_digit()) || digits.contains(PLACEHOLDER) {
        return CompactString::default();
    }
    let part = digits.get(18..19).unwrap_or_default();
    let serial = digits.get(20..26).unwrap_or_default();
    CompactString::from([part, serial].concat())
}
