//! What a rule refuses (拒否): not the table of authority, and no failure. It ends a command with exit code 2 and its reason.

use anyhow::Result;

use super::Ending;
use crate::say::{Voice, warn};

/// Why a rule refuses, in the language of the voice; no value of a person.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// A refusal in the chosen language.
pub fn refused(voice: Voice, ja: &str, en: &str) -> anyhow::Error {
    Refusal(voice.word(ja, en).to_owned()).into()
}

/// Says a refusal and ends with it; everything else passes.
pub fn settle(done: Result<Ending>) -> Result<Ending> {
    match done {
        Err(e) if e.is::<Refusal>() => {
            warn(&e.to_string());
            Ok(Ending::Usage)
        }
        other => other,
    }
}
