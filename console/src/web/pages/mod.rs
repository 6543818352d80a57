//! The pages, one file for each area; each has its rows of the table of routes.

mod deliveries;
mod entry;
mod handover;
mod output;
mod told;

pub use entry::who;

use super::route::Route;

/// All chapters of the table.
pub(crate) const CHAPTERS: &[&[Route]] =
    &[super::assets::ROUTES, entry::ROUTES, output::ROUTES, handover::ROUTES, deliveries::ROUTES];
