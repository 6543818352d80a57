//! `musubi person explain`: the decisions and rulings that made records one person, or two, and how the weights came about.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Result, bail};
use clap::Args;
use musubi_compliance::audit::AuditObject;
use musubi_etl::matching::Mpi;
use musubi_id_resolution::model_file::ModelFile;
use musubi_id_resolution::mpi::explain::{SideBySide, Waterfall, signed};
use musubi_id_resolution::mpi::{Model, family, words};
use musubi_model::sign::Signature;
use musubi_model::{IdentityId, ResearchId};
use musubi_storage::identity::{DecisionRow, RulingRow};
use serde_json::{Value, json};

use super::{Desk, Ending, Unfit, Values, put, rule, second};
use crate::say::Voice;

/// `musubi person explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Research id or identity.
    id: String,
    /// Another identity: why these two.
    other: Option<String>,
    #[command(flatten)]
    values: Values,
}

/// Runs the verb.
pub fn run(desk: &mut Desk<'_>, order: &Explain) -> Result<Ending> {
    match &order.other {
        None => one(desk, order),
        Some(other) => two(desk, order, other),
    }
}

/// Why all records of a person are one.
fn one(desk: &mut Desk<'_>, order: &Explain) -> Result<Ending> {
    if order.values.values {
        bail!(Unfit::new("値を並べて見るには、二つの番号を書いてください"));
    }
    let voice = desk.voice;
    let person = desk.named(&order.id)?.person;
    let person = desk.db.current_person(&person)?.unwrap_or(person);
    desk.book_look(AuditObject::Person(person, None), 1)?;
    let members: Vec<IdentityId> = desk.db.members_of(&person)?.into_iter().map(|m| m.identity_id).collect();
    if let Some(ruling) = desk.hidden(&person, None, &members)? {
        second::kept_from(desk, ruling);
        voice.value(&json!({ "asked": order.id, "blind": ruling }));
        return Ok(Ending::Done);
    }
    let decisions = decisions(desk, &members)?;
    let rulings = desk.db.rulings_for(&members)?;
    voice.line(format!(
        "■ {} {person}  {} {}",
        voice.word("研究用ID", "research id"),
        voice.word("元データ上の本人", "identities"),
        members.len()
    ));
    let mut models = Models::default();
    let told = decisions.iter().map(|d| tell(desk, &mut models, d)).collect::<Result<Vec<_>>>()?;
    let told_rulings = tell_rulings(voice, &rulings);
    voice.value(&json!({
        "research_id": person, "identities": members, "decisions": told, "rulings": told_rulings,
    }));
    Ok(Ending::Done)
}

/// Why two records are one person, or two.
fn two(desk: &mut Desk<'_>, order: &Explain, other: &str) -> Result<Ending> {
    let voice = desk.voice;
    let (x, y) = (desk.named(&order.id)?, desk.named(other)?);
    let (a, b) = (desk.identity(x)?, desk.identity(y)?);
    if a == b {
        bail!(Unfit::new("同じ元データです。二つの異なる番号を書いてください"));
    }
    let known = desk.db.known(&[a, b])?;
    let persons: BTreeSet<ResearchId> = known.values().map(|p| p.research_id).collect();
    let purpose = order.values.purpose();
    for person in &persons {
        desk.book_look(AuditObject::Person(*person, purpose), 1)?;
    }
    let same = persons.len() == 1;
    voice.line(format!("■ {a} / {b}"));
    let own = second::waits_on(desk, a, b)?;
    let kept_from = match own {
        Some(ruling) => Some(ruling),
        None => second::hides(desk, &[a, b])?,
    };
    if let Some(ruling) = kept_from {
        second::kept_from(desk, ruling);
        let found = side_by_side(desk, (a, b), purpose.is_some())?;
        let mut answer =
            json!({ "a": a, "b": b, "blind": own, "kept_from": ruling, "compared": found.compared });
        if purpose.is_some() {
            put(&mut answer, "values", found.values);
            put(&mut answer, "hints", json!(found.hints));
        }
        voice.value(&answer);
        return Ok(Ending::Done);
    }
    voice.say(
        if same { "  今は同一人です" } else { "  今は別人です" },
        if same { "  they are one person today" } else { "  they are two persons today" },
    );
    for person in &persons {
        voice.line(format!("  {} {person}", voice.word("研究用ID", "research id")));
    }
    let mut told = Vec::new();
    if let (true, Some(person)) = (same, persons.first()) {
        let members: Vec<IdentityId> =
            desk.db.members_of(person)?.into_iter().map(|m| m.identity_id).collect();
        let all = decisions(desk, &members)?;
        let mut models = Models::default();
        for d in path(&all, a, b) {
            told.push(tell(desk, &mut models, d)?);
        }
    }
    let rulings: Vec<RulingRow> = desk
        .db
        .rulings_for(&[a, b])?
        .into_iter()
        .filter(|r| (r.ruled.a, r.ruled.b) == (a.min(b), a.max(b)))
        .collect();
    let told_rulings = tell_rulings(voice, &rulings);
    let found = side_by_side(desk, (a, b), purpose.is_some())?;
    let mut answer = json!({
        "a": a, "b": b, "same": same, "persons": persons, "decisions": told, "rulings": told_rulings,
        "compared": found.compared,
    });
    if purpose.is_some() {
        put(&mut answer, "values", found.values);
        put(&mut answer, "hints", json!(found.hints));
    }
    voice.value(&answer);
    Ok(Ending::Done)
}

/// Two records as they compare.
#[derive(Default)]
struct Compared {
    compared: Value,
    values: Value,
    hints: Vec<words::Word>,
}

/// The weights of two records under the model of today and, where they may be shown, both side by side.
fn side_by_side(desk: &mut Desk<'_>, (a, b): (IdentityId, IdentityId), values_too: bool) -> Result<Compared> {
    let voice = desk.voice;
    let mut told = Compared::default();
    if let [left, right] = ordered(desk, a, b)?.as_slice() {
        let engine = Mpi::new(&desk.matching, &desk.home.ring);
        match engine.compare(left, right)? {
            Some(found) => {
                voice.line(format!(
                    "■ {}",
                    voice.word("この二つだけを今のモデルで比べると", "these two under the model of today")
                ));
                draw(voice, &found.waterfall);
                told.compared = json!(found.waterfall);
                if values_too {
                    told.hints = family::hints(&found.fields);
                    told.values = tell_values(voice, &found.fields);
                }
            }
            None => voice.say(
                "  (鍵が破棄されており比べられません)",
                "  (a key was destroyed; they cannot be compared)",
            ),
        }
    }
    Ok(told)
}

/// The records of two identities, in that order.
fn ordered(
    desk: &mut Desk<'_>,
    a: IdentityId,
    b: IdentityId,
) -> Result<Vec<musubi_model::matching::SealedRecord>> {
    let mut records = desk.db.sealed_records(&[a, b])?;
    records.sort_by_key(|r| r.identity_id != a);
    Ok(records)
}

/// What was decided on these identities, in order, each decision once.
fn decisions(desk: &mut Desk<'_>, members: &[IdentityId]) -> Result<Vec<DecisionRow>> {
    let mut all = BTreeMap::new();
    for id in members {
        all.extend(desk.db.history(id)?.into_iter().map(|d| (d.decision_id, d)));
    }
    Ok(all.into_values().collect())
}

/// The decisions whose evidence leads from `a` to `b`: the shortest way, of equal ones the earliest. When later
/// decisions replaced the evidence there is none, and the comparison of the two has to speak.
fn path(all: &[DecisionRow], a: IdentityId, b: IdentityId) -> Vec<&DecisionRow> {
    let mut beside: BTreeMap<IdentityId, Vec<(IdentityId, &DecisionRow)>> = BTreeMap::new();
    for d in all.iter().filter(|d| d.kind != "ruling") {
        let Some(record) = d.record else { continue };
        beside.entry(d.identity_id).or_default().push((record, d));
        beside.entry(record).or_default().push((d.identity_id, d));
    }
    let mut came: BTreeMap<IdentityId, (IdentityId, &DecisionRow)> = BTreeMap::new();
    let mut queue = VecDeque::from([a]);
    while let Some(at) = queue.pop_front() {
        for (next, d) in beside.get(&at).into_iter().flatten() {
            if *next != a && !came.contains_key(next) {
                came.insert(*next, (at, d));
                queue.push_back(*next);
            }
        }
    }
    let mut way = Vec::new();
    let mut at = b;
    while let Some((from, d)) = came.get(&at).filter(|_| at != a) {
        way.push(*d);
        at = *from;
    }
    way.reverse();
    way
}

/// Models of their day, by version.
#[derive(Default)]
struct Models {
    kept: BTreeMap<String, Option<Model>>,
}

impl Models {
    /// The model of a version: the one in force, or one of the ledger. `None`: it is not kept.
    fn get(&mut self, desk: &mut Desk<'_>, version: &str) -> Result<Option<&Model>> {
        if !self.kept.contains_key(version) {
            let model = if version == desk.matching.model.version {
                Some(desk.matching.model.clone())
            } else {
                let row = desk.db.models()?.into_iter().find(|m| m.version == version);
                let stored = row.map(|r| desk.db.model(&r.hash)).transpose()?.flatten();
                stored.and_then(|s| {
                    let signature = Signature::from_hex(&s.signature)?;
                    let file = ModelFile::open(&s.file, &signature, &desk.home.ring.house.public());
                    file.ok().map(|f| f.model)
                })
            };
            self.kept.insert(version.to_owned(), model);
        }
        Ok(self.kept.get(version).and_then(Option::as_ref))
    }
}

/// One decision, with the waterfall of its evidence under the model of its day.
fn tell(desk: &mut Desk<'_>, models: &mut Models, d: &DecisionRow) -> Result<Value> {
    let voice = desk.voice;
    let spoke = spoke(voice, &d.rule);
    voice.line(format!("■ {:.0}  {}  [{spoke}]", d.at, kind(voice, &d.kind)));
    let beside = d.record.map(|r| format!(" ↔ {r}")).unwrap_or_default();
    voice.line(format!("  {}{beside}", d.identity_id));
    if let Some(former) = d.former {
        voice.line(format!("  {former} → {}", d.research_id));
    }
    let mut waterfall = Value::Null;
    // a ruling has no vector; two records of which nothing could be compared have an empty one
    if let (Some(weight), Some(levels @ 1..)) = (d.weight, d.levels) {
        let version = d.model.clone().unwrap_or_default();
        match models.get(desk, &version)? {
            Some(model) => {
                let drawn = Waterfall::new(model, levels, Some(weight), None);
                draw(voice, &drawn);
                waterfall = json!(drawn);
            }
            None => voice.say(
                format!("    重み {} ビット(当時のモデル {version} は保管されていません)", signed(weight)),
                format!("    weight {} bits (its model {version} is not kept)", signed(weight)),
            ),
        }
    }
    Ok(json!({
        "decision": d.decision_id, "at": d.at, "kind": d.kind, "identity": d.identity_id, "record": d.record,
        "research_id": d.research_id, "former": d.former, "rule": d.rule, "weight": d.weight,
        "engine": d.engine, "model": d.model, "submission": d.submission, "waterfall": waterfall,
    }))
}

fn draw(voice: Voice, waterfall: &Waterfall) {
    for line in waterfall.text(voice.english).lines() {
        voice.line(format!("    {line}"));
    }
    if let Some(rule) = waterfall.rule {
        voice.line(format!("    {}: {}", voice.word("規則", "rule"), rule.get(voice.english)));
    }
}

/// What spoke for a decision.
fn spoke(voice: Voice, rule: &str) -> &str {
    let ja = match rule {
        "none" => "結びつく相手なし",
        "rule" => "確定規則",
        "same" => "同一人と裁定",
        "different" => "別人と裁定",
        "undo:same" => "同一人の裁定を取消し",
        "undo:different" => "別人の裁定を取消し",
        other => words::rule(other).map_or(other, |w| w.ja),
    };
    voice.word(ja, words::rule(rule).map_or(rule, |w| w.en))
}

fn kind(voice: Voice, kind: &str) -> &str {
    let ja = match kind {
        "new" => "新しい人",
        "join" => "同じ人に加わった",
        "merge" => "二人が一人になった",
        "split" => "分かれて新しい人になった",
        "move" => "別の人に移った",
        "revive" => "統合前の研究用IDに戻った",
        "ruling" => "裁定",
        other => other,
    };
    voice.word(ja, kind)
}

fn tell_rulings(voice: Voice, rulings: &[RulingRow]) -> Vec<Value> {
    if !rulings.is_empty() {
        voice.line(format!("■ {}", voice.word("人による裁定", "rulings")));
    }
    let mut told = Vec::new();
    for r in rulings {
        voice.line(format!(
            "  {} {}  {} / {}  {:.0} {}: {}",
            r.ruling_id,
            rule::what(voice, r.ruled.same),
            r.ruled.a,
            r.ruled.b,
            r.at,
            r.by,
            r.reason
        ));
        match (&r.undone, &r.undo_proposed) {
            (Some((by, at)), _) => {
                voice.line(format!("      {} {at:.0} {by}", voice.word("取消し", "undone")));
            }
            (None, Some((by, why))) => {
                voice.line(format!("      {} {by}: {why}", voice.word("取消しの提案", "undo proposed")));
            }
            _ => {}
        }
        told.push(json!({
            "ruling": r.ruling_id, "a": r.ruled.a, "b": r.ruled.b, "same": r.ruled.same, "by": r.by, "at": r.at,
            "reason": r.reason, "in_force": r.undone.is_none(),
            "undo_proposed_by": r.undo_proposed.as_ref().map(|u| &u.0),
            "undone_by": r.undone.as_ref().map(|u| &u.0), "undone_at": r.undone.as_ref().map(|u| u.1),
        }));
    }
    told
}

/// Both records side by side. Only after the look was booked for a purpose.
fn tell_values(voice: Voice, fields: &SideBySide) -> Value {
    for hint in family::hints(fields) {
        voice.line(format!("  ! {}", hint.get(voice.english)));
    }
    voice.line(format!("■ {}", voice.word("並べて見る", "side by side")));
    let told = fields.fields.iter().map(|f| {
        let (left, right) = (f.left.expose(), f.right.expose());
        let blank = |text: &String| if text.is_empty() { "-".to_owned() } else { text.clone() };
        voice.line(format!(
            "  {} {}: {}  {}  {}",
            f.mark.sign(),
            f.what.get(voice.english),
            blank(left),
            voice.word("/", "|"),
            blank(right)
        ));
        json!({ "field": f.what.en, "words": f.what, "left": left, "right": right, "mark": f.mark, "mark_words": f.mark.word() })
    });
    Value::Array(told.collect())
}
