//! `musubi search id`: what an id is and where to look.
//!
//! Something is named only to whoever may give the verb that shows it, or works for the organisation it belongs to; for
//! anybody else it is not there. What may be a person's number is looked up nowhere: the answer is the help desk.

use anyhow::{Result, bail};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_compliance::checks::{Catalogue, CheckId};
use musubi_compliance::organisation::Book;
use musubi_model::{DocumentHash, FactId, SubmissionId};
use musubi_search::{IdShape, Index, SearchError, Seen, id_shapes};
use musubi_storage::board::BoardRead as _;
use musubi_storage::console::ReleaseView;
use serde::Serialize;
use serde_json::json;

use super::sources::owner;
use super::{folder, seen, told, viewers};
use crate::args::Cli;
use crate::commands::findings::all_rules;
use crate::commands::{Ending, books};
use crate::home::{Home, today};
use crate::say::Voice;

/// What an id is.
#[derive(Debug, Serialize)]
struct Known {
    kind: &'static str,
    kind_ja: &'static str,
    id: String,
    /// The verb that shows it.
    verb: String,
    /// Its page.
    path: String,
}

/// Says what something is, before it is known whether whoever asks may know.
struct Thing {
    /// The stored word and the Japanese one.
    kind: (&'static str, &'static str),
    id: String,
    /// The verb that shows it; whoever may give it may know of it.
    verb: &'static str,
    path: String,
    /// The organisation it belongs to, if any.
    owner: Option<String>,
}

impl Thing {
    fn new(kind: (&'static str, &'static str), id: &str, verb: &'static str, path: &str) -> Self {
        Self { kind, id: id.to_owned(), verb, path: format!("/{path}/{id}"), owner: None }
    }

    fn of(self, owner: Option<String>) -> Self {
        Self { owner, ..self }
    }

    /// To whoever may know of it.
    fn told_to(self, seen: &Seen) -> Option<Known> {
        let own = self.owner.is_some() && self.owner == seen.organisation;
        // What the search shows, it shows to everybody.
        let views = self.verb == "search find"
            || viewers(self.verb).any(|r| seen.roles.iter().any(|held| held == r.as_str()));
        (own || views).then(|| Known {
            kind: self.kind.0,
            kind_ja: self.kind.1,
            verb: format!("{} {}", self.verb, self.id),
            id: self.id,
            path: self.path,
        })
    }
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, text: &str) -> Result<Ending> {
    let home = Home::open(cli)?;
    let seen = seen(&home)?;
    let shapes = id_shapes(text);
    let mut found = Vec::new();
    for shape in &shapes {
        found.extend(things(&home, voice, shape)?.into_iter().filter_map(|t| t.told_to(&seen)));
    }
    // What is something else is nobody's number.
    let help_desk = found.is_empty() && shapes.contains(&IdShape::Person);
    let mut db = home.registry.act()?;
    books::audit(&mut db, cli, AuditRole::Operator, AuditAction::Search, AuditObject::House, 0)?;
    for known in &found {
        voice.line(format!("{}  {}", voice.word(known.kind_ja, known.kind), known.id));
        voice.line(format!("    musubi {}", known.verb));
    }
    if help_desk {
        voice.say(
            "本人の番号かもしれません。ここでは探しません。相談窓口の照会(musubi person match・person show)を使ってください",
            "This may be a person's number, which is not searched here: use the help desk's look-up (musubi person match, person show)",
        );
    } else if found.is_empty() && shapes.is_empty() {
        voice.say(
            "番号ではありません。言葉で探すには: musubi search find",
            "This is no id; to search for words: musubi search find",
        );
    } else if found.is_empty() {
        voice.say("見つかりません", "Not found");
    }
    voice.value(&json!({ "found": found, "help_desk": help_desk, "id": !shapes.is_empty() }));
    Ok(Ending::Done)
}

/// What of this shape there is.
fn things(home: &Home, voice: Voice, shape: &IdShape) -> Result<Vec<Thing>> {
    Ok(match shape {
        IdShape::Submission(id) => submission(home, id)?,
        IdShape::Fact(id) => fact(home, id)?,
        IdShape::Document(hash) => document(home, hash)?,
        IdShape::Release(id) => {
            let all = home.registry.console()?.releases(u32::MAX)?;
            all.iter().filter(|r| r.release_id == *id).map(|r| release(home, r)).collect::<Result<_>>()?
        }
        IdShape::Approval(id) => match home.registry.board()?.approval(id)? {
            Some(row) => {
                let owner = filed_by(home, &row.request_id)?;
                vec![Thing::new(("approval", "承認"), id, "policy list", "approvals").of(owner)]
            }
            None => Vec::new(),
        },
        IdShape::OptOut(id) => {
            let all = home.registry.act()?.opt_out_entries()?;
            let there = all.contains(id);
            there
                .then(|| Thing::new(("opt-out", "提供停止"), id, "optout receipt", "desk/stops"))
                .into_iter()
                .collect()
        }
        IdShape::Erasure(id) => {
            let there = home.registry.erasure()?.erasure(id)?.is_some();
            there
                .then(|| Thing::new(("erasure", "削除"), id, "erasure status", "erasures"))
                .into_iter()
                .collect()
        }
        IdShape::Incident(id) => {
            let all = home.registry.act()?.incidents()?;
            let there = all.iter().any(|(row, _)| row.id == *id);
            there
                .then(|| Thing::new(("incident", "事故"), id, "incident list", "incidents"))
                .into_iter()
                .collect()
        }
        IdShape::Inquiry(id) => {
            let all = home.registry.act()?.inquiries()?;
            let there = all.iter().any(|(row, _)| row.id == *id);
            there
                .then(|| Thing::new(("inquiry", "問い合わせ"), id, "inquiry show", "desk/cases"))
                .into_iter()
                .collect()
        }
        IdShape::Check(id) => {
            let known =
                id.parse::<CheckId>().ok().and_then(|id| Catalogue::shipped().ok()?.get(id).map(|c| c.id));
            known
                .map(|id| Thing::new(("check", "遵守点検"), &id.to_string(), "check show", "checks"))
                .into_iter()
                .collect()
        }
        IdShape::Name(name) => named(home, voice, name)?,
        IdShape::Person => Vec::new(),
    })
}

fn submission(home: &Home, id: &SubmissionId) -> Result<Vec<Thing>> {
    let view = home.registry.console()?.submission(id)?;
    let thing =
        |owner| Thing::new(("submission", "提出"), &id.to_string(), "submission", "deliveries").of(owner);
    Ok(view.map(|v| thing(v.submitter)).into_iter().collect())
}

/// A fact names its document; whether the fact itself stands in the lake is found out by tracing it, which is booked.
fn fact(home: &Home, id: &FactId) -> Result<Vec<Thing>> {
    let mut db = home.registry.ingest()?;
    let mut known = false;
    for document in db.documents_like(&id.document_prefix())? {
        known |= db.unit(&document.document, id.unit())?.is_some();
    }
    Ok(known.then(|| Thing::new(("fact", "事実"), &id.to_string(), "trace", "facts")).into_iter().collect())
}

fn document(home: &Home, hash: &DocumentHash) -> Result<Vec<Thing>> {
    let there = !home.registry.ingest()?.documents_like(hash.as_bytes())?.is_empty();
    let thing = || Thing::new(("document", "文書"), &hash.to_string(), "rebuild", "documents");
    let text = hash.to_string();
    let mut all: Vec<Thing> = there.then(thing).into_iter().collect();
    for row in home.registry.board()?.requests()? {
        if row.scope_hash == text {
            all.push(request(home, &row.request_id)?);
        }
    }
    Ok(all)
}

/// The organisation that filed a request.
fn filed_by(home: &Home, request: &str) -> Result<Option<String>> {
    let book: &Book = &home.books.organisations;
    let row = home.registry.board()?.request(request)?;
    Ok(row.and_then(|row| owner(book, &row.filed_by).map(str::to_owned)))
}

fn request(home: &Home, id: &str) -> Result<Thing> {
    let owner = filed_by(home, id)?;
    Ok(Thing::new(("application", "申出"), id, "policy list", "applications").of(owner))
}

fn release(home: &Home, row: &ReleaseView) -> Result<Thing> {
    let owner = filed_by(home, &row.request_id)?;
    Ok(Thing::new(("release", "提供物"), &row.release_id, "release keys", "releases").of(owner))
}

/// Everything that has a name instead of a number.
fn named(home: &Home, voice: Voice, name: &str) -> Result<Vec<Thing>> {
    let mut all = Vec::new();
    if home.registry.board()?.request(name)?.is_some() {
        all.push(request(home, name)?);
    }
    let book = &home.books.organisations;
    if let Some(p) = book.principal(name) {
        let owner = Some(p.row.organisation.clone());
        all.push(Thing::new(("account", "アカウント"), name, "organisation show", "accounts").of(owner));
    }
    if book.organisation(name).is_some() {
        let owner = Some(name.to_owned());
        all.push(
            Thing::new(("organisation", "事業者"), name, "organisation show", "organisations").of(owner),
        );
    }
    if home.parameters.in_force(name, today()).is_some() {
        all.push(Thing::new(("parameter", "パラメータ"), name, "parameter show", "parameters"));
    }
    // Rules and codes are for everybody: the search shows them.
    let upper = name.to_ascii_uppercase();
    if let Some(rule) = all_rules().into_iter().find(|r| r.id == upper) {
        all.push(Thing::new(("rule", "指摘の規則"), rule.id, "search find", "findings"));
    }
    match Index::open(&folder(home)).and_then(|index| index.codes_called(name)) {
        Ok(codes) => all.extend(codes.iter().map(|id| {
            let code = Thing::new(("code", "コード"), id, "search find", "codes");
            Thing { path: format!("/codes/{}", id.replacen(':', "/", 1)), ..code }
        })),
        // Everything else is known without it; who searches for words is told to make it.
        Err(SearchError::Missing | SearchError::Broken(_) | SearchError::Busy) => {}
        Err(e) => bail!(told(voice, &e)),
    }
    Ok(all)
}
