//! Journeys: the console in a real browser, from logging in to done, one for each role; every page looked at for what keeps
//! people out of it (axe-core), for what the page's policy forbids, and for errors of scripts.
//!
//! Not a test of rules: those are tried below. A harness of its own, because one house, one driver and one server serve all
//! journeys one after another: `cargo test -p musubi-cli --test browser -- NAME…` runs those whose names contain a word.
//! Where no browser is to be had they are not run, and it says so; `MUSUBI_BROWSER=required` makes that a failure.
//! `MUSUBI_SCREENSHOTS` is the folder for the pictures, with `MUSUBI_SCREENSHOTS_WHOLE` of whole pages; `MUSUBI_AXE` is
//! axe-core's file.

// Test code: a failure here is a failed journey, and what is not run is said.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr
)]
// The houses, the server and what is done in them before are shared with the tests over HTTP, which use more of them.
#![allow(dead_code, unused_imports)]

#[path = "../cli/audit.rs"]
mod audit;
mod driver;
mod hand;
#[path = "../cli/house.rs"]
mod house;
mod journeys;
#[path = "../cli/output.rs"]
mod output;
mod stage;
#[path = "../cli/table_desk.rs"]
mod table_desk;
#[path = "../cli/web.rs"]
mod web;
#[path = "../cli/zip.rs"]
mod zip;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use driver::Driver;
use stage::Stage;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|w| w == "--list") {
        for (name, _) in journeys::ALL {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    // Nothing here is an ignored test or a bench.
    if words.iter().any(|w| w == "--ignored" || w == "--bench") {
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> = words.iter().filter(|w| !w.starts_with('-')).collect();
    let chosen: Vec<_> = journeys::ALL
        .iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str())))
        .collect();
    if chosen.is_empty() {
        return ExitCode::SUCCESS;
    }
    let driver = match Driver::start() {
        Ok(driver) => driver,
        Err(why) => {
            println!("NOT RUN: {} journeys through the console: {why}", chosen.len());
            let required = std::env::var("MUSUBI_BROWSER").is_ok_and(|v| v == "required");
            return if required { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let stage = Stage::set(&driver);
    let mut failed = Vec::new();
    for (name, journey) in &chosen {
        stage.begin(name);
        let ended = catch_unwind(AssertUnwindSafe(|| journey(&stage)));
        let seen = stage.end();
        if ended.is_ok() && seen.is_empty() {
            println!("journey {name} ... ok");
            continue;
        }
        println!("journey {name} ... FAILED");
        for what in seen {
            println!("    {what}");
        }
        failed.push(*name);
    }
    println!(
        "\n{} journeys, {} failed; pictures: {}",
        chosen.len(),
        failed.len(),
        stage.pictures().display()
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
