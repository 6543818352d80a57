//! Which role may do what with which table: the whole matrix, against `grants.txt`. A change of grants is a change of
//! that file, and so is seen by whoever reviews.

mod support;

use std::fmt::Write as _;

use musubi_storage::registry::Registry;
use musubi_storage::server::DbRole;

const PRIVILEGES: &str = "SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER";

#[test]
fn the_matrix_is_as_written_down() {
    let house = support::house();
    let registry = Registry::open(house.database()).unwrap();
    let mut owner = registry.server().connect_owner().unwrap();
    let mut found = String::new();
    for role in DbRole::ALL {
        writeln!(found, "{}", role.as_str()).unwrap();
        // A privilege on some columns only is written with their names.
        let rows = owner
            .query(
                "SELECT n.nspname || '.' || c.relname, \
                   string_agg(CASE \
                     WHEN has_table_privilege($1, c.oid, p.name) THEN p.name \
                     ELSE p.name || '(' || (SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) FROM pg_attribute a \
                       WHERE a.attrelid = c.oid AND a.attnum > 0 \
                       AND has_column_privilege($1, c.oid, a.attnum, p.name)) || ')' \
                   END, ' ' ORDER BY p.place) \
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, \
                   unnest(string_to_array($2, ',')) WITH ORDINALITY AS p (name, place) \
                 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') \
                   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') \
                   AND has_schema_privilege($1, n.oid, 'USAGE') \
                   AND (has_table_privilege($1, c.oid, p.name) \
                     OR (p.name IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') \
                       AND has_any_column_privilege($1, c.oid, p.name))) \
                 GROUP BY 1 ORDER BY 1",
                &[&role.as_str(), &PRIVILEGES],
            )
            .unwrap();
        for row in rows {
            writeln!(found, "  {:<30} {}", row.get::<_, String>(0), row.get::<_, String>(1)).unwrap();
        }
        // Nothing may be made anywhere, and nobody is more than a role.
        let more: bool = owner
            .query_one(
                "SELECT bool_or(has_schema_privilege($1, oid, 'CREATE')) OR \
                   (SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles WHERE rolname = $1) \
                 FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'",
                &[&role.as_str()],
            )
            .unwrap()
            .get(0);
        assert!(!more, "{role:?} may make things");
    }
    assert_eq!(found, include_str!("grants.txt"), "the matrix found is:\n{found}");
}
