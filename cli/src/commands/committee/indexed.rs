//! What of applications and meetings goes into the word index: what was handed in for the house, a draft for nobody but its
//! organisation, of minutes the words of their public summary, of a dossier what is asked for and why. Never who sat, voted
//! or takes part, and no contact.

use anyhow::{Context as _, Result};
use musubi_compliance::audit::AuditRole;
use musubi_review_board::committee::document::Document;
use musubi_search::{Doc, Readers};
use serde_json::Value;

use super::case::{Case, all, text};
use super::minutes::draft;
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

/// Minutes: of meetings, and of ballots without one. Their words are those of the public summary, which names nobody.
pub fn meetings(home: &Home) -> Result<Vec<Doc>> {
    let mut db = home.registry.board()?;
    let mut of: Vec<(String, String)> =
        db.meetings()?.into_iter().map(|m| (m.meeting_id, format!("審査委員会 {}", m.held_on))).collect();
    let apart = db.ballots()?.into_iter().filter(|b| b.meeting_id.is_none() && b.closed_at.is_some());
    of.extend(apart.map(|b| (b.ballot_id, "迅速審査".to_owned())));
    let mut docs = Vec::with_capacity(of.len());
    for (id, title) in of {
        let minutes = draft(&mut db, &id)?;
        let mut words = minutes.summary();
        for case in &minutes.cases {
            words.push_str(&format!("\n{} {}", case.application, case.title));
        }
        docs.push(Doc::minutes(&id, &title, &words, readers("committee minutes"))?);
    }
    Ok(docs)
}

/// The newest dossier of every application: the fields that are found by their words, every item with its necessity, and
/// what changed.
pub fn dossiers(home: &Home) -> Result<Vec<Doc>> {
    let mut db = home.registry.board()?;
    let mut docs = Vec::new();
    for case in all(&mut db)? {
        let Some(row) = db.newest_dossier(case.id())? else { continue };
        let content: Value = serde_json::from_str(&row.content).context("審査資料を読めません")?;
        let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned();
        let mut words = Vec::new();
        for section in list(&content, "sections").unwrap_or_default() {
            let given = list(&section, "fields").unwrap_or_default();
            let found = given.iter().filter(|f| FIELDS.contains(&text(f, "id")));
            words.extend(found.map(|f| text(f, "value").to_owned()));
        }
        for column in list(&content, "columns").unwrap_or_default() {
            words.push(format!("{} {}", text(&column, "item"), text(&column, "necessity")));
        }
        for change in list(&content, "changes").unwrap_or_default() {
            words.push(format!("{} {}", text(&change, "ja"), text(&change, "en")));
        }
        let title = format!("審査資料 {}", document(&case)?.field("title"));
        let readers = readers("committee dossier show");
        docs.push(Doc::dossier(case.id(), &title, &words.join("\n"), readers)?);
    }
    Ok(docs)
}
