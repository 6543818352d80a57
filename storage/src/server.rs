//! PostgreSQL for the registry: the one a URL names, or a private one that this program starts and stops itself.
//!
//! The private server (埋め込みサーバ) listens on a unix socket in a folder that only its user can enter, and never on
//! the network. Its log never holds a value from a statement: errors go to the client, not to the log.

use std::path::Path;
use std::str::FromStr as _;

use postgres::config::Host;
use postgres::{Client, Config, NoTls};

use crate::error::StorageError;

mod account;
mod binaries;
mod cluster;
mod place;
mod process;
mod settings;

use cluster::{Cluster, DATABASE, OWNER};

/// Which database to use.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseChoice {
    /// A private server under the data folder.
    Embedded,
    /// An existing database: a `postgres://` URL or a `key=value` connection string. The user it names must own the
    /// database and must be allowed to create roles (or be a member of the `musubi_…` roles).
    Url(String),
}

impl std::fmt::Debug for DatabaseChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A URL may hold a password.
        f.write_str(match self {
            Self::Embedded => "Embedded",
            Self::Url(_) => "Url(‹非表示›)",
        })
    }
}

/// The database role of a job. The grants are in `migrations/V8__grants.sql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DbRole {
    /// Taking in.
    Ingest,
    /// Matching.
    Identity,
    /// The review board.
    Board,
    /// Releasing.
    Release,
    /// The console.
    Console,
    /// The books of the Act.
    Act,
    /// Removing what must go.
    Erasure,
    /// Logging in.
    Login,
}

impl DbRole {
    /// All roles.
    pub const ALL: [Self; 8] = [
        Self::Ingest,
        Self::Identity,
        Self::Board,
        Self::Release,
        Self::Console,
        Self::Act,
        Self::Erasure,
        Self::Login,
    ];

    /// The role's name in PostgreSQL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "musubi_ingest",
            Self::Identity => "musubi_identity",
            Self::Board => "musubi_board",
            Self::Release => "musubi_release",
            Self::Console => "musubi_console",
            Self::Act => "musubi_act",
            Self::Erasure => "musubi_erasure",
            Self::Login => "musubi_login",
        }
    }
}

/// A PostgreSQL server that can be connected to while this value lives.
///
/// A private server is shared by all processes that open the same data folder. The first starts it, and it is stopped
/// (fast shutdown) when the last of these values is dropped. A static is never dropped: do not keep a `Server` in one.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Private(Box<Cluster>),
    Named(Box<Config>),
}

impl Server {
    /// Opens the database of `data_dir` (which is made when it is not there).
    ///
    /// Private: the cluster lies in `postgres` in the data folder. When we are root, the server runs as user
    /// `postgres` or `nobody`; a data folder that user cannot reach gets its cluster in `/var/lib/musubi`, and the
    /// file `postgres.location` in the data folder says where.
    ///
    /// # Errors
    /// [`StorageError::Server`] when there is no PostgreSQL on this machine (with what to install), when it does not
    /// start (with the end of its log), or when the URL cannot be used; [`StorageError::Io`] for folders and files.
    pub fn open(data_dir: &Path, choice: &DatabaseChoice) -> Result<Self, StorageError> {
        let kind = match choice {
            DatabaseChoice::Embedded => Kind::Private(Box::new(Cluster::open(data_dir)?)),
            DatabaseChoice::Url(url) => Kind::Named(Box::new(url_config(url)?)),
        };
        Ok(Self { kind })
    }

    /// Connects with the role of a job.
    ///
    /// To a private server it logs in as that role. Through a URL it logs in as the URL's user and then does
    /// `SET ROLE`, so that the database refuses what the role may not do.
    pub fn connect(&self, role: DbRole) -> Result<Client, StorageError> {
        match &self.kind {
            Kind::Private(cluster) => {
                cluster.connect(role.as_str(), DATABASE).map_err(StorageError::db("connecting"))
            }
            Kind::Named(config) => {
                let mut client = config.connect(NoTls).map_err(StorageError::db("connecting"))?;
                client
                    .batch_execute(&format!("SET ROLE {}", role.as_str()))
                    .map_err(StorageError::db("taking the role"))?;
                Ok(client)
            }
        }
    }

    /// Whether a session is given its role after it logged in as somebody else.
    pub(crate) fn takes_role(&self) -> bool {
        matches!(self.kind, Kind::Named(_))
    }

    /// Connects as the owner: for migrations and for the operator's own upkeep only.
    pub fn connect_owner(&self) -> Result<Client, StorageError> {
        match &self.kind {
            Kind::Private(cluster) => cluster.connect(OWNER, DATABASE),
            Kind::Named(config) => config.connect(NoTls),
        }
        .map_err(StorageError::db("connecting as the owner"))
    }

    /// How to reach a private server with other tools (`psql "…"`, `pg_dump -d "…"`), as the owner; also what to give
    /// to [`DatabaseChoice::Url`] to work in another database of the same server. `None` for a server named by URL.
    #[must_use]
    pub fn owner_url(&self, database: &str) -> Option<String> {
        let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
        match &self.kind {
            Kind::Private(cluster) => Some(format!(
                "host={} port={} user={OWNER} dbname={}",
                quoted(&cluster.socket().to_string_lossy()),
                place::PORT,
                quoted(database)
            )),
            Kind::Named(_) => None,
        }
    }
}

/// Reads the URL. It is never repeated in an error: it may hold a password.
fn url_config(url: &str) -> Result<Config, StorageError> {
    let config = Config::from_str(url).map_err(|_| {
        StorageError::Server(
            "the database URL cannot be read; expected postgres://user@host/database or key=value words"
                .to_owned(),
        )
    })?;
    for host in config.get_hosts() {
        if let Host::Tcp(name) = host
            && !matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1")
        {
            return Err(StorageError::Server(format!(
                "database host {name}: this build speaks to PostgreSQL without TLS and therefore only on this machine; \
                 use a unix socket, or localhost through a TLS proxy"
            )));
        }
    }
    Ok(config)
}
