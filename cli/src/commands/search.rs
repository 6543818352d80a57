//! `musubi search`: the word index (make it anew, ask it), and the box that knows any id.
//!
//! What is asked for stands in no log: an audit entry says that somebody searched, never what for. Who may see a
//! document is who may give the verb that shows it, and whoever works for the organisation it is about.

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_search::{Doc, Hit, Index, Kind, Part, SearchError, Seen};
use serde_json::{Value, json};

use super::{Ending, books};
use crate::args::Cli;
use crate::authority;
use crate::home::Home;
use crate::say::{Voice, warn};

mod any_id;
mod sources;

/// `musubi search`.
#[derive(Debug, Subcommand)]
pub enum Search {
    /// Find documents that hold every word: codes, rules, parameters, checks, applications, minutes, releases, findings.
    Find {
        /// The words; never a person's.
        #[arg(required = true)]
        words: Vec<String>,
        /// Only of this kind: page, check, parameter, rule, application, minutes, dossier, release, finding,
        /// code.
        #[arg(long)]
        kind: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=200))]
        limit: u16,
    },
    /// Say what an id is and where to look: a delivery, a fact, a document, a request, an approval, a release, ….
    Id {
        /// The id.
        text: String,
    },
    /// Make the index anew from the books; the nightly job does so too.
    Rebuild,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Search) -> Result<Ending> {
    match order {
        Search::Find { words, kind, limit } => {
            find(cli, voice, &words.join(" "), kind.as_deref(), (*limit).into())
        }
        Search::Id { text } => any_id::run(cli, voice, text),
        Search::Rebuild => rebuild(cli, voice),
    }
}

/// Who asks, from the books.
pub fn seen(home: &Home) -> Result<Seen> {
    Ok(Seen {
        roles: home.acting.roles.iter().map(|r| r.as_str().to_owned()).collect(),
        organisation: authority::outside(&home.books.organisations, &home.acting),
    })
}

/// The roles that see what a verb shows, whosever it is: those of outside organisations see their own only.
pub fn viewers(verb: &str) -> impl Iterator<Item = AuditRole> {
    let outside =
        |r: &AuditRole| matches!(r, AuditRole::Submitter | AuditRole::Applicant | AuditRole::Municipality);
    authority::roles_of(verb).filter(move |r| !outside(r))
}

fn folder(home: &Home) -> PathBuf {
    home.data.join("search").join("index")
}

/// What went wrong, in the language of the voice.
fn told(voice: Voice, e: &SearchError) -> String {
    if voice.english { e.to_string() } else { e.ja() }
}

/// An answer that cannot be given: what whoever reads it can mend ends as usage, anything else as a failure.
fn refused(voice: Voice, e: &SearchError) -> Result<Ending> {
    match e {
        SearchError::Missing | SearchError::Broken(_) | SearchError::Busy => {
            warn(&told(voice, e));
            Ok(Ending::Usage)
        }
        _ => bail!(told(voice, e)),
    }
}

/// Makes the index anew: called by the verb and at the end of a night.
pub fn make(home: &Home, voice: Voice) -> Result<Vec<(Kind, usize)>> {
    let mut docs: Vec<Doc> = Vec::new();
    for (kind, source) in sources::SOURCES {
        docs.extend(source(home).with_context(|| format!("検索の材料を読めません: {}", kind.ja()))?);
    }
    let whole = |e: SearchError| anyhow!(told(voice, &e));
    let index = Index::rebuild(&folder(home), docs).map_err(whole)?;
    sources::SOURCES.iter().map(|(kind, _)| Ok((*kind, index.count(*kind).map_err(whole)?))).collect()
}

/// Brings the index up to what the night has loaded. A night is not worse for it when that fails: the index says itself
/// that it is missing or old, and can be made by hand.
pub fn after_night(home: &Home, voice: Voice) {
    if let Err(e) = make(home, voice) {
        warn(&format!(
            "{}: {e:#}",
            voice.word("検索の索引を作れませんでした", "the search index was not made")
        ));
    }
}

fn rebuild(cli: &Cli, voice: Voice) -> Result<Ending> {
    let home = Home::open(cli)?;
    let counts = make(&home, voice)?;
    let mut db = home.registry.act()?;
    books::audit(&mut db, cli, AuditRole::Operator, AuditAction::Search, AuditObject::House, 0)?;
    let all: usize = counts.iter().map(|(_, n)| n).sum();
    voice.say(
        format!("検索の索引を作り直しました: {all} 件"),
        format!("Search index made anew: {all} documents"),
    );
    for (kind, n) in &counts {
        voice.line(format!("  {:<12} {n}", voice.word(kind.ja(), kind.as_str())));
    }
    let by_kind: serde_json::Map<String, Value> =
        counts.iter().map(|(kind, n)| (kind.as_str().to_owned(), json!(n))).collect();
    voice.value(&json!({ "documents": all, "kinds": by_kind }));
    Ok(Ending::Done)
}

fn find(cli: &Cli, voice: Voice, text: &str, kind: Option<&str>, limit: usize) -> Result<Ending> {
    let home = Home::open(cli)?;
    let wanted = kind.map(Kind::from_name);
    if wanted == Some(None) {
        let all = Kind::ALL.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(", ");
        warn(&format!("{}: {all}", voice.word("--kind は次のいずれかです", "--kind is one of")));
        return Ok(Ending::Usage);
    }
    let seen = seen(&home)?;
    let found = Index::open(&folder(&home)).and_then(|i| i.find(text, wanted.flatten(), &seen, limit));
    let found = match found {
        Ok(found) => found,
        Err(e) => return refused(voice, &e),
    };
    let mut db = home.registry.act()?;
    books::audit(&mut db, cli, AuditRole::Operator, AuditAction::Search, AuditObject::House, 0)?;
    voice.say(
        format!("{} 件中 {} 件", found.count, found.hits.len()),
        format!("{} of {}", found.hits.len(), found.count),
    );
    for hit in &found.hits {
        let title = match voice.english && !hit.title_en.is_empty() {
            true => hit.title_en.as_str(),
            false => hit.title_ja.as_str(),
        };
        voice.line(format!("{:<8} {}  {title}", voice.word(hit.kind.ja(), hit.kind.as_str()), hit.id));
        let marked = |p: &Part| if p.hit { format!("【{}】", p.text) } else { p.text.clone() };
        if hit.snippet.iter().any(|p| p.hit) {
            let snippet: String = hit.snippet.iter().map(marked).collect();
            voice.line(format!("         {}", snippet.replace('\n', " ")));
        }
    }
    voice.value(&json!({
        "count": found.count, "limit": limit,
        "kinds": found.kinds.iter().map(|(k, n)| json!({ "kind": k.as_str(), "kind_ja": k.ja(), "count": n })).collect::<Vec<_>>(),
        "hits": found.hits.iter().map(shown).collect::<Vec<_>>(),
    }));
    Ok(Ending::Done)
}

fn shown(hit: &Hit) -> Value {
    json!({
        "kind": hit.kind.as_str(), "kind_ja": hit.kind.ja(), "id": hit.id, "title_ja": hit.title_ja,
        "title_en": hit.title_en, "title": hit.title, "snippet": hit.snippet, "path": hit.path, "score": hit.score,
    })
}
