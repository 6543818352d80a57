//! `musubi precheck`: the check before sending. Opens no installation.

use anyhow::Result;
use musubi_model::code::NoMasters;
use musubi_precheck::{Order, Speech};

use super::Ending;
use crate::say::Voice;

/// Runs the verb.
pub fn run(order: &Order, voice: Voice) -> Result<Ending> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut speech = Speech { english: voice.english, json: voice.json, out: &mut out };
    Ok(match musubi_precheck::run(order, &NoMasters, &mut speech)? {
        musubi_precheck::Ending::Clean => Ending::Done,
        musubi_precheck::Ending::Errors => Ending::LookAtIt,
        musubi_precheck::Ending::Broken => Ending::NotVerified,
    })
}
