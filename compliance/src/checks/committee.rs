//! What the tables of the review committee say about who decided (C-060 to C-062): read anew, row by row, and not taken from
//! the result that was kept. It must never trust a count.

use std::collections::BTreeMap;

use musubi_storage::registry::ActDb;
use serde::Deserialize;

use super::Unreadable;
use super::evidence::{Member, NeededItem, Session, Sex, View};

/// The ballot that a signed decision names; `None`: it names none.
pub(super) fn ballot(decision: &str) -> Result<Option<String>, Unreadable> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(default)]
        committee: Option<String>,
    }
    let named: Named =
        serde_json::from_str(decision).map_err(|_| Unreadable::new("board.approval: a damaged decision"))?;
    Ok(named.committee)
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    items: Vec<NeededItem>,
}

/// The sessions that decided, by ballot, each with whether it was an expedited review.
pub(super) fn sessions(db: &mut ActDb) -> Result<BTreeMap<String, (Session, bool)>, Unreadable> {
    let mut found: BTreeMap<String, (Session, bool)> = BTreeMap::new();
    for row in db.committee_sat()? {
        let damaged = || Unreadable::new(format!("board.sitting of {}", row.ballot_id));
        let view = match row.sitting.view.as_str() {
            "natural-science" => View::NaturalScience,
            "humanities" => View::Humanities,
            "public" => View::Public,
            _ => return Err(damaged()),
        };
        let sex = match row.sitting.sex.as_str() {
            "female" => Sex::Female,
            "male" => Sex::Male,
            _ => return Err(damaged()),
        };
        let grounds: Vec<serde_json::Value> =
            serde_json::from_str(&row.sitting.grounds).map_err(|_| damaged())?;
        let recused = !grounds.is_empty();
        let conflict = row.conflict || recused;
        let (session, _) = found
            .entry(row.ballot_id.clone())
            .or_insert_with(|| (Session { member: Vec::new(), item: Vec::new() }, row.expedited));
        session.member.push(Member {
            code: row.sitting.member.clone(),
            view,
            sex,
            outside: row.sitting.outside,
            // Whoever was sent out by computing, or never declared and so did not count, owes no declaration.
            declared: row.declared || recused || !row.voted,
            conflict,
            recused: conflict || !row.declared,
            // A vote that was cast before the conflict was found was not counted.
            voted: row.voted && !conflict,
        });
    }
    for (ballot, document) in db.committee_documents()? {
        if let Some((session, _)) = found.get_mut(&ballot) {
            let document: Document = serde_json::from_str(&document)
                .map_err(|_| Unreadable::new(format!("board.application_version of {ballot}")))?;
            session.item = document.items;
        }
    }
    Ok(found)
}
