//! Codes as sent, with the system they belong to. Mapping to a standard concept adds a code, it never replaces one.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

macro_rules! systems {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A code system (コード体系). `Other` keeps the sender's own name of a system we do not know.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CodeSystem {
            $($(#[$doc])* $variant,)*
            /// A system we have no name for, as the sender wrote it (`99XY1`).
            Other(CompactString),
        }

        impl CodeSystem {
            /// The name under which the system is stored.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }

            /// The inverse of [`Self::as_str`].
            #[must_use]
            pub fn from_name(name: &str) -> Self {
                match name {
                    $($name => Self::$variant,)*
                    other => Self::Other(CompactString::from(other)),
                }
            }
        }
    };
}

systems! {
    /// ICD-10, 2003 or 2013 edition, without the dot (`K297`).
    Icd10 = "ICD10",
    /// レセプト電算 disease code, 7 digits.
    ReceiptDisease = "RECE-B",
    /// レセプト電算 modifier code, 4 digits.
    ReceiptModifier = "RECE-Z",
    /// レセプト電算 procedure code, 9 digits beginning with 1.
    ReceiptProcedure = "RECE-S",
    /// レセプト電算 drug code, 9 digits beginning with 6.
    ReceiptDrug = "RECE-Y",
    /// レセプト電算 material code, 9 digits beginning with 7.
    ReceiptMaterial = "RECE-T",
    /// レセプト電算 comment code, 9 digits beginning with 8.
    ReceiptComment = "RECE-C",
    /// MEDIS disease management number, 8 digits.
    MedisDisease = "MDCDX2",
    /// HOT 7, 9 or 13 drug code.
    Hot = "HOT",
    /// Individual drug code (薬価収載・YJ), 12 characters.
    Yj = "YJ",
    /// JLAC10 laboratory code, 15 or 17 characters.
    Jlac10 = "JC10",
    /// JAMI standard dosage code, 16 digits.
    JamiUsage = "JAMISDP01",
    /// Radiology, JJ1017.
    Jj1017 = "JJ1017",
    /// Endoscopy, LENDO.
    Lendo = "LENDO",
    /// Points and yen of a receipt.
    Points = "POINTS",
    /// Payer (保険種別), JHSD0001 or the law number of a receipt.
    Payer = "PAYER",
    /// Prefecture (都道府県), JIS X 0401, 2 digits.
    Prefecture = "JISX0401",
    /// Dental procedure of receipts (歯科診療行為), 9 digits beginning with 3.
    ReceiptDental = "RECE-H",
    /// Addition to a dental procedure (歯科診療行為 加算), 5 characters.
    ReceiptDentalAddition = "RECE-HA",
    /// Dispensing fee of receipts (調剤行為), 9 digits beginning with 4.
    ReceiptDispensing = "RECE-M",
    /// Home-nursing fee of receipts (訪問看護療養費), 9 digits beginning with 5.
    ReceiptNursing = "RECE-N",
    /// Tooth formula (歯式), 6 digits for each tooth.
    ToothFormula = "SHISHIKI",
    /// DPC classification (診断群分類番号), 14 characters.
    Dpc = "DPC",
    /// Item of DPC 様式1, `CODE.payload`.
    DpcItem = "DPC-FF1",
    /// JLAC11 laboratory code.
    Jlac11 = "JC11",
    /// Organism, JANIS 菌名コード.
    Janis = "JANIS",
    /// LOINC.
    Loinc = "LN",
    /// Check-up item (特定健診 項目コード), 17 characters, OID 1.2.392.200119.6.1005.
    CheckupItem = "MHLW-CHECKUP",
    /// A coded value of a check-up item; the code is `list OID suffix:value` or plain.
    CheckupValue = "MHLW-CHECKUP-VALUE",
    /// One concept for all methods of a check-up examination; our own list.
    CheckupConcept = "MUSUBI-CHECKUP",
    /// Long-term care service (介護サービスコード), kind 2 and item 4.
    CareService = "CARE-SERVICE",
    /// Level of need for care (要介護状態区分), 2 digits.
    CareLevel = "CARE-LEVEL",
    /// Item of the certification survey (認定調査項目), `group-number`.
    CareSurvey = "CARE-SURVEY",
    /// Field of a LIFE interface, `INTERFACE.field`.
    Life = "LIFE",
    /// ICF (国際生活機能分類).
    Icf = "ICF",
    /// Item of a configured interface; our own list of concepts.
    Item = "MUSUBI-ITEM",
    /// Kind of a document that is kept as a sealed note; our own list.
    DocumentKind = "MUSUBI-DOCUMENT",
    /// General name of a drug (一般名処方コード).
    GenericDrug = "IPPANMEI",
    /// JAN / GTIN of goods.
    Jan = "JAN",
    /// Five- or six-digit code of a local government (全国地方公共団体コード).
    Municipality = "JISX0402",
    /// Insurer (保険者番号), 6 or 8 digits.
    Insurer = "INSURER",
    /// Institution of health care (医療機関等): prefecture 2, fee table 1, institution code 7 digits; 9 digits of DPC data
    /// leave the fee table out.
    Institution = "MHLW-INSTITUTION",
    /// Section of the fee table (点数表の区分番号), e.g. `K0821` of a surgery.
    FeeSection = "TENSU-KUBUN",
    /// Record or field of the JAHIS prescription and notebook codes: `2-1`, the record and its kind.
    JahisQr = "JAHIS-QR",
    /// Item of a receipt that has no code of its own (`attendance`, `dpc.jcs`); our own list.
    ReceiptItem = "RECE-ITEM",
}

impl fmt::Display for CodeSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CodeSystem {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CodeSystem {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::from_name(&String::deserialize(d)?))
    }
}

/// A code as sent: system, code, and the text beside it, unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Coded {
    /// Which system.
    pub system: CodeSystem,
    /// The code, as sent; may be empty when only a text was sent.
    pub code: CompactString,
    /// The text beside the code, as sent.
    pub text: Option<CompactString>,
}

impl Coded {
    /// A code without text.
    #[must_use]
    pub fn new(system: CodeSystem, code: &str) -> Self {
        Self { system, code: CompactString::from(code), text: None }
    }

    /// Adds the text that stood beside the code; an empty text is none.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        self.text = (!text.is_empty()).then(|| CompactString::from(text));
        self
    }
}

/// What a mapper asks of the loaded code masters (マスタ). Implemented over the registry's editions by `storage`;
/// [`NoMasters`] answers nothing, with which the product still runs, and warns.
pub trait Masters: Sync {
    /// The edition in force on `on`, or `None` when no master of that system is loaded.
    fn edition(&self, system: &CodeSystem, on: PartialDateOrToday) -> Option<CompactString>;
    /// What the master says of a code in the edition in force on `on`. `None`: the code is not in it.
    fn look_up(&self, system: &CodeSystem, code: &str, on: PartialDateOrToday) -> Option<MasterEntry>;
}

/// The date for which a master is asked: the care date, or the newest edition when there is none.
pub type PartialDateOrToday = Option<crate::PartialDate>;

/// One row of a master: the name, and the standard code it maps to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterEntry {
    /// The master's name of the code.
    pub name: CompactString,
    /// The standard code (for diseases: ICD-10), when the master gives one.
    pub standard: Option<Coded>,
}

/// No masters at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMasters;

impl Masters for NoMasters {
    fn edition(&self, _: &CodeSystem, _: PartialDateOrToday) -> Option<CompactString> {
        None
    }

    fn look_up(&self, _: &CodeSystem, _: &str, _: PartialDateOrToday) -> Option<MasterEntry> {
        None
    }
}
