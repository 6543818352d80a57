//! What becomes of every field of every format, as data: for each item of the operator's plan (DI-01 … DI-73) and each
//! field a table and column, or the reason why not, and the test that proves it.

pub mod items;

use musubi_model::FactTable;
use musubi_model::manifest::FeedKind;

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Becomes {
    /// A fact: table, and the column of it (`start`, `source`, `value`, …; see `model/src/fact.rs`).
    Fact(FactTable, &'static str),
    /// Demographics: sealed in the identity zone (the name of the part).
    Demographics(&'static str),
    /// The envelope or context of units; what for.
    Context(&'static str),
    /// Not kept as a value, but held against others (counts, sums, check digits); against what.
    Checked(&'static str),
    /// Stays in the original only, sealed; why.
    Sealed(&'static str),
    /// A sealed note: kind and place are a fact, the text stays in the original.
    Note,
}

impl Becomes {
    /// The word for it in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fact(..) => "fact",
            Self::Demographics(_) => "demographics",
            Self::Context(_) => "context",
            Self::Checked(_) => "checked",
            Self::Sealed(_) => "sealed",
            Self::Note => "note",
        }
    }

    /// Where to, what for, against what or why.
    #[must_use]
    pub fn detail(self) -> String {
        match self {
            Self::Fact(table, column) => format!("{}.{column}", table.as_str()),
            Self::Demographics(what) | Self::Context(what) | Self::Checked(what) | Self::Sealed(what) => {
                what.to_owned()
            }
            Self::Note => FactTable::Note.as_str().to_owned(),
        }
    }
}

/// One field, or one group of fields that are treated alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    /// The format.
    pub kind: FeedKind,
    /// The interface, for tables; empty otherwise.
    pub interface: &'static str,
    /// Record and field as the format names them: `SY[1] 傷病名コード`, `PID-7 生年月日`.
    pub field: &'static str,
    /// Which items of the plan it serves: `DI-17`.
    pub items: &'static [&'static str],
    /// What becomes of it.
    pub becomes: Becomes,
    /// The test that proves it, `file::test` below `mappers/tests`: `uke_facts::diseases_become_conditions`.
    pub test: &'static str,
}

/// Declares the coverage of one format: `kind` once, then a row for each field.
#[macro_export]
macro_rules! covered {
    ($kind:ident $interface:literal; $($field:literal [$($item:literal)*] $becomes:expr, $test:literal;)*) => {{
        #[allow(unused_imports, reason = "no format uses every outcome")]
        use $crate::coverage::Becomes::*;
        #[allow(unused_imports, reason = "no format uses every table")]
        use musubi_model::FactTable::*;
        const ROWS: &[$crate::coverage::Covered] = &[$($crate::coverage::Covered {
            kind: musubi_model::manifest::FeedKind::$kind,
            interface: $interface,
            field: $field,
            items: &[$($item),*],
            becomes: $becomes,
            test: $test,
        }),*];
        ROWS
    }};
}

/// The rows that serve an item.
#[must_use]
pub fn serving(item: &str) -> Vec<&'static Covered> {
    all().into_iter().filter(|row| row.items.contains(&item)).collect()
}

/// The coverage of all formats, in the order of [`FeedKind::ALL`] within each module.
#[must_use]
pub fn all() -> Vec<&'static Covered> {
    [
        crate::uke::coverage(),
        crate::ssmix2::coverage(),
        crate::receipt::coverage(),
        crate::dpc::coverage(),
        crate::cda::coverage(),
        crate::table::coverage(),
        crate::care::coverage(),
        crate::qr::coverage(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
