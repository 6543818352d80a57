//! Tables by configuration (表形式): a TOML file says which column is what; a new sender is configuration, not code.

use musubi_model::Rule;
use musubi_model::code::Masters;

use crate::coverage::Covered;
use crate::{Document, MappedUnit, Mapper, Split, UnitSlice};

/// The columns of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {}

/// The rules of this module.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    &[]
}

/// What becomes of every field.
#[must_use]
pub fn coverage() -> Vec<&'static Covered> {
    Vec::new()
}

/// The mapper of one interface.
#[derive(Debug, Clone)]
pub struct Table {}

impl Mapper for Table {
    fn version(&self) -> &str {
        "table/1"
    }

    fn split(&self, _: &Document<'_>) -> Split {
        todo!()
    }

    fn map(&self, _: &Document<'_>, _: &Split, _: &UnitSlice, _: &dyn Masters) -> MappedUnit {
        todo!()
    }

    fn show(&self, _: &[u8]) -> String {
        todo!()
    }
}

impl Table {
    /// The mapper of an interface.
    #[must_use]
    pub fn new(_: &std::sync::Arc<Interface>) -> Self {
        Self {}
    }
}

/// One interface version (連携仕様の版): which column of a table is what.
#[derive(Debug, Clone)]
pub struct Interface {
    name: String,
}

impl Interface {
    /// Its name, as a feed's `interface_version` says it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// All interfaces known, by name.
#[derive(Debug, Clone, Default)]
pub struct Interfaces {
    by_name: std::collections::BTreeMap<String, std::sync::Arc<Interface>>,
}

impl Interfaces {
    /// Those that are shipped.
    #[must_use]
    pub fn builtin() -> Self {
        Self::default()
    }

    /// The interface of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&std::sync::Arc<Interface>> {
        self.by_name.get(name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &std::sync::Arc<Interface>> {
        self.by_name.values()
    }
}
