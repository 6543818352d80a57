//! Tables by configuration (表形式): a TOML file says which column is what; a new sender is configuration, not code.
//!
//! An [`Interface`] is the agreed layout of one sender's file: headings, how a cell is read, which fact it becomes, what
//! must hold. Headings are held against it once for each document; rows are then read by number. What an interface does
//! not name stays in the original and is told; nothing is converted or guessed unless the interface says so. How one is
//! written: `docs/interfaces.md`. Formats: formats.md §3.4, §3.5, §4.5, §5.

mod cell;
mod check;
mod compile;
mod coverage;
mod date;
mod error;
mod heading;
mod language;
mod map;
mod person;
mod plan;
mod reads;
pub mod rules;
mod shipped;
mod split;
mod xml;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use compact_str::CompactString;
use musubi_model::Rule;
use musubi_model::code::Masters;

use crate::coverage::Covered;
use crate::text;
use crate::{Document, MappedUnit, Mapper, Split, UnitContext, UnitSlice};
pub use error::InterfaceError;
pub use heading::Frame;
pub use plan::Interface;
use plan::Layout;

/// The rules of this module.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    rules::rules()
}

/// What becomes of every field.
#[must_use]
pub fn coverage() -> Vec<&'static Covered> {
    coverage::all()
}

/// The mapper of one interface.
#[derive(Debug, Clone)]
pub struct Table {
    interface: Arc<Interface>,
    version: CompactString,
}

impl Table {
    /// The mapper of an interface.
    #[must_use]
    pub fn new(interface: &Arc<Interface>) -> Self {
        let version = CompactString::from(format!("table/1 {}@{}", interface.name(), interface.version()));
        Self { interface: Arc::clone(interface), version }
    }
}

impl Mapper for Table {
    fn version(&self) -> &str {
        &self.version
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        match &self.interface.layout {
            Layout::Csv(csv) => split::is_sure(&self.interface, csv, document),
            Layout::Xml { record } => xml::is_sure(&self.interface, record, document),
        }
    }

    fn split(&self, document: &Document<'_>) -> Split {
        match &self.interface.layout {
            Layout::Csv(csv) => split::split(&self.interface, csv, document),
            Layout::Xml { record } => xml::split(&self.interface, record, document),
        }
    }

    fn map(
        &self,
        document: &Document<'_>,
        split: &Split,
        unit: &UnitSlice,
        masters: &dyn Masters,
    ) -> MappedUnit {
        let context = usize::try_from(unit.context).ok().and_then(|n| split.contexts.get(n));
        let whole;
        let frame = match context {
            Some(UnitContext::Table(frame)) => frame,
            // Split gives a table's frame to each of its units; without it columns stand where the interface has them.
            _ => {
                whole = Frame::whole(&self.interface, text::Encoding::Utf8);
                &whole
            }
        };
        map::unit(&self.interface, document, frame, unit, masters)
    }

    fn show(&self, bytes: &[u8]) -> String {
        let encoding = text::detect(bytes).unwrap_or(text::Encoding::ShiftJis);
        text::decode(encoding, bytes).into_owned()
    }
}

/// All interfaces known, by name.
#[derive(Debug, Clone, Default)]
pub struct Interfaces {
    by_name: BTreeMap<String, Arc<Interface>>,
}

impl Interfaces {
    /// Those that are shipped.
    #[must_use]
    pub fn builtin() -> Self {
        static SHIPPED: OnceLock<Interfaces> = OnceLock::new();
        SHIPPED
            .get_or_init(|| {
                // Each of them is read by a test (`shipped_interfaces_are_sound`), so none is left out here.
                let read = shipped::TEXTS.iter().filter_map(|text| Interface::parse(text).ok());
                Self { by_name: read.map(|i| (i.name().to_owned(), Arc::new(i))).collect() }
            })
            .clone()
    }

    /// The texts of the shipped interfaces, each a template for one's own.
    #[must_use]
    pub fn templates() -> &'static [&'static str] {
        shipped::TEXTS
    }

    /// Adds the interface of this text, in the place of one of the same name.
    ///
    /// # Errors
    /// The text is no interface; these stay as they were.
    pub fn with(&mut self, text: &str) -> Result<&Arc<Interface>, InterfaceError> {
        let interface = Interface::parse(text)?;
        let name = interface.name().to_owned();
        let slot = self.by_name.entry(name);
        let new = Arc::new(interface);
        Ok(match slot {
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                entry.insert(new);
                entry.into_mut()
            }
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(new),
        })
    }

    /// The interface of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Interface>> {
        self.by_name.get(name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Interface>> {
        self.by_name.values()
    }
}
