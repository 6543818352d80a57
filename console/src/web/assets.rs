//! Style, script and icon, compiled in and served under names that change with their content, so that browsers may keep them.
//! htmx is vendored unchanged (0BSD, `assets/htmx.LICENSE`).

use super::reply::{Problem, Reply};
use super::route::{Route, page};
use super::visit::Visit;
use crate::words::Word;

const STYLE: &str = include_str!("assets/web.css");
const SCRIPT: &str = include_str!("assets/musubi.js");
const HTMX: &str = include_str!("assets/htmx.min.js");
const ICON: &str = include_str!("assets/icon.svg");

/// Where all of them lie, and nothing else.
pub(crate) const FOLDER: &str = "/assets/";
/// The version is part of the path; bump it with the crate or when an asset changes.
pub(crate) const STYLE_PATH: &str = "/assets/1/web.css";
pub(crate) const SCRIPT_PATH: &str = "/assets/1/musubi.js";
pub(crate) const HTMX_PATH: &str = "/assets/1/htmx.js";
pub(crate) const ICON_PATH: &str = "/assets/1/icon.svg";

const NAME: Word = Word::new("画面の部品", "Parts of pages");

pub(crate) const ROUTES: &[Route] = &[
    page("/assets/1/web.css", NAME, style).anyone(),
    page("/assets/1/musubi.js", NAME, script).anyone(),
    page("/assets/1/htmx.js", NAME, htmx).anyone(),
    page("/assets/1/icon.svg", NAME, icon).anyone(),
];

fn style(_: &mut Visit<'_>) -> Result<Reply, Problem> {
    Ok(Reply::bytes("text/css; charset=utf-8", STYLE.into()).lasting())
}

fn script(_: &mut Visit<'_>) -> Result<Reply, Problem> {
    Ok(Reply::bytes("text/javascript; charset=utf-8", SCRIPT.into()).lasting())
}

fn htmx(_: &mut Visit<'_>) -> Result<Reply, Problem> {
    Ok(Reply::bytes("text/javascript; charset=utf-8", HTMX.into()).lasting())
}

fn icon(_: &mut Visit<'_>) -> Result<Reply, Problem> {
    Ok(Reply::bytes("image/svg+xml", ICON.into()).lasting())
}
