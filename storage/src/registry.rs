//! The registry (台帳): the PostgreSQL side of the store, brought to the newest migration, and one typed handle for
//! each database role.
//!
//! A handle holds a connection whose role may do what its job needs and nothing else: the release job cannot read an
//! identity even if its code tried to. This module must never hand out the owner's connection for daily work, and
//! never change a migration that was applied: what was wrong is mended by the next one.

use std::sync::Arc;

use crate::connection::{Connection, Shelf};
use crate::error::StorageError;
use crate::master::LoadedMasters;
use crate::master_store::MasterCache;
use crate::server::{DbRole, Server};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Key of the advisory lock that keeps two processes from migrating one database at the same time.
const MIGRATION_LOCK: i64 = 0x6d75_7375_6269;

/// The migrated database.
#[derive(Debug)]
pub struct Registry {
    // Before the server: its connections are closed first.
    shelf: Arc<Shelf>,
    server: Server,
    masters: MasterCache,
}

impl Registry {
    /// Brings the database to the newest migration and opens it. A second run changes nothing.
    ///
    /// # Errors
    /// [`StorageError::Migration`] when a migration that was applied has been edited or is missing, or when one
    /// fails (then none of this run is kept); [`StorageError::Database`] when the server is lost.
    pub fn open(server: Server) -> Result<Self, StorageError> {
        let mut client = server.connect_owner()?;
        client
            .execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK])
            .map_err(StorageError::db("waiting for the migration lock"))?;
        // Grouped: one transaction for all, so that a crash leaves the old state or the new one.
        embedded::migrations::runner()
            .set_grouped(true)
            .set_abort_divergent(true)
            .set_abort_missing(true)
            .run(&mut client)
            .map_err(|e| StorageError::Migration(e.to_string()))?;
        client
            .execute("SELECT pg_advisory_unlock($1)", &[&MIGRATION_LOCK])
            .map_err(StorageError::db("leaving the migration lock"))?;
        Ok(Self { shelf: Arc::default(), server, masters: MasterCache::default() })
    }

    /// The server underneath.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// For a server of pages: keeps so many connections open that nobody uses. Each is as new when it is used again.
    pub fn keep_connections(&self, idle: usize) {
        self.shelf.keep(idle);
    }

    /// The code masters as they are now. Editions that were read before are kept in memory.
    pub fn masters(&self, db: &mut IngestDb) -> Result<Arc<LoadedMasters>, StorageError> {
        self.masters.read(db)
    }

    /// A connection for taking in: raw documents, units, findings, agreements, masters, the lake's catalogue.
    pub fn ingest(&self) -> Result<IngestDb, StorageError> {
        Ok(IngestDb { client: self.shelf.take(&self.server, DbRole::Ingest)? })
    }

    /// A connection for matching: sealed demographics, tokens, persons, opt-outs.
    pub fn identity(&self) -> Result<IdentityDb, StorageError> {
        Ok(IdentityDb { client: self.shelf.take(&self.server, DbRole::Identity)? })
    }

    /// A connection for the review board: requests and approvals.
    pub fn board(&self) -> Result<BoardDb, StorageError> {
        Ok(BoardDb { client: self.shelf.take(&self.server, DbRole::Board)? })
    }

    /// A connection for releasing: cohorts, the lake's catalogue, the ledger; no identity, no key.
    pub fn release(&self) -> Result<ReleaseDb, StorageError> {
        Ok(ReleaseDb { client: self.shelf.take(&self.server, DbRole::Release)? })
    }

    /// A connection for the console: states, counts and findings.
    pub fn console(&self) -> Result<ConsoleDb, StorageError> {
        Ok(ConsoleDb { client: self.shelf.take(&self.server, DbRole::Console)? })
    }

    /// A connection for the books of the Act: notices, organisations, instructions, records; states and counts elsewhere.
    pub fn act(&self) -> Result<ActDb, StorageError> {
        Ok(ActDb { client: self.shelf.take(&self.server, DbRole::Act)? })
    }

    /// A connection for erasure, which alone may delete a person's rows.
    pub fn erasure(&self) -> Result<ErasureDb, StorageError> {
        Ok(ErasureDb { client: self.shelf.take(&self.server, DbRole::Erasure)? })
    }

    /// A connection for logging in: credentials, sessions, and who an account is; nothing of any zone.
    pub fn login(&self) -> Result<LoginDb, StorageError> {
        Ok(LoginDb { client: self.shelf.take(&self.server, DbRole::Login)? })
    }
}

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        $(
            $(#[$doc])*
            pub struct $name {
                pub(crate) client: Connection,
            }

            impl $name {
                /// Works with it and lets it go.
                ///
                /// # Errors
                /// Those of `work`.
                pub fn using<T, E>(mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
                    work(&mut self)
                }
            }

            impl std::fmt::Debug for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str(stringify!($name))
                }
            }
        )*

        /// A handle goes to the thread that works with it.
        const _: () = {
            const fn is_send<T: Send>() {}
            $(is_send::<$name>();)*
        };
    };
}

handles! {
    /// The handle of role `musubi_ingest`.
    IngestDb,
    /// The handle of role `musubi_identity`.
    IdentityDb,
    /// The handle of role `musubi_board`.
    BoardDb,
    /// The handle of role `musubi_release`.
    ReleaseDb,
    /// The handle of role `musubi_console`.
    ConsoleDb,
    /// The handle of role `musubi_act`.
    ActDb,
    /// The handle of role `musubi_erasure`.
    ErasureDb,
    /// The handle of role `musubi_login`.
    LoginDb,
}
