//! Writes a made-up night and an acknowledgement as HTML, to look at the pages:
//! `cargo run -p musubi-console --example sample_report -- FOLDER`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use musubi_console::{AckReport, Lang, night_report, submission_report};

#[path = "../tests/support/mod.rs"]
mod support;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| "target/sample".into()));
    std::fs::create_dir_all(&folder)?;
    let night = support::night();
    for (name, lang) in [("night.html", Lang::Ja), ("night.en.html", Lang::En)] {
        std::fs::write(folder.join(name), night_report(&night, lang, &support::rule).into_string())?;
    }
    let Some(first) = night.submissions.first() else { return Ok(()) };
    let ack = AckReport {
        submission: first.clone(),
        positions: BTreeMap::new(),
        made_at: night.made_at,
        house: night.house.clone(),
        more: musubi_console::AckMore::default(),
    };
    std::fs::write(folder.join("ack.html"), submission_report(&ack, Lang::Ja, &support::rule).into_string())
}
