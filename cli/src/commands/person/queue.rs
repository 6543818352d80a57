//! `musubi person queue`: pairs that a person should look at, and what was said of them.

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_id_resolution::mpi::explain::signed;
use musubi_model::IdentityId;
use musubi_model::matching::DoubtKind;
use musubi_storage::identity::{ReviewRow, ReviewState, SecondLookRow};
use serde_json::json;

use super::{Desk, Ending, Unfit, account, reasoned, rule, second};
use crate::home::{now, today};
use crate::say::Voice;

/// `musubi person queue`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Queue {
    /// Where the pairs stand.
    #[arg(long, default_value = "open", value_parser = ["open", "postponed", "same", "different", "settled"])]
    state: String,
    /// Only pairs that are one person today, or two.
    #[arg(long, value_parser = ["one", "two"])]
    today: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Go on after this place, as the page before named it.
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    #[command(subcommand)]
    verdict: Option<Said>,
}

/// What is said of a pair.
#[derive(Debug, Subcommand)]
pub enum Said {
    /// One person (同一人): as `person merge`.
    Same(rule::Pair),
    /// Two persons (別人): as `person split`.
    Different(rule::Pair),
    /// Nobody can tell yet (保留).
    Postpone {
        /// One identity.
        a: String,
        /// The other.
        b: String,
        /// Account of whoever looked.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why; no value of a person.
        #[arg(long)]
        reason: String,
    },
}

/// Runs the verb.
pub fn run(desk: &mut Desk<'_>, order: &Queue) -> Result<Ending> {
    match &order.verdict {
        None => list(desk, order),
        Some(Said::Same(pair)) => rule::run(desk, pair, true),
        Some(Said::Different(pair)) => rule::run(desk, pair, false),
        Some(Said::Postpone { a, b, by, reason }) => {
            let (actor, reason) = (account(by)?, reasoned(reason)?);
            let (x, y) = (desk.named(a)?, desk.named(b)?);
            let pair = (desk.identity(x)?, desk.identity(y)?);
            if !desk.db.postpone(pair, by, reason, now())? {
                bail!(Unfit::new("この組は、確認待ちにも保留にもありません"));
            }
            let object = AuditObject::Person(x.person, None);
            desk.book(actor, AuditRole::Identity, AuditAction::PostponeReview, object, 2)?;
            desk.voice.say("保留にしました", "Postponed");
            desk.voice.value(&json!({ "a": pair.0, "b": pair.1, "state": "postponed" }));
            Ok(Ending::Done)
        }
    }
}

fn list(desk: &mut Desk<'_>, order: &Queue) -> Result<Ending> {
    let voice = desk.voice;
    let state = ReviewState::read(&order.state).ok_or_else(|| anyhow!("--state"))?;
    let after = order.after.as_deref().map(|text| cursor(text, state)).transpose()?;
    let hidden = second::waiting(desk)?;
    let rows = page(desk, order, state, after, &hidden)?;
    let counts = desk.db.review_counts()?;
    let by_day: Vec<serde_json::Value> = desk
        .db
        .reviews_by_day(DAYS_SHOWN)?
        .into_iter()
        .map(|(day, n)| json!({ "day": day, "pairs": n }))
        .collect();
    for (one, r) in &rows {
        voice.line(format!("  {} / {}", r.a, r.b));
        voice.line(format!(
            "    {} {}  {} {}  {} ({})  {:.0}",
            voice.word("見込まれる害", "expected harm"),
            harm(r.harm),
            voice.word("重み", "weight"),
            signed(r.weight),
            doubt(voice, r.doubt),
            match one {
                Some(true) => voice.word("今は同一人", "one person today"),
                Some(false) => voice.word("今は別人", "two persons today"),
                None =>
                    voice.word("二人目の確認を待つため伏せています", "kept from you: a second look waits"),
            },
            r.at
        ));
        if let Some(reason) = &r.reason {
            voice.line(format!("    {}: {reason}", voice.word("理由", "reason")));
        }
    }
    let all = counts.get(&state).copied().unwrap_or(0);
    voice.say(
        format!("{}: {all} 組(うち {} 組を表示)", state_word(voice, state), rows.len()),
        format!("{}: {all} pairs ({} shown)", state_word(voice, state), rows.len()),
    );
    let full = u32::try_from(rows.len()).is_ok_and(|n| n == order.limit);
    let next = rows.last().filter(|_| full).map(|(_, r)| format!("{}-{}-{}", r.harm, r.a, r.b));
    if let Some(next) = &next {
        voice.line(format!("  {}: --after {next}", voice.word("続き", "more")));
    }
    voice.value(&json!({
        "state": state.as_str(), "next": next,
        "counts": counts.iter().map(|(s, n)| (s.as_str(), n)).collect::<std::collections::BTreeMap<_, _>>(),
        "by_day": by_day, "per_day": desk.home.parameters.number("matching.reviews_per_day", today())?,
        "pairs": rows.iter().map(|(one, r)| json!({
            "a": r.a, "b": r.b, "one_person": one, "weight": r.weight, "doubt": r.doubt.as_str(),
            "doubt_words": words_of(r.doubt), "days": days_since(r.at), "harm": r.harm, "model": r.model,
            "submission": r.submission, "at": r.at, "reason": r.reason,
        })).collect::<Vec<_>>(),
    }));
    Ok(Ending::Done)
}

/// The next rows that are asked for, each with whether the two are one person today; none: kept from whoever has to say a
/// second word on one of the two.
fn page(
    desk: &mut Desk<'_>,
    order: &Queue,
    state: ReviewState,
    mut after: Option<ReviewRow>,
    hidden: &[SecondLookRow],
) -> Result<Vec<(Option<bool>, ReviewRow)>> {
    let limit = usize::try_from(order.limit)?;
    let mut rows = Vec::new();
    while rows.len() < limit {
        let some = desk.db.reviews(state, after.as_ref(), order.limit)?;
        let Some(last) = some.last() else { break };
        after = Some(last.clone());
        let ids: Vec<IdentityId> = some.iter().flat_map(|r| [r.a, r.b]).collect();
        let known = desk.db.known(&ids)?;
        let person = |id: &IdentityId| known.get(id).map(|p| p.research_id);
        for row in some {
            let one = match blind(hidden, &row) {
                // In the list of what was ruled the place itself is the first word.
                Blind::Pair if matches!(state, ReviewState::Same | ReviewState::Different) => continue,
                Blind::Pair | Blind::Touched => None,
                Blind::No => Some(person(&row.a) == person(&row.b)),
            };
            if order.today.as_deref().is_none_or(|t| one == Some(t == "one")) {
                rows.push((one, row));
            }
        }
    }
    rows.truncate(limit);
    Ok(rows)
}

/// How far a row is kept from an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blind {
    /// Not at all.
    No,
    /// One of the two stands in a pair that waits for the account's second word.
    Touched,
    /// It is such a pair.
    Pair,
}

fn blind(hidden: &[SecondLookRow], row: &ReviewRow) -> Blind {
    let pair = (row.a.min(row.b), row.a.max(row.b));
    let touches = |l: &SecondLookRow| [row.a, row.b].iter().any(|id| *id == l.pair.0 || *id == l.pair.1);
    if hidden.iter().any(|l| l.pair == pair) {
        Blind::Pair
    } else if hidden.iter().any(touches) {
        Blind::Touched
    } else {
        Blind::No
    }
}

/// The last row of the page before, as far as its place in the order tells.
fn cursor(text: &str, state: ReviewState) -> Result<ReviewRow> {
    let parts: Vec<&str> = text.split('-').collect();
    let wrong = || Unfit::new("--after には、前の一覧の「続き」に示された値を書いてください");
    let [harm, a, b] = parts.as_slice() else { return Err(wrong().into()) };
    Ok(ReviewRow {
        a: a.parse().map_err(|_| wrong())?,
        b: b.parse().map_err(|_| wrong())?,
        harm: harm.parse().map_err(|_| wrong())?,
        weight: 0,
        levels: 0,
        doubt: DoubtKind::Below,
        model: String::new(),
        state,
        submission: None,
        at: Timestamp::UNIX_EPOCH,
        reason: None,
    })
}

/// Millionths as records that would be misplaced.
fn harm(millionths: u64) -> String {
    format!("{}.{:03}", millionths / 1_000_000, millionths % 1_000_000 / 1_000)
}

/// On how many of the last days the work done is told.
const DAYS_SHOWN: u32 = 14;

/// For how many days a pair has waited.
fn days_since(at: Timestamp) -> i64 {
    now().duration_since(at).as_hours().max(0) / 24
}

fn words_of(doubt: DoubtKind) -> serde_json::Value {
    let [ja, en] = [false, true].map(|english| self::doubt(Voice { json: false, english }, doubt));
    json!({ "ja": ja, "en": en })
}

fn doubt(voice: Voice, doubt: DoubtKind) -> &'static str {
    match doubt {
        DoubtKind::Below => voice.word("しきい値にわずかに届かない", "just below the threshold"),
        DoubtKind::Refused => voice
            .word("二つだけなら結ぶが、全体を見ると合わない", "would link alone, the whole picture refuses"),
        DoubtKind::Narrow => voice.word("かろうじて結ばれている", "joined by a hair"),
    }
}

fn state_word(voice: Voice, state: ReviewState) -> &'static str {
    match state {
        ReviewState::Open => voice.word("確認待ち", "open"),
        ReviewState::Postponed => voice.word("保留", "postponed"),
        ReviewState::Same => voice.word("同一人とした", "ruled one person"),
        ReviewState::Different => voice.word("別人とした", "ruled two persons"),
        ReviewState::Settled => voice.word("疑いが消えた", "settled by later evidence"),
    }
}
