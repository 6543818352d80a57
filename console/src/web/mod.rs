//! The console in the browser (画面): one table of routes, one guard before every page, one door to the house.
//!
//! * [`route`]: the table role × page × action; [`pages`]: the rows and their handlers, one file for each area.
//! * [`guard`](mod@guard): rate, origin, session, role, size, time, headers; [`server`]: TCP and TLS.
//! * [`house`]: what pages may ask for. A page has no rule of its own: it gives verbs in the visitor's name.
//! * `layout`, [`ui`], `assets`, `words`: how it looks and what it says.
//!
//! It must never speak SQL, read a clock, or hold a rule of the Act.

pub mod api;
pub(crate) mod assets;
mod body;
pub mod guard;
pub mod house;
mod layout;
pub mod pages;
pub mod reply;
pub mod route;
pub mod server;
pub mod site;
pub(crate) mod told;
pub mod ui;
pub mod visit;
pub(crate) mod words;
