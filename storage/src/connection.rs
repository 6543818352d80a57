//! Connections of the registry: each its own and gone after use, or, in a server of pages, kept open for the next use in the
//! same role.
//!
//! What one use left in a session must never reach the next: open transaction, settings (among them the audit entry that
//! announced what was opened), role, locks, cursors, temporary tables, half-used sequences. A connection that cannot be
//! cleaned, saw a panic or is lost is closed. Prepared statements stay: they hold text, never a value.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use postgres::types::ToSql;
use postgres::{Client, Row, Statement};

use crate::error::StorageError;
use crate::server::{DbRole, Server};

/// As `DISCARD ALL`, which is not allowed beside other statements, but for prepared statements. Locks of the session go at
/// once, as they did when the connection was closed.
const CLEAN: &str = "ROLLBACK; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; CLOSE ALL; UNLISTEN *; \
    SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";
/// Prepared statements of one connection.
const STATEMENTS: usize = 256;
/// After resting this long a connection has to answer before it is used: the server may have been started anew.
const TRUSTED: Duration = Duration::from_secs(1);

type Prepared = HashMap<Box<str>, Statement>;

/// An open connection that nobody uses.
struct Idle {
    client: Client,
    statements: Prepared,
    since: Instant,
}

/// Idle connections by role. How many are kept is 0 until a server of pages says otherwise.
#[derive(Default)]
pub(crate) struct Shelf {
    idle: Mutex<BTreeMap<DbRole, Vec<Idle>>>,
    kept: AtomicUsize,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shelf")
    }
}

impl Shelf {
    /// From now on keeps so many idle connections, of all roles together.
    pub(crate) fn keep(&self, connections: usize) {
        self.kept.store(connections, Ordering::Relaxed);
    }

    fn keeps(&self) -> bool {
        self.kept.load(Ordering::Relaxed) > 0
    }

    fn pop(&self, role: DbRole) -> Option<Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&role)?.pop()
    }

    /// A connection of a role: an idle one that answers, or a new one.
    pub(crate) fn take(self: &Arc<Self>, server: &Server, role: DbRole) -> Result<Connection, StorageError> {
        let mut found = None;
        while let Some(mut idle) = self.pop(role) {
            if idle.since.elapsed() < TRUSTED || idle.client.batch_execute("").is_ok() {
                found = Some((idle.client, idle.statements));
                break;
            }
        }
        let (client, statements) = match found {
            Some(found) => found,
            None => (server.connect(role)?, Prepared::new()),
        };
        let again = server.takes_role().then(|| format!("; SET ROLE {}", role.as_str()));
        let home =
            self.keeps().then(|| Home { shelf: Arc::clone(self), role, again: again.unwrap_or_default() });
        Ok(Connection { client: Some(client), statements, home })
    }

    /// A connection was lost, and with it probably all.
    fn forget(&self) {
        drop(std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner)));
    }

    /// Puts a clean connection back. When there are too many, the one that rested longest is closed.
    fn put(&self, role: DbRole, idle: Idle) {
        let mut all = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(role).or_default().push(idle);
        let surplus = all.values().map(Vec::len).sum::<usize>() > self.kept.load(Ordering::Relaxed);
        let oldest =
            all.values_mut().filter(|of| !of.is_empty()).min_by_key(|of| of.first().map(|i| i.since));
        let gone = oldest.filter(|_| surplus).map(|of| of.remove(0));
        drop(all);
        drop(gone);
    }
}

/// Where a connection goes after use.
struct Home {
    shelf: Arc<Shelf>,
    role: DbRole,
    /// Takes the role again, where logging in does not give it.
    again: String,
}

/// A connection in use.
pub(crate) struct Connection {
    /// There until it is dropped.
    client: Option<Client>,
    statements: Prepared,
    home: Option<Home>,
}

impl Connection {
    /// A statement, prepared once for a connection that is kept.
    fn prepared(&mut self, sql: &str) -> Result<Statement, postgres::Error> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.prepare(sql)?;
        if self.home.is_some() {
            if self.statements.len() >= STATEMENTS {
                self.statements.clear();
            }
            self.statements.insert(sql.into(), statement.clone());
        }
        Ok(statement)
    }

    /// Does something with a prepared statement. One that failed is prepared anew the next time: its tables may have changed.
    fn with<T>(
        &mut self,
        sql: &str,
        work: impl FnOnce(&mut Client, &Statement) -> Result<T, postgres::Error>,
    ) -> Result<T, postgres::Error> {
        let statement = self.prepared(sql)?;
        let done = work(self, &statement);
        if done.is_err() {
            self.statements.remove(sql);
        }
        done
    }

    pub(crate) fn query(
        &mut self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, postgres::Error> {
        self.with(sql, |client, statement| client.query(statement, values))
    }

    pub(crate) fn query_one(
        &mut self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, postgres::Error> {
        self.with(sql, |client, statement| client.query_one(statement, values))
    }

    pub(crate) fn query_opt(
        &mut self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, postgres::Error> {
        self.with(sql, |client, statement| client.query_opt(statement, values))
    }

    pub(crate) fn execute(
        &mut self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, postgres::Error> {
        self.with(sql, |client, statement| client.execute(statement, values))
    }
}

impl Deref for Connection {
    type Target = Client;

    #[allow(clippy::expect_used)] // taken out in drop only
    fn deref(&self) -> &Client {
        self.client.as_ref().expect("a connection in use")
    }
}

impl DerefMut for Connection {
    #[allow(clippy::expect_used)] // taken out in drop only
    fn deref_mut(&mut self) -> &mut Client {
        self.client.as_mut().expect("a connection in use")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let (Some(home), Some(mut client)) = (self.home.take(), self.client.take()) else { return };
        // In the middle of a panic nobody knows what was under way.
        if std::thread::panicking() {
            return;
        }
        if client.batch_execute(&format!("{CLEAN}{}", home.again)).is_err() {
            home.shelf.forget();
            return;
        }
        let statements = std::mem::take(&mut self.statements);
        home.shelf.put(home.role, Idle { client, statements, since: Instant::now() });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::{Connection, Shelf};
    use crate::registry::Registry;
    use crate::server::{DatabaseChoice, DbRole, Server};

    /// A private server and the same reached by URL, where the role is taken after logging in.
    struct Place {
        both: [Server; 2],
        _folder: TempDir,
    }

    fn place() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let open = |choice| Server::open(folder.path(), &choice).unwrap();
        drop(Registry::open(open(DatabaseChoice::Embedded)).unwrap());
        let own = open(DatabaseChoice::Embedded);
        let url = own.owner_url("musubi").unwrap();
        Place { both: [own, open(DatabaseChoice::Url(url))], _folder: folder }
    }

    fn keeping(idle: usize) -> Arc<Shelf> {
        let shelf: Arc<Shelf> = Arc::default();
        shelf.keep(idle);
        shelf
    }

    fn pid(db: &mut Connection) -> i32 {
        db.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0)
    }

    fn idle(shelf: &Shelf) -> usize {
        shelf.idle.lock().unwrap().values().map(Vec::len).sum()
    }

    /// What a use can leave in a session.
    const LEFT: [&str; 10] = [
        "SELECT set_config('musubi.announced', '7', false)",
        "SELECT pg_advisory_lock(5), pg_advisory_lock(5), pg_advisory_lock_shared(6)",
        "BEGIN",
        "SELECT * FROM no_such_table",
        "SET search_path = pg_temp; SET enable_seqscan = off; SET statement_timeout = 1000",
        "DECLARE held CURSOR WITH HOLD FOR SELECT 1",
        "LISTEN something",
        "CREATE TEMPORARY TABLE left_behind (value text)",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET ROLE NONE",
    ];

    fn found(db: &mut Connection) -> String {
        let row = db
            .query_one(
                "SELECT concat_ws('|', nullif(current_setting('musubi.announced', true), ''), current_user,
                          current_setting('search_path'), current_setting('enable_seqscan'),
                          current_setting('statement_timeout'), current_setting('transaction_read_only'),
                          (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
                          (SELECT count(*) FROM pg_cursors WHERE name = 'held'),
                          (SELECT count(*) FROM pg_listening_channels()),
                          (SELECT count(*) FROM pg_class WHERE relname = 'left_behind'
                             AND relnamespace = pg_my_temp_schema()))",
                &[],
            )
            .unwrap();
        row.get(0)
    }

    #[test]
    fn nothing_of_one_use_is_left_for_the_next() {
        let place = place();
        let fresh = |server: &Server| found(&mut Arc::<Shelf>::default().take(server, DbRole::Act).unwrap());
        let expected = place.both.each_ref().map(fresh);
        let shelves = [keeping(1), keeping(1)];
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(100));
        let lefts = prop::collection::vec(prop::sample::select(&LEFT[..]), 0..8);
        runner
            .run(&lefts, |lefts| {
                for ((server, shelf), expected) in place.both.iter().zip(&shelves).zip(&expected) {
                    let mut db = shelf.take(server, DbRole::Act).unwrap();
                    let before = pid(&mut db);
                    for left in &lefts {
                        // Some cannot be done, or not after each other; whatever was done must be gone.
                        drop(db.batch_execute(left));
                    }
                    drop(db);
                    let mut db = shelf.take(server, DbRole::Act).unwrap();
                    prop_assert_eq!(pid(&mut db), before, "it was kept");
                    prop_assert_eq!(&found(&mut db), expected);
                }
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn a_batch_keeps_nothing_and_a_server_no_more_than_it_said() {
        let place = place();
        let [own, _] = &place.both;
        for kept in [0, 3] {
            let shelf = keeping(kept);
            let roles = DbRole::ALL.iter().chain(&DbRole::ALL);
            let all: Vec<_> = roles.map(|role| shelf.take(own, *role).unwrap()).collect();
            drop(all);
            assert_eq!(idle(&shelf), kept);
            for role in DbRole::ALL {
                let mut db = shelf.take(own, role).unwrap();
                let user: String = db.query_one("SELECT current_user::text", &[]).unwrap().get(0);
                assert_eq!(user, role.as_str());
            }
        }
    }

    #[test]
    fn a_lost_connection_or_one_of_a_panic_is_not_used_again() {
        let place = place();
        let [own, _] = &place.both;
        let shelf = keeping(8);
        let all: Vec<_> = (0..4).map(|_| shelf.take(own, DbRole::Console).unwrap()).collect();
        drop(all);
        assert_eq!(idle(&shelf), 4);
        own.connect_owner()
            .unwrap()
            .batch_execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'musubi_console'",
            )
            .unwrap();
        // Whoever notices takes all of them away.
        let mut lost = shelf.take(own, DbRole::Console).unwrap();
        assert!(lost.query("SELECT 1", &[]).is_err());
        drop(lost);
        assert_eq!(idle(&shelf), 0);
        let mut found = shelf.take(own, DbRole::Console).unwrap();
        let first = pid(&mut found);
        drop(found);
        let panicked = std::thread::scope(|scope| {
            let broken = scope.spawn(|| {
                let mut db = shelf.take(own, DbRole::Console).unwrap();
                assert_eq!(pid(&mut db), first);
                db.batch_execute("BEGIN").unwrap();
                panic!("in the middle");
            });
            broken.join()
        });
        assert!(panicked.is_err());
        assert_ne!(pid(&mut shelf.take(own, DbRole::Console).unwrap()), first);
    }

    #[test]
    fn a_statement_is_prepared_once_and_again_when_its_table_changed() {
        let place = place();
        let [own, _] = &place.both;
        let shelf = keeping(1);
        let mut owner = own.connect_owner().unwrap();
        owner
            .batch_execute("CREATE TABLE compliance.t (a integer); GRANT SELECT ON compliance.t TO PUBLIC")
            .unwrap();
        let ask = || shelf.take(own, DbRole::Act).unwrap().query("SELECT * FROM compliance.t", &[]);
        let prepared = || {
            let mut db = shelf.take(own, DbRole::Act).unwrap();
            let row = db.query_one(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%compliance.t'",
                &[],
            );
            row.unwrap().get::<_, i64>(0)
        };
        for _ in 0..3 {
            assert!(ask().is_ok());
            assert_eq!(prepared(), 1);
        }
        owner.batch_execute("ALTER TABLE compliance.t ADD b text").unwrap();
        // The first to ask hears of it, nobody after.
        assert!(ask().is_err());
        assert!(ask().is_ok());
    }
}
