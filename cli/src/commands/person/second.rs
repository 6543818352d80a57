//! `musubi person second`: the second reviewer's blind sample (二人目の確認). Whoever says the second word is not told the
//! first; where the two differ the pair goes to a list, and is settled by the undoing of the ruling that two people make.

use anyhow::Result;
use clap::{Args, Subcommand};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_model::IdentityId;
use musubi_storage::identity::{SecondLookRow, SecondWord};
use serde_json::{Value, json};

use super::{Desk, Ending, account, reasoned};
use crate::home::{now, today};

/// `musubi person second`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Second {
    /// Which: those that wait for a second word, those on which both agree, those on which they differ.
    #[arg(long, default_value = "waiting", value_parser = ["waiting", "agreed", "differs"])]
    state: String,
    #[command(subcommand)]
    word: Option<Said>,
}

/// The second word.
#[derive(Debug, Subcommand)]
pub enum Said {
    /// One person (同一人).
    Same(Word),
    /// Two persons (別人).
    Different(Word),
}

/// On which ruling, by whom, why.
#[derive(Debug, Args)]
pub struct Word {
    /// Number of the ruling, as the list names it.
    ruling: i64,
    /// Account of whoever says it; not of whoever ruled.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why; no value of a person.
    #[arg(long)]
    reason: String,
}

/// Whether a ruling is drawn, by a random number.
pub(super) fn drawn(random: u32, permille: u64) -> bool {
    u64::from(random) % 1000 < permille
}

/// Draws a new ruling, or not, by the share that is in force.
pub(super) fn draw(desk: &mut Desk<'_>, ruling: i64) -> Result<()> {
    let permille = desk.home.parameters.number("matching.second_look_permille", today())?;
    let mut random = [0u8; 4];
    getrandom::fill(&mut random).map_err(|e| anyhow::anyhow!("{e}"))?;
    if drawn(u32::from_le_bytes(random), permille) {
        desk.db.draw_second_look(ruling, now())?;
    }
    Ok(())
}

/// The looks that wait for this account. Only whoever may say a second word is to be kept from the first.
pub(super) fn waiting(desk: &mut Desk<'_>) -> Result<Vec<SecondLookRow>> {
    if desk.home.acting.granted.role != AuditRole::Identity {
        return Ok(Vec::new());
    }
    let me = desk.home.acting.granted.principal.to_string();
    let all = desk.db.second_looks()?;
    Ok(all.into_iter().filter(|l| waits(l) && l.first.0 != me).collect())
}

/// The look that waits for this account on a pair: as long as it does, the account sees the pair blind.
pub(super) fn waits_on(desk: &mut Desk<'_>, a: IdentityId, b: IdentityId) -> Result<Option<i64>> {
    let pair = (a.min(b), a.max(b));
    Ok(waiting(desk)?.iter().find(|l| l.pair == pair).map(|l| l.ruling))
}

/// The look that waits for this account and has one of these identities in its pair. Who belongs together with it, and
/// under which research id, would tell the first word.
pub(super) fn hides(desk: &mut Desk<'_>, ids: &[IdentityId]) -> Result<Option<i64>> {
    let found = waiting(desk)?.into_iter().find(|l| ids.contains(&l.pair.0) || ids.contains(&l.pair.1));
    Ok(found.map(|l| l.ruling))
}

/// Says that something is kept from whoever has to say the second word.
pub(super) fn kept_from(desk: &Desk<'_>, ruling: i64) {
    desk.voice.say(
        format!("  二人目の確認(裁定 {ruling})を待つ記録のため、あなたが判断するまで示しません"),
        format!("  a second look (ruling {ruling}) waits for you: not shown until you have said your word"),
    );
}

fn waits(look: &SecondLookRow) -> bool {
    look.second.is_none() && !look.undone
}

/// Runs the verb.
pub fn run(desk: &mut Desk<'_>, order: &Second) -> Result<Ending> {
    match &order.word {
        None => list(desk, &order.state),
        Some(Said::Same(word)) => say(desk, word, true),
        Some(Said::Different(word)) => say(desk, word, false),
    }
}

fn list(desk: &mut Desk<'_>, state: &str) -> Result<Ending> {
    let voice = desk.voice;
    let me = desk.home.acting.granted.principal.to_string();
    let all = desk.db.second_looks()?;
    let agrees = |l: &SecondLookRow| l.second.as_ref().map(|s| s.same == l.first.1);
    // Of what waits, only what this account may speak on, and nothing of the first word.
    let waiting: Vec<&SecondLookRow> = all.iter().filter(|l| waits(l) && l.first.0 != me).collect();
    let said = |wanted: bool| all.iter().filter(move |l| agrees(l) == Some(wanted)).collect::<Vec<_>>();
    let (agreed, differs) = (said(true), said(false));
    let told: Vec<Value> = match state {
        "waiting" => waiting.iter().map(|l| blind(l)).collect(),
        "agreed" => agreed.iter().map(|l| open(l)).collect(),
        _ => differs.iter().map(|l| open(l)).collect(),
    };
    for look in &told {
        let text = |name: &str| look.get(name).map(ToString::to_string).unwrap_or_default();
        voice.line(format!("  {}  {} / {}", text("ruling"), text("a"), text("b")));
    }
    voice.say(
        format!(
            "二人目の確認: あなたを待つもの {}、一致 {}、不一致 {}",
            waiting.len(),
            agreed.len(),
            differs.len()
        ),
        format!(
            "Second looks: {} wait for you, {} agree, {} differ",
            waiting.len(),
            agreed.len(),
            differs.len()
        ),
    );
    let unsettled = differs.iter().filter(|l| !l.undone).count();
    voice.value(&json!({
        "state": state, "looks": told,
        "counts": { "waiting": waiting.len(), "agreed": agreed.len(), "differs": differs.len(), "unsettled": unsettled },
    }));
    Ok(if unsettled == 0 { Ending::Done } else { Ending::LookAtIt })
}

fn blind(l: &SecondLookRow) -> Value {
    json!({ "ruling": l.ruling, "a": l.pair.0, "b": l.pair.1, "drawn_at": l.drawn_at })
}

fn open(l: &SecondLookRow) -> Value {
    let second = l.second.as_ref();
    json!({ "ruling": l.ruling, "a": l.pair.0, "b": l.pair.1, "drawn_at": l.drawn_at,
        "first": l.first.1, "first_by": l.first.0, "second": second.map(|s| s.same),
        "second_by": second.map(|s| &s.by), "reason": second.map(|s| &s.reason), "said_at": second.map(|s| s.at),
        "undone": l.undone })
}

fn say(desk: &mut Desk<'_>, word: &Word, same: bool) -> Result<Ending> {
    let (by, reason) = (account(&word.by)?, reasoned(&word.reason)?);
    let said = SecondWord { same, by: word.by.clone(), reason: reason.to_owned(), at: now() };
    if !desk.db.say_second(word.ruling, &said)? {
        desk.voice.say(
            "その番号の、あなたを待つ二人目の確認はありません",
            "No second look of this number waits for you",
        );
        return Ok(Ending::Usage);
    }
    let object = AuditObject::Ruling(word.ruling.unsigned_abs());
    desk.book(by, AuditRole::Identity, AuditAction::RulePerson, object, 2)?;
    let look = desk.db.second_looks()?.into_iter().find(|l| l.ruling == word.ruling);
    let agrees = look.is_some_and(|l| l.first.1 == same);
    if agrees {
        desk.voice.say("記録しました。先の判断と一致しました", "Noted; it agrees with the first word");
    } else {
        desk.voice.say(
            "記録しました。先の判断と異なるため、不一致の一覧に載せました",
            "Noted; it differs from the first word and stands in the list of differences",
        );
    }
    desk.voice.value(&json!({ "ruling": word.ruling, "agrees": agrees }));
    Ok(if agrees { Ending::Done } else { Ending::LookAtIt })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::drawn;

    proptest! {
        #[test]
        fn nothing_is_drawn_at_none_and_all_at_all(random: u32, permille in 0u64..=1000) {
            prop_assert!(!drawn(random, 0));
            prop_assert!(drawn(random, 1000));
            // Who is drawn at a share is drawn at every larger one.
            prop_assert!(!drawn(random, permille) || drawn(random, permille + 1));
        }
    }

    #[test]
    fn the_share_is_the_share() {
        assert_eq!((0..10_000u32).filter(|r| drawn(*r, 100)).count(), 1000);
    }
}
