//! An interface, checked: what the reader works with. Columns and facts are numbered; nothing is looked up by name any
//! more while rows are read.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Fact};
use rust_decimal::Decimal;

use crate::text::Encoding;

/// One interface version (連携仕様の版): which column of a table is what.
#[derive(Debug, Clone)]
pub struct Interface {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) title: String,
    pub(super) layout: Layout,
    /// Normalised headings that only this interface has.
    pub(super) recognise: Vec<String>,
    pub(super) columns: Vec<Column>,
    pub(super) facts: Vec<FactPlan>,
    pub(super) checks: Vec<Check>,
    pub(super) day: Option<usize>,
    pub(super) time: Option<usize>,
    pub(super) age_months: Option<[u16; 2]>,
    pub(super) versions: Option<Versions>,
    /// Parts of the person in the order of the columns.
    pub(super) person: Vec<(Part, usize)>,
}

impl Interface {
    /// Its name, as a feed's `interface_version` says it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version; rises whenever the same file would give other facts.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Its Japanese title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// A column by number.
    pub(super) fn column(&self, index: usize) -> Option<&Column> {
        self.columns.get(index)
    }
}

/// How the rows stand in the file.
#[derive(Debug, Clone)]
pub(super) enum Layout {
    Csv(Csv),
    Xml {
        /// Name of the element that is a record.
        record: String,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Csv {
    pub(super) separator: Option<u8>,
    pub(super) encoding: Option<Encoding>,
    pub(super) skip: u32,
    pub(super) headings: u32,
    pub(super) heading: u32,
    pub(super) comment: Option<String>,
    pub(super) columns: Option<u32>,
    pub(super) trailer: Option<(String, Option<u32>)>,
    pub(super) key: Vec<usize>,
}

/// How badly a column or its value is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// Not at all.
    No,
    /// The column must be there.
    Column,
    /// The value should be there, too.
    Expected,
    /// Without the value the record is nothing.
    Value,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    /// What facts and checks call it.
    pub(super) id: String,
    /// As the operator wrote it, for findings.
    pub(super) title: String,
    /// Normalised headings.
    pub(super) heads: Vec<String>,
    /// Position from 0.
    pub(super) at: Option<usize>,
    pub(super) path: Option<Vec<Step>>,
    pub(super) need: Need,
    pub(super) items: Vec<String>,
    pub(super) reads: Reads,
    pub(super) part: Option<Part>,
    pub(super) seal: Option<String>,
}

/// A step of an XML path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The n-th child of that name, from 1.
    Child(String, u32),
    /// An attribute; the last step.
    Attribute(String),
}

/// How a cell is read.
#[derive(Debug, Clone)]
pub(super) enum Reads {
    Number(Box<Numbers>),
    Code(Box<Codes>),
    Date {
        serial: bool,
        midnight_unknown: bool,
    },
    Time {
        midnight_unknown: bool,
    },
    Duration,
    Word,
    /// Free text, and whatever is not read at all.
    Text,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    pub(super) unit: CompactString,
    pub(super) range: Option<(Decimal, Decimal)>,
    pub(super) trap: Option<(CompactString, Decimal, Decimal)>,
    /// Unit of the number in the fact, and the factor.
    pub(super) convert: Option<(CompactString, Decimal)>,
    pub(super) absent: Vec<(String, CompactString)>,
    pub(super) beyond: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Codes {
    /// The codes; empty: any of the length.
    pub(super) values: Vec<CompactString>,
    /// Other spellings, and the code they stand for.
    pub(super) also: Vec<(CompactString, CompactString)>,
    pub(super) length: (usize, usize),
    pub(super) digit: Option<CheckDigit>,
    /// `1:要精検 2:…`, for findings.
    pub(super) expected: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckDigit {
    Jan,
    Modulus10,
}

macro_rules! parts {
    ($($variant:ident $name:literal,)*) => {
        /// A part of the person's description.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Part { $($variant),* }

        impl Part {
            pub(super) const ALL: &[Self] = &[$(Self::$variant),*];

            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

parts! {
    LocalNumber "local_number",
    InsurerNumber "insurer_number",
    InsuredSymbol "insured_symbol",
    InsuredNumber "insured_number",
    InsuredBranch "insured_branch",
    Name "name",
    NameKanji "name_kanji",
    NameKana "name_kana",
    FamilyKanji "family_kanji",
    GivenKanji "given_kanji",
    FamilyKana "family_kana",
    GivenKana "given_kana",
    Birth "birth",
    Sex "sex",
    PostalCode "postal_code",
    Address "address",
    Phone "phone",
    CareInsurer "care_insurer",
    CareNumber "care_number",
}

/// Where a column's value goes in a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slot {
    Code(CodeSystem),
    Standard(CodeSystem),
    Start,
    Second,
    End,
    Value,
    Unit,
    Range,
    Flag,
    Status,
    Quantity,
    Times,
    Department,
    Group,
    /// `name=value`; with an empty name the value alone.
    Qualifier(CompactString),
}

impl Slot {
    /// The column of the fact, as the coverage names it.
    pub(super) fn column(&self) -> &'static str {
        match self {
            Self::Code(_) => "source",
            Self::Standard(_) => "standard",
            Self::Start => "start",
            Self::Second => "start_second",
            Self::End => "end",
            Self::Value | Self::Unit | Self::Range | Self::Flag => "value",
            Self::Status => "status",
            Self::Quantity => "quantity",
            Self::Times => "times",
            Self::Department => "department",
            Self::Group => "group",
            Self::Qualifier(_) => "qualifiers",
        }
    }
}

/// A condition: a column equals one of these texts.
pub(super) type When = Vec<(usize, Vec<String>)>;

/// How a fact is made.
#[derive(Debug, Clone)]
pub(super) struct FactPlan {
    /// All that does not change.
    pub(super) template: Fact,
    pub(super) slots: Vec<(Slot, usize)>,
    /// Columns that must be filled.
    pub(super) needs: Vec<usize>,
    pub(super) when: When,
    pub(super) mark: Option<(CompactString, Vec<usize>)>,
    /// Its code comes from a cell and has a master: it is asked for.
    pub(super) asks: bool,
    /// Its day is the record's day.
    pub(super) on_day: bool,
    pub(super) items: Vec<String>,
}

/// What must hold between columns.
#[derive(Debug, Clone)]
pub(super) enum Check {
    Order(Vec<usize>),
    Sum(Vec<usize>, usize),
    Below(usize, usize),
    Bmi([usize; 3]),
    Filled(usize, When),
    Empty(usize, When),
}

#[derive(Debug, Clone)]
pub(super) struct Versions {
    pub(super) key: Vec<usize>,
    pub(super) time: Vec<usize>,
    pub(super) deleted: Option<(usize, Vec<String>)>,
}
