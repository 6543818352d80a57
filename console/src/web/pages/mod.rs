//! The pages, one file for each area; each has its rows of the table of routes.

mod aftermath;
mod desk;
mod entry;
mod find;
mod handover;
mod keeping;
mod matching;
mod municipality;
mod operator;
mod output;
mod packages;
mod review;
pub(crate) mod said;
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
    desk::ROUTES,
    matching::ROUTES,
    output::ROUTES,
    handover::ROUTES,
    aftermath::ROUTES,
    municipality::ROUTES,
    keeping::ROUTES,
    packages::ROUTES,
    review::applicant::ROUTES,
    review::office::ROUTES,
    review::papers::ROUTES,
    review::meetings::ROUTES,
    review::committee::ROUTES,
    review::approvals::ROUTES,
];
