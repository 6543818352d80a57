//! Facts (事実): canonical clinical records in OMOP terms, source codes kept, each knowing its bytes.

use compact_str::CompactString;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::code::Coded;
use crate::date::PartialDate;
use crate::ids::{DocumentHash, IdentityId, ProviderId, SubmissionId};
use crate::source::ByteRange;

/// The table of a fact, named as in OMOP CDM v5.4 (what OMOP lacks is added at the end).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactTable {
    /// A person's research attributes without names: `start` birth month, `status` sex code, `source` prefecture.
    Person,
    /// A visit (受診・入院).
    VisitOccurrence,
    /// A diagnosis (傷病名).
    ConditionOccurrence,
    /// A drug ordered, given or billed (処方・投薬).
    DrugExposure,
    /// A procedure (診療行為).
    ProcedureOccurrence,
    /// A material or device (特定器材).
    DeviceExposure,
    /// A measured value (検査結果・身体計測).
    Measurement,
    /// Anything else observed (アレルギー, 血液型, コメント).
    Observation,
    /// Free text, kept as a sealed reference: no text here, only the bytes' position.
    Note,
    /// Death (死亡).
    Death,
    /// Points and yen (点数・金額).
    Cost,
    /// Insurance cover (保険).
    PayerPlanPeriod,
    /// A service of long-term care (介護サービス): planned, given or billed.
    CareService,
    /// A certification of the need for care (要介護認定): level, term, and what was found.
    CareNeed,
    /// Health guidance after a check-up (特定保健指導).
    HealthGuidance,
    /// What a person did in a programme of a municipality (市町村事業): kind, dates, outcome.
    ProgrammeEvent,
}

impl FactTable {
    /// All tables, in the order in which they are stored.
    pub const ALL: [Self; 16] = [
        Self::Person,
        Self::VisitOccurrence,
        Self::ConditionOccurrence,
        Self::DrugExposure,
        Self::ProcedureOccurrence,
        Self::DeviceExposure,
        Self::Measurement,
        Self::Observation,
        Self::Note,
        Self::Death,
        Self::Cost,
        Self::PayerPlanPeriod,
        Self::CareService,
        Self::CareNeed,
        Self::HealthGuidance,
        Self::ProgrammeEvent,
    ];

    /// The OMOP name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::VisitOccurrence => "visit_occurrence",
            Self::ConditionOccurrence => "condition_occurrence",
            Self::DrugExposure => "drug_exposure",
            Self::ProcedureOccurrence => "procedure_occurrence",
            Self::DeviceExposure => "device_exposure",
            Self::Measurement => "measurement",
            Self::Observation => "observation",
            Self::Note => "note",
            Self::Death => "death",
            Self::Cost => "cost",
            Self::PayerPlanPeriod => "payer_plan_period",
            Self::CareService => "care_service",
            Self::CareNeed => "care_need",
            Self::HealthGuidance => "health_guidance",
            Self::ProgrammeEvent => "programme_event",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == name)
    }

    /// The Japanese word for reports.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Person => "人",
            Self::VisitOccurrence => "受診",
            Self::ConditionOccurrence => "傷病",
            Self::DrugExposure => "医薬品",
            Self::ProcedureOccurrence => "診療行為",
            Self::DeviceExposure => "特定器材",
            Self::Measurement => "検査値",
            Self::Observation => "観察",
            Self::Note => "文書",
            Self::Death => "死亡",
            Self::Cost => "費用",
            Self::PayerPlanPeriod => "保険",
            Self::CareService => "介護サービス",
            Self::CareNeed => "要介護認定",
            Self::HealthGuidance => "保健指導",
            Self::ProgrammeEvent => "市町村事業",
        }
    }
}

/// A measured value, read without losing what was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Measured {
    /// The value exactly as sent (`<0.5`, `1+`, `6.20`). Empty: none.
    pub text: CompactString,
    /// The number in it, when there is exactly one.
    pub number: Option<Decimal>,
    /// `<`, `>`, `<=`, `>=` before the number; empty when none.
    pub comparator: CompactString,
    /// Unit as sent.
    pub unit: CompactString,
    /// Reference range as sent.
    pub range: CompactString,
    /// Abnormal flag as sent (`H`, `L`, `N`).
    pub flag: CompactString,
}

/// One fact, as a mapper makes it. What is common to a unit stands in [`Provenance`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The table.
    pub table: FactTable,
    /// The bytes of the record the fact was read from, within its document.
    pub range: ByteRange,
    /// First (or only) day.
    pub start: Option<PartialDate>,
    /// Seconds since midnight, local time, when the source gives a time of day with `start`.
    pub start_second: Option<u32>,
    /// Last day.
    pub end: Option<PartialDate>,
    /// The code as sent.
    pub source: Option<Coded>,
    /// The standard concept the source code maps to (for diagnoses ICD-10), when known.
    pub standard: Option<Coded>,
    /// Modifiers, in order, joined by spaces (傷病名 修飾語コード; HL7 status words).
    pub qualifiers: CompactString,
    /// Outcome or status as sent (転帰, OBX-11, RXA-20); for [`FactTable::Person`] the sex code.
    pub status: CompactString,
    /// The measured value.
    pub value: Measured,
    /// Quantity: amount of a drug, number of a procedure, points or yen of a cost.
    pub quantity: Option<Decimal>,
    /// Times or days the line counts (回数・日数).
    pub times: Option<u32>,
    /// What joins facts inside a unit: order and RP number, claim line group. Never an identifying number.
    pub group: CompactString,
    /// Department, as sent (診療科).
    pub department: CompactString,
}

impl Fact {
    /// A fact of `table` read from `range`, all else empty.
    #[must_use]
    pub fn new(table: FactTable, range: ByteRange) -> Self {
        Self {
            table,
            range,
            start: None,
            start_second: None,
            end: None,
            source: None,
            standard: None,
            qualifiers: CompactString::default(),
            status: CompactString::default(),
            value: Measured::default(),
            quantity: None,
            times: None,
            group: CompactString::default(),
            department: CompactString::default(),
        }
    }
}

/// What all facts of one unit share: where they came from and how they were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Whose facts, as the provider described them.
    pub identity: IdentityId,
    /// The provider where the care took place.
    pub provider: ProviderId,
    /// The document.
    pub document: DocumentHash,
    /// The unit inside the document.
    pub unit: u32,
    /// The delivery.
    pub submission: SubmissionId,
    /// Name and version of the mapper, e.g. `uke-medical/1`.
    pub mapper_version: CompactString,
    /// Editions of the masters used, e.g. `RECE-B 20240601`; empty when none was loaded.
    pub master_version: CompactString,
    /// The notice (通知) under which the data came, once notices are kept; 0 until then.
    pub notice: u64,
}

/// A unit's facts with their provenance: what a load writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitFacts {
    /// Shared by all of them.
    pub provenance: Provenance,
    /// In the order of the unit; the position is the fact's ordinal.
    pub facts: Vec<Fact>,
}
