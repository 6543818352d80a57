//! The pages, one file for each area; each has its rows of the table of routes.

mod entry;
mod find;
mod keeping;
mod municipality;
mod operator;
mod review;
mod said;
pub(crate) mod submitter;

pub use entry::who;

use super::route::Route;

/// All chapters of the table.
pub(crate) const CHAPTERS: &[&[Route]] = &[
    super::assets::ROUTES,
    super::api::ROUTES,
    entry::ROUTES,
    find::ROUTES,
    submitter::ROUTES,
    operator::ROUTES,
    municipality::ROUTES,
    keeping::ROUTES,
];
