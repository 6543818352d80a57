//! Rulings of people (人による裁定): must-link and cannot-link. They outrank every rule and survive every model; one
//! person rules, undoing takes a second one. What a ruling changes is decided in its own transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use musubi_model::IdentityId;
use musubi_model::matching::{Decision, DecisionKind, Evidence, Ruled};
use postgres::Transaction;

use super::commit::{names, placements};
use super::settle::{Occasion, settle};
use super::{Committed, DynEngine, Fresh, damaged, identity_id, write};
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// A ruling to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRuling<'a> {
    /// One identity.
    pub a: IdentityId,
    /// The other.
    pub b: IdentityId,
    /// The same person, or not.
    pub same: bool,
    /// Who rules.
    pub by: &'a str,
    /// Why; no value of a person.
    pub reason: &'a str,
    /// When.
    pub at: Timestamp,
}

impl NewRuling<'_> {
    fn pair(&self) -> Ruled {
        Ruled { a: self.a.min(self.b), b: self.a.max(self.b), same: self.same }
    }
}

/// A ruling as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulingRow {
    /// Its number.
    pub ruling_id: i64,
    /// The pair.
    pub ruled: Ruled,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Who proposed to undo it, why.
    pub undo_proposed: Option<(String, String)>,
    /// Who confirmed that, when: the ruling is not in force any more.
    pub undone: Option<(String, Timestamp)>,
}

/// How a refusal begins that names the rulings which say the contrary; their numbers follow.
pub const CONTRARY: &str = "rulings in force say the contrary: ";

const COLUMNS: &str = "ruling_id, identity_a, identity_b, same, reason, ruled_by, ruled_at, undo_proposed_by,
    undo_reason, undone_by, undone_at";

impl IdentityDb {
    /// Rules on a pair and decides again what it touches. Returns the ruling's number and what changed.
    ///
    /// # Errors
    /// [`StorageError::Refused`] when an identity is not known, or rulings in force say the contrary.
    pub fn rule(
        &mut self,
        ruling: &NewRuling<'_>,
        engine: DynEngine<'_>,
        fresh: &mut Fresh<'_>,
    ) -> Result<(i64, Committed), StorageError> {
        let doing = "ruling";
        let mut tx = self.locked(doing)?;
        let done = ruled(&mut tx, ruling, engine, fresh)?;
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(done)
    }

    /// What [`Self::rule`] would change, without changing it: everything is done and taken back.
    ///
    /// # Errors
    /// As [`Self::rule`].
    pub fn preview_ruling(
        &mut self,
        ruling: &NewRuling<'_>,
        engine: DynEngine<'_>,
        fresh: &mut Fresh<'_>,
    ) -> Result<Committed, StorageError> {
        let doing = "trying a ruling";
        let mut tx = self.locked(doing)?;
        let (_, done) = ruled(&mut tx, ruling, engine, fresh)?;
        tx.rollback().map_err(StorageError::db(doing))?;
        Ok(done)
    }

    /// Proposes to undo a ruling. It stays in force until another person confirms.
    ///
    /// # Errors
    /// [`StorageError::Refused`] when there is no such ruling in force.
    pub fn propose_undo(
        &mut self,
        ruling_id: i64,
        by: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let rows = self
            .client
            .execute(
                "UPDATE identity.ruling SET undo_proposed_by = $2, undo_reason = $3, undo_proposed_at = $4
                 WHERE ruling_id = $1 AND undone_at IS NULL",
                &[&ruling_id, &by, &reason, &at],
            )
            .map_err(StorageError::db("proposing to undo a ruling"))?;
        if rows == 1 { Ok(()) } else { Err(refused("there is no such ruling in force")) }
    }

    /// Undoes a ruling that another person proposed to undo, and decides again what it touches.
    ///
    /// # Errors
    /// [`StorageError::Refused`] when nobody proposed it, or the same person did.
    pub fn confirm_undo(
        &mut self,
        ruling_id: i64,
        by: &str,
        at: Timestamp,
        engine: DynEngine<'_>,
        fresh: &mut Fresh<'_>,
    ) -> Result<Committed, StorageError> {
        let doing = "undoing a ruling";
        let mut tx = self.locked(doing)?;
        let row = tx
            .query_opt(
                "UPDATE identity.ruling SET undone_by = $2, undone_at = $3
                 WHERE ruling_id = $1 AND undone_at IS NULL AND undo_proposed_by <> $2
                 RETURNING identity_a, identity_b, same, ruled_at",
                &[&ruling_id, &by, &at],
            )
            .map_err(StorageError::db(doing))?
            .ok_or_else(|| refused("no other person has proposed to undo a ruling of that number"))?;
        let get = |e| StorageError::db(doing)(e);
        let (a, b) = (identity_id(row.try_get(0).map_err(get)?)?, identity_id(row.try_get(1).map_err(get)?)?);
        let same: bool = row.try_get(2).map_err(get)?;
        let undoing = Some(row.try_get(3).map_err(get)?);
        let occasion = Occasion { at, submission: None, engine, undoing };
        let rule = if same { "undo:same" } else { "undo:different" };
        note(&mut tx, &occasion, Ruled { a, b, same }, rule)?;
        // the pair may be looked at again
        tx.execute(
            "UPDATE identity.review SET state = 'open', changed_by = $3, changed_at = $4
             WHERE identity_a = $1 AND identity_b = $2 AND state IN ('same', 'different')",
            &[&a.as_bytes(), &b.as_bytes(), &by, &at],
        )
        .map_err(StorageError::db(doing))?;
        let touched = components_of(&mut tx, &[a, b])?;
        let done = settle(&mut tx, &occasion, Vec::new(), touched, fresh)?;
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(done)
    }

    /// A ruling by its number.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn ruling(&mut self, ruling_id: i64) -> Result<Option<RulingRow>, StorageError> {
        let statement = format!("SELECT {COLUMNS} FROM identity.ruling WHERE ruling_id = $1");
        let row = self.client.query_opt(statement.as_str(), &[&ruling_id]);
        row.map_err(StorageError::db("reading a ruling"))?.as_ref().map(row_of).transpose()
    }

    /// Every ruling on these identities, in force or not, in the order in which they were made.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn rulings_for(&mut self, identities: &[IdentityId]) -> Result<Vec<RulingRow>, StorageError> {
        let doing = "reading rulings";
        let statement = format!(
            "SELECT {COLUMNS} FROM identity.ruling WHERE identity_a = ANY($1) OR identity_b = ANY($1)
             ORDER BY ruling_id"
        );
        let rows =
            self.client.query(statement.as_str(), &[&names(identities)]).map_err(StorageError::db(doing))?;
        rows.iter().map(row_of).collect()
    }

    /// Rulings that somebody proposed to undo and nobody has confirmed yet.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn undo_proposals(&mut self) -> Result<Vec<RulingRow>, StorageError> {
        let statement = format!(
            "SELECT {COLUMNS} FROM identity.ruling
             WHERE undone_at IS NULL AND undo_proposed_by IS NOT NULL ORDER BY ruling_id"
        );
        let rows = self.client.query(statement.as_str(), &[]).map_err(StorageError::db("reading rulings"))?;
        rows.iter().map(row_of).collect()
    }
}

fn refused(why: &str) -> StorageError {
    StorageError::Refused(why.to_owned())
}

fn ruled(
    tx: &mut Transaction<'_>,
    ruling: &NewRuling<'_>,
    engine: DynEngine<'_>,
    fresh: &mut Fresh<'_>,
) -> Result<(i64, Committed), StorageError> {
    let doing = "ruling";
    let pair = ruling.pair();
    if pair.a == pair.b {
        return Err(refused("a ruling is on two identities"));
    }
    if placements(tx, &[pair.a, pair.b])?.len() != 2 {
        return Err(refused("an identity of the ruling is not known"));
    }
    let numbers = contrary(tx, pair)?;
    if !numbers.is_empty() {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        return Err(refused(&format!("{CONTRARY}{}", numbers.join(", "))));
    }
    let row = tx
        .query_one(
            "INSERT INTO identity.ruling (identity_a, identity_b, same, reason, ruled_by, ruled_at)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING ruling_id",
            &[&pair.a.as_bytes(), &pair.b.as_bytes(), &pair.same, &ruling.reason, &ruling.by, &ruling.at],
        )
        .map_err(StorageError::db(doing))?;
    let ruling_id = row.try_get(0).map_err(StorageError::db(doing))?;
    tx.execute(
        "UPDATE identity.review SET state = $3, reason = $4, changed_by = $5, changed_at = $6
         WHERE identity_a = $1 AND identity_b = $2",
        &[
            &pair.a.as_bytes(),
            &pair.b.as_bytes(),
            &if pair.same { "same" } else { "different" },
            &ruling.reason,
            &ruling.by,
            &ruling.at,
        ],
    )
    .map_err(StorageError::db(doing))?;
    let occasion = Occasion { at: ruling.at, submission: None, engine, undoing: None };
    note(tx, &occasion, pair, if pair.same { "same" } else { "different" })?;
    let touched = components_of(tx, &[pair.a, pair.b])?;
    let done = settle(tx, &occasion, Vec::new(), touched, fresh)?;
    Ok((ruling_id, done))
}

/// Writes a ruling into the decision log, before what it changes.
fn note(
    tx: &mut Transaction<'_>,
    occasion: &Occasion<'_>,
    pair: Ruled,
    rule: &'static str,
) -> Result<(), StorageError> {
    let place = placements(tx, &[pair.a])?;
    let place = place.get(&pair.a).ok_or_else(|| damaged("an identity without a person"))?;
    let decision = Decision {
        kind: DecisionKind::Ruling,
        identity_id: pair.a,
        research_id: place.research_id,
        former: None,
        evidence: Some(Evidence { a: pair.a, b: pair.b, weight: 0, levels: 0, rule }),
        rule,
    };
    write::log(tx, occasion, &[decision], &BTreeMap::new())
}

fn components_of(tx: &mut Transaction<'_>, ids: &[IdentityId]) -> Result<BTreeSet<i64>, StorageError> {
    let doing = "reading components";
    let rows = tx
        .query(
            "SELECT component FROM identity.member WHERE identity_id = ANY($1) AND component IS NOT NULL",
            &[&names(ids)],
        )
        .map_err(StorageError::db(doing))?;
    rows.iter().map(|row| row.try_get(0).map_err(StorageError::db(doing))).collect()
}

/// Rulings in force that a new one contradicts: on the same pair, or through others that are ruled the same. Empty when
/// there are none.
fn contrary(tx: &mut Transaction<'_>, pair: Ruled) -> Result<Vec<i64>, StorageError> {
    let doing = "reading rulings";
    // everything that must-links tie to either side
    let mut sides = [BTreeSet::from([pair.a]), BTreeSet::from([pair.b])];
    let (mut apart, mut tied) = (Vec::new(), Vec::new());
    let statement = format!(
        "SELECT {COLUMNS} FROM identity.ruling
         WHERE undone_at IS NULL AND (identity_a = ANY($1) OR identity_b = ANY($1)) ORDER BY ruling_id"
    );
    for side in &mut sides {
        loop {
            let ids: Vec<IdentityId> = side.iter().copied().collect();
            let rows = tx.query(statement.as_str(), &[&names(&ids)]).map_err(StorageError::db(doing))?;
            let rows = rows.iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
            let before = side.len();
            side.extend(rows.iter().filter(|r| r.ruled.same).flat_map(|r| [r.ruled.a, r.ruled.b]));
            if side.len() == before {
                tied.extend(rows.iter().filter(|r| r.ruled.same).map(|r| r.ruling_id));
                apart.extend(rows.into_iter().filter(|r| !r.ruled.same));
                break;
            }
        }
    }
    let [left, right] = sides;
    let mut found: BTreeSet<i64> = BTreeSet::new();
    if pair.same {
        let across = |r: &&RulingRow| {
            let (a, b) = (r.ruled.a, r.ruled.b);
            (left.contains(&a) && right.contains(&b)) || (left.contains(&b) && right.contains(&a))
        };
        found.extend(apart.iter().filter(across).map(|r| r.ruling_id));
    } else if left.contains(&pair.b) {
        found.extend(tied);
    }
    // the very same ruling twice is no news either
    let again = apart.iter().filter(|r| (r.ruled.a, r.ruled.b) == (pair.a, pair.b)).map(|r| r.ruling_id);
    found.extend(again);
    Ok(found.into_iter().collect())
}

fn row_of(row: &postgres::Row) -> Result<RulingRow, StorageError> {
    let get = |e| StorageError::db("reading rulings")(e);
    let text = |place: usize| -> Result<Option<String>, StorageError> { row.try_get(place).map_err(get) };
    let undone_at: Option<Timestamp> = row.try_get(10).map_err(get)?;
    Ok(RulingRow {
        ruling_id: row.try_get(0).map_err(get)?,
        ruled: Ruled {
            a: identity_id(row.try_get(1).map_err(get)?)?,
            b: identity_id(row.try_get(2).map_err(get)?)?,
            same: row.try_get(3).map_err(get)?,
        },
        reason: row.try_get(4).map_err(get)?,
        by: row.try_get(5).map_err(get)?,
        at: row.try_get(6).map_err(get)?,
        undo_proposed: text(7)?.zip(Some(text(8)?.unwrap_or_default())),
        undone: text(9)?.zip(undone_at),
    })
}
