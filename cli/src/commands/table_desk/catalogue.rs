//! `musubi desk questions`, `question`, `deliveries`: what can be asked, what it needs, and what is there already.

use anyhow::Result;
use musubi_model::manifest::Agreements;
use musubi_model::spec::ExtractSpec;
use musubi_release::view::{self, Released, Table};
use musubi_review_board::questions::{self, Domain, Level, Per, Question};
use musubi_storage::board::RequestRow;
use serde_json::{Value, json};

use super::super::Ending;
use super::super::committee::Case;
use super::words::{both, pair};
use super::{Standing, ask};
use crate::say::Voice;

/// How far a question has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing that is sent can answer it.
    Missing,
    /// It could be answered, but nobody sends what it needs.
    NoFeed,
    /// It can be asked.
    Open,
    /// The organisation has begun an application and not handed it in.
    Draft,
    /// An application or request of the organisation waits for its decision.
    Asked,
    /// A request was approved and is not released yet.
    Approved,
    /// A table is there.
    Released,
}

impl State {
    fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NoFeed => "no_feed",
            Self::Open => "open",
            Self::Draft => "draft",
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Released => "released",
        }
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("まだ答えられない", "cannot be answered yet"),
            Self::NoFeed => ("データを送る取決めがない", "no agreement sends its data"),
            Self::Open => ("申し出られる", "can be asked"),
            Self::Draft => ("申出の下書きがある", "application begun, not handed in"),
            Self::Asked => ("審査中", "under review"),
            Self::Approved => ("承認済み・作成待ち", "approved, to be made"),
            Self::Released => ("表がある", "table released"),
        }
    }
}

/// A request of the organisation, with its decision.
struct Filed {
    row: RequestRow,
    spec: ExtractSpec,
    approval: Option<(String, jiff::civil::Date)>,
}

/// An application of the organisation that is not over, and is no request yet.
struct Begun {
    case: Case,
    spec: ExtractSpec,
}

/// What the catalogue is held against: agreements, applications, requests, releases.
struct Around {
    agreements: Agreements,
    begun: Vec<Begun>,
    filed: Vec<Filed>,
    released: Vec<Released>,
}

impl Around {
    fn of(desk: &Standing<'_>) -> Result<Self> {
        let public = desk.public()?.to_owned();
        let wanted = |s: &ExtractSpec| Standing::is_for(s, &desk.id) || Standing::is_for(s, &public);
        let mut board = desk.home.registry.board()?;
        let mut filed = Vec::new();
        let (over, cases): (Vec<Case>, Vec<Case>) =
            desk.cases()?.into_iter().partition(|case| ask::over(case.state));
        let dead = |request: &str| over.iter().any(|case| case.request().as_deref() == Some(request));
        for row in board.requests()? {
            let Ok(spec) = ExtractSpec::parse(&row.spec) else { continue };
            // Refused or taken back: nobody waits for it any more.
            if dead(&row.request_id) {
                continue;
            }
            if row.filed_by != desk.id && !Standing::is_for(&spec, &desk.id) {
                continue;
            }
            let approval = board.approvals_of(&row.request_id)?.into_iter().next();
            filed.push(Filed { row, spec, approval: approval.map(|a| (a.approval_id, a.expires_on)) });
        }
        let begun = cases.into_iter().filter(|case| case.request().is_none());
        let begun = begun.filter_map(|case| Some(Begun { spec: case.document().ok()?.extract()?, case }));
        Ok(Self {
            begun: begun.collect(),
            agreements: desk.home.registry.ingest()?.agreements()?,
            filed,
            released: desk.read(&wanted)?,
        })
    }

    fn sent(&self, feed: &str) -> bool {
        self.agreements.feeds.iter().any(|f| f.kind.as_str() == feed || f.interface_version == feed)
    }

    fn released(&self, question: &Question) -> impl Iterator<Item = &Released> {
        let names = [Level::Municipality, Level::MedicalArea].map(|level| question.request_name(level));
        self.released.iter().filter(move |r| names.contains(&r.spec.name))
    }

    fn filed(&self, question: &Question) -> impl Iterator<Item = &Filed> {
        let names = [Level::Municipality, Level::MedicalArea].map(|level| question.request_name(level));
        self.filed.iter().filter(move |f| names.contains(&f.spec.name))
    }

    fn begun(&self, question: &Question) -> impl Iterator<Item = &Begun> {
        let names = [Level::Municipality, Level::MedicalArea].map(|level| question.request_name(level));
        self.begun.iter().filter(move |b| names.contains(&b.spec.name))
    }

    fn state(&self, question: &Question) -> State {
        match () {
            () if question.table.is_none() => State::Missing,
            () if self.released(question).next().is_some() => State::Released,
            () if self.filed(question).any(|f| f.approval.is_some()) => State::Approved,
            () if self.filed(question).next().is_some() => State::Asked,
            () if self.begun(question).any(|b| b.case.submitted().is_some()) => State::Asked,
            () if self.begun(question).next().is_some() => State::Draft,
            // The first is what it cannot do without; the others add to it.
            () if question.feeds.first().is_some_and(|f| self.sent(f)) => State::Open,
            () => State::NoFeed,
        }
    }

    fn row(&self, question: &Question) -> Value {
        let state = self.state(question);
        let newest = self.released(question).last().map(release);
        json!({
            "id": question.id, "domain": question.domain.as_str(), "domain_name": pair(question.domain.names()),
            "kind": question.kind.as_str(), "kind_name": pair(question.kind.names()),
            "title": both(&question.title), "question": both(&question.question),
            "state": state.code(), "state_name": pair(state.names()),
            "releases": self.released(question).count(), "newest": newest,
        })
    }
}

fn release(released: &Released) -> Value {
    let (from, to) = released.period();
    let tables: Vec<Value> = released
        .tables
        .iter()
        .map(|t| {
            let (cells, hidden) = t.size();
            json!({ "name": t.name, "title": t.title, "cells": cells, "hidden": hidden })
        })
        .collect();
    let recipients: Vec<&str> = released.spec.recipients.iter().map(|r| r.id.as_str()).collect();
    json!({
        "release": released.release, "sealed_at": released.sealed_at, "from": from, "to": to,
        "request": released.spec.name, "title": released.spec.title, "recipients": recipients, "tables": tables,
    })
}

/// Lists the questions.
pub(super) fn questions(desk: &Standing<'_>, voice: Voice, domain: Option<&str>) -> Result<Ending> {
    let domain = domain.and_then(Domain::from_name);
    let around = Around::of(desk)?;
    let mut rows = Vec::new();
    let mut heading = None;
    for question in questions::questions()?.iter().filter(|q| domain.is_none_or(|d| d == q.domain)) {
        if heading != Some(question.domain) {
            heading = Some(question.domain);
            let (ja, en) = question.domain.names();
            voice.say(
                format!("{ja} ({})", question.domain.as_str()),
                format!("{en} ({})", question.domain.as_str()),
            );
        }
        let (state, kind) = (around.state(question).names(), question.kind.names());
        voice.say(
            format!("  {:<26} [{}] {}  {}", question.id, kind.0, question.title.ja, state.0),
            format!("  {:<26} [{}] {}  {}", question.id, kind.1, question.title.en, state.1),
        );
        rows.push(around.row(question));
    }
    voice.value(&json!({ "organisation": desk.id, "questions": rows }));
    Ok(Ending::Done)
}

/// Describes a question.
pub(super) fn question(desk: &Standing<'_>, voice: Voice, id: &str) -> Result<Ending> {
    let question = desk.question(id)?;
    let around = Around::of(desk)?;
    let feeds: Vec<Value> =
        question.feeds.iter().map(|f| json!({ "feed": f, "sent": around.sent(f) })).collect();
    let places: Vec<Value> = desk
        .places()
        .map(|place| {
            let level = desk.level(place);
            let (label, people) = desk.label(place, level);
            json!({
                "code": place.code, "name": place.name, "people": place.population, "level": level,
                "shown_as": label, "shown_people": people,
            })
        })
        .collect();
    let dimensions: Vec<Value> = question
        .table
        .iter()
        .flat_map(|t| &t.dimensions)
        .map(|d| json!({ "name": view::name(*d), "names": pair(view::names(*d)), "total": Table::has_total(*d) }))
        .collect();
    let filed: Vec<Value> = around
        .filed(&question)
        .map(|f| {
            let (approval, expires) = f.approval.clone().unzip();
            json!({
                "request": f.row.request_id, "filed_at": f.row.filed_at, "from": f.spec.cohort.from,
                "to": f.spec.cohort.to, "approval": approval, "expires_on": expires,
            })
        })
        .collect();
    let begun: Vec<Value> = around
        .begun(&question)
        .map(|b| {
            json!({
                "application": b.case.id(), "state": b.case.state.as_str(), "state_ja": b.case.state.ja(),
                "from": b.spec.cohort.from, "to": b.spec.cohort.to,
            })
        })
        .collect();
    let per = question.per.as_ref().map(|per| match per {
        Per::Population => json!({ "by": "population" }),
        Per::Question(other) => json!({ "by": "question", "question": other }),
    });
    let released: Vec<Value> = around.released(&question).map(release).collect();
    let state = around.state(&question).names();
    voice.say(
        format!(
            "{}  [{}] {}\n  {}\n  なぜ: {}\n  読み方: {}\n  状態: {}(公表された表 {} 個)",
            question.id,
            question.kind.names().0,
            question.title.ja,
            question.question.ja,
            question.why.ja,
            question.reads.ja,
            state.0,
            released.len()
        ),
        format!(
            "{}  [{}] {}\n  {}\n  why: {}\n  how to read: {}\n  state: {} ({} released tables)",
            question.id,
            question.kind.names().1,
            question.title.en,
            question.question.en,
            question.why.en,
            question.reads.en,
            state.1,
            released.len()
        ),
    );
    for (ja, en, text) in
        [("注意", "note", &question.caution), ("足りないもの", "missing", &question.missing)]
    {
        if let Some(text) = text {
            voice.say(format!("  {ja}: {}", text.ja), format!("  {en}: {}", text.en));
        }
    }
    for feed in &question.feeds {
        let (ja, en) =
            if around.sent(feed) { ("取決めあり", "agreed") } else { ("取決めなし", "not agreed") };
        voice.say(format!("  データ: {feed} ({ja})"), format!("  data: {feed} ({en})"));
    }
    let mut whole = around.row(&question);
    let more = json!({
        "why": both(&question.why), "reads": both(&question.reads),
        "caution": question.caution.as_ref().map(both), "missing": question.missing.as_ref().map(both),
        "feeds": feeds, "dimensions": dimensions,
        "measures": question.table.as_ref().map(|t| &t.measures),
        "per": per, "places": places, "released": released, "requests": filed,
        "applications": begun,
        "policy": { "name": desk.policy.name, "version": desk.policy.version, "adopted": desk.adopted },
    });
    if let (Value::Object(whole), Value::Object(more)) = (&mut whole, more) {
        whole.extend(more);
    }
    voice.value(&whole);
    Ok(Ending::Done)
}

/// Lists what was released to the organisation.
pub(super) fn deliveries(desk: &Standing<'_>, voice: Voice) -> Result<Ending> {
    let catalogue = questions::questions()?;
    let own = desk.read(&|spec| Standing::is_for(spec, &desk.id))?;
    let mut rows = Vec::with_capacity(own.len());
    for one in own.iter().rev() {
        let names = |q: &&Question| {
            [Level::Municipality, Level::MedicalArea].iter().any(|l| q.request_name(*l) == one.spec.name)
        };
        let question = catalogue.iter().find(names).map(|q| q.id.clone());
        let (from, to) = one.period();
        voice.line(format!("  {}  {from}..{to}  {}  {}", one.release, one.sealed_at, one.spec.title));
        let mut row = release(one);
        if let Value::Object(row) = &mut row {
            row.insert("question".to_owned(), json!(question));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        voice.say("まだ何も提供されていません", "nothing was released yet");
    }
    voice.value(&json!({ "organisation": desk.id, "deliveries": rows }));
    Ok(Ending::Done)
}
