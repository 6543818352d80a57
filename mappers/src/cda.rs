//! Clinical Document Architecture R2: check-ups (特定健診等) and clinical documents (診療情報提供書, 電子処方箋).
//!
//! A document is one XML about one person, or the zip package of the check-up archive, in which every XML about a person
//! is a unit. Names of people other than the patient, vouchers, free text and attached files never become part of a fact:
//! they stay in the original, which every fact points into. DTDs and entities are never read.

mod checkup;
mod claim;
mod clinical;
mod covered;
mod entries;
mod items;
mod observed;
mod oid;
mod package;
mod patient;
pub mod rules;
mod work;
mod xml;
mod zip;

use std::borrow::Cow;

use compact_str::{CompactString, format_compact};
use musubi_model::code::Masters;
use musubi_model::{ByteRange, Demographics, Finding, PartialDate, Rule};

pub use package::Kind;
pub use zip::Spoilt;

use crate::coverage::Covered;
use crate::text;
use crate::{Document, MappedUnit, Mapper, Split, UnitContext, UnitSlice};
use work::Work;
use xml::{Extent, Fault, Space, Tree};

/// What stands around a document: its package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// What kind of document it is.
    pub kind: Kind,
    /// The day the package was made (ix08 creationTime).
    pub created: Option<PartialDate>,
    /// The day of the result a settlement stands beside.
    pub day: Option<PartialDate>,
    /// Part and serial number of the file name, for versions.
    pub order: CompactString,
    /// Unpacked bytes and CRC-32, as the package's directory says.
    pub size: u64,
    /// CRC-32 of the unpacked bytes.
    pub crc: u32,
    /// Is the unit a member of a package?
    pub packed: bool,
    /// What keeps the member from being read.
    pub spoilt: Option<Spoilt>,
}

impl Frame {
    /// The time of a version: package made, document made, part and serial number.
    fn time(&self, made: Option<PartialDate>) -> CompactString {
        let text = |d: Option<PartialDate>| d.map(|d| d.to_string()).unwrap_or_default();
        let (created, made) = (self.created.or(made), made.or(self.created));
        format_compact!("{} {} {:0>7}", text(created), text(made), self.order)
    }
}

/// The rules of this module.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    rules::rules()
}

/// What becomes of every field.
#[must_use]
pub fn coverage() -> Vec<&'static Covered> {
    covered::all()
}

/// 特定健診, 特定保健指導, 後期高齢者 and other check-ups.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checkup;

impl Mapper for Checkup {
    fn version(&self) -> &str {
        "checkup-cda/1"
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        if !looks_like_xml(document.bytes) && !document.bytes.starts_with(b"PK") {
            return false;
        }
        let split = package::split(document);
        let known = |kind: &str| matches!(kind, "hc08" | "hg08" | "cc08" | "gc08" | "ix08" | "su08");
        split.totals.keys().any(|k| known(k)) && !split.totals.contains_key("cda")
    }

    fn open<'u>(&self, unit: &'u [u8]) -> Cow<'u, [u8]> {
        if unit.starts_with(zip::LOCAL) { zip::open(unit) } else { Cow::Borrowed(unit) }
    }

    fn split(&self, document: &Document<'_>) -> Split {
        package::split(document)
    }

    fn map(
        &self,
        document: &Document<'_>,
        split: &Split,
        unit: &UnitSlice,
        masters: &dyn Masters,
    ) -> MappedUnit {
        let frame = match split.contexts.get(unit.context as usize) {
            Some(UnitContext::Cda(frame)) => frame.clone(),
            _ => Frame::default(),
        };
        let mut mapped = empty(unit);
        let mut work = Work::new(masters, document.limits);
        let bytes = unit.range.slice(document.bytes).unwrap_or_default();
        match unpacked(bytes, &frame, document) {
            Err(spoilt) => work.notes.push(Finding::new(rule_of(spoilt)).at(unit.range)),
            Ok(bytes) => read(&bytes, unit.range.start, &mut work, |root, work| {
                let kind = Kind::of(root);
                let said = match kind {
                    Kind::Result | Kind::Guidance => checkup::map(root, kind, &frame, work),
                    Kind::CheckupClaim | Kind::GuidanceClaim => claim::map(root, kind, &frame, work),
                    _ => {
                        work.say(&rules::ROOT, root, "", shape_of_name(root.name()), "健診・保健指導の文書");
                        return;
                    }
                };
                mapped.demographics = said.demographics;
                mapped.version = said.version;
            }),
        }
        finish(mapped, work)
    }

    fn show(&self, bytes: &[u8]) -> String {
        show(bytes)
    }
}

/// 診療情報提供書, 退院時サマリー, 電子処方箋, 調剤結果.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clinical;

impl Mapper for Clinical {
    fn version(&self) -> &str {
        "clinical-cda/1"
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        if !looks_like_xml(document.bytes) {
            return false;
        }
        let tree = Tree::read(document.bytes, 0, Extent::Head).ok();
        let root = tree.as_ref().and_then(Tree::root);
        root.is_some_and(|r| r.space() == Space::Hl7 && Kind::of(r) == Kind::Clinical)
    }

    fn split(&self, document: &Document<'_>) -> Split {
        clinical::split(document)
    }

    fn map(&self, document: &Document<'_>, _: &Split, unit: &UnitSlice, masters: &dyn Masters) -> MappedUnit {
        let mut mapped = empty(unit);
        let mut work = Work::new(masters, document.limits);
        let bytes = unit.range.slice(document.bytes).unwrap_or_default();
        read(bytes, unit.range.start, &mut work, |root, work| {
            if Kind::of(root) != Kind::Clinical {
                work.say(&rules::ROOT, root, "", shape_of_name(root.name()), "ClinicalDocument");
                return;
            }
            let said = clinical::map(root, work);
            mapped.demographics = said.demographics;
            mapped.version = said.version;
        });
        finish(mapped, work)
    }

    fn show(&self, bytes: &[u8]) -> String {
        show(bytes)
    }
}

fn empty(unit: &UnitSlice) -> MappedUnit {
    MappedUnit {
        demographics: Demographics::default(),
        facts: Vec::new(),
        findings: Vec::new(),
        records: unit.records.clone(),
        version: None,
        master_version: CompactString::default(),
    }
}

fn finish(mut mapped: MappedUnit, mut work: Work<'_>) -> MappedUnit {
    work.close();
    if !work.notes.has_error() {
        // Mostly they stand in order already, and a fact is large to move.
        if !work.facts.is_sorted_by_key(|f| f.range.start) {
            work.facts.sort_by_key(|f| f.range.start);
        }
        mapped.facts = work.facts;
    }
    mapped.findings = work.notes.finish();
    mapped.master_version = work.lookup.editions();
    mapped
}

/// The bytes of a unit, unpacked and held against what the package says of them.
fn unpacked<'u>(bytes: &'u [u8], frame: &Frame, document: &Document<'_>) -> Result<Cow<'u, [u8]>, Spoilt> {
    if let Some(spoilt) = frame.spoilt {
        return Err(spoilt);
    }
    if !frame.packed {
        return Ok(Cow::Borrowed(bytes));
    }
    let most = frame.size.min(document.limits.document_bytes_max);
    let unpacked = zip::unpack(bytes, most).ok_or(Spoilt::Damaged)?;
    let sound =
        u64::try_from(unpacked.len()).unwrap_or(u64::MAX) == frame.size && zip::crc(&unpacked) == frame.crc;
    if sound { Ok(unpacked) } else { Err(Spoilt::Damaged) }
}

fn rule_of(spoilt: Spoilt) -> &'static Rule {
    match spoilt {
        Spoilt::Encrypted => &rules::MEMBER_ENCRYPTED,
        Spoilt::Method => &rules::MEMBER_METHOD,
        Spoilt::TooDense => &rules::MEMBER_DENSE,
        Spoilt::Name => &rules::MEMBER_NAME,
        Spoilt::Package => &rules::MEMBER_ZIP,
        Spoilt::Damaged => &rules::MEMBER_DAMAGED,
    }
}

/// Reads the document and hands over its root; what is no XML is told.
fn read(bytes: &[u8], base: u64, work: &mut Work<'_>, with: impl FnOnce(xml::El<'_>, &mut Work<'_>)) {
    match Tree::read(bytes, base, Extent::All) {
        Ok(tree) => {
            let Some(root) = tree.root() else { return };
            if let Some(name) = tree.decoded {
                work.say(&rules::ENCODING, root, "", name.to_owned(), "UTF-8");
            }
            match root.space() {
                Space::None => {
                    work.say(&rules::NAMESPACE, root, "xmlns", "(なし)".to_owned(), "urn:hl7-org:v3");
                }
                Space::Other => {
                    work.say(&rules::ROOT, root, "xmlns", "別の名前空間".to_owned(), "urn:hl7-org:v3");
                    return;
                }
                Space::Hl7 | Space::Claim => {}
            }
            with(root, work);
        }
        Err(fault) => {
            let (rule, at): (&'static Rule, usize) = match fault {
                Fault::Encoding => (&rules::ENCODING_BAD, 0),
                Fault::Malformed(at) => (&rules::MALFORMED, at),
                Fault::Dtd(at) => (&rules::DTD, at),
                Fault::Entity(at) => (&rules::ENTITY, at),
                Fault::TooMuch(at) => (&rules::LIMIT, at),
            };
            let range: ByteRange = Tree::place(bytes, base, at);
            work.notes.push(Finding::new(rule).at(range));
        }
    }
}

/// Does it begin as XML does, in whatever encoding? Spares reading what is none.
fn looks_like_xml(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(64)).unwrap_or_default();
    let first =
        head.iter().find(|b| !b.is_ascii_whitespace() && !matches!(b, 0xEF | 0xBB | 0xBF | 0xFE | 0xFF | 0));
    first == Some(&b'<')
}

/// The name of an element that is none of ours.
fn shape_of_name(name: &str) -> String {
    musubi_model::finding::shape_of(&name.chars().take(40).collect::<String>())
}

fn show(bytes: &[u8]) -> String {
    let encoding = text::detect(bytes).unwrap_or(text::Encoding::Utf8);
    text::decode(encoding, bytes).into_owned()
}
