//! What goes into the word index: one function for each kind. A new source is a new function and a line of [`SOURCES`].
//!
//! None of them may read a record, an identity or a local code: what they give is plain text on disk.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use musubi_compliance::checks::Catalogue;
use musubi_compliance::organisation::Book;
use musubi_model::Rule;
use musubi_model::spec::ExtractSpec;
use musubi_search::{Doc, Kind, Readers};
use musubi_storage::board::RequestRow;

use super::viewers;
use crate::authority::owns;
use crate::commands::committee::indexed;
use crate::commands::findings::all_rules;
use crate::home::{Home, now, today};

/// Reads all documents of a kind.
type Source = fn(&Home) -> Result<Vec<Doc>>;

/// All sources.
pub const SOURCES: [(Kind, Source); 9] = [
    (Kind::Check, checks),
    (Kind::Parameter, parameters),
    (Kind::Rule, rules),
    (Kind::Application, applications),
    (Kind::Minutes, indexed::meetings),
    (Kind::Dossier, indexed::dossiers),
    (Kind::Release, releases),
    (Kind::Finding, findings),
    (Kind::Code, codes),
];

/// Whoever may give a verb, for what it shows.
fn readers(verb: &str) -> Readers {
    Readers::roles(viewers(verb).map(musubi_compliance::audit::AuditRole::as_str))
}

fn checks(_: &Home) -> Result<Vec<Doc>> {
    let catalogue = Catalogue::shipped()?;
    let readers = readers("check show");
    let doc = |c: &musubi_compliance::checks::Check| {
        let (rule, pass, mend) = (c.rule(), c.pass(), c.mend());
        let text = format!("{}\n{}\n{}\n{}\n{}", pass.ja, mend.ja, pass.en, mend.en, c.basis.join(" "));
        Doc::check(&c.id.to_string(), rule.ja, rule.en, &text, readers.clone())
    };
    Ok(catalogue.checks().iter().map(doc).collect())
}

fn parameters(home: &Home) -> Result<Vec<Doc>> {
    let (set, on) = (&home.parameters, today());
    let mut names: Vec<&str> = set.parameters.iter().map(|p| p.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let readers = readers("parameter list");
    let rows = names.into_iter().filter_map(|name| set.in_force(name, on));
    Ok(rows.map(|row| Doc::parameter(row, readers.clone())).collect())
}

fn rules(_: &Home) -> Result<Vec<Doc>> {
    Ok(all_rules().into_iter().map(Doc::rule).collect())
}

fn codes(home: &Home) -> Result<Vec<Doc>> {
    let mut docs = Vec::new();
    home.registry.ingest()?.each_code_name(|c| {
        docs.push(Doc::code(&c.system, &c.code, &c.name, &format!("{} {}", c.standard, c.also)));
    })?;
    Ok(docs)
}

/// The organisation outside the house of whoever filed something.
pub fn owner<'a>(book: &'a Book, account: &str) -> Option<&'a str> {
    let organisation = book.organisation(&book.principal(account)?.row.organisation)?;
    owns(organisation.kind).then_some(organisation.row.id.as_str())
}

/// Requests as filed, by id, with the organisation that filed them.
fn filed(home: &Home) -> Result<Vec<(RequestRow, ExtractSpec, Option<String>)>> {
    let book = &home.books.organisations;
    let mut all = Vec::new();
    for row in home.registry.board()?.requests()? {
        let spec = ExtractSpec::parse(&row.spec).context("申出の内容")?;
        let owner = owner(book, &row.filed_by).map(str::to_owned);
        all.push((row, spec, owner));
    }
    Ok(all)
}

/// Applications to the committee, and requests as filed.
fn applications(home: &Home) -> Result<Vec<Doc>> {
    let mut docs = indexed::applications(home)?;
    docs.extend(requests(home)?);
    Ok(docs)
}

fn requests(home: &Home) -> Result<Vec<Doc>> {
    let doc = |(row, spec, owner): (RequestRow, ExtractSpec, Option<String>)| {
        let text = format!("{}\n{}\n{}\n{}", spec.purpose, spec.recipient, spec.name, row.scope_hash);
        let readers = readers("policy list").and_organisation(owner.as_deref());
        Ok(Doc::application(&row.request_id, &spec.title, &text, readers)?)
    };
    filed(home)?.into_iter().map(doc).collect()
}

fn releases(home: &Home) -> Result<Vec<Doc>> {
    let filed: HashMap<String, (ExtractSpec, Option<String>)> =
        filed(home)?.into_iter().map(|(row, spec, owner)| (row.request_id, (spec, owner))).collect();
    let mut docs = Vec::new();
    for r in home.registry.console()?.releases(u32::MAX)? {
        let (title, purpose, owner) = match filed.get(&r.request_id) {
            Some((spec, owner)) => (spec.title.as_str(), spec.purpose.as_str(), owner.as_deref()),
            None => (r.request_id.as_str(), "", None),
        };
        let text = format!("{}\n{}\n{}\n{purpose}", r.request_id, r.approval_id, r.scope_hash);
        let readers = readers("release keys").and_organisation(owner);
        docs.push(Doc::release(&r.release_id, title, &text, readers)?);
    }
    Ok(docs)
}

fn findings(home: &Home) -> Result<Vec<Doc>> {
    let rules: HashMap<&str, &'static Rule> = all_rules().into_iter().map(|r| (r.id, r)).collect();
    let readers = readers("submission");
    let mut docs = Vec::new();
    for s in home.registry.console()?.submissions(Timestamp::UNIX_EPOCH, now())? {
        // One rule may have been broken with more than one severity.
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for f in &s.findings {
            *counts.entry(&f.rule).or_default() += f.count;
        }
        for (id, count) in counts {
            // A rule that this version no longer knows has no words to be found by.
            if let Some(rule) = rules.get(id) {
                let readers = readers.clone().and_organisation(s.submitter.as_deref());
                docs.push(Doc::finding(&s.id, rule, count, readers));
            }
        }
    }
    Ok(docs)
}
