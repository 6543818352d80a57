//! The door for machines (API): the same rules, rights and books as the pages, with values instead of pages.
//!
//! One table, [`ENDPOINTS`]: it makes the rows of the routes and the OpenAPI document (`/api/openapi.json`). Refusals are
//! problems (RFC 9457) in the language asked for. Like the pages it has no rule of its own.

mod deliveries;
pub(crate) mod endpoint;
mod house;
pub(crate) mod openapi;
pub(crate) mod schema;
mod using;

use endpoint::Endpoint;
use serde_json::Value;

use super::reply::Problem;
use super::route::Route;
use super::visit::Visit;

macro_rules! endpoints {
    ($($endpoint:path),* $(,)?) => {
        /// All addresses for machines.
        pub(crate) const ENDPOINTS: &[Endpoint] = &[$($endpoint),*];

        /// Their rows in the table of routes.
        pub(crate) const ROUTES: &[Route] = &[$($endpoint.route),*];
    };
}

endpoints![
    house::HEALTH,
    house::OPENAPI,
    house::METRICS,
    deliveries::SUBMIT,
    deliveries::JOB,
    deliveries::LIST,
    deliveries::SHOW,
    deliveries::FINDINGS,
    deliveries::ACKNOWLEDGEMENT,
    using::APPLICATION,
    using::RELEASES,
    using::PACKAGE,
    using::FIND,
    using::KNOW,
];

/// The OpenAPI document of the addresses for machines.
#[must_use]
pub fn document() -> Value {
    openapi::document(ENDPOINTS)
}

/// The table of `docs/api.md`.
#[must_use]
pub fn table() -> String {
    openapi::table(ENDPOINTS)
}

/// A number of the query, within bounds.
fn count(v: &Visit<'_>, name: &str, or: u32, range: std::ops::RangeInclusive<u32>) -> Result<u32, Problem> {
    match v.field(name) {
        "" => Ok(or),
        text => text.parse().ok().filter(|n| range.contains(n)).ok_or_else(|| {
            let (from, to) = (range.start(), range.end());
            Problem::Bad(v.pick(
                format!("{name} は {from} から {to} までの整数です"),
                format!("{name} is a whole number from {from} to {to}"),
            ))
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_endpoint_stands_under_api_with_a_name_of_its_own_and_all_its_parts() {
        let mut names = BTreeSet::new();
        for e in ENDPOINTS {
            assert!(e.route.path.starts_with("/api/"), "{}", e.route.path);
            assert!(names.insert(e.id), "{} twice", e.id);
            let parts: BTreeSet<&str> =
                e.route.path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}')).collect();
            let said: BTreeSet<&str> =
                e.parameters.iter().filter(|p| p.place == endpoint::Place::Path).map(|p| p.name).collect();
            assert_eq!(parts, said, "{}", e.route.path);
            assert!(e.route.post || e.body.is_none(), "{}", e.route.path);
        }
    }
}
