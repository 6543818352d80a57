//! What of applications and meetings goes into the word index: what was handed in for the house, a draft for nobody but its
//! organisation, of a meeting its day and its cases. Never who sat, voted or takes part, and no contact.

use anyhow::{Context as _, Result};
use musubi_compliance::audit::AuditRole;
use musubi_review_board::committee::document::Document;
use musubi_search::{Doc, Readers};

use super::case::{Case, all};
use crate::commands::search::viewers;
use crate::home::Home;

/// The fields that are found by their words; those about people and contacts are not among them.
const FIELDS: [&str; 8] = ["purpose", "plan", "value", "groups", "cohort", "period", "region", "publication"];

/// Who of the house finds something: members look their cases up where recusal is computed, not here.
fn readers(verb: &str) -> Readers {
    Readers::roles(viewers(verb).filter(|r| *r != AuditRole::ReviewMember).map(AuditRole::as_str))
}

/// The version that may be found: the one handed in, else the draft.
fn document(case: &Case) -> Result<Document> {
    let version = case.version(case.submitted())?;
    Document::kept(&version.document).context("申出の版を読めません")
}

/// Applications.
pub fn applications(home: &Home) -> Result<Vec<Doc>> {
    let mut docs = Vec::new();
    for case in all(&mut home.registry.board()?)? {
        let document = document(&case)?;
        let text: Vec<&str> = FIELDS.iter().map(|name| document.field(name)).collect();
        let house = case.submitted().map_or_else(|| Readers::roles([]), |_| readers("application show"));
        let readers = house.and_organisation(Some(&case.row.organisation));
        docs.push(Doc::application(case.id(), document.field("title"), &text.join("\n"), readers)?);
    }
    Ok(docs)
}

/// Meetings.
pub fn meetings(home: &Home) -> Result<Vec<Doc>> {
    let mut db = home.registry.board()?;
    let cases = all(&mut db)?;
    let mut docs = Vec::new();
    for meeting in db.meetings()? {
        let mut text = String::new();
        for case in cases.iter().filter(|c| meeting.items.iter().any(|id| id == c.id())) {
            text.push_str(case.id());
            text.push(' ');
            text.push_str(document(case)?.field("title"));
            text.push('\n');
        }
        let title = format!("審査委員会 {}", meeting.held_on);
        docs.push(Doc::minutes(&meeting.meeting_id, &title, &text, readers("committee minutes"))?);
    }
    Ok(docs)
}
