//! The interfaces of tables that a load reads with: those shipped, and over them those the operator registered.

use std::sync::Arc;

use musubi_mappers::table::Interfaces;
use musubi_mappers::{Mapper, mapper_for};
use musubi_model::finding::Finding;
use musubi_model::manifest::Manifest;
use musubi_storage::registry::IngestDb;

use crate::house::EtlError;
use crate::rules;

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

/// The mapper of a submission, or what is missing: a table whose interface nobody registered.
///
/// # Errors
/// As [`interfaces`].
pub(crate) fn mapper_of(
    db: &mut IngestDb,
    manifest: &Manifest,
) -> Result<Result<Arc<dyn Mapper>, Box<Finding>>, EtlError> {
    let interfaces = interfaces(db)?;
    let interface = db.feed(&manifest.feed)?.map(|f| f.interface_version).unwrap_or_default();
    Ok(mapper_for(manifest.kind, &interface, &interfaces).ok_or_else(|| {
        let finding = Finding::new(&rules::INTERFACE_UNKNOWN);
        Box::new(finding.found(interface).expected("登録済みの連携仕様の名前"))
    }))
}
