//! The interfaces of tables that a load reads with: those shipped, and over them those the operator registered.

use musubi_mappers::table::Interfaces;
use musubi_storage::registry::IngestDb;

use crate::house::EtlError;

/// All interfaces in force.
///
/// # Errors
/// The database does not answer, or a registered text is no interface any more (a newer program may be stricter): then
/// no table can be trusted.
pub fn interfaces(db: &mut IngestDb) -> Result<Interfaces, EtlError> {
    let mut all = Interfaces::builtin();
    for stored in db.interfaces()? {
        all.with(&stored.toml)
            .map_err(|why| EtlError::Interface { name: stored.name.clone(), why: why.to_string() })?;
    }
    Ok(all)
}
